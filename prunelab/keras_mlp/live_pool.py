"""LiveNetworks that nobody is using: runs of one kind share one that is compiled."""

from contextlib import contextmanager
from threading import Lock


class Pool:
    """Idle LiveNetworks by their kind, the `at_most` used last."""

    def __init__(self, at_most=4):
        self._idle, self._lock, self._at_most = [], Lock(), at_most

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
            del self._idle[: -self._at_most]

    def _take(self, key):
        with self._lock:
            for i in reversed(range(len(self._idle))):
                if self._idle[i][0] == key:
                    return self._idle.pop(i)[1]
        return None
