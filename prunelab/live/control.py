"""The control of a live run: the reader pauses, stops or steers; the training asks it at steps."""

import time
from collections import deque
from collections.abc import Sequence
from threading import Condition
from typing import Self

from prunelab.base.checks import number, shown, whole
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay
from prunelab.schedules.steering import Steering, sparsity_at, steered

ENDED = ("stopped", "done", "failed")


class StopTraining(Exception):  # noqa: N818 (no error: the reader asked for it)
    """Raised by `TrainingControl.at_step` once the reader has asked the run to stop."""


class TrainingControl:
    """Controls one run; it can be used from several threads. A new run needs a new control.

    The reader's side: `pace`, `pause`, `resume`, `stop`, `steer`, `preview`, `state`, `refused`.
    The training's side: `at_step` before each batch (or small group of batches), `finish` at the
    end. `steerings`: the applied `Steering`s, in order. `step`, `schedule`: the step of the last
    call of `at_step` and the schedule from that step on; 0 and None before the run begins. `busy`:
    what the training does before its first step, in a few words, else empty.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._state, self._stop, self._pause = "waiting", False, False
        self._stopped = False  # whether the training has received the stop
        self._wanted: dict[str, float] = {}
        self._recorded: deque[Steering] | None = None
        self._steerings: list[Steering] = []
        self._refused, self._step = "", 0
        self._schedule: PolynomialDecay | ConstantSparsity | None = None
        self._stop_at: int | None = None
        self._pace: float | None = None
        self._asked = (0, 0.0)  # step and time of the last `at_step` that returned
        self.busy = ""

    @classmethod
    def replaying(cls, steerings: Sequence[Steering], stop_at: int | None = None) -> Self:
        """A control that applies the given `Steering`s by itself, at their recorded steps.

        stop_at: number of steps after which it stops, for the record of a run that was stopped.
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
        """Steps done at the last call of `at_step`."""
        return self._step

    @property
    def schedule(self) -> PolynomialDecay | ConstantSparsity | None:
        """The schedule from `step` on; None before the run begins."""
        return self._schedule

    @property
    def refused(self) -> str:
        """Why the last steering could not be applied, in one sentence; else empty."""
        return self._refused

    # ------------------------------------------------------------------------- the reader's side

    @property
    def pace(self) -> float | None:
        """The largest number of steps per second; None for no limit.

        Time spent waiting for the pace is not counted in the run's seconds.
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
        """Pause the run before its next group of steps; no effect on a run that is over."""
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

        Steerings that are requested before the previous one is applied are merged with it. Raises
        TypeError or ValueError, in one sentence, for a steering that is impossible at the current
        step; the run then goes on unchanged. If a steering becomes impossible in the few steps
        before it is applied, `refused` says why.
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
        """The schedule that `steer` would give with the same arguments; errors as in `steer`."""
        with self._changed:
            return self._checked(final_sparsity, end_step, power)[1]

    def _checked(self, *values):
        names = ("final_sparsity", "end_step", "power")
        given = {name: v for name, v in zip(names, values, strict=True) if v is not None}
        given = Steering(self._step, **given).changes
        if self._recorded is not None:
            raise ValueError("this run replays a record, so it cannot be steered; begin a new one")
        if self._state in ENDED:
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
        """The schedule to follow after `step` steps; call it before each group of steps.

        schedule: the current one; None while the training is being prepared. The call waits while
        the run is paused, raises StopTraining after a request to stop, and applies and records
        steerings. It is called with step 0 before the first batch.
        """
        step = whole("step", step)
        with self._changed:
            if self._state in ENDED:
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
        """Wait until the pace allows this step; a pause, a stop or a new pace ends the wait."""
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
            except ValueError as error:  # it came too late; the run goes on unchanged
                self._refused = str(error)
            else:
                yield steering

    def finish(self, error: BaseException | None = None) -> None:
        """Mark the run as over: "failed" for an error, "stopped" after StopTraining, else "done".

        Only the first call has an effect.
        """
        with self._changed:
            if self._state not in ENDED:
                ended = "stopped" if self._stopped else "done"
                self._state = "failed" if error is not None else ended

    @property
    def realised_sparsity(self) -> float:
        """The sparsity of the masks at `step`, computed from the schedules so far."""
        with self._changed:
            return 0.0 if self._schedule is None else sparsity_at(self._schedule, self._step)
