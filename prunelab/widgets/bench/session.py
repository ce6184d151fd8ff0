"""One training of a TuningBench: its thread, its record, and when it is drawn."""

import logging
import time
from threading import Lock, Timer, current_thread

from prunelab.base.files import in_words
from prunelab.live.control import ENDED
from prunelab.live.store import UnfinishedRecord
from prunelab.live.thread import LiveTraining
from prunelab.widgets.bench.saved_runs import curves_of

SECONDS_BETWEEN_FRAMES = 0.3
_log = logging.getLogger(__name__)


class Session:
    """A LiveTraining that calls one listener, at most four times a second, and stores its run.

    While it trains, a file records its progress, so that a kill loses no more than the last moment.

    listener: called without arguments, from the training's thread or a timer's; another bench may
    replace it while the run goes on. saved: the bench's `SavedRuns`. number: of the run there.
    total_steps: of the whole run. sizes: of the layers it prunes. n_weights: of all. `problem`: why
    a run could not be stored, in one sentence; else empty.
    """

    def __init__(
        self, train, settings, data, *, saved, total_steps, sizes, control=None, n_weights=0
    ):
        self.training = LiveTraining(train, settings, data, self._changed, control=control)
        self.train, self.data, self.saved = train, data, saved
        self.number, self.total_steps, self.sizes = saved.next_number, total_steps, sizes
        self.name, self.listener = f"run {self.number}", None
        self.run, self.problem, self.pausing = None, "", False
        self.batch_size = settings.batch_size
        self._lock, self._timer, self._drawn, self._drawing = Lock(), None, -1e9, False
        self._n_weights, self._file = n_weights, None
        self._over = self._ended = False  # the training is over; its run is stored as well

    @property
    def busy(self):
        """Whether it waits, trains, is paused, or is about to be stored."""
        return not self._ended

    @property
    def pace(self):
        """Most steps a second, or None: see `TrainingControl.pace`."""
        return self.training.control.pace

    @pace.setter
    def pace(self, steps_a_second):
        self.training.control.pace = steps_a_second

    def start(self):
        """Start the training."""
        self._file = self._kept(
            lambda: UnfinishedRecord(
                self.saved.folder,
                self.training.settings,
                name=self.name,
                n_pruned=sum(self.sizes.values()),
                n_weights=self._n_weights,
            )
        )
        self.training.start()
        with self._lock:
            self._wait(2 * SECONDS_BETWEEN_FRAMES)

    def pause(self):
        """Pause; a paused run can be continued as long as the kernel lives."""
        self.pausing = True
        self.training.control.pause()

    def resume(self):
        """Continue a paused run."""
        self.pausing = False
        self.training.control.resume()

    def stop(self):
        """End the run at its present step; what it has is stored."""
        self.training.control.stop()

    def curves(self, measure):
        """The curves of a `Measure` so far, in the chart's format."""
        training = self.training
        so_far = training.settings, training.control.steerings, training.reports
        return curves_of(*so_far, measure) | {"total_steps": self.total_steps}

    @property
    def seconds_left(self):
        """Estimated seconds left, from the pace so far; None before the first epoch."""
        reports = self.training.reports
        if not reports:
            return None
        left = reports[-1].seconds * (self.total_steps / reports[-1].step - 1)
        waits = (self.total_steps - reports[-1].step) / self.pace if self.pace else 0.0
        return max(left, waits)

    # ------------------------------------------------------------------ from the training's thread

    def _kept(self, act):
        """The result of `act()`; None, with `problem` set, if the file cannot be written."""
        try:
            return act()
        except (OSError, ValueError) as error:
            self.problem = f"{self.name} is not kept while it trains: {in_words(error)}"
            return None

    def _changed(self, training):
        if training.state in ENDED:
            self._end(training)
            return
        if self._file is not None:
            steerings = training.control.steerings
            self._kept(lambda: self._file.keep(steerings, training.reports))
        if self._may_draw():
            self._draw()

    def _may_draw(self):
        """Whether a frame may be drawn now; if it is too soon after the last, one is scheduled."""
        with self._lock:
            left = self._drawn + SECONDS_BETWEEN_FRAMES - time.monotonic()
            soon = self._drawing or left > 1e-6
            if soon:
                self._wait(SECONDS_BETWEEN_FRAMES if self._drawing else left)
            else:
                self._drawing = True
            return not soon

    def _draw(self):
        """Draw a frame. The interval starts at its end: drawing takes long on a busy machine."""
        try:
            if self.busy:
                self._tell()
        finally:
            with self._lock:
                self._drawn, self._drawing = time.monotonic(), False

    def _wait(self, seconds):
        """Schedule a frame in `seconds`, unless one is scheduled; call it holding the lock."""
        if self._timer is None and not self._over:
            self._timer = Timer(seconds, self._late)
            self._timer.daemon = True
            self._timer.start()

    def _late(self):
        """Draw a frame that was too soon before; before the first epoch, schedule another one."""
        with self._lock:
            self._timer = None
        if self._may_draw():
            with self._lock:
                if not self.training.reports:
                    self._wait(2 * SECONDS_BETWEEN_FRAMES)
            self._draw()

    def _end(self, training):
        with self._lock:
            timer, self._timer, self._over = self._timer, None, True
        if timer is not None:
            timer.cancel()
            if timer is not current_thread():
                timer.join(1)
        stored, self.problem = True, ""
        if training.result is not None:
            try:
                self.saved.add(training.result, self.number)
            except (OSError, ValueError) as error:
                _log.debug("a run could not be stored", exc_info=True)
                self.problem = f"{self.name} could not be stored: {in_words(error)}"
                stored = False
            self.run = self.saved.runs[training.result.id]
        if self._file is not None:
            (self._file.done if stored else self._file.leave)()
        self._ended = True
        self._tell()

    def _tell(self):
        listener = self.listener
        if listener is None:
            return
        try:
            listener()
        except Exception:  # an error in drawing must not end the training
            _log.exception("the bench could not be drawn; the training goes on")
