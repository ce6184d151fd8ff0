"""Collect, once, all values of a measurement that the FootprintExplorer's page needs."""

from itertools import product, zip_longest

from prunelab.base.checks import shown
from prunelab.footprint.break_evens import FROM_DENSE
from prunelab.footprint.formats import FORMATS
from prunelab.footprint.measurement import Measurement
from prunelab.footprint.patterns import PATTERNS
from prunelab.footprint.runtimes import RUNTIMES
from prunelab.widgets.footprint.state import KINDS, Rows, even_key, points
from prunelab.widgets.footprint.words import SENTENCES, even_words

# A smaller lead of a runtime may come from when it was measured; bytes have no noise.
NOISE = {"sizes": 0.0, "times": 0.05}
_VERSIONS = ("tensorflow", "tensorflow-model-optimization", "ai-edge-litert", "scipy", "numpy")


def gather(measurement):
    """The dict that is sent to the page; rows are lists, in the order that `state` reads.

    networks: pattern, sparsity, zeros, weights. sizes: network, format, bytes, bound, status,
    error, why. times: network, runtime, batch, threads, median, low, high, samples, dense, limit,
    status, error, why. In these rows a network and a why are indices into `networks` and `whys`.
    evens: see `evens`.
    """
    if not isinstance(measurement, Measurement):
        raise TypeError(
            f"measurement={shown(measurement)}: write a Measurement, as prunelab.footprint.load() "
            "gives one"
        )
    networks, whys = {}, {}
    data = {
        "network": measurement.network,
        "shape": list(measurement.shape),
        "machine": machine_words(measurement.machine),
        "created": measurement.created,
        "dense_bytes": measurement.dense_bytes,
        "sizes": [
            [_network(networks, row), row.format, row.bytes, row.bound, *_verdict(whys, row)]
            for row in measurement.sizes
        ],
        "times": [
            [
                _network(networks, row),
                *(row.runtime, row.batch, row.threads),
                *(row.median, row.low, row.high, row.samples, row.dense, row.limit),
                *_verdict(whys, row),
            ]
            for row in measurement.times
        ],
        "networks": [list(key) for key in networks],
        "whys": list(whys),
        "from_dense": list(FROM_DENSE),
    }
    return data | {"evens": evens(data, measurement.break_evens)}


def evens(data, searched):
    """Where each format and runtime begins to win: {`even_key`: (how, at, low, high, by, said)}.

    how: "bisected" (the measurement searched for it: at, within low and high), "between" (no
    search: it loses at low and wins at high and beyond, both measured), "always", "never" (up to
    high), or "mixed" (it wins at some sparsities between losses). by: without a search, the margin
    by which it has to win, see NOISE. said: the same in words. A pattern with fewer than two
    sparsities is left out.
    """
    found, rows, known = {}, Rows(data), choices(data)
    for row in searched:
        state = {"format": row.what, "runtime": row.what, **vars(row)}
        kind = "sizes" if row.batch is None else "times"
        how = "bisected" if row.sparsity != row.low else "always"
        how = "never" if row.sparsity is None else how
        found[even_key(kind, state)] = (how, row.sparsity, row.low, row.high, 0.0)
    for state in _states(known):
        for kind, name in KINDS.items():
            key = even_key(kind, state)
            if state[name] and key not in found:
                seen = points(rows, known, kind, state)
                if len(seen) > 1:
                    found[key] = _seen_even(seen, NOISE[kind])
    return {key: (*values, even_words(*values)) for key, values in found.items()}


def _states(known):
    """All states but for the sparsity; a format and a runtime are paired, row by row."""
    names = [[each["name"] for each in known[kind]] for kind in ("formats", "runtimes")]
    for format, runtime in zip_longest(*names, fillvalue=""):
        for pattern in known["patterns"]:
            for batch, threads in product(known["batches"] or [1], known["threads"] or [1]):
                state = {"format": format, "runtime": runtime, "pattern": pattern["name"]}
                yield state | {"batch": batch, "threads": threads, "sparsity": 0.0}


def _seen_even(seen, by):
    wins = [row["gain"] is not None and row["gain"] > 1 + by for _, row in seen]
    low, high, first = seen[0][0], seen[-1][0], wins.index(True) if any(wins) else 0
    if all(wins) or not any(wins):
        return "always" if wins[0] else "never", None, low, high, by
    if first and all(wins[first:]):
        return "between", None, seen[first - 1][0], seen[first][0], by
    return "mixed", None, low, high, by


def _network(networks, row):
    return networks.setdefault((row.pattern, row.sparsity, row.zeros, row.weights), len(networks))


def _verdict(whys, row):
    return row.status, row.error, whys.setdefault(row.why, len(whys))


def choices(*measured):
    """All choices in what was collected: patterns with their sparsities, formats, …

    Each is in the order of the footprint's own tables; names that are not in them come last.
    """
    networks = [network for data in measured for network in data["networks"]]
    stops = {}
    for pattern, sparsity, *_ in networks:
        stops.setdefault(pattern, set()).add(sparsity)
    if "dense" in stops:
        for pattern in FROM_DENSE:
            if pattern in stops:
                stops[pattern].add(0.0)
    sizes = [row for data in measured for row in data["sizes"]]
    times = [row for data in measured for row in data["times"]]
    return {
        "patterns": [
            _named(PATTERNS, name, "about") | {"stops": sorted(stops[name])}
            for name in _ordered(PATTERNS, stops)
        ],
        "formats": [
            _named(FORMATS, name, "contains") for name in _ordered(FORMATS, [r[1] for r in sizes])
        ],
        "runtimes": [
            _named(RUNTIMES, name, "about") for name in _ordered(RUNTIMES, [r[1] for r in times])
        ],
        "sentences": SENTENCES,
        "batches": sorted({row[2] for row in times}),
        "threads": sorted({row[3] for row in times}),
    }


def _ordered(table, names):
    present = set(names)
    return [name for name in table if name in present] + sorted(present - set(table))


def _named(table, name, about):
    if name not in table:
        return {"name": name, "label": name, "about": ""}
    return {"name": name, "label": table[name].label, "about": getattr(table[name], about)}


def machine_words(machine):
    """Processor, threads, memory, system and versions in one line; missing ones are left out."""
    parts = [str(machine.get("processor") or machine.get("machine") or "a machine without a name")]
    if machine.get("threads"):
        parts.append(f"{machine['threads']} thread{'' if machine['threads'] == 1 else 's'}")
    if machine.get("memory"):
        parts.append(f"{machine['memory'] / 2**30:.3g} GiB")
    if machine.get("system"):
        parts.append(str(machine["system"]))
    packages = machine.get("packages") or {}
    versions = [f"{name} {packages[name]}" for name in _VERSIONS if packages.get(name)]
    if machine.get("python"):
        versions.append(f"Python {machine['python']}")
    return "; ".join([", ".join(parts), *([", ".join(versions)] if versions else [])])
