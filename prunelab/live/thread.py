"""A training in a separate thread, which the notebook starts, pauses, steers and stops."""

from __future__ import annotations

import atexit
import logging
import re
import weakref
from collections.abc import Callable
from threading import Thread
from typing import Any

from prunelab.base.checks import shown
from prunelab.live.control import ENDED, StopTraining, TrainingControl
from prunelab.live.records import EpochReport, TrainedRun
from prunelab.live.settings import TrainingSettings

_log = logging.getLogger(__name__)
_started: weakref.WeakSet[LiveTraining] = weakref.WeakSet()  # stopped at exit
LONGEST_WORDS = 300
_FRAME = re.compile(r'\s*File "[^"]*", line \d+')
_HEADING = re.compile(
    r"in user code:|Graph execution error:|Detected at node|Traceback \(most recent call last\)|"
    r"Exception encountered when calling|Original stack trace|<stack traces unavailable>|"
    r"\d+ root error\(s\) found|\(\d+\) successful operations|\d+ derived errors|"
    r"\[\[|[~^]+$"
)
_AFTER = re.compile(r"\n\s*(?:Call a|A)rguments received by ")
_KIND = re.compile(r"^(?:\(\d+\)\s*)?(?:[\w.]+(?:Error|Exception|Interrupt):\s|[A-Z_]{5,}:\s)*")
_TAIL = re.compile(r"\s*(?:\[\[\{\{node .*|\[Op:\w+\].*|Label values: .*)$")


class LiveTraining:
    """One run of `train(settings, data, control, report)` in a thread; it runs once.

    train: a training function, see `prunelab.live.protocol`. on_change: called with this object,
    from the training's thread, after each epoch and when the run is over; None for no callback.
    control: a TrainingControl, such as `TrainingControl.replaying(run.steerings)`; None for a new
    one. It pauses, steers and stops the run. `reports`: the `EpochReport`s so far. `result`: the
    `TrainedRun` once the run is over, else None. `error`: why it failed, in one sentence, else
    empty; the traceback is written to this module's log.
    """

    def __init__(
        self,
        train: Callable[
            [TrainingSettings, Any, TrainingControl, Callable[[EpochReport], None]], TrainedRun
        ],
        settings: TrainingSettings,
        data: object,
        on_change: Callable[[LiveTraining], object] | None = None,
        *,
        control: TrainingControl | None = None,
    ) -> None:
        for name, function in (("train", train), ("on_change", on_change or print)):
            if not callable(function):
                raise TypeError(f"{name}={shown(function)}: write a function")
        if not isinstance(settings, TrainingSettings):
            raise TypeError(f"settings={shown(settings)}: write a TrainingSettings")
        if control is not None and not isinstance(control, TrainingControl):
            raise TypeError(f"control={shown(control)}: write a TrainingControl, or None")
        self._train, self.settings, self._data = train, settings, data
        self._on_change, self.control = on_change, control or TrainingControl()
        self._reports: list[EpochReport] = []
        self.result: TrainedRun | None = None
        self.error = ""
        self._over = False
        self._thread = Thread(target=self._run, name="prunelab training", daemon=True)

    @property
    def state(self) -> str:
        """The control's state: "waiting", "running", "paused", "stopped", "done" or "failed".

        The run is reported as over only once `result` or `error` is set.
        """
        state = self.control.state
        return "running" if state in ENDED and not self._over else state

    @property
    def reports(self) -> tuple[EpochReport, ...]:
        """The reports so far, one per epoch (a tuple)."""
        return tuple(self._reports)

    @property
    def alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread; RuntimeError on a second call: each run needs a new LiveTraining."""
        if self._thread.ident is not None:
            raise RuntimeError(f"this training is {self.state} already; make a new LiveTraining")
        _started.add(self)
        self._thread.start()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds; return whether the run is over.

        An interrupt ends the wait, not the training.
        """
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self.alive

    def _run(self):
        error = None
        try:
            result = self._train(self.settings, self._data, self.control, self._report)
            if not isinstance(result, TrainedRun):
                raise TypeError(f"train returned {shown(result)}: it must return a TrainedRun")
            self.result = result
        except StopTraining:  # stopped before its first step
            pass
        except BaseException as caught:  # the reader must see every error that ends the thread
            error = caught
            self.error = in_words(caught)
            _log.error("training failed: %s", self.error, exc_info=caught)
        self.control.finish(error)
        self._over = True
        self._tell()

    def _report(self, report):
        if not isinstance(report, EpochReport):
            raise TypeError(f"report={shown(report)}: report takes an EpochReport")
        self._reports.append(report)
        self._tell()

    def _tell(self):
        if self._on_change is None:
            return
        try:
            self._on_change(self)
        except Exception:  # an error in a drawing must not end hours of training
            _log.exception("on_change failed; the training goes on")


def in_words(error):
    """An exception as one sentence for a reader."""
    lines = str(error).strip().splitlines()
    ours = isinstance(error, TypeError | ValueError) and len(lines) == 1
    if ours and len(lines[0]) <= LONGEST_WORDS:
        return lines[0]
    said = cause_of(error)
    said = said if len(said) <= 200 else said[:197] + "..."
    return f"training ended with {type(error).__name__}: {said} (the log has the traceback)"


def cause_of(error):
    """The line of a long message that says what went wrong; TensorFlow puts it last.

    The frames of a traceback with their lines of code come before that line; the arguments of the
    call or the node of a graph come after it.
    """
    text = _AFTER.split(str(error).strip(), maxsplit=1)[0]
    lines, frame = [], None  # frame: how far the last 'File "…"' was indented
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip())
        if _FRAME.match(line):
            frame = depth
        elif frame is not None and depth > frame:
            continue  # the code of that frame
        elif line.strip() and not _HEADING.match(line.strip()):
            frame = None
            lines.append(line.strip())
    if not lines:
        return "no message"
    traced = len(lines) < len([line for line in text.splitlines() if line.strip()])
    said = lines[-1 if traced else 0]
    return _TAIL.sub("", _KIND.sub("", said)).strip() or said


@atexit.register
def _stop_all():
    """Stop all threads before the interpreter shuts down."""
    threads = [training for training in _started if training.alive]
    for training in threads:
        training.control.stop()
    for training in threads:
        training.join(timeout=10)
