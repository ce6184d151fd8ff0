"""The folds of a TreeExplorer's cross-validation, off the reader's thread where they take long."""

from threading import Event, RLock, Thread

# Rows times features times folds that are fitted before the explorer is shown: about half a second.
# A count and not a clock, so that the same cell does the same on any machine.
AT_ONCE = 200_000
WAITING = "waits for its folds"


def takes_long(run, X):  # noqa: N803
    """Whether the folds of a `FoldByFold` are too much work to be done before the first picture."""
    return X.shape[0] * X.shape[1] * run.n_folds > AT_ONCE


class Folds:
    """A `FoldByFold` in a thread that dies with the kernel.

    tell: called from that thread with the number of folds done, a hundred times at most. over:
    called at the end with the `CrossValidation` and "", or None and what went wrong, in words; it
    may refuse the first with a ValueError.
    """

    def __init__(self, run, tell, over):
        self._run, self._tell, self._over = run, tell, over
        self._stopped, self._ended, self._turn = Event(), Event(), RLock()
        self._thread = Thread(target=self._work, name="prunelab-folds", daemon=True)

    def start(self):
        """Begin with the first fold."""
        self._thread.start()

    def stop(self):
        """End after the fold that is being fitted, and tell nothing any more; True if it was on."""
        with self._turn:
            was_on = not (self._stopped.is_set() or self._ended.is_set())
            self._stopped.set()
        return was_on

    def join(self):
        """Wait until all is done, or stopped; after an interrupt it can be waited for again."""
        self._ended.wait()  # an interrupt of Thread.join takes a thread that runs for ended

    def _work(self):
        try:
            for done in self._run.folds:
                if self._stopped.is_set():
                    return
                if done % max(self._run.n_folds // 100, 1) == 0:
                    self._tell(done)
            self._finish(self._run.result(), "")
        except BaseException as error:  # a SystemExit too: shown where the reader looks
            self._finish(None, " ".join(str(error).split()) or type(error).__name__)
        finally:
            self._ended.set()

    def _finish(self, crossed, problem):
        with self._turn:
            if not self._stopped.is_set():
                self._over(crossed, problem)
                self._stopped.set()
