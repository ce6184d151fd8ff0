"""TuningBench: turn a schedule's knobs, train, steer while it trains, keep and compare runs."""

from __future__ import annotations

import weakref
from threading import RLock
from typing import TYPE_CHECKING

import ipywidgets
import traitlets

from prunelab.base.checks import number, shown, whole
from prunelab.live.records import checked_metrics
from prunelab.widgets.bench.actions import TuningActions, handle_message
from prunelab.widgets.bench.knobs import TuningKnobs
from prunelab.widgets.bench.measures import (
    LOSS,
    Measure,
    checked_metric,
    measure_of,
    names_of,
)
from prunelab.widgets.bench.panel import Panel, changed, show_all, show_frame
from prunelab.widgets.bench.saved_runs import SavedRuns, unfinished_words
from prunelab.widgets.bench.still import draw_still
from prunelab.widgets.bench.words import facts_words, ready_words, run_code
from prunelab.widgets.shared.explorer import Pictured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike
    from typing import Any

    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike
    from tensorflow_model_optimization.sparsity.keras import PruningSchedule

    from prunelab.experiments.data import Dataset
    from prunelab.live.control import TrainingControl
    from prunelab.live.records import EpochReport, TrainedRun
    from prunelab.live.settings import TrainingSettings
    from prunelab.live.unfinished import UnfinishedRun
    from prunelab.schedules.schedule import PolynomialDecay
    from prunelab.widgets.bench.session import Session


def checked_baseline(baseline, kernels):
    """{"loss": …, "nonzeros": …, "metrics": {…}} from what a reader gave; {} for None.

    baseline: a loss, a pair (loss, weights), a run, or a dict of the loss and metrics. kernels: the
    network's `Kernels`, whose weights count where `baseline` does not say how many there are; or
    None.
    """
    if baseline is None:
        return {}
    loss, weights = baseline, None if kernels is None else kernels.n_weights
    metrics = {}
    if hasattr(baseline, "validation_loss"):
        loss, weights, metrics = baseline.validation_loss, baseline.nonzeros, baseline.metrics
    elif isinstance(baseline, dict):
        metrics = {name: value for name, value in baseline.items() if name != LOSS}
        if LOSS not in baseline:
            raise ValueError(
                f"baseline={shown(baseline)}: it has no 'loss'; write what "
                "model.evaluate(x_val, y_val, return_dict=True) gives"
            )
        loss = baseline[LOSS]
    elif isinstance(baseline, tuple | list):
        if len(baseline) != 2:
            raise ValueError(
                f"baseline={shown(baseline)}: write the dense net's validation loss, "
                "or (loss, weights)"
            )
        loss, weights = baseline
    found = {"loss": number("baseline", loss, above=0)}
    if metrics:
        found["metrics"] = checked_metrics("baseline", metrics)
    if weights is not None:
        found["nonzeros"] = whole("the weights of baseline", weights, at_least=1, at_most=2**53)
    return found


_made: dict[str, tuple] = {}  # cell id → (id of the request to execute it, benches it made)


def this_execution():
    """(id of the cell, id of the request to run it) if the notebook gives them; else None."""
    try:
        from IPython import get_ipython

        parent = get_ipython().get_parent()
        cell = parent["metadata"]["cellId"]
        return cell, parent["header"]["msg_id"]
    except (ImportError, AttributeError, KeyError, TypeError):
        return None


def take_over(bench, execution=None):
    """Replace the benches that the same cell made when it was run before.

    A run that trains under such a bench continues under this one if training function, data and
    folder are the same; otherwise it is stopped and stored. The earlier panel is closed.
    """
    for earlier in _earlier(bench, execution or this_execution()):
        session = earlier._session
        if session is not None and session.busy:
            _take_session(bench, earlier, session)
        earlier.close()


def _earlier(bench, execution):
    """The benches that this cell made when it was run before; records `bench` as the newest."""
    if execution is None:
        return []
    cell, request = execution
    earlier_request, benches = _made.get(cell, (None, []))
    if earlier_request == request:  # a second bench in the same cell
        benches.append(weakref.ref(bench))
        return []
    _made[cell] = (request, [weakref.ref(bench)])
    return [found for found in (each() for each in benches) if found is not None]


def _take_session(bench, earlier, session):
    same = earlier._train is bench._train and earlier._data is bench._data
    if same and earlier._saved.folder == bench._saved.folder and bench._session is None:
        session.saved = bench._saved
        earlier._session, bench._session = None, session
        session.listener, bench._looks_back = bench._heard, True
        bench._pace = earlier._pace
        bench.settings = session.training.settings
        bench._said = f"The cell was run again: {session.name} goes on here."
        return
    session.stop()
    session.training.join(10)
    bench._saved.read()
    bench._said = f"The cell was run again: {session.name} was stopped and stored."


