"""Memory that training has freed goes back to the system: the C library would keep it for later.

Each run is a thread, and glibc gives threads heaps of their own: what one run has freed is of
little use to the next one. In a classroom a kernel may have 1 GB.
"""

import ctypes
import gc
from contextlib import suppress

LARGE = 500_000  # weights; below, what could be given back is not worth the time


def give_back(n_weights):
    """Return what is free to the system, after a network of so many weights was trained."""
    if n_weights < LARGE:
        return
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)
