"""LiveNetworks that nobody is using: runs of one kind share one that is compiled."""

from contextlib import contextmanager
from threading import Lock

AT_MOST = 4
MOST_MEGABYTES = 80  # two of the article's network


class Pool:
    """Idle LiveNetworks by their kind: those used last, a few, and of large ones fewer."""

    def __init__(self):
        self._idle, self._lock = [], Lock()

    @contextmanager
    def borrowed(self, key, make):
        """The network of this `key`, or a new one, for as long as the `with` lasts."""
        network = self._take(key) or make()
        try:
            yield network
            network.proven = True
        except Exception:
            # All variables will be set anew; but one that never ran to the end may be half
            # compiled, as may be anything after an interrupt.
            if network.proven:
                self._put_back(key, network)
            raise
        self._put_back(key, network)

    def _put_back(self, key, network):
        network.let_go()
        with self._lock:
            self._idle.append((key, network))
            while len(self._idle) > 1 and (
                len(self._idle) > AT_MOST or self._megabytes() > MOST_MEGABYTES
            ):
                del self._idle[0]

    def _megabytes(self):
        return sum(network.megabytes for _, network in self._idle)

    def _take(self, key):
        with self._lock:
            for i in reversed(range(len(self._idle))):
                if self._idle[i][0] == key:
                    return self._idle.pop(i)[1]
        return None
