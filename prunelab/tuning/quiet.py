"""Optuna without its messages: a reader of the course has no use for them."""

from contextlib import contextmanager
from threading import Lock

import optuna

_lock, _inside, _before = Lock(), 0, None


@contextmanager
def quiet():
    """No messages of Optuna's for as long as this lasts, in any thread.

    How loud it is goes for the whole process, and trials may be judged in several threads at once:
    the first one in turns it down, the last one out puts it back.
    """
    global _inside, _before
    with _lock:
        if not _inside:
            _before = optuna.logging.get_verbosity()
            optuna.logging.set_verbosity(optuna.logging.ERROR)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                optuna.logging.set_verbosity(_before)
