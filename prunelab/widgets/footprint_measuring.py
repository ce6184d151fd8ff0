"""The part of a FootprintExplorer that measures: begins, listens, shows how far it is, stops."""

import time
from threading import Lock

import traitlets

from prunelab.widgets.footprint_data import gather
from prunelab.widgets.footprint_here import CHOSEN, Here
from prunelab.widgets.footprint_state import Rows
from prunelab.widgets.footprint_together import drawn_like, together

IDLE = {"state": "idle", "done": 0, "total": 0, "text": "", "left": None, "message": ""}
SECONDS_BETWEEN_FRAMES = 0.25


class MeasuresHere(traitlets.HasTraits):
    """What an explorer needs to measure on this machine, off its thread.

    It asks its explorer for the six `CHOSEN`, `choices`, `data["shape"]`, `source` and `_shelves`.
    """

    here = traitlets.Dict(None, allow_none=True, help="the same of this machine").tag(sync=True)
    work = traitlets.Dict(IDLE, help="how far measuring here is").tag(sync=True)

    _about = "the network you handed over"
    _measuring = _here = None
    _earlier = None  # what was measured here before
    _drawn = 0.0

    def _begin_to_hear(self, network, x):
        self._network, self._x, self._hearing = network, x, Lock()

    @property
    def measured_here(self):
        """The `Measurement` of this machine so far, or None."""
        return self._here

    def measure(self, *, seconds=None):
        """Measure what is chosen on this machine, off this thread; then `source` becomes "here".

        seconds: after them it ends with what it has, by default 110. Raises RuntimeError while
        another measuring goes on.
        """
        if self.measuring:
            raise RuntimeError("this explorer is measuring already: stop it first, or wait")
        if self._network is None:
            self._network, self._x = drawn_like(self.data["shape"])
            self._about = "a network of the same shape, its weights drawn anew"
        request = {name: getattr(self, name) for name in CHOSEN}
        for kind in ("formats", "runtimes"):
            request[kind] = [each["name"] for each in self.choices[kind]]
        options = {} if seconds is None else {"seconds": seconds}
        self._earlier = self._here
        self._measuring = Here(self._network, self._x, request, self._heard, **options)
        self.work = self._progress()
        self._measuring.start()

    def stop(self):
        """End measuring with what there is; nothing happens where none goes on."""
        if self.measuring:
            self._measuring.stop()

    def join(self, timeout=None):
        """Wait until measuring is over; whether it is."""
        return self._measuring is None or self._measuring.join(timeout)

    @property
    def measuring(self):
        """Whether a measuring goes on."""
        return self._measuring is not None and self._measuring.state == "running"

    def _asked(self, _widget, content, _buffers):
        """A button was pressed in the browser."""
        if not isinstance(content, dict):
            return
        if content.get("do") == "measure" and not self.measuring:
            self.measure()
        elif content.get("do") == "stop":
            self.stop()

    def _heard(self):
        """More was measured, time went by, or it is over: from the measuring's threads."""
        with self._hearing:
            self._take_measured()

    def _take_measured(self):
        measuring = self._measuring
        over = measuring.state != "running"
        if not over and time.monotonic() - self._drawn < SECONDS_BETWEEN_FRAMES:
            return
        found = together(self._earlier, measuring, self._about)
        if found is not None and found != self._here:
            self._here = found
            here = gather(found)
            self._shelves["here"] = Rows(here)
            self.here = here
        if over and (measuring.rows["sizes"] or measuring.rows["times"]):
            self.source = "here"
        self.work = self._progress()
        self._drawn = time.monotonic()  # at its end, as drawing takes long on a busy machine

    def _progress(self):
        """How far it is, as the page reads it."""
        measuring = self._measuring
        left = measuring.seconds_left
        told = {name: getattr(measuring, name) for name in IDLE if name != "left"}
        return told | {"left": None if left is None else round(left)}
