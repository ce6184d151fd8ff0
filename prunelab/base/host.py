"""The machine a program runs on: its description in results, its threads, memory and interrupts.

A result names versions, threads and the processor, but no host, user or path.
"""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import re
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from functools import lru_cache, wraps
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, ParamSpec, TypeVar

    from prunelab.footprint.machine_limits import Limits

    Given = ParamSpec("Given")
    Returned = TypeVar("Returned")

MEASURING_PACKAGES = ("scipy", "zstandard", "ai-edge-litert", "h5py")


def threads_there_are() -> int:
    """The number of hardware threads that this process is allowed to use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def machine(limits: Iterable[Limits] = ()) -> dict[str, Any]:
    """What a reader must know about the machine to compare numbers, as a plain dict.

    limits: measured `footprint.Limits`, one for each number of threads.
    """
    values = provenance(threads_there_are())
    packages = values.pop("packages") | {name: _version(name) for name in MEASURING_PACKAGES}
    return values | {
        "processor": processor(),
        "memory": _memory(),
        "packages": packages,
        "limits": [limit.to_dict() for limit in limits],
    }


def processor(cpuinfo="/proc/cpuinfo"):
    """The processor's name as the system reports it."""
    with (
        suppress(OSError),
        open(cpuinfo, encoding="utf-8", errors="replace") as lines,
    ):
        for line in lines:
            if found := re.match(r"model name\s*:\s*(.+)", line):
                return " ".join(found[1].split())[:80]
    return platform.processor() or platform.machine() or "unknown"


def _memory():
    """Bytes of memory in the machine, or None if the system does not say."""
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


PACKAGES = (
    "prunelab",
    "numpy",
    "scikit-learn",
    "tensorflow",
    "tensorflow-model-optimization",
    "tf-keras",
)
# TensorFlow chooses its kernels by these instruction sets; the kernels differ in the last digits.
INSTRUCTION_SETS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd")


def provenance(threads):
    """Versions, TensorFlow's `threads`, its oneDNN flag and the processor, as a plain dict."""
    return {
        "python": platform.python_version(),
        "packages": versions(),
        "system": platform.system(),
        "machine": platform.machine(),
        "instruction_sets": instruction_sets(),
        "threads": threads,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
    }


def instruction_sets(cpuinfo="/proc/cpuinfo"):
    """Which of `INSTRUCTION_SETS` the processor has; empty where the system does not say."""
    try:
        with open(cpuinfo, encoding="utf-8", errors="replace") as lines:
            flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    except OSError:
        return []
    present = set(flags.split())
    return [name for name in INSTRUCTION_SETS if name in present]


def versions():
    """{package: its version here} of PACKAGES."""
    return {name: _version(name) for name in PACKAGES}


def _version(package):
    """The version of a package, or None if it is not installed."""
    with suppress(PackageNotFoundError):
        return version(package)
    return None


def on_one_thread(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Let BLAS use one thread while `function` runs.

    At the end of each matrix product the BLAS threads wait for each other in a busy loop. Where
    other processes need the processor, as in a class on one server, the wait takes fifteen times as
    long as the product.
    """

    @wraps(function)
    def limited(*args, **kwargs):
        with _libraries(len(sys.modules)).limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited


@lru_cache(maxsize=1)
def _libraries(n_modules):
    """The BLAS libraries of this process. The search takes 5 ms: only done after an import."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


LARGE = 500_000  # weights; for fewer, a garbage collection (0.2 s) frees too little


def give_back(n_weights=0):
    """Return free memory to the system, after work on a network of `n_weights` weights.

    It takes a millisecond. After a network of at least LARGE weights, garbage is collected first.
    """
    if n_weights >= LARGE:
        gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def as_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt if an interrupt ends the block with another exception.

    Compiled code that calls back into Python may turn the KeyboardInterrupt raised there into an
    exception of its own: TensorFlow's `nest.flatten` raises a TypeError without a message. Outside
    the main thread, and where interrupts are ignored, nothing is changed. Use it as a decorator or
    in a `with`; it may be nested.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    heard = []

    def hear(number, frame):
        heard.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    except Exception as error:
        if heard:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, before)
