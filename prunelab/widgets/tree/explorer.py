"""TreeExplorer: fold a decision tree along its path or by hand, and see what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import traitlets

from prunelab.base.checks import shown, whole
from prunelab.base.text import short
from prunelab.widgets.shared.explorer import Checked, Explorer
from prunelab.widgets.tree.data import (
    AUTO,
    TreeStates,
    checked_cross,
    crossed_part,
    gather,
    one_standard_error_fold,
)
from prunelab.widgets.tree.folds import WAITING, Folds
from prunelab.widgets.tree.state import PRUNERS, SET_NAMES, describe, error_words, set_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike
    from sklearn.model_selection import BaseCrossValidator

    from prunelab.trees.cost_complexity import CostComplexityPath
    from prunelab.trees.cross_validation import CrossValidation
    from prunelab.trees.pruning import Pruning
    from prunelab.trees.structure import Features, Tree


def draw_still(figure, nodes, data, folded, points="training"):
    """Draw tree, regions or curve, and errors on an empty Figure, from the page's data."""
    from prunelab.figures.tree import draw_errors, draw_tree

    upper, lower = figure.subfigures(2, 1, height_ratios=(1.35, 1))
    ground = bool(data["shown"])
    panels = upper.subplots(1, 2, width_ratios=(1.45, 1)) if ground else [upper.subplots()]
    leaves = nodes.leaves(folded).tolist()
    title = f"{len(leaves)} of {nodes.n_leaves} leaves"
    draw_tree(
        panels[0], nodes, folded, features=data["features"], title=title, missing=data["missing"]
    )
    if ground:
        _draw_ground(panels[1], nodes, data, folded, points)
    labels = {"train": "training", "val": "validation", "cv": "cross-validated"}
    judged = "val" if "val" in data["totals"] else "train"
    choices = {}
    if data["best"] is not None:
        choices = {"lowest CV error": data["leaves"][data["best"]]}
        choices["one standard error"] = data["leaves"][data["frugal"]]
    draw_errors(
        lower.subplots(),
        data["leaves"],
        {labels[name]: errors for name, errors in data["errors"].items()},
        spread=data["spread"] or None,
        choices=choices,
        stops=[_stop(data, nodes, judged, **stop) for stop in data["pruners"]],
        now=(len(leaves), [_error(data, nodes, name, folded) for name in data["totals"]]),
        rate=nodes.is_classifier,
    )  # fmt: skip


def _stop(data, nodes, judged, name, folded):
    error = _error(data, nodes, judged, folded)
    return name[0].upper(), len(nodes.leaves(folded)), error


def _error(data, nodes, name, folded):
    return set_error(data, name, nodes.leaves(folded).tolist())


def _draw_ground(ax, nodes, data, folded, points):
    from prunelab.figures.tree import draw_fit, draw_regions

    sample = data["points"]["val" if points == "validation" else "train"]
    names = [data["features"][at] for at in data["shown"]]
    x, target, limits = np.array(sample["at"]).T, np.array(sample["target"]), data["limits"]
    if sample["lacking"]:
        said = f"{sample['lacking']} samples lack a value and are not drawn"
        ax.set_title(said, loc="left", fontsize=8, color="#5a6470")
    if len(names) == 1 and not nodes.is_classifier:
        (feature,) = data["shown"]
        draw_fit(
            ax, nodes, folded, x[:, 0], target, limits=limits[0], name=names[0], feature=feature
        )
        return
    features = tuple(data["shown"])
    if len(names) == 1:  # a row for each class, with the samples spread over it
        spread = 0.3 * (2 * ((np.arange(len(target)) * 0.618034) % 1) - 1)
        x, names = np.column_stack([x[:, 0], target + spread]), [*names, "class"]
        limits, features = [*limits, [-0.6, len(data["classes"]) - 0.4]], (*features, -1)
    draw_regions(
        ax, nodes, folded, x, target, limits=limits, names=names, wanted=data["classes"],
        features=features,
    )  # fmt: skip


def _listed(pruners):
    """Names of pruners, or their results, as a tuple; a single one is accepted as well."""
    if isinstance(pruners, str) or hasattr(pruners, "method"):
        return (pruners,)
    if not hasattr(pruners, "__iter__"):
        raise TypeError(f"pruners={shown(pruners)}: give a list of names of pruners, or of results")
    return tuple(pruners)


