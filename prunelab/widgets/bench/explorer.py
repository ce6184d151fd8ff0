"""TuningBench: turn a schedule's knobs, train, steer while it trains, keep and compare runs."""

from __future__ import annotations

import weakref
from threading import RLock
from typing import TYPE_CHECKING

import ipywidgets
import traitlets

from prunelab.base.checks import number, shown, whole
from prunelab.widgets.bench.knobs import TuningKnobs
from prunelab.widgets.bench.panel import Panel, changed, show_all, show_frame
from prunelab.widgets.bench.reins import TuningReins, obey
from prunelab.widgets.bench.shelf import Shelf, unfinished_words
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
    """{"loss": …, "nonzeros": …} from a loss, a pair (loss, weights) or a run; {} for None.

    kernels: the network's `Kernels`, whose weights count where `baseline` does not say how many
    there are; or None.
    """
    if baseline is None:
        return {}
    loss, weights = baseline, None if kernels is None else kernels.n_weights
    if hasattr(baseline, "validation_loss"):
        loss, weights = baseline.validation_loss, baseline.nonzeros
    elif isinstance(baseline, tuple | list):
        if len(baseline) != 2:
            raise ValueError(
                f"baseline={shown(baseline)}: write the dense net's validation loss, "
                "or (loss, weights)"
            )
        loss, weights = baseline
    found = {"loss": number("baseline", loss, above=0)}
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
    if same and earlier._shelf.folder == bench._shelf.folder and bench._session is None:
        session.shelf = bench._shelf
        earlier._session, bench._session = None, session
        session.listener, bench._looks_back = bench._heard, True
        bench._pace = earlier._pace
        bench.settings = session.training.settings
        bench._said = f"The cell was run again: {session.name} goes on here."
        return
    session.stop()
    session.training.join(10)
    bench._shelf.read()
    bench._said = f"The cell was run again: {session.name} was stopped and stored."


COLOURS = ("#0072B2", "#C85200", "#00805D", "#A8487F", "#8F6A00", "#5B6673")
INK = "#333333"
MOST_CURVES = 6


def draw_still(figure, flight, runs, baseline, promise):
    """Draw the next run's schedule, or the losses and the front of `runs`, on an empty Figure."""
    if not runs:
        from prunelab.figures.schedule import draw_schedule  # matplotlib is loaded only for drawing

        draw_schedule(figure.subplots(), flight)
        return
    figure.set_size_inches(10.6, 4.6)  # two charts
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    newest = list(enumerate(runs, start=1))[-MOST_CURVES:]
    for nth, run in newest:
        losses = [report.validation_loss for report in run.history]
        steps = [report.step for report in run.history]
        left.plot(steps, losses, color=_colour(nth), linewidth=1.8, label=run.name)
    left.set(yscale="log", xlabel="training step", ylabel="validation loss, MSE (log scale)")
    left.set_title("validation loss, step by step", loc="left", color=INK, fontsize=11)
    left.legend(frameon=False, fontsize=8)
    for nth, run in enumerate(runs, start=1):
        place = (run.nonzeros, run.validation_loss)
        right.plot(*place, "o", color=_colour(nth), markersize=11)
        style = {"ha": "center", "va": "center_baseline", "color": "white", "fontsize": 8}
        right.annotate(str(nth), place, fontweight="bold", **style)
    if baseline:
        right.axhline(baseline["loss"], color=INK, linewidth=1.3, linestyle=(0, (5, 3)))
        right.annotate(
            "dense", (0, baseline["loss"]), xycoords=right.get_yaxis_transform(),
            xytext=(5, 4), textcoords="offset points", fontsize=9, color=INK,
        )  # fmt: skip
    if promise:
        right.axvline(promise, color=COLOURS[0], linewidth=1.3, linestyle=":")
        right.annotate(
            f"promised {promise:,}", (promise, 0.02), xycoords=right.get_xaxis_transform(),
            xytext=(5, 0), textcoords="offset points", fontsize=9, color=COLOURS[0],
        )  # fmt: skip
    right.set(xscale="log", yscale="log", xlabel="weights left (log scale)")
    right.set_ylabel("validation loss, MSE (log scale)")
    right.set_title("error against weights left", loc="left", color=INK, fontsize=11)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="y", color="#dddddd", linewidth=0.8)


