"""Memory that long work has freed goes back to the system: the C library would keep it for later.

glibc gives threads heaps of their own, and what one training has freed is of little use to the
next. In a classroom a kernel may have half a gigabyte, and forty of them share a machine.
"""

import ctypes
import gc
from contextlib import suppress

LARGE = 500_000  # weights; below, what only a collection would free is not worth its 0.2 s


def give_back(n_weights=0):
    """Return what is free to the system, after work on a network of so many weights.

    It takes a millisecond; after a large network garbage is collected first.
    """
    if n_weights >= LARGE:
        gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)
