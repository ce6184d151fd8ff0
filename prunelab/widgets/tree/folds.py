"""The folds of a TreeExplorer's cross-validation, in another thread if they take long."""

from threading import Event, RLock, Thread

# Rows × features × folds that are fitted before the explorer is shown: about half a second.
# A count and not a clock, so that the same cell does the same on any machine.
AT_ONCE = 200_000
WAITING = "waits for its folds"


def takes_long(run, X):  # noqa: N803
    """Whether the folds of a `FoldByFold` take too long to be fitted before the first picture."""
    return X.shape[0] * X.shape[1] * run.n_folds > AT_ONCE


class Folds:
    """A `FoldByFold` in a daemon thread.

    tell: called from that thread with the number of folds done, at most a hundred times. over:
    called at the end with the `CrossValidation` and "", or None and what went wrong, in words; it
    may refuse the `CrossValidation` with a ValueError.
    """

    def __init__(self, run, tell, over):
        self._run, self._tell, self._over = run, tell, over
        self._stopped, self._ended, self._turn = Event(), Event(), RLock()
        self._thread = Thread(target=self._work, name="prunelab-folds", daemon=True)

    def start(self):
        """Start fitting the folds."""
        self._thread.start()

    def stop(self):
        """Stop after the fold being fitted, without further calls; True if it was running."""
        with self._turn:
            was_on = not (self._stopped.is_set() or self._ended.is_set())
            self._stopped.set()
        return was_on

    def join(self):
        """Wait until all is done, or stopped; after an interrupt it can be called again."""
        self._ended.wait()  # after an interrupt, Thread.join takes a running thread for ended

    def _work(self):
        try:
            for done in self._run.folds:
                if self._stopped.is_set():
                    return
                if done % max(self._run.n_folds // 100, 1) == 0:
                    self._tell(done)
            self._finish(self._run.result(), "")
        except BaseException as error:  # also SystemExit, which is shown to the reader
            self._finish(None, " ".join(str(error).split()) or type(error).__name__)
        finally:
            self._ended.set()

    def _finish(self, crossed, problem):
        with self._turn:
            if not self._stopped.is_set():
                self._over(crossed, problem)
                self._stopped.set()
