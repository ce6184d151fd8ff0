"""Measurements that nobody measured: every status, every pattern, numbers of a plausible size."""

import random

from prunelab.footprint import (
    FORMATS,
    PATTERNS,
    RUNTIMES,
    BreakEvenRow,
    Measurement,
    SizeRow,
    TimeRow,
)

SHAPE = (1000, 1024, 1024, 1)
SPARSITIES = (0.25, 0.5, 0.75, 0.9, 0.95)
FIXED = {"dense": (0.0,), "2:4": (0.5,)}
MACHINE = {
    "processor": "A Processor <of> the tests @ 2.00GHz",
    "threads": 2,
    "memory": 8 * 2**30,
    "system": "Linux",
    "python": "3.11.2",
    "packages": {"tensorflow": "2.21.0", "numpy": "2.1.0", "scipy": None},
    "limits": [],
}
WEIGHTS = 2_073_600
WHYS = {
    "wrong": "its predictions are off by {} %, where this one may be off by 5 %",
    "failed": "it could not be run: LiteRT refused the file: no kernel for it.",
    "missing": "No module named 'ai_edge_litert'",
}


def _verdict(rng, odd):
    status = rng.choice(["wrong", "failed", "missing"]) if rng.random() < odd else "right"
    error = {"right": 3.1e-7, "wrong": 0.223}.get(status)
    why = "" if status == "right" else WHYS[status].format(rng.randrange(6, 99))
    return status, error, why


def _sizes(rng, pattern, sparsity, formats, odd):
    left = 1 - sparsity
    for at, name in enumerate(formats):
        status, error, why = _verdict(rng, odd)
        there = status in ("right", "wrong")
        scale = (5, 3, 1, 1, 0.95, 1, left + 0.02)[at % 7] * rng.uniform(0.97, 1.05)
        bytes_ = int(4 * WEIGHTS * scale) if there else None
        common = (pattern, sparsity, sparsity, WEIGHTS, status, error, why)
        yield SizeRow(*common, name, bytes_, int(4 * WEIGHTS * min(1, left + 0.03)))


def _times(rng, pattern, sparsity, runtimes, batches, threads, odd):
    for by in threads:
        for batch in batches:
            dense = 0.41 * batch**0.6 / by
            for name in runtimes:
                status, error, why = _verdict(rng, odd)
                there = status in ("right", "wrong")
                ms = dense * 10 ** rng.uniform(-1.5, 1.6) if there else None
                low, high = (ms * 0.97, ms * 1.06) if there else (None, None)
                limit = dense * (1 - sparsity) / 2 if there else None
                common = (pattern, sparsity, sparsity, WEIGHTS, status, error, why)
                yield TimeRow(
                    *common, name, batch, by, ms, low, high, 9 if there else 0, dense, limit
                )


def made_measurement(
    seed=0,
    *,
    sparsities=SPARSITIES,
    patterns=tuple(PATTERNS),
    formats=tuple(FORMATS),
    runtimes=tuple(RUNTIMES),
    batches=(1, 64, 1024),
    threads=(1, 2),
    odd=0.15,
):
    """A `Measurement` by chance; odd: the share of rows that are wrong, failed or missing."""
    rng = random.Random(seed)
    networks = [(p, s) for p in patterns for s in FIXED.get(p, sparsities)]
    evens = [BreakEvenRow("gzip", "unstructured", None, None, 0.125, 0.123, 0.125, 9)]
    evens += [BreakEvenRow("csr32", "unstructured", None, None, None, 0.0, 0.98, 2)]
    evens += [BreakEvenRow("litert_xnnpack", "unstructured", 1, 1, 0.0, 0.0, 0.0, 1)]
    return Measurement(
        network="a network of the tests",
        shape=SHAPE,
        machine=MACHINE,
        created="2026-11-22",
        sizes=tuple(row for p, s in networks for row in _sizes(rng, p, s, formats, odd)),
        times=tuple(
            row for p, s in networks for row in _times(rng, p, s, runtimes, batches, threads, odd)
        ),
        break_evens=tuple(evens),
    )
