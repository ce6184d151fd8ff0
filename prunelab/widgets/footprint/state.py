"""What the FootprintExplorer derives from a state: rows, break-evens, adjusted choices.

Works on the plain values that are sent to the browser. `math.js` computes the same in JavaScript,
`words.py` and `words.js` put it in words, and a test compares them.
"""

from prunelab.base.checks import shown, sparsity_fraction, whole

SOURCES = ("stored", "here")
STATE = ("pattern", "sparsity", "batch", "threads", "format", "runtime", "source")
KINDS = {"sizes": "format", "times": "runtime"}
EVEN = ("how", "at", "low", "high", "by", "said")


class Rows:
    """A measurement's rows, to look up by network and format or runtime; `data`: from `gather`."""

    def __init__(self, data):
        self.data = data
        self._sizes, self._times = {}, {}
        for row in data["sizes"]:
            self._sizes[(*data["networks"][row[0]][:2], row[1])] = row
        for row in data["times"]:
            self._times[(*data["networks"][row[0]][:2], *row[1:4])] = row

    def of(self, kind, state, what, sparsity=None):
        """The row of a format ("sizes") or runtime ("times") in a state, as a dict; see `rows`."""
        place = state["pattern"], state["sparsity"] if sparsity is None else sparsity, what
        if kind == "sizes":
            found = self._found(self._sizes, *place)
            if found is None:
                return _unmeasured(what)
            at, _, size, bound, *verdict = found
            return self._row(at, what, size, self.data["dense_bytes"], bound, *verdict)
        found = self._found(self._times, *place, state["batch"], state["threads"])
        if found is None:
            return _unmeasured(what)
        at, _, _, _, median, low, high, samples, dense, limit, *verdict = found
        made = self._row(at, what, median, dense, limit, *verdict)
        return made | {"low": low, "high": high, "samples": samples}

    def _found(self, table, pattern, sparsity, *rest):
        found = table.get((pattern, sparsity, *rest))
        if found is None and sparsity == 0 and pattern in self.data["from_dense"]:
            return table.get(("dense", 0.0, *rest))
        return found

    def _row(self, at, what, value, dense, limit, status, error, why):
        _, _, zeros, weights = self.data["networks"][at]
        gain = dense / value if status == "right" and value and dense else None
        return _unmeasured(what) | {
            "status": status,
            "value": value,
            "dense": dense,
            "gain": gain,
            "limit": limit,
            "error": error,
            "why": self.data["whys"][why],
            "zeros": zeros,
            "weights": weights,
        }


def _unmeasured(what):
    names = "value dense gain limit low high error zeros weights"
    return {"what": what, "status": "unmeasured", "why": "", "samples": 0} | dict.fromkeys(
        names.split()
    )


def rows(measured, choices, kind, state):
    """All rows on show of a kind, "sizes" or "times", as a list of dicts.

    what: the format or runtime; status: right, wrong, failed, missing or unmeasured, and why.
    value: bytes or ms; dense: what it is compared with; gain: dense over value, None unless right;
    limit: the entropy bound, or ms by bandwidth and peak; low, high, samples: of the ms; error: of
    the predictions; zeros, weights: of the network.
    """
    return [measured.of(kind, state, each["name"]) for each in choices[f"{KINDS[kind]}s"]]


def best(found):
    """The row with the largest gain, or None where no row is right."""
    right = [row for row in found if row["gain"] is not None]
    return max(right, key=lambda row: row["gain"], default=None)


def problems(found):
    """The rows that do not count, grouped: (status, why, names), in the order of the rows."""
    groups = {}
    for row in found:
        if row["status"] not in ("right", "unmeasured"):
            groups.setdefault((row["status"], row["why"]), []).append(row["what"])
    return [(status, why, names) for (status, why), names in groups.items()]


def points(measured, choices, kind, state):
    """(sparsity, row) of the chosen format or runtime at each measured sparsity of its pattern."""
    what = state[KINDS[kind]]
    found = [(s, measured.of(kind, state, what, s)) for s in stops(choices, state["pattern"])]
    return [(sparsity, row) for sparsity, row in found if row["status"] != "unmeasured"]


def even(measured, kind, state):
    """Where the chosen format or runtime begins to win, as a dict: how, at, low, high, by, said.

    See `footprint.data.evens`; how is "unknown" where fewer than two sparsities were measured.
    """
    found = measured.data["evens"].get(even_key(kind, state))
    return dict(zip(EVEN, found or ("unknown", None, None, None, 0.0, ""), strict=True))


def even_key(kind, state):
    """The key of a break-even in the data that is sent to the page."""
    names = ("format", "pattern") if kind == "sizes" else ("runtime", "pattern", "batch", "threads")
    return " ".join(str(state[name]) for name in names)


# ---- choices made possible ----------------------------------------------------------------------


def stops(choices, pattern):
    """The sparsities that were measured for a pattern, ascending."""
    return next(each["stops"] for each in choices["patterns"] if each["name"] == pattern)


def nearest(values, value):
    """The nearest of ascending values; the larger of two equally near ones."""
    above = next((at for at, each in enumerate(values) if each >= value), None)
    if above is None:
        return values[-1]
    nearer_below = above and value - values[above - 1] < values[above] - value
    return values[above - 1] if nearer_below else values[above]


def checked(choices, name, value):
    """A value of one part of the state, cleaned; TypeError or ValueError in one sentence."""
    if name == "sparsity":
        return sparsity_fraction(name, value)
    if name == "batch":
        return whole(name, value, at_least=1)
    if name == "source":
        known = list(SOURCES)
    elif name == "threads":
        known = choices["threads"]
        value = whole(name, value, at_least=1)
    else:
        known = [each["name"] for each in choices[f"{name}s"]]
    if isinstance(value, str | int) and value in known:
        return value
    if not known and value in ("", 1):  # a measurement may have no sizes, or no times
        return value
    names = ", ".join(map(str, known)) or "none: nothing was measured"
    raise ValueError(f"{name}={shown(value)}: choose one of {names}")


def settled(choices, state):
    """`state` with its sparsity and batch moved to the nearest that were measured."""
    moved = {"sparsity": nearest(stops(choices, state["pattern"]), state["sparsity"])}
    if choices["batches"]:
        moved["batch"] = nearest(choices["batches"], state["batch"])
    return state | moved
