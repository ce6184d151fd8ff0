"""How fast this machine can be at best: its measured bandwidth and peak, and the resulting limit.

The model is the roofline (Williams et al. 2009): a call must read its weights once and do its
arithmetic, and no runtime is faster than the longer of the two. Activations are left out: at this
size they stay in the processor's caches.
"""

import time
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from prunelab.base.checks import number, whole
from prunelab.footprint.measurement import rounded

SIZES = (2**16, 2**18, 2**20, 2**21, 2**22, 2**23, 2**24, 2**26)
INT8_GAIN = 4  # int8 multiplications per float32 one in an instruction (AVX-512 VNNI, dot)


@dataclass(frozen=True)
class Limits:
    """bandwidth: pairs (bytes read repeatedly, bytes a second); larger sizes are slower, as they no
    longer fit into the caches. flops: float32 multiplications and additions a second. threads: the
    number of threads that did it."""

    threads: int
    bandwidth: tuple[tuple[float, float], ...]
    flops: float

    def __post_init__(self) -> None:
        whole("threads", self.threads, at_least=1)
        number("flops", self.flops, above=0)
        pairs = tuple(tuple(number("bandwidth", n, above=0) for n in p) for p in self.bandwidth)
        if not pairs or any(len(pair) != 2 for pair in pairs):
            raise ValueError("bandwidth: write pairs of bytes and bytes a second, at least one")
        object.__setattr__(self, "bandwidth", tuple(sorted(pairs)))

    def bandwidth_at(self, size: float) -> float:
        """Bytes a second when `size` bytes are read repeatedly, between the measured sizes."""
        sizes, speeds = zip(*self.bandwidth, strict=True)
        return float(np.interp(np.log2(max(size, 1)), np.log2(sizes), speeds))

    def milliseconds(self, size: float, operations: float, *, int8: bool = False) -> float:
        """The least ms of a call that reads `size` bytes and does `operations` float operations.

        int8: count four operations as one; that is what the instructions offer, and is not
        measured.
        """
        peak = self.flops * (INT8_GAIN if int8 else 1)
        return 1000 * max(size / self.bandwidth_at(size), operations / peak)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self) | {"bandwidth": [list(pair) for pair in self.bandwidth]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The limits that `to_dict` wrote."""
        return cls(**values)


def measure_limits(threads: int = 1, *, seconds: float = 0.15) -> Limits:
    """Measure bandwidth and peak with `threads` threads: the best of many calls, as a limit.

    Bandwidth: the fastest of three ways to read an array once: a dot product with itself, the
    maximum of its floats, the maximum of its bytes. Peak: a product of two float32 matrices of
    512 × 512, which is so short that some calls run undisturbed even on a busy machine.
    Dot and matrix products use NumPy's BLAS. seconds: spent on each size.
    """
    from threadpoolctl import threadpool_limits

    threads = whole("threads", threads, at_least=1, at_most=1024)
    ones = np.ones(max(SIZES) // 4, np.float32)
    matrix = np.random.default_rng(0).random((512, 512), np.float32)
    with threadpool_limits(limits=threads, user_api="blas"):
        bandwidth = tuple((size, rounded(_read_speed(ones, size, seconds))) for size in SIZES)
        out = np.empty_like(matrix)
        product = _best(lambda: np.matmul(matrix, matrix, out=out), 4 * seconds)
    return Limits(threads, bandwidth, rounded(2 * 512**3 / product))


def _read_speed(floats, size, seconds):
    """Bytes a second when the first `size` bytes of `floats` are read repeatedly."""
    floats = floats[: size // 4]
    reads = (lambda: floats @ floats, floats.max, floats.view(np.int8).max)
    return size / min(_best(read, seconds / len(reads)) for read in reads)


def _best(call, seconds):
    """The shortest time of a call, repeated for `seconds` and at least three times."""
    call()
    best, end, done = np.inf, time.perf_counter() + seconds, 0
    while done < 3 or time.perf_counter() < end:
        begun = time.perf_counter()
        call()
        best, done = min(best, time.perf_counter() - begun), done + 1
    return best
