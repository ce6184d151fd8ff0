"""Measure one network in every pattern, sparsity, format and runtime; can be stopped and continued.

Each part (a network's sizes, or its times with one number of threads) is stored as soon as it is
measured, in a folder beside the result; stored parts are not measured again.
"""

import hashlib
from dataclasses import astuple, dataclass
from datetime import date

from prunelab.base.host import machine
from prunelab.base.json_files import load_values, save_values, sha256
from prunelab.course.places import runs_folder
from prunelab.footprint.break_evens import break_even, size_gain, time_gain
from prunelab.footprint.formats import FORMATS
from prunelab.footprint.machine_limits import Limits, measure_limits
from prunelab.footprint.measurement import BreakEvenRow, Measurement, SizeRow, TimeRow, rounded
from prunelab.footprint.networks import as_network, shape_of
from prunelab.footprint.patterns import PATTERNS, pruned
from prunelab.footprint.runtimes import RUNTIMES
from prunelab.footprint.timing import BATCHES, time
from prunelab.footprint.weighing import weigh

FIXED = {"dense": 0.0, "2:4": 0.5}


@dataclass(frozen=True)
class Grid:
    """What to measure. threads: numbers of threads; the others as in `weigh` and `time`.
    size_gains: (format, pattern), time_gains: (runtime, pattern, batch), whose break-evens are
    searched for; those of times with one thread."""

    sparsities: tuple = (0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.98)
    patterns: tuple = tuple(PATTERNS)
    formats: tuple = tuple(FORMATS)
    runtimes: tuple = tuple(RUNTIMES)
    batches: tuple = BATCHES
    threads: tuple = (1,)
    repeats: int = 9
    seconds: float = 1.0
    size_gains: tuple = (
        ("csr32", "unstructured"),
        ("csr16", "unstructured"),
        ("bitmask", "unstructured"),
        ("tflite_sparse", "unstructured"),
        ("tflite_sparse", "4x1"),
    )
    time_gains: tuple = tuple(
        (runtime, pattern, batch)
        for runtime, pattern in (
            ("scipy_csr", "unstructured"),
            ("litert_sparse_builtin", "4x1"),
            ("litert_xnnpack", "neurons"),
        )
        for batch in BATCHES
    )

    @property
    def networks(self):
        """All (pattern, sparsity) pairs."""
        return tuple(
            (pattern, sparsity)
            for pattern in self.patterns
            for sparsity in ((FIXED[pattern],) if pattern in FIXED else self.sparsities)
        )

    @property
    def parts(self):
        """The names of all parts, in the order in which they are measured."""
        names = [f"limits-{threads}" for threads in self.threads]
        names += [f"sizes-{pattern}-{sparsity}" for pattern, sparsity in self.networks]
        for threads in self.threads:
            names += [f"times-{pattern}-{s}-{threads}" for pattern, s in self.networks]
        names += [f"even-{format}-{pattern}" for format, pattern in self.size_gains]
        names += [f"even-{r}-{pattern}-{batch}" for r, pattern, batch in self.time_gains]
        return tuple(names)


def threads_of(name, otherwise):
    """The threads a part is measured with; `otherwise` if the number does not matter for it."""
    kind, _, rest = name.partition("-")
    if kind in ("limits", "times"):
        return int(rest.rpartition("-")[2])
    return 1 if kind == "even" else otherwise


_SETTINGS = ("formats", "runtimes", "batches", "repeats", "seconds")


def identity(network, grid):
    """sha256 of all that a part depends on, apart from what its name says."""
    weights = hashlib.sha256()
    for array in (*network.kernels, *network.biases):
        weights.update(array.tobytes())
    here = machine()
    settings = {name: getattr(grid, name) for name in _SETTINGS}
    here = {name: here[name] for name in ("processor", "packages", "threads")}
    return sha256(
        {"weights": weights.hexdigest(), "shape": shape_of(network), "grid": settings, "on": here}
    )


