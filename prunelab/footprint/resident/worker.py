"""The process whose memory is measured: loads networks one after the other, runs each, and waits.

python -m prunelab.footprint.resident.worker RUNTIME INPUTS FILE …
"""

import gc
import sys
from pathlib import Path

import numpy as np

from prunelab.base.host import give_back
from prunelab.footprint import runtimes, tflite
from prunelab.footprint.resident.processes import _kind, resident
from prunelab.footprint.worker import print_results
from prunelab.masks.network import Network


def loaded(runtime, inputs, path):
    """A call of the network in a file, at batch 1; objects only needed to make it are released."""
    x = np.ones((1, inputs), np.float32)
    if _kind(runtime) is not None:
        builtin = runtime.name.endswith("builtin")
        run = tflite.runner(Path(path).read_bytes(), 1, builtin=builtin)
        return lambda: run(x)
    with np.load(path, allow_pickle=False) as arrays:
        flat = [arrays[f"arr_{at}"] for at in range(len(arrays.files))]
    network = Network(list(zip(flat[::2], flat[1::2], strict=True)))
    call = runtime.make(network, x, 1)
    runtimes._model.cache_clear()  # the cache holds the network beside its model
    return call


def measured(name, inputs, files):
    """Yield the resident bytes after each file, and wait for a line before the next."""
    runtime, kept = runtimes.runtime_named(name), []
    for path in files:
        kept.append(loaded(runtime, inputs, path))
        for _ in range(3):
            kept[-1]()
        gc.collect()
        give_back()
        yield {"resident": resident()}
        sys.stdin.readline()


if __name__ == "__main__":
    sys.exit(print_results(measured(sys.argv[1], int(sys.argv[2]), sys.argv[3:])))
