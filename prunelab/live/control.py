"""The reins of a live run: a reader pauses, stops, steers; the training asks as it goes along."""

import time
from collections import deque
from collections.abc import Sequence
from threading import Condition
from typing import Self

from prunelab.base.checks import number, shown, whole
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay
from prunelab.schedules.steering import Steering, sparsity_at, steered

OVER = ("stopped", "done", "failed")


class StopTraining(Exception):  # noqa: N818 (no error: the reader asked for it)
    """Raised by `TrainingControl.at_step` once the reader has asked the run to stop."""


class TrainingControl:
    """One run's reins, safe to use from several threads; a new run takes a new one.

    The reader's side: `pace`, `pause`, `resume`, `stop`, `steer`, `preview`, `state`, `refused`.
    The training's side: `at_step` before each batch (or small group of batches), `finish` at last.
    `steerings`: what was applied, in order, as `Steering`s. `step`, `schedule`: where the run was
    when it last asked, and the schedule it follows from there on; 0 and None before it began.
    `busy`: what the training does before its first step, in a few words, else empty.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._state, self._stop, self._pause = "waiting", False, False
        self._stopped = False  # whether the training was told so
        self._wanted: dict[str, float] = {}
        self._recorded: deque[Steering] | None = None
        self._steerings: list[Steering] = []
        self._refused, self._step = "", 0
        self._schedule: PolynomialDecay | ConstantSparsity | None = None
        self._stop_at: int | None = None
        self._pace: float | None = None
        self._asked = (0, 0.0)  # the step last asked at, and when it was let go
        self.busy = ""

    @classmethod
    def replaying(cls, steerings: Sequence[Steering], stop_at: int | None = None) -> Self:
        """A control that steers by itself, at the same steps as in a record (of `Steering`s).

        stop_at: the steps after which it stops, for the record of a run that was stopped.
        """
        if not isinstance(steerings, tuple | list):
            raise TypeError(f"steerings={shown(steerings)}: write a TrainedRun's steerings")
        if not all(isinstance(steering, Steering) for steering in steerings):
            raise TypeError(f"steerings={shown(steerings)}: each must be a Steering")
        control = cls()
        if stop_at is not None:
            control._stop_at = whole("stop_at", stop_at)
        control._recorded = deque(sorted(steerings, key=lambda steering: steering.step))
        return control

    @property
    def state(self) -> str:
        """One of "waiting", "running", "paused", "stopped", "done", "failed"."""
        with self._changed:
            return self._state

    @property
    def steerings(self) -> tuple[Steering, ...]:
        """The steerings applied so far, in order (a tuple)."""
        with self._changed:
            return tuple(self._steerings)

    @property
    def step(self) -> int:
        """Steps done when the training last asked."""
        return self._step

    @property
    def schedule(self) -> PolynomialDecay | ConstantSparsity | None:
        """The schedule followed from `step` on; None before the run began."""
        return self._schedule

    @property
    def refused(self) -> str:
        """Why the last steering could not be applied after all, in one sentence; else empty."""
        return self._refused

    # ------------------------------------------------------------------------- the reader's side

    @property
    def pace(self) -> float | None:
        """How many steps a second the run may make; None for as fast as it can.

        The time it waits for its pace is no training, and counts in no run's seconds.
        """
        return self._pace

    @pace.setter
    def pace(self, steps_a_second: float | None) -> None:
        if steps_a_second is not None:
            steps_a_second = number("pace", steps_a_second, above=0)
        with self._changed:
            self._pace = steps_a_second
            self._changed.notify_all()

    def pause(self) -> None:
        """Hold the run before its next group of steps; nothing happens to a run that is over."""
        with self._changed:
            self._pause = True
            self._changed.notify_all()

    def resume(self) -> None:
        """Let a paused run go on."""
        with self._changed:
            self._pause = False
            self._changed.notify_all()

    def stop(self) -> None:
        """End the run before its next group of steps, paused or not; its masks stay."""
        with self._changed:
            self._stop = True
            self._changed.notify_all()

    def steer(
        self,
        final_sparsity: float | None = None,
        end_step: int | None = None,
        power: float | None = None,
    ) -> None:
        """Change the schedule from the next group of steps on; None leaves a value as it is.

        Steerings that meet before they are applied become one. Raises TypeError or ValueError, in
        one sentence, for a steering that makes no sense where the run is now; the run goes on as it
        was. The few steps until it is applied may make it senseless after all: see `refused`.
        """
        with self._changed:
            wanted, _ = self._checked(final_sparsity, end_step, power)
            self._wanted, self._refused = wanted, ""

    def preview(
        self,
        final_sparsity: float | None = None,
        end_step: int | None = None,
        power: float | None = None,
    ) -> PolynomialDecay | ConstantSparsity:
        """The schedule that `steer` with the same arguments would lead to; errors as there."""
        with self._changed:
            return self._checked(final_sparsity, end_step, power)[1]

    def _checked(self, *values):
        names = ("final_sparsity", "end_step", "power")
        given = {name: v for name, v in zip(names, values, strict=True) if v is not None}
        given = Steering(self._step, **given).changes
        if self._recorded is not None:
            raise ValueError("this run replays a record, so it cannot be steered; begin a new one")
        if self._state in OVER:
            raise ValueError(f"the run is {self._state}, so it cannot be steered; begin a new one")
        if self._schedule is None:
            raise ValueError(
                "the run has not begun, so there is nothing to steer yet; change its settings"
            )
        wanted = self._wanted | given
        return wanted, steered(self._schedule, Steering(self._step, **wanted))

    # ----------------------------------------------------------------------- the training's side

    def at_step(
        self, step: int, schedule: PolynomialDecay | ConstantSparsity | None
    ) -> PolynomialDecay | ConstantSparsity | None:
        """The schedule to follow once `step` steps are done; to be asked before each group.

        schedule: the one followed so far; None while the training only prepares. Waits while the
        run is paused, raises StopTraining once it is to stop, applies and records a steering.
        Asked for step 0 before the first batch.
        """
        step = whole("step", step)
        with self._changed:
            if self._state in OVER:
                raise ValueError(f"this control's run is {self._state}; make a new TrainingControl")
            self._step, self._schedule = step, schedule
            self._keep_pace(step)
            while self._pause and not self._stop:
                self._state = "paused"
                self._changed.wait()
            if self._stop or (schedule is not None and step == self._stop_at):
                self._stopped = True
                raise StopTraining
            self._state = "running"
            for steering in self._due() if schedule is not None else ():
                self._schedule = steered(self._schedule, steering)
                self._steerings.append(steering)
            return self._schedule

    def _keep_pace(self, step):
        """Wait until this step may come; a pause, a stop and another pace end the waiting."""
        before, began = self._asked
        while self._pace and step > before and not (self._pause or self._stop):
            left = began + (step - before) / self._pace - time.monotonic()
            if left <= 0:
                break
            self._changed.wait(left)
        self._asked = step, time.monotonic()

    def _due(self):
        """The steerings to apply now."""
        if self._recorded is not None:
            while self._recorded and self._recorded[0].step <= self._step:
                yield self._recorded.popleft()
        elif self._wanted:
            steering, self._wanted = Steering(self._step, **self._wanted), {}
            try:
                steered(self._schedule, steering)
            except ValueError as error:  # it came too late; the run goes on as it was
                self._refused = str(error)
            else:
                yield steering

    def finish(self, error: BaseException | None = None) -> None:
        """Say that the run is over: failed by an error, stopped by StopTraining, or done.

        What is said first stays.
        """
        with self._changed:
            if self._state not in OVER:
                ended = "stopped" if self._stopped else "done"
                self._state = "failed" if error is not None else ended

    @property
    def realised_sparsity(self) -> float:
        """The sparsity that the masks hold at `step`, by the schedule followed so far."""
        with self._changed:
            return 0.0 if self._schedule is None else sparsity_at(self._schedule, self._step)
