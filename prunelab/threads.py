"""Small products of matrices on one thread: several only get in each other's way."""

from functools import wraps


def on_one_thread(function):
    """Let BLAS use one thread while `function` runs.

    Threads wait for each other at the end of each product by spinning; where other processes want
    the processor, as in a class on one server, that costs fifteen times what the product does.
    """

    @wraps(function)
    def limited(*args, **kwargs):
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited
