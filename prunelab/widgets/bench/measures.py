"""What the runs of a TuningBench are compared by: the validation loss, or a metric of the model."""

from collections.abc import Mapping
from dataclasses import dataclass

from prunelab.base.checks import is_one_line, shown
from prunelab.base.metrics import (
    DIRECTIONS,
    MAXIMIZE,
    MINIMIZE,
    change_words,
    direction_of,
    is_share,
    value_words,
)
from prunelab.base.text import short, three

LOSS = "loss"


@dataclass(frozen=True)
class Measure:
    """One number of a run, measured on the validation data.

    name: "loss", or the name of a metric. direction: "maximize" or "minimize"; None if it is not
    known, in which case no run beats another. unit: the name of the loss, if it is known.
    """

    name: str = LOSS
    direction: str | None = MINIMIZE
    unit: str = ""

    @property
    def is_loss(self):
        """Whether it is the validation loss."""
        return self.name == LOSS

    @property
    def is_share(self):
        """Whether it is a fraction of examples, which is written in percent."""
        return is_share(self.name)

    @property
    def label(self):
        """Its name in words."""
        return "validation loss" if self.is_loss else self.name

    @property
    def axis(self):
        """The name of an axis of its values."""
        if self.is_loss:
            return f"{self.label}{', ' * bool(self.unit)}{self.unit} (log scale)"
        return f"{self.name} on validation data"

    def of(self, run):
        """Its value in a TrainedRun or, after its last epoch, an UnfinishedRun; None if unknown."""
        return run.validation_loss if self.is_loss else run.metrics.get(self.name)

    def of_report(self, report):
        """Its value in an EpochReport; None if it has none."""
        return report.validation_loss if self.is_loss else report.metrics.get(self.name)

    def of_baseline(self, baseline):
        """Its value in the bench's `baseline`; None if it has none."""
        return (baseline if self.is_loss else baseline.get("metrics", {})).get(self.name)

    def words(self, value):
        """A value as text."""
        if value is None:
            return "no number" if self.is_loss else "–"
        return value_words(self.name, value)

    def beside(self, run, baseline):
        """What stands under a run's value in the table: the dense network's, and the loss."""
        value, dense = self.of(run), self.of_baseline(baseline)
        if self.is_loss:
            return f"{three(value / dense)} × dense" if value and dense else ""
        said = [f"dense {self.words(dense)}"] * (dense is not None)
        said += [f"loss {short(run.validation_loss)}"] * (run.validation_loss is not None)
        return ", ".join(said)

    def ended(self, run):
        """Its value at the end of a run, in words; of a metric, also that before pruning."""
        if self.is_loss or self.of(run) is None:
            return f"validation loss {short(run.validation_loss)}"
        return change_words(self.name, run.dense_metrics.get(self.name), self.of(run))

    def others(self, run):
        """The other numbers of a run, as one text to follow a comma; it may be empty."""
        if self.is_loss:
            of_dense = f"{short(run.validation_loss / run.dense)} × the dense loss"
            loss = [of_dense] * (run.dense > 0)
        else:
            loss = [change_words("validation loss", run.dense, run.validation_loss)]
        metrics = [said for said in run.metrics_words if not said.startswith(f"{self.name} ")]
        return "".join(f", {said}" for said in (*loss, *metrics))

    def at_epoch(self, report):
        """The numbers of an EpochReport in words, this one first."""
        mine = self.of_report(report)
        said = [] if self.is_loss or mine is None else [f"{self.name} {self.words(mine)}"]
        said += [f"validation loss {short(report.validation_loss)}", f"loss {short(report.loss)}"]
        return " · ".join(said)

    def best(self, runs):
        """The best value among the runs in words; empty if none has one, or none can be best."""
        values = [value for value in map(self.of, runs) if value is not None]
        if not values or self.direction is None:
            return ""
        most = self.direction == MAXIMIZE
        best = (max if most else min)(values)
        return f"{'highest' if most else 'lowest'} {self.label} {self.words(best)}"

    def cost(self, run):
        """A number that is smaller for a better run; None if it has none."""
        value = self.of(run)
        if value is None or self.direction is None:
            return None
        return -value if self.direction == MAXIMIZE else value

    def for_chart(self):
        """The texts and the kind of scale for the browser."""
        log = self.is_loss
        first = f"loss{', ' * bool(self.unit)}{self.unit} (log scale)" if log else self.axis
        return {
            "name": self.name,
            "label": self.label,
            "curves_axis": first,
            "front_axis": self.axis,
            "curves": f"{'Loss' if log else self.name} and sparsity, step by step",
            "front": f"{'Error' if log else self.name} against weights left",
            "log": log,
            "share": self.is_share,
        }


def measure_of(name, directions, unit=""):
    """The `Measure` of this name; directions: {name: direction} that the reader gave."""
    if name == LOSS:
        return Measure(unit=unit)
    return Measure(name, directions.get(name, direction_of(name)))


def checked_metric(given, known):
    """(name, {name: direction}) of what a reader wrote: one of the two, or None for the first.

    known: the names that can be chosen; empty if they are not known yet. Raises TypeError or
    ValueError, in one sentence.
    """
    if given is None:
        return None, {}
    if isinstance(given, Mapping) and len(given) == 1:
        ((name, direction),) = given.items()
    else:
        name, direction = given, None
    if not isinstance(name, str) or not 0 < len(name) <= 200 or not is_one_line(name):
        raise TypeError(
            f"metric={shown(given)}: write the name of a metric, or a dict such as "
            "{'bleu': 'maximize'}"
        )
    if direction not in (None, *DIRECTIONS):
        raise ValueError(f"metric[{name!r}]={shown(direction)}: write 'maximize' or 'minimize'")
    if known and name not in known:
        raise ValueError(f"metric={shown(name)}: the runs here have {', '.join(known)}")
    return name, {} if direction is None else {name: direction}


def names_of(train, runs, reports):
    """The names to choose from, metrics first: of the training function, the runs, the reports."""
    given = [getattr(train, "metrics", ()) or ()]
    given += [run.metrics for run in runs] + [report.metrics for report in reports[-1:]]
    return tuple(dict.fromkeys([*(name for names in given for name in names), LOSS]))