def measure(model, x, folder, grid=None, *, about, threads=None, report=None):
    """Measure what is not in `folder` yet and return the `Measurement`.

    model, x: see `weigh`. about: a sentence that says which network it is. threads: measure only
    the times with this number of threads, one of the grid's; None measures all. If times with other
    threads are then still missing, the result is None. report: called as `report(done, total,
    text)` after each part; stored parts count as done. Parts with other settings, weights or
    versions are not used: they are in another folder.
    """
    network, grid = as_network(model), Grid() if grid is None else grid
    folder = runs_folder(folder) / f"parts-{identity(network, grid)[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    found = {name: load_values(folder / f"{name}.json") for name in grid.parts}
    found = {name: values for name, values in found.items() if values is not None}
    for name in grid.parts:
        if name in found or (threads is not None and threads_of(name, threads) != threads):
            continue
        found[name] = _measured(name, network, x, grid, found)
        save_values(found[name], folder / f"{name}.json")
        if report:
            report(len(found), len(grid.parts), name)
    if set(found) != set(grid.parts):
        return None
    return _together(network, grid, found, about)


def missing_threads(folder, network, grid):
    """The numbers of threads for which the grid still lacks parts, in order."""
    folder = runs_folder(folder) / f"parts-{identity(as_network(network), grid)[:12]}"
    lacking = [name for name in grid.parts if not (folder / f"{name}.json").exists()]
    return tuple(t for t in grid.threads if any(threads_of(n, t) == t for n in lacking))


def _measured(name, network, x, grid, found):
    """One part measured, as plain values."""
    kind, *rest = name.split("-")
    if kind == "limits":
        return measure_limits(int(rest[0])).to_dict()
    if kind == "sizes":
        pattern, sparsity = rest[0], float(rest[1])
        made = pruned(network, pattern, sparsity)
        return _plain(weigh(made, x, grid.formats, pattern=pattern, sparsity=sparsity))
    if kind == "times":
        pattern, sparsity, threads = rest[0], float(rest[1]), int(rest[2])
        rows = time(
            pruned(network, pattern, sparsity),
            x,
            grid.runtimes,
            batches=grid.batches,
            threads=threads,
            dense=network,
            pattern=pattern,
            sparsity=sparsity,
            repeats=grid.repeats,
            seconds=grid.seconds,
            limits=Limits.from_dict(found[f"limits-{threads}"]),
        )
        return _plain(rows)
    return _even(rest, network, x, grid)


def _even(words, network, x, grid):
    what, pattern, *batch = words
    if not batch:
        even = break_even(size_gain(network, what, pattern=pattern), tolerance=0.002)
        return [_row(what, pattern, None, None, even)]
    options = {"batch": int(batch[0]), "repeats": grid.repeats, "seconds": grid.seconds}
    even = break_even(time_gain(network, x, what, pattern=pattern, **options), tolerance=0.01)
    return [_row(what, pattern, int(batch[0]), 1, even)]


def _row(what, pattern, batch, threads, even):
    sparsity = rounded(even.sparsity)
    low, high = rounded(even.low), rounded(even.high)
    return list(
        astuple(BreakEvenRow(what, pattern, batch, threads, sparsity, low, high, even.steps))
    )


def _plain(rows):
    return [list(astuple(row)) for row in rows]


def _together(network, grid, found, about):
    def rows(kind, make):
        names = [name for name in grid.parts if name.startswith(kind)]
        return tuple(make(*row) for name in names for row in found[name])

    limits = [Limits.from_dict(found[f"limits-{threads}"]) for threads in grid.threads]
    return Measurement(
        network=about,
        shape=shape_of(network),
        machine=machine(limits),
        created=date.today().isoformat(),
        sizes=rows("sizes", SizeRow),
        times=rows("times", TimeRow),
        break_evens=rows("even", BreakEvenRow),
    )
