"""What the PlanExplorer derives from a state: its table, the best arm that reaches the sparsity.

Works on the plain values that are sent to the browser. `math.js` computes the same in JavaScript,
and a test compares them on random results. The words are in `words.py`.
"""

from prunelab.base.checks import shown
from prunelab.plans.statistics import change, estimate

SORTS = ("arm", "seeds", "zeros", "weights", "mean", "change", "agree")
NEAR = 0.0005  # 97.998 % zeros count as 98 %: kernels cannot be cut into exact hundredths


def checked_arms(data, name, value):
    """Names of arms, in the plan's order; an error in one sentence for an unknown name."""
    known = [arm["name"] for arm in data["arms"]]
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise TypeError(f"{name}={shown(value)}: write a list of the names {', '.join(known)}")
    wanted = list(value)
    for each in wanted:
        if each not in known:
            raise ValueError(f"{name}: {shown(each)} is not among the arms {', '.join(known)}")
    return tuple(arm for arm in known if arm in wanted)


def checked_measure(data, name, value):
    """A measure's name; an error in one sentence if unknown, or of test data without show_test."""
    known = list(data["measures"])
    if isinstance(value, str) and value in known:
        return value
    if isinstance(value, str) and value.startswith("test_"):
        raise ValueError(
            f"{name}={value!r}: test data are opened once, at the end; write show_test=True then"
        )
    raise ValueError(f"{name}={shown(value)}: the measures are {', '.join(known)}")


def checked_sort(name, value):
    """A column of the table, with "-" before it for falling order."""
    if isinstance(value, str) and value.removeprefix("-") in SORTS:
        return value
    raise ValueError(f"{name}={shown(value)}: write one of {', '.join(SORTS)}, or '-' before it")


# ---- the table --------------------------------------------------------------------------------


def arm_named(data, name):
    """The arm of this name."""
    return next(arm for arm in data["arms"] if arm["name"] == name)


def gone(data, arm):
    """The share of the control's weights that is gone in an arm: zero, or never built."""
    return 1 - estimate(arm["nonzeros"]).mean / data["weights"]


def row_of(data, measure, arm):
    """A row of the table as plain values; see `PlanExplorer.table`."""
    log = data["measures"][measure]["log"]
    found = estimate(arm["values"][measure], log=log)
    row = {
        "arm": arm["name"],
        "label": arm["label"],
        "seeds": len(arm["seeds"]),
        "zeros": None if arm["linear"] else estimate(arm["zeros"]).mean,
        "weights": estimate(arm["nonzeros"]).mean,
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "change": None,
        "change_low": None,
        "change_high": None,
        "agree": None,
        "side": None,
        "paired": 0,
    }
    return row if arm["name"] == data["control"] else row | _against_control(data, measure, arm)


def _against_control(data, measure, arm):
    control = arm_named(data, data["control"])
    theirs = dict(zip(control["seeds"], control["values"][measure], strict=True))
    its = zip(arm["seeds"], arm["values"][measure], strict=True)
    pairs = [(value, theirs[seed]) for seed, value in its if seed in theirs]
    if not pairs:
        return {}
    log = data["measures"][measure]["log"]
    found = change(*zip(*pairs, strict=True), log=log)
    neutral, mean = float(log), found.estimate.mean
    return {
        "change": mean,
        "change_low": found.estimate.low,
        "change_high": found.estimate.high,
        "agree": found.agree,
        "side": "lower" if mean < neutral else "higher" if mean > neutral else "equal",
        "paired": len(pairs),
    }


def table(data, state):
    """The rows of the chosen arms, sorted as asked; rows without a value come last."""
    chosen = [arm for arm in data["arms"] if arm["name"] in state["arms"]]
    rows = [row_of(data, state["measure"], arm) for arm in chosen]
    column, falling = state["sort"].removeprefix("-"), state["sort"].startswith("-")
    if column == "arm":
        return rows[::-1] if falling else rows
    missing = [row for row in rows if row[column] is None]
    present = [row for row in rows if row[column] is not None]
    sign = -1 if falling else 1
    return sorted(present, key=lambda row: sign * row[column]) + missing


def reaches(data, arm, sparsity):
    """Whether at least this share of the control's weights is gone in an arm."""
    return gone(data, arm) >= sparsity - NEAR


def best(data, state):
    """The row of the best chosen network that reaches the sparsity, or None."""
    higher = data["measures"][state["measure"]]["higher"]
    rows = [
        row_of(data, state["measure"], arm)
        for arm in data["arms"]
        if arm["name"] in state["arms"] and not arm["linear"]
        and reaches(data, arm, state["sparsity"])
    ]  # fmt: skip
    return min(rows, key=lambda row: -row["mean"] if higher else row["mean"], default=None)
