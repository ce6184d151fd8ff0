"""Gather, once, all that the FootprintExplorer's page needs from a measurement: plain values."""

from prunelab.base.checks import shown
from prunelab.footprint.break_evens import FROM_DENSE
from prunelab.footprint.formats import FORMATS
from prunelab.footprint.patterns import PATTERNS
from prunelab.footprint.records import Measurement
from prunelab.footprint.runtimes import RUNTIMES

_VERSIONS = ("tensorflow", "tensorflow-model-optimization", "ai-edge-litert", "scipy", "numpy")


def gather(measurement):
    """The dict that is sent to the page; rows are lists, in the order `footprint_state` reads.

    networks: pattern, sparsity, zeros, weights. sizes: network, format, bytes, bound, status,
    error, why. times: network, runtime, batch, threads, median, low, high, samples, dense, limit,
    status, error, why. even: what, pattern, batch, threads, sparsity, low, high. A network and a
    why are told by their place in `networks` and `whys`.
    """
    if not isinstance(measurement, Measurement):
        raise TypeError(
            f"measurement={shown(measurement)}: write a Measurement, as prunelab.footprint.load() "
            "gives one"
        )
    networks, whys = {}, {}
    return {
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
        "even": [
            [row.what, row.pattern, row.batch, row.threads, row.sparsity, row.low, row.high]
            for row in measurement.break_evens
        ],
        "networks": [list(key) for key in networks],
        "whys": list(whys),
    }


def _network(networks, row):
    return networks.setdefault((row.pattern, row.sparsity, row.zeros, row.weights), len(networks))


def _verdict(whys, row):
    return row.status, row.error, whys.setdefault(row.why, len(whys))


def choices(*measured):
    """What can be chosen, from all that was gathered: patterns with their stops, formats, …

    Each is in the order of the footprint's own tables; names they do not know come last.
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
    """Processor, threads, memory, system and versions in one line; what lacks is left out."""
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
