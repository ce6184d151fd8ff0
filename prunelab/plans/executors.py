"""Executors of tasks: in this process, in processes of this machine, on a Dask cluster."""

import warnings
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from contextlib import contextmanager, suppress

from prunelab.base.checks import shown

ANSWERS_WITHIN = "20s"  # timeout for a Dask scheduler


class InThisProcess(Executor):
    """An executor that runs each task at once, in this process."""

    def submit(self, fn, /, *args, **kwargs):
        """Run `fn` now; return a future with its outcome. An interrupt is not caught."""
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def checked_executor(executor):
    """`executor` if it can run tasks; for a Dask client, the client's own executor."""
    if executor is None:
        return None
    if isinstance(executor, type):
        raise TypeError(f"executor={shown(executor)}: this is a class; write {executor.__name__}()")
    if callable(getattr(executor, "get_executor", None)):  # a client's futures are of another type
        return executor.get_executor(pure=False, retries=3)
    if not hasattr(executor, "submit"):
        raise TypeError(
            f"executor={shown(executor)}: write a concurrent.futures.Executor, a Dask client, "
            "or None"
        )
    return executor


def task(executor, fn, *args, **kwargs):
    """The future of `fn` in `executor`; TypeError if it is not a `concurrent.futures.Future`."""
    future = executor.submit(fn, *args, **kwargs)
    if not isinstance(future, Future):
        raise TypeError(
            f"executor={shown(executor)}: its submit gives a {type(future).__name__}, and not a "
            "future of concurrent.futures; write an Executor of those"
        )
    return future


def answer_of(executor, words, fn, *args):
    """The result of a short task: of `fn` in `executor`, or in this process if it is None.

    words: as for `pending_futures`.
    """
    if executor is None:
        return fn(*args)
    with pending_futures(words) as pending:
        future = task(executor, fn, *args)
        pending[future] = None
        while not completed_of(pending):
            pass
        return future.result()


def _is_death(error):
    of_dask = type(error).__module__.startswith("distributed")
    return of_dask or isinstance(error, BrokenExecutor | CancelledError)


@contextmanager
def pending_futures(words):
    """A context with a dict of futures and their tasks; at its end remaining futures are cancelled.

    If a worker died, rather than a task failing by itself, `words()` says how to continue.
    """
    pending = {}
    try:
        yield pending
    except Exception as error:
        if not _is_death(error):
            raise
        raise RuntimeError(f"a worker died ({type(error).__name__}); {words()}") from None
    finally:
        for future in pending:
            future.cancel()


def completed_of(pending, number=lambda future: 0):
    """The futures in `pending` that are done, after a wait of at most a second; may be empty.

    Successful futures come first, so that their results are stored before an error of another one
    ends the run; otherwise they are ordered by `number(future)`. The wait has a timeout, so that an
    interrupt that another thread received is handled when this thread wakes.
    """
    over, _ = wait(pending, timeout=1, return_when=FIRST_COMPLETED)
    return sorted(over, key=lambda future: (_failed(future), number(future)))


def _failed(future):
    return future.cancelled() or future.exception() is not None


@contextmanager
def process_pool(workers):
    """A `ProcessPoolExecutor` of spawned processes, since TensorFlow must not be forked.

    At the end the processes are stopped even if they are busy, since trainings have checkpoints.
    They also end when this process is killed.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_end_with_parent)
    try:
        yield pool
    finally:
        workers = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:  # else the interpreter would wait for them at exit
            worker.terminate()


def _end_with_parent():
    """In a worker: exit when the parent process has ended.

    Otherwise a worker of a killed parent would keep training beside new workers, then wait for
    ever.
    """
    import multiprocessing
    import os
    import threading

    def watch():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def dask_executor(address):
    """The executor of a Dask cluster's client at `address`; needs the extra `prunelab[cluster]`."""
    try:
        from distributed import Client
    except ImportError:
        raise ImportError(
            f"scheduler={shown(address)}: Dask is not installed; pip install 'prunelab[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=ANSWERS_WITHIN)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"scheduler={shown(address)} does not answer: {error}") from None
    try:
        with warnings.catch_warnings():
            # An arm's task includes its first phase, 25 MB for the article's network.
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            # pure=False: tasks with equal arguments are not merged.
            yield client.get_executor(pure=False, retries=3)
    finally:
        with suppress(Exception):
            client.close()
