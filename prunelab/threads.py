"""Small products of matrices on one thread: several only get in each other's way."""

import sys
from functools import lru_cache, wraps


def on_one_thread(function):
    """Let BLAS use one thread while `function` runs.

    Threads wait for each other at the end of each product by spinning; where other processes want
    the processor, as in a class on one server, that costs fifteen times what the product does.
    """

    @wraps(function)
    def limited(*args, **kwargs):
        with _libraries(len(sys.modules)).limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited


@lru_cache(maxsize=1)
def _libraries(n_modules):
    """The BLAS libraries of this process; to find them takes 5 ms, so only after an import."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
