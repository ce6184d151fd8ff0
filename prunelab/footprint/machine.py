"""Which machine was measured: processor, cores, memory, system, versions; no host, user or path."""

import os
import platform
import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from prunelab.provenance import provenance

PACKAGES = ("scipy", "zstandard", "ai-edge-litert", "h5py")


def threads_there_are():
    """Threads this process may run at once: those of the processors it is allowed to use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def machine(limits=()):
    """What a reader must know to compare numbers, as a plain dict.

    limits: `limits.Limits` that were measured, one a number of threads.
    """
    values = provenance(threads_there_are())
    packages = values.pop("packages") | {name: _version(name) for name in PACKAGES}
    return values | {
        "processor": processor(),
        "memory": _memory(),
        "packages": packages,
        "limits": [limit.to_dict() for limit in limits],
    }


def processor(cpuinfo="/proc/cpuinfo"):
    """The processor's name as the system tells it."""
    with (
        suppress(OSError),
        open(cpuinfo, encoding="utf-8", errors="replace") as lines,
    ):
        for line in lines:
            if found := re.match(r"model name\s*:\s*(.+)", line):
                return " ".join(found[1].split())[:80]
    return platform.processor() or platform.machine() or "unknown"


def _memory():
    """Bytes of memory, or None where the system does not say."""
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _version(package):
    with suppress(PackageNotFoundError):
        return version(package)
    return None
