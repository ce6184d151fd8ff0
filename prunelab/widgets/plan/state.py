"""What the PlanExplorer derives from a state: its table, the best arm that reaches the sparsity.

Works on the plain values that are sent to the browser, whose rows are computed once (`data.py`).
`math.js` selects and sorts in the same way, and a test compares them on random results.
"""

from prunelab.base.checks import shown

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


def chosen(data, state):
    """The arms on show, in the plan's order."""
    return [arm for arm in data["arms"] if arm["name"] in state["arms"]]


def sorted_rows(data, state):
    """The rows of the chosen arms, sorted as asked; rows without a value come last."""
    rows = [arm["rows"][state["measure"]] for arm in chosen(data, state)]
    column, falling = state["sort"].removeprefix("-"), state["sort"].startswith("-")
    if column == "arm":
        return rows[::-1] if falling else rows
    missing = [row for row in rows if row[column] is None]
    present = [row for row in rows if row[column] is not None]
    sign = -1 if falling else 1
    return sorted(present, key=lambda row: sign * row[column]) + missing


def reaches(arm, sparsity):
    """Whether at least this share of the control's weights is gone in an arm."""
    return arm["gone"] >= sparsity - NEAR


def best(data, state):
    """The best chosen network that reaches the sparsity, or None."""
    measure = state["measure"]
    found = [
        arm for arm in chosen(data, state) if not arm["linear"] and reaches(arm, state["sparsity"])
    ]
    sign = -1 if data["measures"][measure]["higher"] else 1
    return min(found, key=lambda arm: sign * arm["rows"][measure]["mean"], default=None)