def _colour(number):
    return COLOURS[(number - 1) % len(COLOURS)]


MOST_SHOWN = 6  # curves drawn together by default; the reader may tick more


class TuningBench(TuningReins, TuningKnobs, Pictured, ipywidgets.VBox):
    """A bench for pruning runs: knobs, start, pause, steer, stop; every run is kept and compared.

    train : a training function `train(settings, data, control, report)`, see
        `prunelab.live.protocol`; `prunelab.networks.train_live` is one, and
        `prunelab.networks.live_trainer(model)` makes one for any compiled tf_keras model
    data : the data `train` expects: a Dataset of `prunelab.experiments.data`, or
        (x, y, x_val, y_val)
    baseline : the dense network to compare with: its validation loss, or (loss, weights), or a
        TrainedRun; by default the values that the runs report of their starting network
    folder : where runs are stored, by default with the course's other runs
    schedule : a PolynomialDecay to start from; or its fields as keywords
    epochs, batch_size, learning_rate, block_rows, block_columns, seed, layers : the other knobs

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
        baseline: float | tuple[float, int] | TrainedRun | None = None,
        folder: str | PathLike[str] | None = None,
        *,
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
        self._shelf = Shelf(folder)
        self._sort = "number"
        self._shown: list[str] = []
        self._code: dict[str, str] = {}
        said = [getattr(train, "notes", ""), *self._shelf.problems]
        self._said = " ".join(filter(None, [*said, *unfinished_words(self.unfinished)]))
        self._panel = Panel(
            self.sizes,
            moved=self._moved,
            chose=self._chose,
            pressed=self._press,
            told=self._tell,
            paced=self._paced,
        )
        newest = self._shelf.newest()
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
        return tuple(sorted(self._shelf.runs.values(), key=lambda run: run.created))

    @property
    def unfinished(self) -> tuple[UnfinishedRun, ...]:
        """The runs whose kernel was killed while they trained: a tuple of `UnfinishedRun`s.

        `replay` trains one again, from its beginning, with the same settings and steerings.
        """
        return tuple(sorted(self._shelf.unfinished.values(), key=lambda run: run.created))

    @property
    def code(self) -> str:
        """The code of the next run, for a cell; it needs no panel."""
        return self.code_of(None)

    def code_of(self, run: TrainedRun | UnfinishedRun | str | None) -> str:
        """The code of a stored run (a TrainedRun or its id), for a cell; None for the next run."""
        if run is None:
            return run_code(self.settings, train=self._train, data=self._data)
        run = self._shelf.find(run)
        made = {"train": self._train, "data": self._data}
        return run_code(run.settings, run.steerings, run.stop_at, **made)

    @property
    def baseline(self) -> dict[str, float]:
        """The dense network that runs are compared with, {"loss": …, "nonzeros": …}, or {}."""
        newest = self._shelf.newest()
        if self._given_baseline or newest is None:
            return self._given_baseline
        return {"loss": newest.dense, "nonzeros": newest.n_weights}

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

    def _paced(self, epochs_a_second):
        self.pace = epochs_a_second

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
                obey(self, content)
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
        return facts_words(self.preflight, self.runs, self.kernels)

    @property
    def caption(self) -> str:
        """What the picture shows, in words."""
        words = ready_words(self.preflight, self.epochs, self.promise, self.kernels)
        return f"{words['headline']}. {words['caption']}"

    def draw(self, figure: Figure) -> None:
        """Draw the next run's schedule; once there are runs, their losses and the front."""
        draw_still(figure, self.preflight, self.runs, self.baseline, self.promise)
