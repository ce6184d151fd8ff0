"""Statistics over seeds: means, intervals, paired changes, bands of loss curves, tables."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from prunelab.base.checks import number, shown, whole
from prunelab.experiments.own import ARMS
from prunelab.plans.arms import ARM_WORDS
from prunelab.plans.baselines import MODELS
from prunelab.plans.measures import first_measure, measure_of, value_of
from prunelab.plans.plan import PlanResults

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

LEVEL = 0.95


@dataclass(frozen=True)
class Value:
    """Base class of the results here, with `to_dict`."""

    def to_dict(self) -> dict[str, Any]:
        """The value as plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Estimate(Value):
    """The mean over seeds and its 95 % t-interval; on a log scale the geometric mean.

    standard_error: of the mean; of the mean log if log. It, low and high are None for one seed.
    """

    seeds: int
    mean: float
    standard_error: float | None
    low: float | None
    high: float | None
    log: bool


@dataclass(frozen=True)
class Change(Value):
    """An arm compared with its control, seed by seed: ratios if log, else differences.

    changes: one per seed, in order. estimate: of the changes. agree: in how many seeds the arm is
    on the same side of the control as the mean. lower, higher: the number of seeds on each side.
    """

    changes: tuple[float, ...]
    estimate: Estimate
    agree: int
    lower: int
    higher: int

    @property
    def median(self) -> float:
        """The median of the changes, which is robust against one or two outlying seeds."""
        return statistics.median(self.changes)

    @property
    def p_value(self) -> float:
        """The probability of a mean at least this far from no change by chance; see `p_value`."""
        return p_value(self.changes, log=self.estimate.log)


@dataclass(frozen=True)
class Comparison(Value):
    """One arm of several against one control, seed by seed.

    change: see `Change`. p, adjusted: the p-value, and the p-value after Holm's correction for all
    comparisons made together. verdict: "lower", "higher", or "open" if `adjusted` is above 1 −
    LEVEL. parts: the changes in one or two clusters, see `clusters`; with two, the mean and its
    interval do not describe any run.
    """

    arm: str
    change: Change
    p: float
    adjusted: float
    verdict: str
    parts: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Band(Value):
    """A loss curve over seeds, epoch by epoch over both phases.

    epochs: 1, 2, …. seeds: how many runs reach each epoch; fewer if runs stopped early. middle,
    low, high: median, minimum and maximum. boundary: epochs of the first phase.
    """

    epochs: tuple[int, ...]
    seeds: tuple[int, ...]
    middle: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    boundary: int


@cache
def t_quantile(share: float, dof: int) -> float:
    """The quantile `share` of Student's t-distribution with `dof` degrees of freedom.

    share: in (0, 1). dof: a whole number, 1 or more. By bisection of the finite sums that hold for
    whole dof (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4), with t = √dof · tan θ.
    """
    share, dof = number("share", share, above=0), whole("dof", dof, at_least=1)
    if share >= 1:
        raise ValueError(f"share={shown(share)}: a quantile's share is below 1")
    inside = abs(2 * share - 1)  # of the distribution, between −t and t
    if not inside:
        return 0.0
    low, high = 0.0, math.pi / 2
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if _within(middle, dof) < inside else (low, middle)
    return math.copysign(math.sqrt(dof) * math.tan(low), share - 0.5)