class TreeExplorer(Explorer):
    """A fitted tree to prune: along its cost-complexity path, by hand, or as a pruner would.

    tree : fitted DecisionTreeClassifier or DecisionTreeRegressor of one output, or the result of
        `prunelab.trees.cost_complexity_path`
    X, y : the data it was fitted on; with one or two features they are drawn
    X_val, y_val : data it has not seen; without them there is no validation error
    cv : folds of the cross-validated error, as in `prunelab.trees.cross_validate`, or its result,
        or None; "auto" is 10 folds, or as many as so few samples allow. Where they take long
        (rows · features · folds above 200,000) the explorer is shown first and they follow, with a
        bar; `cross_validation`, `errors`, `caption`, `repr`, `picture` and `save_html` wait for
        them
    pruners : names of pruners whose stops are marked, or their results (for other settings)
    feature_names, class_names : what to call them; by default the names the tree was fitted with
    step, points : where to start on the path; whose points are drawn, "training" or "validation"

    Traits: `step`, the index of the subtree on the path (None for a tree that is not on it);
    `folded`, the ids of the nodes whose branches are folded, numbered as in the given tree;
    `pruner`, the pruner whose tree is on show, or ""; `points`. Each can be set in a cell.
    Errors count every sample once, whatever the weights the tree was fitted with; only the
    cross-validated error counts them, and the caption says so. Where X lacks values, the caption
    says how many samples are not drawn, and a question where such a sample goes.
    """

    _folder = "tree"
    page_title = "Which branches of this tree are worth keeping?"
    picture_inches = (9.6, 7.2)
    knob_names = from_page = ("step", "folded", "before", "pruner", "points")

    data = traitlets.Dict(help="the tree, its path and its data; sent once").tag(sync=True)
    step = Checked(0)
    folded = Checked(())
    before = Checked(())  # the fold that the last change started from
    pruner = Checked("")
    points = Checked("training")

    folding = traitlets.Dict({}, help="how many folds are done, of how many").tag(sync=True)

    _folds: Folds | None = None
    _crossed: CrossValidation | None = None
    _problem = ""  # why there is no cross-validated error, in words
    _shown_first = False  # True while the explorer is displayed without waiting for the folds
    _awaited = False

    def __init__(
        self,
        tree: Tree | CostComplexityPath,
        X: Features,  # noqa: N803
        y: ArrayLike,
        X_val: Features | None = None,  # noqa: N803
        y_val: ArrayLike | None = None,
        *,
        cv: int
        | BaseCrossValidator
        | Iterable[tuple[ArrayLike, ArrayLike]]
        | CrossValidation
        | str
        | None = AUTO,
        pruners: Sequence[str | Pruning] = PRUNERS,
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        step: int = 0,
        points: str = "training",
    ) -> None:
        names = {"feature_names": feature_names, "class_names": class_names}
        path, nodes, data, self._crossed, run = gather(
            tree, X, y, X_val, y_val, cv, _listed(pruners), names
        )
        self._path, self._nodes = path, nodes
        self._states = TreeStates(nodes, path.folded, data)
        start = self._states.at_step(self._states.clean("step", step))
        with self.as_one():
            super().__init__(data=data, points=points, **start)
        if run is not None:
            self.folding = {"done": 0, "total": run.n_folds}
            self._n_folds = run.n_folds
            self._folds = Folds(run, self._fold_done, self._folds_over)
            self._folds.start()

    # ---- what is on show ----------------------------------------------------------------------

    @property
    def tree(self) -> Tree:
        """The tree on show as a new fitted estimator, also if it was folded by hand."""
        from prunelab.trees.folding import fold

        return fold(self._path.estimator, self.folded)

    @property
    def path(self) -> CostComplexityPath:
        """The `CostComplexityPath` that the slider moves along."""
        return self._path

    @property
    def n_leaves(self) -> int:
        """The number of leaves on show."""
        return len(self._nodes.leaves(self.folded))

    @property
    def ccp_alpha(self) -> float | None:
        """The alpha of the subtree on show; None for a tree that is not on the path."""
        return None if self.step is None else float(self._path.ccp_alphas[self.step])

    @property
    def cross_validation(self) -> CrossValidation | None:
        """The `CrossValidation` behind the curve, None without cv; waits for unfinished folds.

        Raises RuntimeError, in one sentence, if a fold could not be fitted.
        """
        self._wait()
        if self._problem:
            raise RuntimeError(f"there is no cross-validated error: {self._problem}")
        return self._crossed

    @property
    def errors(self) -> dict[str, float]:
        """Errors of the tree on show: training, validation and, on the path, cross-validated."""
        self._wait()
        leaves = self._nodes.leaves(self.folded).tolist()
        found = {SET_NAMES[n]: set_error(self.data, n, leaves) for n in self.data["totals"]}
        if self.step is not None and "cv" in self.data["errors"]:
            found["cross-validated"] = self.data["errors"]["cv"][self.step]
        return found

    @property
    def caption(self) -> str:
        """What the picture shows, in words."""
        self._wait()
        said = describe(self.data, self._nodes, self.folded, self.before, self.step)
        return " ".join([said, *self.data["notes"]])

    def toggle(self, node: int) -> None:
        """Do what a click does: fold a branch, unfold it, or show a node hidden below a fold."""
        node = whole("node", node, at_most=len(self._nodes) - 1)
        self.folded = self._nodes.toggled(self.folded, node)

    def facts(self) -> str:
        """Leaves, place on the path and errors, in one line."""
        self._wait()
        place = "folded by hand"
        if self.step is not None:
            last, alpha = len(self._path) - 1, short(self.ccp_alpha)
            place = f"step {self.step} of {last}, ccp_alpha={alpha}"
        errors, later = self.errors, ""
        if self._shown_first and self._folds is not None and not self._awaited:
            # The text does not depend on how many folds are done, so that output is repeatable.
            errors.pop("cross-validated", None)
            later = f"; {self._n_folds} folds of cross-validation follow the picture"
        elif self._problem:
            later = f"; not cross-validated: {self._problem}"
        words = [f"{name} {error_words(self.data, e)}" for name, e in errors.items()]
        leaves = f"{self.n_leaves} of {self._nodes.n_leaves} leaves"
        return f"{leaves}, {place}; {self.data['measure'].lower()}: {', '.join(words)}{later}"

    def _repr_mimebundle_(self, **kwargs):
        self._shown_first = True
        try:
            return super()._repr_mimebundle_(**kwargs)
        finally:
            self._shown_first = False

    def draw(self, figure: Figure) -> None:
        """Draw tree, regions or curve, and errors on an empty matplotlib Figure."""
        self._wait()
        draw_still(figure, self._nodes, self.data, self.folded, self.points)

    def page_state(self) -> dict[str, Any]:
        """The data and the state, as plain values."""
        self._wait()
        return super().page_state()

    # ---- folds that take long -----------------------------------------------------------------

    def close(self) -> None:
        """Close the view; folds still to be fitted are stopped after the present one."""
        if self._folds is not None and self._folds.stop():
            why = "was closed before its folds were done"
            self._folds_over(None, f"the explorer {why}", why)
        super().close()

    def _wait(self):
        """Wait until all folds are fitted, unless the explorer is being displayed."""
        if self._folds is not None and not self._shown_first:
            self._folds.join()
            self._awaited = True

    def _fold_done(self, done):
        self.folding = self.folding | {"done": done}

    def _folds_over(self, crossed, problem, why="needs the cross-validated error"):
        """Put the curve and its choice into the data when all folds are done, or note a failure."""
        data, absent = dict(self.data), dict(self.data["absent"])
        waited = absent.pop("cost_complexity", None) == WAITING
        if crossed is not None:
            self._crossed = checked_cross(self._path, crossed)
            data |= crossed_part(data, crossed)
            if waited:
                fold = one_standard_error_fold(self._nodes, self._path, crossed)
                stop = {"name": "cost_complexity", "folded": list(map(int, fold))}
                data["pruners"] = [stop, *data["pruners"]]
        else:
            self._problem = problem.removeprefix("tree: ")
            data["notes"] = [*data["notes"], f"No cross-validated error: {self._problem}."]
            if waited:
                absent["cost_complexity"] = why
        data["absent"] = absent
        self._states = TreeStates(self._nodes, self._path.folded, data)
        self.folding = {}
        self.data = data

    # ---- how it changes -----------------------------------------------------------------------

    def clean(self, name: str, value: Any) -> Any:
        """A value checked against the explorer's tree, see `Knobs.clean`."""
        if isinstance(value, str) and value == "cost_complexity" and not self._applying:
            self._wait()  # the folds decide which tree that is
        return self._states.clean(name, value, nowhere=self._applying)

    def taken(self, sent: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """Take one of fold, step and pruner, and derive the others; see `Guarded.taken`."""
        sent, refused = super().taken(sent)
        if "folded" in sent:
            sent["step"] = self._states.step_of(tuple(sent["folded"]))
        elif sent.get("step") is not None:
            at_step = self._states.at_step(sent["step"])
            sent = at_step | {"points": sent.get("points", self.points)}
        elif sent.get("pruner"):
            sent |= self._states.at_pruner(sent["pruner"])
        else:
            sent.pop("step", None)
        return sent, refused

    def follow(self, change: Any) -> tuple[dict[str, Any], str]:
        """Keep step, fold and pruner consistent, see `Knobs.follow`."""
        state = {}
        if change.name == "step":
            state = self._states.at_step(change.new)
        elif change.name == "folded":
            step = self._states.step_of(change.new)
            state = {"step": step, "before": change.old, "pruner": ""}
        elif change.name == "pruner" and change.new:
            state = self._states.at_pruner(change.new)
        return state, ""
