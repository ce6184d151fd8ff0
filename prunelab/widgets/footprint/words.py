"""The words of a FootprintExplorer; `words.js` writes the same ones."""

from prunelab.base.text import bytes_text, short, three
from prunelab.widgets.footprint.state import best, even, problems, rows

WHERE = {"stored": "in the stored measurement", "here": "on this machine yet"}
VERB = {"wrong": "is wrong", "failed": "failed", "missing": "is missing"}
BETTER = {
    "sizes": ("smaller", "larger", "as large as"),
    "times": ("faster", "slower", "as fast as"),
}


def share(sparsity):
    """A sparsity in percent: 0.975 → '97.5 %'."""
    return f"{short(100 * sparsity)} %"


def value_text(kind, value):
    """Bytes or milliseconds with their unit."""
    return bytes_text(value) if kind == "sizes" else f"{three(value)} ms"


def gain_text(kind, gain):
    """A gain in words: '3.5 × smaller', '1.2 × slower', 'as large'."""
    better, worse, same = BETTER[kind]
    if _is_one(gain):
        return same.removesuffix(" as")
    return f"{three(gain)} × {better}" if gain > 1 else f"{three(1 / gain)} × {worse}"


def _is_one(gain):
    return "1" in (three(gain), three(1 / gain))


def label_of(choices, name, what):
    """What a pattern, format or runtime is called."""
    return next(each["label"] for each in choices[f"{name}s"] if each["name"] == what)


def headline(measured, choices, state):
    """The chosen format and the chosen runtime in a line."""
    parts = []
    for kind, name in (("sizes", "format"), ("times", "runtime")):
        if not state[name]:
            continue
        row = measured.of(kind, state, state[name])
        parts.append(f"{label_of(choices, name, state[name])}: {_in_short(kind, row)}")
    return " · ".join(parts)


def _in_short(kind, row):
    if row["status"] == "unmeasured":
        return "not measured"
    if row["gain"] is None:
        return row["status"]
    return f"{value_text(kind, row['value'])}, {gain_text(kind, row['gain'])}"


def describe(measured, choices, state):
    """The caption: both chosen rows against dense and against their limit, then the best."""
    said = []
    pattern = label_of(choices, "pattern", state["pattern"])
    lead = f"At {share(state['sparsity'])} ({pattern}), "
    if state["format"]:
        said.append(lead + _size_words(measured, choices, state))
        said.append(even_words(measured, "sizes", state))
    if state["runtime"]:
        said.append(_time_words(measured, choices, state))
        said.append(even_words(measured, "times", state))
    said.append(_best_words(measured, choices, state))
    return " ".join(filter(None, said))


def _size_words(measured, choices, state):
    row = measured.size(state["pattern"], state["sparsity"], state["format"])
    label = label_of(choices, "format", state["format"])
    if row["gain"] is None:
        return f"{label} {_no_words(row, state)}"
    bound = f"; the bound for a random mask is {bytes_text(row['limit'])}"
    return (
        f"{label} takes {bytes_text(row['value'])}, {_against('sizes', row)} the dense float32 "
        f"weights ({bytes_text(row['dense'])}){bound}."
    )


def _time_words(measured, choices, state):
    row = measured.of("times", state, state["runtime"])
    label = label_of(choices, "runtime", state["runtime"])
    if row["gain"] is None:
        return f"{label} {_no_words(row, state)}"
    threads = "one thread" if state["threads"] == 1 else f"{state['threads']} threads"
    limit = (
        ""
        if row["limit"] is None
        else f"; reading and multiplying alone would take {three(row['limit'])} ms"
    )
    return (
        f"{label} takes {three(row['value'])} ms for a batch of {state['batch']} with {threads} "
        f"(quartiles {three(row['low'])} to {three(row['high'])}), {_against('times', row)} the "
        f"fastest dense runtime ({three(row['dense'])} ms){limit}."
    )


def _against(kind, row):
    return BETTER[kind][2] if _is_one(row["gain"]) else f"{gain_text(kind, row['gain'])} than"


def _no_words(row, state):
    if row["status"] == "unmeasured":
        return f"was not measured {WHERE[state['source']]}."
    return _ended(f"{VERB[row['status']]}: {row['why']}")


def _ended(sentence):
    return sentence if sentence.endswith(".") else f"{sentence}."


def even_words(measured, kind, state):
    """Where the chosen one begins to win against dense; empty if too little was measured."""
    found = even(measured, kind, state)
    how, low, high = found["how"], found["low"], found["high"]
    by = f" by more than {share(found['by'])}" if found["by"] else ""
    if how == "bisected":
        bracket = f"found between {share(low)} and {share(high)}"
        return f"It is better than dense from {share(found['at'])} on ({bracket})."
    return {
        "between": lambda: (
            f"It becomes better than dense{by} between {share(low)} and {share(high)}."
        ),
        "always": lambda: f"It is better than dense{by} from {share(low)} on.",
        "never": lambda: f"Up to {share(high)} it is never better than dense{by}.",
        "mixed": lambda: f"It is better than dense{by} at some sparsities, not at others.",
        "unknown": lambda: "",
    }[how]()


def _best_words(measured, choices, state):
    said = []
    for kind, name, most in (("sizes", "format", "smallest"), ("times", "runtime", "fastest")):
        row = best(rows(measured, choices, kind, state))
        if row is not None:
            label = label_of(choices, name, row["what"])
            said.append(f"the {most} is {label} ({value_text(kind, row['value'])})")
    if not said:
        return ""
    return f"Of those whose predictions are right, {' and '.join(said)}."


def problem_lines(measured, choices, state):
    """One line for each reason why rows do not count: names, what is wrong with them, why."""
    lines = []
    for kind, name in (("sizes", "format"), ("times", "runtime")):
        for status, why, names in problems(rows(measured, choices, kind, state)):
            labels = " · ".join(label_of(choices, name, each) for each in names)
            lines.append(_ended(f"{labels}: {status}, {why}"))
    return lines


def not_measured(choices, name, asked, state):
    """The notice for a sparsity or batch that was moved to the nearest measured one."""
    if name == "batch":
        return f"A batch of {asked} was not measured; the nearest that was is {state['batch']}."
    pattern = label_of(choices, "pattern", state["pattern"])
    return (
        f"{share(asked)} was not measured with {pattern}; the nearest that was is "
        f"{share(state['sparsity'])}."
    )
