"""What a grid measures: patterns × sparsities × formats × runtimes, as parts with names."""

import hashlib
from dataclasses import dataclass

from prunelab.digests import sha256
from prunelab.footprint.formats import FORMATS
from prunelab.footprint.machine import machine
from prunelab.footprint.networks import shape_of
from prunelab.footprint.patterns import PATTERNS
from prunelab.footprint.runtimes import RUNTIMES
from prunelab.footprint.timing import BATCHES

FIXED = {"dense": 0.0, "two_of_four": 0.5}


@dataclass(frozen=True)
class Grid:
    """What to measure. threads: numbers of them; the others as in `weigh` and `time`.
    size_gains: (format, pattern), time_gains: (runtime, pattern, batch), whose break-evens are
    wanted; the latter with one thread."""

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
        ("tflite_sparse", "blocks_1x4"),
    )
    time_gains: tuple = tuple(
        (runtime, pattern, batch)
        for runtime, pattern in (
            ("scipy_csr", "unstructured"),
            ("litert_sparse_builtin", "blocks_1x4"),
            ("litert_xnnpack", "neurons"),
        )
        for batch in BATCHES
    )

    @property
    def networks(self):
        """All (pattern, sparsity)."""
        return tuple(
            (pattern, sparsity)
            for pattern in self.patterns
            for sparsity in ((FIXED[pattern],) if pattern in FIXED else self.sparsities)
        )

    @property
    def parts(self):
        """The names of all parts, in the order they are measured."""
        names = [f"limits-{threads}" for threads in self.threads]
        names += [f"sizes-{pattern}-{sparsity}" for pattern, sparsity in self.networks]
        for threads in self.threads:
            names += [f"times-{pattern}-{s}-{threads}" for pattern, s in self.networks]
        names += [f"even-{format}-{pattern}" for format, pattern in self.size_gains]
        names += [f"even-{r}-{pattern}-{batch}" for r, pattern, batch in self.time_gains]
        return tuple(names)


def threads_of(name, otherwise):
    """The threads a part is measured with; what no threads touch belongs to any."""
    kind, _, rest = name.partition("-")
    if kind in ("limits", "times"):
        return int(rest.rpartition("-")[2])
    return 1 if kind == "even" else otherwise


_SETTINGS = ("formats", "runtimes", "batches", "repeats", "seconds")


def identity(network, grid):
    """sha256 of all a part depends on but what its name says: grids share parts of one name."""
    weights = hashlib.sha256()
    for array in (*network.kernels, *network.biases):
        weights.update(array.tobytes())
    here = machine()
    settings = {name: getattr(grid, name) for name in _SETTINGS}
    here = {name: here[name] for name in ("processor", "packages", "threads")}
    return sha256(
        {"weights": weights.hexdigest(), "shape": shape_of(network), "grid": settings, "on": here}
    )