def _within(theta, dof):
    """P(|T| < √dof · tan θ)."""
    cosine, odd = math.cos(theta), dof % 2
    term = total = cosine if odd else 1.0
    for k in range(2 + odd, dof - 1, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    if odd:
        return 2 / math.pi * (theta + math.sin(theta) * (total if dof > 1 else 0.0))
    return math.sin(theta) * total


def estimate(values: Iterable[float], *, log: bool = False) -> Estimate:
    """The `Estimate` of one number per seed; ValueError for no values, or values ≤ 0 if log."""
    values = [number("values", value) for value in values]
    if not values:
        raise ValueError("values=[]: there is no seed to average over")
    if log and min(values) <= 0:
        raise ValueError(f"values: {min(values):g} has no logarithm; average it with log=False")
    seen = [math.log(value) for value in values] if log else values
    back = math.exp if log else float
    mean, count = math.fsum(seen) / len(seen), len(seen)
    if count == 1:
        return Estimate(1, values[0], None, None, None, log)
    error = math.sqrt(math.fsum((v - mean) ** 2 for v in seen) / (count - 1) / count)
    half = t_quantile((1 + LEVEL) / 2, count - 1) * error
    return Estimate(count, back(mean), error, back(mean - half), back(mean + half), log)


def p_value(changes: Iterable[float], *, log: bool = False) -> float:
    """The two-sided p-value of Student's t-test for a mean of no change.

    changes: one per seed, ratios if log, else differences; at least two. If all are equal, the
    p-value is 0, or 1 if they are no change.
    """
    values = [number("changes", value) for value in changes]
    if len(values) < 2:
        raise ValueError(f"changes={shown(values)}: a test needs two seeds at least")
    found = estimate(values, log=log)
    mean = math.log(found.mean) if log else found.mean
    if not found.standard_error:
        return float(mean == 0)
    t = abs(mean / found.standard_error)
    return 1.0 - _within(math.atan(t / math.sqrt(len(values) - 1)), len(values) - 1)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values of comparisons made together, corrected for their number, a dict in their order.

    Holm (1979): the smallest of n p-values is multiplied by n, the next by n − 1, and so on; none
    is less than the one before it. At level 0.05, at most one family in twenty has a false
    positive.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    if not isinstance(p_values, Mapping) or not p_values:
        raise TypeError(f"p_values={shown(p_values)}: write a dict from a name to its p-value")
    checked = {k: number(f"p_values[{k!r}]", v, at_least=0, at_most=1) for k, v in p_values.items()}
    worst, adjusted = 0.0, {}
    for rank, name in enumerate(sorted(checked, key=checked.__getitem__)):
        worst = max(worst, min(1.0, (len(checked) - rank) * checked[name]))
        adjusted[name] = worst
    return {name: adjusted[name] for name in checked}


def clusters(values: Iterable[float], *, log: bool = False) -> tuple[tuple[float, ...], ...]:
    """The sorted values, in two parts if they are clearly separated, else in one.

    They are separated if the widest gap between neighbours is more than twice as wide as each part;
    on a log scale the gap must also be more than a factor of two. This is a rule of thumb for when
    a mean does not describe any run; it is not a test.

    >>> clusters([0.3, 0.25, 7.6, 0.35], log=True)
    ((0.25, 0.3, 0.35), (7.6,))
    """
    ordered = sorted(number("values", value) for value in values)
    if log and ordered and ordered[0] <= 0:
        raise ValueError(f"values: {ordered[0]:g} has no logarithm; write log=False")
    seen = [math.log(value) for value in ordered] if log else ordered
    if len(seen) < 3:
        return (tuple(ordered),)
    gap, at = max((b - a, i) for i, (a, b) in enumerate(pairwise(seen), start=1))
    widest = max(seen[at - 1] - seen[0], seen[-1] - seen[at])
    apart = gap > 2 * widest and (not log or gap > math.log(2))
    return (tuple(ordered[:at]), tuple(ordered[at:])) if apart else (tuple(ordered),)


def gap_closed(start: float, between: float, end: float) -> tuple[float, float]:
    """The share of the way from `start` to `end` that `between` has covered: (linear, in logs).

    The share of a difference and the share of a ratio of errors can differ much:

    >>> ["%.2f" % share for share in gap_closed(0.008, 0.004, 0.001)]
    ['0.57', '0.33']
    """
    checked = [number(name, value, above=0) for name, value in
               (("start", start), ("between", between), ("end", end))]  # fmt: skip
    if checked[0] == checked[2]:
        raise ValueError(f"end={shown(end)}: it equals start, so there is no way between them")
    plain, logs = checked, [math.log(value) for value in checked]
    first, second = ((a - b) / (a - c) for a, b, c in (plain, logs))
    return first, second


def change(values: Iterable[float], control: Iterable[float], *, log: bool = False) -> Change:
    """The `Change` from `control` to `values`, numbers of the same seeds in the same order."""
    pairs = list(zip(values, control, strict=True))
    changes = tuple(a / b if log else a - b for a, b in pairs)
    found, neutral = estimate(changes, log=log), 1.0 if log else 0.0
    lower, higher = (sum(a < b for a, b in pairs), sum(a > b for a, b in pairs))
    same = len(pairs) - lower - higher
    agree = lower if found.mean < neutral else higher if found.mean > neutral else same
    return Change(changes, found, agree, lower, higher)


def band(curves, boundary):
    """The `Band` of loss curves, one per seed; they may differ in length."""
    epochs = range(1, 1 + max((len(curve) for curve in curves), default=0))
    seen = [[curve[at - 1] for curve in curves if len(curve) >= at] for at in epochs]
    rows = [(statistics.median(losses), min(losses), max(losses)) for losses in seen]
    middle, low, high = zip(*rows, strict=True) if rows else ((), (), ())
    return Band(tuple(epochs), tuple(map(len, seen)), middle, low, high, boundary)


__all__ = [
    "LEVEL",
    "LOSSES",
    "Band",
    "Change",
    "Comparison",
    "Estimate",
    "arm_results",
    "arms_of",
    "band",
    "change",
    "clusters",
    "compared",
    "estimate",
    "gap_closed",
    "holm",
    "label_of",
    "loss_band",
    "p_value",
    "paired",
    "summary",
    "t_quantile",
    "values",
    "words_of",
]

LOSSES = ("val_loss", "loss")


def label_of(arm: str) -> str:
    """The name in words of an arm of the course's plans."""
    return ARM_WORDS[arm][0] if arm in ARM_WORDS else arm.replace("_", " ")


def words_of(results, arm):
    """(label, one sentence) of an arm; for a reader's own experiment, by the names in ARMS."""
    if results.plan.experiment is not None:
        return arm.replace("_", " "), ARMS.get(arm, "")
    return label_of(arm), ARM_WORDS.get(arm, ("", ""))[1]


def arms_of(results):
    """The names of a plan's arms, then of its linear models."""
    if not isinstance(results, PlanResults):
        raise TypeError(
            f"results={shown(results)}: write the PlanResults of prunelab.plans.load or "
            "prunelab.plans.run_plan"
        )
    names = [arm.name for arm in results.plan.arms]
    return (*names, *(model for model in MODELS if any(f.model == model for f in results.linear)))


def arm_results(results, arm):
    """The results of an arm, one per seed; ValueError, with the valid names, for another name."""
    names = arms_of(results)
    found = results.of(arm) if isinstance(arm, str) and arm in names else ()
    if found:
        return found
    has = [name for name in names if results.of(name)]
    said = f"the arms of {results.plan.name!r} are {', '.join(has)}" if has else "there are no runs"
    raise ValueError(f"arm={shown(arm)}: {said}")


def _measure(results, name):
    """The `Measure` of this name; None for the default measure."""
    arms_of(results)  # refuses anything but a PlanResults
    return measure_of(results, first_measure(results) if name is None else name)


def values(results: PlanResults, arm: str, measure: str | None = None) -> dict[int, float]:
    """A dict from seed to the measure of an arm.

    measure: "validation_mse" or another of `plans.measures.MEASURES`; of an experiment of your own
    "validation_accuracy" and the like, by its metrics. None: the validation MSE, or the first
    metric on validation data.
    """
    asked = _measure(results, measure)
    features = results.plan.arms[0].n_features
    return {run.seed: value_of(run, asked, features) for run in arm_results(results, arm)}


def summary(results: PlanResults, arm: str, measure: str | None = None) -> Estimate:
    """The `Estimate` of a measure (see `values`) over an arm's seeds."""
    found = values(results, arm, measure)
    return estimate(found.values(), log=_measure(results, measure).log)


def paired(results: PlanResults, arm: str, control: str, measure: str | None = None) -> Change:
    """The `Change` of a measure from the control to an arm, over the seeds that both have."""
    theirs, its = values(results, control, measure), values(results, arm, measure)
    seeds = [seed for seed in its if seed in theirs]
    if not seeds:
        raise ValueError(f"arm={shown(arm)}: it has no seed in common with {control!r}")
    log = _measure(results, measure).log
    return change([its[s] for s in seeds], [theirs[s] for s in seeds], log=log)


def compared(
    results: PlanResults, arms: Sequence[str], control: str, measure: str | None = None
) -> tuple[Comparison, ...]:
    """A `Comparison` of each arm with the control, their p-values corrected for their number.

    The correction depends on the number of comparisons: pass all arms that are compared together.
    """
    if not isinstance(arms, list | tuple) or not arms:
        raise TypeError(f"arms={shown(arms)}: write a list of names of arms")
    log = _measure(results, measure).log
    changes = {arm: paired(results, arm, control, measure) for arm in arms}
    p_values = {arm: each.p_value for arm, each in changes.items()}
    adjusted = holm(p_values)
    return tuple(
        Comparison(
            arm,
            each,
            p_values[arm],
            adjusted[arm],
            _verdict(each, adjusted[arm]),
            clusters(each.changes, log=log),
        )
        for arm, each in changes.items()
    )


def _verdict(change, adjusted):
    if adjusted > 1 - LEVEL:
        return "open"
    neutral = 1.0 if change.estimate.log else 0.0
    return "lower" if change.estimate.mean < neutral else "higher"


def loss_band(results: PlanResults, arm: str, loss: str = "val_loss") -> Band:
    """The `Band` of an arm's losses. loss: "val_loss" or "loss", the one on training batches."""
    if loss not in LOSSES:
        raise ValueError(f"loss={shown(loss)}: write 'val_loss' or 'loss'")
    if isinstance(arm, str) and arm in MODELS:
        raise ValueError(f"arm={arm!r}: a linear model is fitted at once and has no loss curve")
    runs = arm_results(results, arm)
    curves = [(*getattr(run.dense, loss), *getattr(run.second, loss)) for run in runs]
    return band(curves, runs[0].config.dense_epochs)
