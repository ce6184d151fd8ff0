"""The actions of a TuningBench: start, pause, stop, steer, replay, rename, delete runs."""

from typing import TYPE_CHECKING, Any

from prunelab.base.checks import number
from prunelab.live.control import TrainingControl
from prunelab.live.records import TrainedRun
from prunelab.live.unfinished import UnfinishedRun
from prunelab.widgets.bench.panel import show_all, show_live
from prunelab.widgets.bench.saved_runs import SORTS
from prunelab.widgets.bench.session import Session


class TuningActions:
    """The methods of a TuningBench that do what its buttons do."""

    if TYPE_CHECKING:  # attributes that the bench has
        settings: Any
        assign: Any
        _saved: Any
        _busy_lock: Any
        _session: Any

    def start(self) -> None:
        """Begin a run with the settings of the knobs; RuntimeError while another one trains."""
        self._begin(self.settings)

    def replay(self, run: TrainedRun | UnfinishedRun | str) -> None:
        """Train a run again, steered and stopped at the same steps; `run`: a TrainedRun, or its id.

        An UnfinishedRun, whose kernel was killed, is trained to its end.
        """
        run = self._saved.find(run)
        self._begin(run.settings, TrainingControl.replaying(run.steerings, run.stop_at))

    def _begin(self, settings, control=None):
        with self._busy_lock:
            if self.training:
                raise RuntimeError("a run is training here: stop it first, or wait for its end")
            self._saved.read()  # runs stored by other benches are compared, too
            self._session = Session(
                self._train,
                settings,
                self._data,
                saved=self._saved,
                total_steps=settings.total_steps(self.n_samples),
                sizes=self._sizes_of(settings),
                control=control,
                n_weights=sum(self.sizes.values()),
            )
            self._said, self._looks_back = "", True
            self._session.listener = self._heard
            self._session.pace = self._steps_a_second
            self._session.start()
            show_all(self)

    @property
    def pace(self) -> float:
        """The most epochs a second a run may make, so that it can be steered by hand; 0: no limit.

        Set it before a run or while one trains. The time spent waiting is not counted as training
        time, and it changes no weight.
        """
        return self._pace

    @pace.setter
    def pace(self, epochs_a_second: float) -> None:
        with self._busy_lock:
            self._pace = number("pace", epochs_a_second, at_least=0, at_most=1000)
            if self.training:
                self._session.pace = self._steps_a_second
            show_all(self)

    @property
    def _steps_a_second(self):
        """The pace in steps a second, of the run that trains or the next one; None for no limit."""
        batch = self.batch_size if not self.training else self._session.batch_size
        return self._pace * -(-self.n_samples // batch) or None

    def pause(self) -> None:
        """Pause the run that trains; does nothing if there is none."""
        self._act("pause")

    def resume(self) -> None:
        """Continue a paused run."""
        self._act("resume")

    def stop(self) -> None:
        """End the run that trains; what it has is stored."""
        self._act("stop")

    def _act(self, what):
        with self._busy_lock:
            if self.training:
                getattr(self._session, what)()
                show_all(self)

    def steer(
        self,
        final_sparsity: float | None = None,
        end_step: int | None = None,
        power: float | None = None,
    ) -> None:
        """Change the rest of the schedule of the run that trains; None leaves a value as it is.

        Raises ValueError, in one sentence, if the change is impossible, or nothing trains.
        """
        with self._busy_lock:
            if not self.training:
                raise ValueError("no run is training, so there is nothing to steer; start one")
            self._session.training.control.steer(final_sparsity, end_step, power)
            given = {"final_sparsity": final_sparsity, "end_step": end_step, "power": power}
            self.assign({name: value for name, value in given.items() if value is not None})
            show_live(self)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the run that trains has ended and is stored, at most `timeout` seconds."""
        return self._session is None or self._session.training.join(timeout)

    @property
    def training(self) -> bool:
        """Whether a run trains here, or is paused."""
        return self._session is not None and self._session.busy


def handle_message(bench, content):
    """Do what a message {"do": …, "id": …} of the table asks; meaningless messages are ignored.

    Errors of the bench and of its saved runs are raised; the bench puts them into words.
    """
    what, run_id = content.get("do"), content.get("id")
    if what == "sort" and str(content.get("by")).removeprefix("-") in SORTS:
        bench._sort = content["by"]
    elif what == "undo":
        bench._saved.undo()
    elif what == "code":
        bench._code = _code(bench, run_id)
    elif run_id in bench._saved.all:
        _change(bench, what, run_id, content)


def _code(bench, run_id):
    if run_id not in bench._saved.all:
        return {}
    return {"name": f"{bench._saved.all[run_id].name} as code", "text": bench.code_of(run_id)}


def _change(bench, what, run_id, content):
    if what == "show":
        others = [known for known in bench._shown if known != run_id]
        bench._shown = [*others, run_id] if content.get("on") else others
    elif what in ("rename", "note"):
        text = content.get("text")
        if isinstance(text, str):
            bench._saved.rewrite(run_id, **{"name" if what == "rename" else "note": text})
    elif what == "replay":
        bench.replay(run_id)
    elif what == "delete":
        bench._saved.delete(run_id)
