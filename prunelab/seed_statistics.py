"""One number a seed: means, intervals, paired changes, bands of loss curves. Plain numbers.

Intervals are 95 % t-intervals over seeds (Student 1908). A measure on a positive scale, such as an
MSE, is averaged as its logarithm: its mean is geometric, its interval is the exponential of that
of the logs, its comparisons are ratios. Each interval stands alone: where many arms are compared
with one control, one in twenty misses by chance. One seed has no interval.
"""

import math
import statistics
from dataclasses import asdict, dataclass
from functools import cache

from prunelab.validate import number, shown, whole

LEVEL = 0.95
KINDS = ("range", "interval")


@dataclass(frozen=True)
class Value:
    """What the others share: `to_dict`."""

    def to_dict(self):
        """The value as plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Estimate(Value):
    """The mean over seeds and its 95 % t-interval; on a log scale the geometric mean.

    standard_error: of the mean, of the logs where log. It and low, high are None for one seed.
    """

    seeds: int
    mean: float
    standard_error: float | None
    low: float | None
    high: float | None
    log: bool


@dataclass(frozen=True)
class Change(Value):
    """An arm against its control, seed by seed: ratios where log, else differences.

    changes: one a seed, in the seeds' order. estimate: of them. agree: in how many seeds the arm
    lies on the side of the control on which the mean does; lower, higher: in how many on each.
    """

    changes: tuple
    estimate: Estimate
    agree: int
    lower: int
    higher: int


@dataclass(frozen=True)
class Band(Value):
    """A loss curve over seeds, epoch by epoch over both phases.

    epochs: 1, 2, …. seeds: how many runs have that epoch; a run that stopped early has not. middle,
    low, high: median, least and most of them, or geometric mean and t-interval, which is None for
    one seed. boundary: epochs of the first phase.
    """

    epochs: tuple
    seeds: tuple
    middle: tuple
    low: tuple
    high: tuple
    boundary: int


@cache
def t_quantile(share, dof):
    """The value below which `share` of Student's t with `dof` degrees of freedom lies.

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


def estimate(values, *, log=False):
    """The `Estimate` of one number a seed; ValueError where there is none, or no logarithm."""
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


def change(values, control, *, log=False):
    """The `Change` from `control` to `values`, numbers of the same seeds in the same order."""
    pairs = list(zip(values, control, strict=True))
    changes = tuple(a / b if log else a - b for a, b in pairs)
    found, neutral = estimate(changes, log=log), 1.0 if log else 0.0
    lower, higher = (sum(a < b for a, b in pairs), sum(a > b for a, b in pairs))
    same = len(pairs) - lower - higher
    agree = lower if found.mean < neutral else higher if found.mean > neutral else same
    return Change(changes, found, agree, lower, higher)


def band(curves, *, boundary=0, kind="range"):
    """The `Band` of loss curves, one a seed, which may differ in length."""
    if kind not in KINDS:
        raise ValueError(f"kind={shown(kind)}: write 'range' or 'interval'")
    epochs = range(1, 1 + max((len(curve) for curve in curves), default=0))
    seen = [[curve[at - 1] for curve in curves if len(curve) >= at] for at in epochs]
    if kind == "range":
        rows = [(statistics.median(losses), min(losses), max(losses)) for losses in seen]
    else:
        found = [estimate(losses, log=True) for losses in seen]
        rows = [(each.mean, each.low, each.high) for each in found]
    middle, low, high = zip(*rows, strict=True) if rows else ((), (), ())
    return Band(tuple(epochs), tuple(map(len, seen)), middle, low, high, boundary)