MOST_SHOWN = 6  # curves drawn together by default; the reader may tick more


class TuningBench(TuningActions, TuningKnobs, Pictured, ipywidgets.VBox):
    """A bench for pruning runs: knobs, start, pause, steer, stop; every run is kept and compared.

    train : a training function `train(settings, data, control, report)`, see
        `prunelab.live.protocol`; `prunelab.networks.train_live` is one, and
        `prunelab.networks.live_trainer(model)` makes one for any compiled tf_keras model
    data : the data `train` expects: a Dataset of `prunelab.experiments.data`, or
        (x, y, x_val, y_val)
    baseline : the dense network to compare with: its validation loss, or (loss, weights), or
        what `model.evaluate(…, return_dict=True)` gives, or a TrainedRun; by default the values
        that the runs report of their starting network
    metric : what the runs are compared by: the name of a metric that the model was compiled with,
        or "loss", or {name: "maximize" or "minimize"}; by default the first metric, and the loss
        for a model without metrics
    folder : where runs are stored, by default with the course's other runs
    schedule : a PolynomialDecay to start from; or its fields as keywords
    epochs, batch_size, learning_rate, block_rows, block_columns, seed, layers, scope : the other
        knobs; scope is "layer", or "global" to rank the weights of all chosen layers together

    Every knob is a trait: set it in a cell and the slider moves. `start`, `pause`, `resume`,
    `stop`, `steer` do what the buttons do. `pace` limits a run to so many epochs a second, so that
    a quick run can be steered by hand. `runs` are the stored `TrainedRun`s, `code` is the next run
    as a cell. Training runs in a thread of its own while other cells run, also without an open
    browser. Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    _session: Session | None = None
    _panel: Panel | None = None  # None until built, so that a bench that was refused can be closed

    @traitlets.default("keys")
    def _panel_only(self):
        """The traits sent to the browser: only the VBox's, as its controls show the knobs."""
        return list(ipywidgets.VBox.class_traits(sync=True))

    def __init__(
        self,
        train: Callable[
            [TrainingSettings, Any, TrainingControl, Callable[[EpochReport], None]], TrainedRun
        ],
        data: Dataset | tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike],
        baseline: float | tuple[float, int] | dict[str, float] | TrainedRun | None = None,
        folder: str | PathLike[str] | None = None,
        *,
        metric: str | Mapping[str, str] | None = None,
        schedule: PolynomialDecay | PruningSchedule | None = None,
        **knobs: Any,
    ) -> None:
        if not callable(train):
            raise TypeError(f"train is a {type(train).__name__}: write a training function")
        self._busy_lock = RLock()
        self._train, self._data = train, data
        self._pace = 0.0  # most epochs a second; 0: no limit
        self._looks_back = False  # whether the words describe the run that ended last
        super().__init__()
        self.begin_with(train, data, schedule, knobs)
        self._given_baseline = checked_baseline(baseline, self.kernels)
        self._saved = SavedRuns(folder)
        self._metric, self._ways = checked_metric(metric, getattr(train, "metrics", ()))
        self._sort = "number"
        self._shown: list[str] = []
        self._code: dict[str, str] = {}
        said = [getattr(train, "notes", ""), *self._saved.problems]
        self._said = " ".join(filter(None, [*said, *unfinished_words(self.unfinished)]))
        self._panel = Panel(
            self.sizes,
            self.scopes,
            moved=self._moved,
            chose=self._chose,
            scoped=self._scoped,
            pressed=self._press,
            told=self._tell,
            paced=self._paced,
            measured=self._measured,
        )
        newest = self._saved.newest()
        self._shown = [newest.id] if newest else []
        self.children = self._panel.parts
        for name in ("prunelab", "pl-bench"):
            self.add_class(name)
        take_over(self)
        show_all(self)

    # ------------------------------------------------------------------------------------ runs

    @property
    def runs(self) -> tuple[TrainedRun, ...]:
        """The stored runs, oldest first: a tuple of `TrainedRun`s."""
        return tuple(sorted(self._saved.runs.values(), key=lambda run: run.created))

    @property
    def unfinished(self) -> tuple[UnfinishedRun, ...]:
        """The runs whose kernel was killed while they trained: a tuple of `UnfinishedRun`s.

        `replay` trains one again, from its beginning, with the same settings and steerings.
        """
        return tuple(sorted(self._saved.unfinished.values(), key=lambda run: run.created))

    @property
    def code(self) -> str:
        """The code of the next run, for a cell; it needs no panel."""
        return self.code_of(None)

    def code_of(self, run: TrainedRun | UnfinishedRun | str | None) -> str:
        """The code of a stored run (a TrainedRun or its id), for a cell; None for the next run."""
        if run is None:
            return run_code(self.settings, train=self._train, data=self._data)
        run = self._saved.find(run)
        made = {"train": self._train, "data": self._data}
        return run_code(run.settings, run.steerings, run.stop_at, **made)

    @property
    def baseline(self) -> dict[str, float]:
        """The dense network that runs are compared with, {"loss": …, "nonzeros": …}, or {}.

        "metrics" holds its metrics by name, if there are any.
        """
        newest = self._saved.newest()
        if newest is None:
            return self._given_baseline
        known = {"metrics": newest.dense_metrics} if newest.dense_metrics else {}
        return known | (
            self._given_baseline or {"loss": newest.dense, "nonzeros": newest.n_weights}
        )

    @property
    def metrics(self) -> tuple[str, ...]:
        """What the runs can be compared by: the names of their metrics, and "loss"."""
        session = self._session
        runs = [run for run in self._saved.all.values() if self._saved.comparable(run)]
        return names_of(self._train, runs, session.training.reports if session else ())

    @property
    def metric(self) -> str:
        """What the runs are compared by: one of `metrics`. Set it to None for the first of them."""
        return self.measure.name

    @metric.setter
    def metric(self, metric: str | Mapping[str, str] | None) -> None:
        with self._busy_lock:
            known = self.metrics if len(self.metrics) > 1 or self._saved.runs else ()
            self._metric, ways = checked_metric(metric, known)
            self._ways |= ways
            show_all(self)

    @property
    def measure(self) -> Measure:
        """The `Measure` that is drawn, and by which the runs are compared."""
        known = self.metrics
        name = self._metric if self._metric in known else known[0]
        return measure_of(name, self._ways, getattr(self._train, "loss", ""))

    # --------------------------------------------------------------------- from browser and thread

    def assign(self, values: Mapping[str, Any], notice: str = "") -> None:
        """Set several knobs as one change; then update the panel, if it is there."""
        super().assign(values, notice)
        if self._panel is None:
            return
        with self._busy_lock:
            self._said, self._looks_back = "", self.training
            show_all(self)

    def _moved(self, name, value):
        with self._busy_lock:
            self.move(name, value)

    def _chose(self, layers):
        with self._busy_lock:
            self.layers = layers or self.layers
            if not layers:
                self._say("At least one layer must be pruned.")

    def _scoped(self, scope):
        with self._busy_lock:
            self.scope = scope

    def _paced(self, epochs_a_second):
        self.pace = epochs_a_second

    def _measured(self, name):
        self.metric = name

    def _press(self, name):
        with self._busy_lock:
            if name == "pause":
                name = "resume" if self.training and self._session.pausing else "pause"
            try:
                {
                    "fit": self.make_it_fit,
                    "steer": lambda: self.steer(**changed(self)),
                }.get(name, getattr(self, name, None))()
            except (ValueError, TypeError, RuntimeError, OSError) as error:
                self._say(str(error))

    def _tell(self, content):
        """Handle a message of the table: what the reader did in it."""
        with self._busy_lock:
            self._said = ""
            try:
                handle_message(self, content)
            except (ValueError, TypeError, RuntimeError, OSError) as error:
                self._said = str(error)
            show_all(self)

    def _say(self, words):
        self._said = words
        show_all(self)

    def _heard(self):
        """Update the panel while a run trains; called from the run's thread."""
        with self._busy_lock:
            if self.training:
                show_frame(self)
                return
            run = self._session.run
            if run is not None and run.id not in self._shown:
                self._shown = [*self._shown[1 - MOST_SHOWN :], run.id]
            show_all(self)

    def close(self) -> None:
        """Stop the run that trains here and store it, and remove the panel from the page."""
        if self._session is not None:
            self._session.stop()
        if self._panel is not None:
            self._panel.close()
        super().close()

    # ----------------------------------------------------------------------------- as text, as PNG

    def facts(self) -> str:
        """The next run, what preflight expects of it, and the runs so far, in one line."""
        alike = [run for run in self.runs if self._saved.comparable(run)]
        others = len(self.runs) - len(alike)
        return facts_words(self.preflight, alike, self.kernels, self.measure, others)

    @property
    def caption(self) -> str:
        """What the picture shows, in words."""
        words = ready_words(self.preflight, self.epochs, self.promise, self.kernels)
        return f"{words['headline']}. {words['caption']}"

    def draw(self, figure: Figure) -> None:
        """Draw the next run's schedule; once there are runs, their curves and the front."""
        alike = [nth for nth, run in enumerate(self.runs, 1) if self._saved.comparable(run)]
        shown = self.preflight, self.runs, self.baseline, self.promise
        draw_still(figure, *shown, self.measure, alike)
