"""Measure one network in every pattern, sparsity, format and runtime; stop and go on as you like.

Each part, a network's sizes or its times with one number of threads, is stored the moment it is
there, in a folder beside the result; what is stored is not measured again.
"""

from dataclasses import astuple
from datetime import date

from prunelab import runs
from prunelab.files import runs_folder
from prunelab.footprint.break_even import break_even, size_gain, time_gain
from prunelab.footprint.grid_parts import Grid, identity, threads_of
from prunelab.footprint.limits import Limits, measure_limits
from prunelab.footprint.machine import machine
from prunelab.footprint.measurement import Measurement
from prunelab.footprint.networks import as_network, shape_of
from prunelab.footprint.patterns import pruned
from prunelab.footprint.records import BreakEvenRow, SizeRow, TimeRow, rounded
from prunelab.footprint.timing import time
from prunelab.footprint.weighing import weigh


def measure(model, x, folder, grid=None, *, about, threads=None, report=None):
    """Measure what is not in `folder` yet; the `Measurement`, or None while other threads' lack.

    model, x: see `weigh`. about: a sentence that says which network it is. threads: measure the
    times with so many threads only, of those in the grid; None measures all. report: called as
    `report(done, total, text)` after each part, with those found from before.
    Parts of other settings, weights or versions are not taken up: they lie in another folder.
    """
    network, grid = as_network(model), Grid() if grid is None else grid
    folder = runs_folder(folder) / f"parts-{identity(network, grid)[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    found = {name: runs.load_values(folder / f"{name}.json") for name in grid.parts}
    found = {name: values for name, values in found.items() if values is not None}
    for name in grid.parts:
        if name in found or (threads is not None and threads_of(name, threads) != threads):
            continue
        found[name] = _measured(name, network, x, grid, found)
        runs.save_values(found[name], folder / f"{name}.json")
        if report:
            report(len(found), len(grid.parts), name)
    if set(found) != set(grid.parts):
        return None
    return _together(network, grid, found, about)


def missing_threads(folder, network, grid):
    """Numbers of threads some part of the grid still waits for, in order."""
    folder = runs_folder(folder) / f"parts-{identity(as_network(network), grid)[:12]}"
    lacking = [name for name in grid.parts if not (folder / f"{name}.json").exists()]
    return tuple(t for t in grid.threads if any(threads_of(n, t) == t for n in lacking))


def _measured(name, network, x, grid, found):
    """The plain values of one part."""
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
