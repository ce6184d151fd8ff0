"""The texts of the PlanExplorer for a state; `words.js` makes the same texts, letter by letter."""

from prunelab.base.text import percent, short
from prunelab.widgets.plan.state import best, reaches, row_of


def headline(data, state):
    """The best result at that sparsity, in a line."""
    row, asked = best(data, state), _asked(state["sparsity"])
    if row is None:
        gone = asked.removeprefix("with ")
        return f"None of the chosen networks has {gone}" if asked else "No network is chosen"
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
            f"In {there} of {_counted(len(networks), 'chosen network')} at least "
            f"{percent(state['sparsity'])} of the control's weights are gone: zero, or never built."
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
    """The linear models on show: how many weights they have and what they reach."""
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
