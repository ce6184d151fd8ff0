"""The words of a FootprintExplorer.

Where a format or runtime begins to win is put in words here once, and sent with the break-even.
What depends on the whole state is put together from SENTENCES, here and in `words.js`; a test
compares both.
"""

from prunelab.base.text import bytes_text, short, three
from prunelab.widgets.footprint.state import KINDS, best, even, problems, rows

SENTENCES = {
    "better": {"sizes": "smaller", "times": "faster"},
    "worse": {"sizes": "larger", "times": "slower"},
    "same": {"sizes": "as large", "times": "as fast"},
    "gain": "{factor} × {word}",
    "short": "{label}: {said}",
    "not_measured": "not measured",
    "at": "At {share} ({pattern}), ",
    "size": "{label} takes {value}, {against} the dense float32 weights ({dense}); the bound for a "
    "random mask is {limit}.",
    "time": "{label} takes {value} ms for a batch of {batch} with {threads} (quartiles {low} to "
    "{high}), {against} the fastest dense runtime ({dense} ms){limit}.",
    "time_limit": "; reading and multiplying alone would take {limit} ms",
    "one_thread": "one thread",
    "threads": "{count} threads",
    "unmeasured": {
        "stored": "{label} was not measured in the stored measurement.",
        "here": "{label} was not measured on this machine yet.",
    },
    "wrong": "{label} is wrong: {why}",
    "failed": "{label} failed: {why}",
    "missing": "{label} is missing: {why}",
    "most": {
        "sizes": "the smallest is {label} ({value})",
        "times": "the fastest is {label} ({value})",
    },
    "best": "Of those whose predictions are right, {said}.",
    "problem": "{labels}: {status}, {why}",
    "batch_moved": "A batch of {asked} was not measured; the nearest that was is {made}.",
    "sparsity_moved": "{asked} was not measured with {pattern}; the nearest that was is {made}.",
}


def share(sparsity):
    """A sparsity in percent: 0.975 → '97.5 %'."""
    return f"{short(100 * sparsity)} %"


def value_text(kind, value):
    """Bytes or milliseconds with their unit."""
    return bytes_text(value) if kind == "sizes" else f"{three(value)} ms"


def gain_text(kind, gain):
    """A gain in words: '3.5 × smaller', '1.2 × slower', 'as large'."""
    if _is_one(gain):
        return SENTENCES["same"][kind]
    factor, way = (gain, "better") if gain > 1 else (1 / gain, "worse")
    return SENTENCES["gain"].format(factor=three(factor), word=SENTENCES[way][kind])


def _is_one(gain):
    return "1" in (three(gain), three(1 / gain))


def threads_text(threads):
    """A number of threads: 'one thread', '2 threads'."""
    return SENTENCES["one_thread" if threads == 1 else "threads"].format(count=threads)


def label_of(choices, name, what):
    """What a pattern, format or runtime is called."""
    return next(each["label"] for each in choices[f"{name}s"] if each["name"] == what)


def headline(measured, choices, state):
    """The chosen format and the chosen runtime in a line."""
    parts = []
    for kind, name in KINDS.items():
        if state[name]:
            said = _in_short(kind, measured.of(kind, state, state[name]))
            label = label_of(choices, name, state[name])
            parts.append(SENTENCES["short"].format(label=label, said=said))
    return " · ".join(parts)


def _in_short(kind, row):
    if row["status"] == "unmeasured":
        return SENTENCES["not_measured"]
    if row["gain"] is None:
        return row["status"]
    return f"{value_text(kind, row['value'])}, {gain_text(kind, row['gain'])}"


def describe(measured, choices, state):
    """The caption: both chosen rows against dense and against their limit, then the best."""
    said = []
    pattern = label_of(choices, "pattern", state["pattern"])
    if state["format"]:
        lead = SENTENCES["at"].format(share=share(state["sparsity"]), pattern=pattern)
        said.append(lead + _row_words(measured, choices, "sizes", state))
        said.append(even(measured, "sizes", state)["said"])
    if state["runtime"]:
        said.append(_row_words(measured, choices, "times", state))
        said.append(even(measured, "times", state)["said"])
    said.append(_best_words(measured, choices, state))
    return " ".join(filter(None, said))


def _row_words(measured, choices, kind, state):
    """The chosen format or runtime against dense, and against its limit."""
    name = KINDS[kind]
    row = measured.of(kind, state, state[name])
    label = label_of(choices, name, state[name])
    if row["status"] == "unmeasured":
        return SENTENCES["unmeasured"][state["source"]].format(label=label)
    if row["gain"] is None:
        return _ended(SENTENCES[row["status"]].format(label=label, why=row["why"]))
    against = f"{gain_text(kind, row['gain'])} {'as' if _is_one(row['gain']) else 'than'}"
    if kind == "sizes":
        numbers = {part: bytes_text(row[part]) for part in ("value", "dense", "limit")}
        return SENTENCES["size"].format(label=label, against=against, **numbers)
    numbers = {part: three(row[part]) for part in ("value", "low", "high", "dense")}
    limit = row["limit"]
    numbers["limit"] = "" if limit is None else SENTENCES["time_limit"].format(limit=three(limit))
    threads, batch = threads_text(state["threads"]), state["batch"]
    return SENTENCES["time"].format(
        label=label, against=against, batch=batch, threads=threads, **numbers
    )


def _ended(sentence):
    return sentence if sentence.endswith(".") else f"{sentence}."


def even_words(how, at, low, high, by):
    """Where a format or runtime begins to win against dense; see `data.evens`."""
    more = f" by more than {share(by)}" if by else ""
    return {
        "bisected": lambda: (
            f"It is better than dense from {share(at)} on "
            f"(found between {share(low)} and {share(high)})."
        ),
        "between": lambda: (
            f"It becomes better than dense{more} between {share(low)} and {share(high)}."
        ),
        "always": lambda: f"It is better than dense{more} from {share(low)} on.",
        "never": lambda: f"Up to {share(high)} it is never better than dense{more}.",
        "mixed": lambda: f"It is better than dense{more} at some sparsities, not at others.",
    }[how]()


def _best_words(measured, choices, state):
    said = []
    for kind, name in KINDS.items():
        row = best(rows(measured, choices, kind, state))
        if row is not None:
            label, value = label_of(choices, name, row["what"]), value_text(kind, row["value"])
            said.append(SENTENCES["most"][kind].format(label=label, value=value))
    return SENTENCES["best"].format(said=" and ".join(said)) if said else ""


def problem_lines(measured, choices, state):
    """One line for each reason why rows do not count: names, what is wrong with them, why."""
    lines = []
    for kind, name in KINDS.items():
        for status, why, names in problems(rows(measured, choices, kind, state)):
            labels = " · ".join(label_of(choices, name, each) for each in names)
            said = SENTENCES["problem"].format(labels=labels, status=status, why=why)
            lines.append(_ended(said))
    return lines


def not_measured(choices, name, asked, state):
    """The notice for a sparsity or batch that was moved to the nearest measured one."""
    if name == "batch":
        return SENTENCES["batch_moved"].format(asked=asked, made=state["batch"])
    pattern = label_of(choices, "pattern", state["pattern"])
    return SENTENCES["sparsity_moved"].format(
        asked=share(asked), pattern=pattern, made=share(state["sparsity"])
    )
