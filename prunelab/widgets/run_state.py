"""What the RunExplorer knows of a state: its table, the best arm in reach, the words.

Works on the plain values that travel to the browser; `run_math.js` and `run_words.js` say the same
in JavaScript, and a test compares them on random results.
"""

from prunelab.findings import percent
from prunelab.plan_statistics import change, estimate
from prunelab.validate import shown
from prunelab.widgets.tree_state import short

SORTS = ("arm", "seeds", "zeros", "weights", "mean", "change", "agree")
NEAR = 0.0005  # 97.998 % zeros are 98 %: no kernel can be cut into exact hundredths


def checked_arms(data, value, name="arms"):
    """Names of arms, in the plan's order; one sentence for a name that is not there."""
    known = [arm["name"] for arm in data["arms"]]
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise TypeError(f"{name}={shown(value)}: write a list of the names {', '.join(known)}")
    wanted = list(value)
    for each in wanted:
        if each not in known:
            raise ValueError(f"{name}: {shown(each)} is not among the arms {', '.join(known)}")
    return tuple(arm for arm in known if arm in wanted)


def checked_measure(data, value, name="measure"):
    """The name of a measure; one sentence for another one, or for test data nobody asked for."""
    known = list(data["measures"])
    if isinstance(value, str) and value in known:
        return value
    if value in ("test_mse", "test_r2"):
        raise ValueError(
            f"{name}={value!r}: test data are opened once, at the end; write show_test=True then"
        )
    raise ValueError(f"{name}={shown(value)}: the measures are {', '.join(known)}")


def checked_sort(value, name="sort"):
    """A column of the table, with "-" before it for falling order."""
    if isinstance(value, str) and value.removeprefix("-") in SORTS:
        return value
    raise ValueError(f"{name}={shown(value)}: write one of {', '.join(SORTS)}, or '-' before it")


# ---- the table --------------------------------------------------------------------------------


def arm_named(data, name):
    """The arm of this name."""
    return next(arm for arm in data["arms"] if arm["name"] == name)


def gone(data, arm):
    """The share of the control's weights that an arm does without, zeros or never there."""
    return 1 - estimate(arm["nonzeros"]).mean / data["weights"]


def row_of(data, measure, arm):
    """A row of the table as plain values; see `RunExplorer.table`."""
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
    """The rows of the chosen arms, in the order asked for; what has no value comes last."""
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
    """Whether an arm does without so large a share of the control's weights."""
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


# ---- words ------------------------------------------------------------------------------------


def headline(data, state):
    """What can be had at that sparsity, in a line."""
    row, asked = best(data, state), _asked(state["sparsity"])
    if row is None:
        return f"No chosen network does {asked}" if asked else "No network is chosen"
    said = f"{row['label']}, {data['measures'][state['measure']]['label']} {short(row['mean'])}"
    return f"Best {asked}: {said}" if asked else f"Best of the chosen: {said}"


def _asked(sparsity):
    return f"with {percent(sparsity)} of the weights gone" if sparsity > 0 else ""


def describe(data, state):
    """The caption: how many reach the sparsity, the best, its control, and the linear models."""
    networks = [arm for arm in data["arms"] if arm["name"] in state["arms"] and not arm["linear"]]
    there = sum(reaches(data, arm, state["sparsity"]) for arm in networks)
    words = []
    if state["sparsity"] > 0:
        words.append(
            f"{there} of {_counted(len(networks), 'chosen network')} "
            f"{'does' if there == 1 else 'do'} without at least {percent(state['sparsity'])} of "
            "the control's weights: zeros, or never there."
        )
    row = best(data, state)
    if row is not None:
        words += [_best_words(data, state, row), _change_words(data, state, row)]
    words += [_linear_words(data, state, row), _seed_words(data, state)]
    return " ".join(filter(None, words))


def _best_words(data, state, row):
    measure = data["measures"][state["measure"]]
    most = "Highest" if measure["higher"] else "Lowest"
    said = f"{most} {measure['label']}: {row['label']}, {short(row['mean'])}"
    if row["low"] is None:
        return f"{said} (one seed)."
    return f"{said} ({short(row['low'])} to {short(row['high'])}, {row['seeds']} seeds)."


def _change_words(data, state, row):
    if row["change"] is None:
        return "That is the control itself." if row["arm"] == data["control"] else ""
    said = f"Against its control, seed by seed: {change_text(data, state, row['change'])}"
    if row["change_low"] is not None:
        low, high = (change_text(data, state, row[f"change_{end}"]) for end in ("low", "high"))
        said += f" ({low.removesuffix(' ×')} to {high.removesuffix(' ×')})"
    return f"{said}, {row['side']} in {row['agree']} of {row['paired']}."


def change_text(data, state, value):
    """A change to the control: "0.4 ×", or "+0.12" with its sign."""
    if data["measures"][state["measure"]]["log"]:
        return f"{short(value)} ×"
    return "0" if value == 0 else f"{'−' if value < 0 else '+'}{short(abs(value))}"


def _linear_words(data, state, row):
    """The linear models on show: with how few numbers they reach what."""
    words = []
    for arm in data["arms"]:
        if arm["linear"] and arm["name"] in state["arms"]:
            found = row_of(data, state["measure"], arm)
            words.append(f"{arm['label']} {short(found['mean'])}")
    if not words:
        return ""
    many = "linear models" if len(words) > 1 else "a linear model"
    return f"For comparison, {many} on the raw inputs: {', '.join(words)}."


def _seed_words(data, state):
    chosen = [arm for arm in data["arms"] if arm["name"] in state["arms"]]
    if any(len(arm["seeds"]) == 1 for arm in chosen):
        return "With one seed there is no interval: nothing says how much of this is chance."
    return "Intervals: 95 %, over seeds." if chosen else ""


def _counted(count, word):
    return f"{count} {word}{'' if count == 1 else 's'}"
