"""PlanExplorer: what a plan found; choose arms, ask for a sparsity, see what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from prunelab.base.checks import shown, sparsity_fraction
from prunelab.base.text import short
from prunelab.plans.statistics import LOSSES, loss_band
from prunelab.plans.styles import COLOURS, MARKERS
from prunelab.widgets.plan.data import gather
from prunelab.widgets.plan.state import (
    best,
    checked_arms,
    checked_measure,
    checked_sort,
    chosen,
    reaches,
    sorted_rows,
)
from prunelab.widgets.plan.words import describe, headline
from prunelab.widgets.shared.explorer import Checked, Explorer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.figure import Figure

    from prunelab.plans.plan import PlanResults

PALE = "#cfd4da"
MOST_CURVES = 5


def draw_still(figure, results, data, state):
    """Draw the front and a few loss curves on an empty Figure.

    results: `PlanResults`. data: what `gather` made of them. state: the explorer's knobs.
    """
    from prunelab.figures.plan import draw_front, draw_loss_bands

    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    figure.suptitle(headline(data, state), x=0.01, ha="left", fontsize=12, color="#333333")
    arms = chosen(data, state)
    networks = [arm for arm in arms if not arm["linear"]]
    styles = {arm["label"]: _style(arm, state["sparsity"]) for arm in networks}
    if not networks:
        for ax in (left, right):
            ax.set_axis_off()
        return
    measure = data["measures"][state["measure"]]
    control = next(arm for arm in data["arms"] if arm["name"] == data["control"])
    families = {}
    for arm in networks:
        families.setdefault(arm["family"], []).append(arm["label"])
    draw_front(
        left,
        {arm["label"]: (_gone(data, arm), arm["values"][state["measure"]]) for arm in networks},
        title="every run, and each arm with its interval",
        ylabel=measure["label"] + (" (log scale)" if measure["log"] else ""),
        control=control["label"] if control in networks else None,
        levels={
            arm["label"]: arm["rows"][state["measure"]]["mean"] for arm in arms if arm["linear"]
        },
        lines=[labels for family, labels in families.items() if family and len(labels) > 1],
        styles=styles,
        log=measure["log"],
        legend=False,
    )
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    which = 1 if state["measure"].startswith("train_") else 0
    loss = ("validation", "training")[which]
    draw_loss_bands(
        right,
        {
            arm["label"]: loss_band(results, arm["name"], LOSSES[which])
            for arm in _few(data, state, networks)
        },
        title=f"{loss} loss: median and range of the seeds",
        ylabel=f"{loss} loss, {data['loss']['name']} (log scale)",
        styles=styles,
    )


def _style(arm, sparsity):
    shown = COLOURS[arm["style"]["colour"]] if reaches(arm, sparsity) else PALE
    return shown, MARKERS[arm["style"]["shape"]]


def _gone(data, arm):
    return [1 - count / data["weights"] for count in arm["nonzeros"]]


def _few(data, state, networks):
    """The best, the control, then others that reach the sparsity: as many as can be told apart."""
    found = best(data, state)
    first = [found["name"] if found else None, data["control"]]

    def rank(arm):
        return arm["name"] not in first, not reaches(arm, state["sparsity"])

    order = sorted(networks, key=rank)[:MOST_CURVES]
    return [arm for arm in networks if arm in order]


class PlanExplorer(Explorer):
    """All runs of a plan: loss curves with their seeds, sparsity against error, and the table.

    results : `PlanResults` of `prunelab.plans.load` or `plan_running.run_plan`
    control : name of the arm the others are compared with, seed by seed; by default the one called
        control, or ending in _control
    arms : names of the arms on show; by default all
    measure : "validation_mse" or another of `prunelab.plans.measures.MEASURES`; of an experiment
        of your own "validation_accuracy" and the like, by its metrics. By default the validation
        MSE, or the first metric
    sparsity : in [0, 1): arms in which this share of the control's weights is gone stand out, and
        the best of them is named. Weights count as gone whether zero or never built.
    sort : column of the table, "arm", "seeds", "zeros", "weights", "mean", "change" or "agree";
        with "-" before it the largest comes first
    show_test : whether test scores are there at all; they are opened once, at the end

    Traits: `arms`, `sparsity`, `measure`, `sort`: set one in a cell and the page follows, and the
    other way round. `table` holds the rows on show. Means of losses and seconds are geometric;
    intervals are those of `prunelab.plans.statistics`. The best of many arms on validation data
    looks better than it is: that is what test data are kept for.
    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    _folder = "plan"
    page_title = "What does pruning cost, and what does it buy?"
    picture_inches = (10.6, 5.0)
    knob_names = ("arms", "sparsity", "measure", "sort")
    from_page = (*knob_names, "notice")
    settled_names = ("sparsity",)

    data = traitlets.Dict(help="the plan's results; sent once").tag(sync=True)
    arms = Checked(())
    sparsity = Checked(0.0, sparsity_fraction)
    measure = Checked("validation_mse")
    sort = Checked("arm", checked_sort)

    def __init__(
        self,
        results: PlanResults,
        *,
        control: str | None = None,
        arms: Sequence[str] | None = None,
        measure: str | None = None,
        sparsity: float = 0.0,
        sort: str = "arm",
        show_test: bool = False,
    ) -> None:
        if not isinstance(show_test, bool):
            raise TypeError(f"show_test={shown(show_test)}: write True or False")
        self._names = data = gather(results, control, show_test)
        self._results = results
        arms = [arm["name"] for arm in data["arms"]] if arms is None else arms
        measure = data["first_measure"] if measure is None else measure
        state = {"arms": arms, "sparsity": sparsity, "measure": measure, "sort": sort}
        super().__init__(data=data, **state)

    @property
    def results(self) -> PlanResults:
        """The `PlanResults` that were given."""
        return self._results

    @property
    def control(self) -> str:
        """The name of the arm that the others are compared with."""
        return self.data["control"]

    @property
    def table(self) -> list[dict[str, Any]]:
        """The rows on show, as a list of dicts.

        arm, label; seeds: how many; zeros: fraction, None for a linear model; weights: not zero;
        mean, low, high: of the measure, with its 95 % interval; change, change_low, change_high:
        ratio to the control, or difference where the measure can be negative; agree: in how many
        of the `paired` seeds the arm lies on that `side` of the control.
        """
        return sorted_rows(self.data, self.plain_state)

    @property
    def best(self) -> dict[str, Any] | None:
        """The row of the best chosen network that reaches the sparsity, or None."""
        found = best(self.data, self.plain_state)
        return None if found is None else found["rows"][self.measure]

    @property
    def headline(self) -> str:
        """The best result at that sparsity, in a line."""
        return headline(self.data, self.plain_state)

    @property
    def caption(self) -> str:
        """What the pictures show, in words."""
        return describe(self.data, self.plain_state)

    def facts(self) -> str:
        """The plan, the state and the best arm within it, in one line."""
        runs = sum(len(arm["seeds"]) for arm in self.data["arms"] if not arm["linear"])
        found = self.best
        best_words = "none" if found is None else f"{found['arm']} {short(found['mean'])}"
        return (
            f"plan {self.data['plan']!r}, {runs} runs, control={self.control!r}; "
            f"{len(self.arms)} of {len(self.data['arms'])} arms, measure={self.measure!r}, "
            f"sparsity={self.sparsity!r}; best: {best_words}"
        )

    def draw(self, figure: Figure) -> None:
        """Draw the front and the loss curves on an empty matplotlib Figure."""
        draw_still(figure, self.results, self.data, self.plain_state)

    def clean(self, name: str, value: Any) -> Any:
        """A checked value: arms or measure must be names in the data; see `Knobs.clean`."""
        check = checked_arms if name == "arms" else checked_measure
        return check(self._names, name, value)
