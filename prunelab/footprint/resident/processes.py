"""Resident memory of a network in a runtime, measured in fresh processes and in two ways.

*Within* one process: the memory after the network has run, less the memory after a network of
a few weights has run there before, by the process's own page counts. *Between* two processes: the
memory the system reports for a process that ran the network, less that for one that ran only the
small one. Libraries and their first allocations are in both terms, so they cancel. Only a process's
own (anonymous) pages are counted: pages of library files depend on other processes that use them.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import sparsity_fraction, whole
from prunelab.base.text import first_line
from prunelab.footprint import tflite
from prunelab.footprint.networks import as_network, n_weights
from prunelab.footprint.patterns import pattern_named, remove_neurons
from prunelab.footprint.runtimes import runtime_named
from prunelab.footprint.worker import json_process, results_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tf_keras import Model

    from prunelab.masks.network import Network

FEW = 4  # neurons a hidden layer, of the small network that runs first
REPEATS = 5
AGREE = 0.05  # largest difference of the two ways, as a fraction of the larger
RUNTIMES = (  # those that differ in memory; the others are one of these with another call
    *("numpy", "scipy_csr", "keras_call", "tf_function"),
    *("litert_xnnpack", "litert_builtin", "litert_sparse_builtin", "litert_int8_xnnpack"),
    "litert_int8_builtin",
)


@dataclass(frozen=True)
class MemoryRow:
    """Resident bytes that a network adds to a process which runs it, at batch 1.

    pattern, sparsity: the arguments of `patterns.pruned`. weights: kernel weights it has. file:
    bytes of the file the process loaded. within, between: see the module, the medians of `repeats`;
    low, high: the smallest and the largest of both. status: "right", "apart" if the two differ by
    more than AGREE, "failed" if it could not run. why: one sentence, or "".
    """

    pattern: str
    sparsity: float
    weights: int
    runtime: str
    file: int | None
    within: float | None
    between: float | None
    low: float | None
    high: float | None
    repeats: int
    status: str
    why: str

    @property
    def bytes(self) -> float | None:
        """The mean of both ways."""
        if self.within is None or self.between is None:
            return None
        return (self.within + self.between) / 2


def memory(
    model: Network | Model,
    runtimes: str | Iterable[str] = RUNTIMES,
    *,
    pattern: str = "dense",
    sparsity: float = 0.0,
    repeats: int = REPEATS,
    report: Callable[[int, int, str], object] | None = None,
) -> tuple[MemoryRow, ...]:
    """A `MemoryRow` for each of `runtimes`, names of `footprint.RUNTIMES`; Linux only.

    model: see `as_network`; it is measured as it is. pattern, sparsity: labels for the rows.
    repeats: pairs of processes for each runtime; the medians count. report: `report(done, total,
    text)` after each runtime. A runtime that cannot run still has a row, with status "failed".
    Raises OSError, in one sentence, if the system does not report a process's memory.
    """
    if not os.path.exists("/proc/self/smaps_rollup"):
        raise OSError("memory is measured by /proc/self/smaps_rollup, which only Linux has")
    network = as_network(model)
    pattern, sparsity = pattern_named(pattern).name, sparsity_fraction("sparsity", sparsity)
    repeats = whole("repeats", repeats, at_least=1, at_most=1000)
    chosen = [runtime_named(r) for r in ([runtimes] if isinstance(runtimes, str) else runtimes)]
    rows = []
    with tempfile.TemporaryDirectory(prefix="prunelab-") as folder:
        few = remove_neurons(network, units=FEW)
        for runtime in chosen:
            said = {"pattern": pattern, "sparsity": sparsity, "weights": n_weights(network)}
            said |= {"runtime": runtime.name, "repeats": repeats}
            try:
                files = [_stored(n, runtime, Path(folder) / name) for n, name in
                         ((few, "few"), (network, "whole"))]  # fmt: skip
                inputs = network.kernels[0].shape[0]
                pairs = [_measured(runtime, files, inputs) for _ in range(repeats)]
                rows.append(_row(said, files[1].stat().st_size, pairs))
            except Exception as error:
                why = f"its memory could not be measured: {first_line(error)}"
                rows.append(MemoryRow(**said, file=None, within=None, between=None, low=None,
                                      high=None, status="failed", why=why))  # fmt: skip
            if report:
                report(len(rows), len(chosen), runtime.label)
    return tuple(rows)


def _row(said, file, pairs):
    within, between = (median(pair[at] for pair in pairs) for at in (0, 1))
    apart = abs(within - between) / max(within, between, 1.0)
    status, why = "right", ""
    if apart > AGREE:
        status, why = "apart", f"the two ways differ by {apart:.0%}: measure again, or more often"
    flat = [value for pair in pairs for value in pair]
    return MemoryRow(**said, file=file, within=within, between=between, low=min(flat),
                     high=max(flat), status=status, why=why)  # fmt: skip


def _kind(runtime):
    """The kind of .tflite file that a runtime runs, or None."""
    if not runtime.name.startswith("litert"):
        return None
    parts = [part for part in ("int8", "sparse") if f"_{part}" in runtime.name]
    return "_".join(["tflite", *parts])


def _stored(network, runtime, path):
    """Write the file that a process of this runtime will load, and return it."""
    kind = _kind(runtime)
    if kind is not None:
        path = path.with_suffix(f".{kind}")
        path.write_bytes(tflite.convert(network, kind))
        return path
    path = path.with_suffix(".npz")
    pairs = zip(network.kernels, network.biases, strict=True)
    np.savez(path, *(array for pair in pairs for array in pair))
    return path


def _measured(runtime, files, inputs):
    """(within, between) in bytes, from two processes."""
    first = _run(runtime.name, files, inputs)
    second = _run(runtime.name, files[1:], inputs)
    return float(first[1][0] - first[0][0]), float(second[0][1] - first[0][1])


def _run(name, files, inputs):
    """[(resident, anonymous) after each file], in bytes, of a process that loads and runs them."""
    worker = [sys.executable, "-m", "prunelab.footprint.resident.worker"]
    command = [*worker, name, str(inputs), *map(str, files)]
    # One heap for all threads: free memory in other heaps is not returned to the system.
    found = []
    with json_process(command, {"MALLOC_ARENA_MAX": "1"}) as process:
        for said in results_of(process):
            found.append((said["resident"], anonymous(process.pid)))
            process.stdin.write("\n")  # until now it has waited, with the network in memory
            process.stdin.flush()
    return found


def anonymous(pid: int) -> int:
    """Bytes of a process's anonymous pages in memory, as Linux sums them over its mappings."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Anonymous:"):
            return 1024 * int(line.split()[1])
    raise OSError(f"/proc/{pid}/smaps_rollup has no line for anonymous pages")


def resident() -> int:
    """Bytes of this process's own pages in memory, by its page counts."""
    _, pages, shared, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return os.sysconf("SC_PAGE_SIZE") * (int(pages) - int(shared))
