"""TuningBench: turn a schedule's knobs, train, steer while it trains, keep and compare runs."""

from threading import RLock

import ipywidgets

from prunelab.widgets.base import Guarded, with_picture
from prunelab.widgets.tuning_baseline import checked_baseline
from prunelab.widgets.tuning_cells import take_over
from prunelab.widgets.tuning_code import run_code
from prunelab.widgets.tuning_knobs import TuningKnobs
from prunelab.widgets.tuning_orders import obey
from prunelab.widgets.tuning_panel import Panel
from prunelab.widgets.tuning_reins import TuningReins
from prunelab.widgets.tuning_shelf import Shelf, unfinished_words
from prunelab.widgets.tuning_show import changed, show_all, show_frame
from prunelab.widgets.tuning_words import facts_words, ready_words

MOST_SHOWN = 6  # curves that are laid over each other unasked; the reader may tick more


class TuningBench(TuningReins, TuningKnobs, Guarded, ipywidgets.VBox):
    """A bench for pruning runs: knobs, start, pause, steer, stop; every run stays and is compared.

    train : a training function `train(settings, data, control, report)`, see
        `prunelab.live_training`; `prunelab.keras_mlp.train_live` is one, and
        `prunelab.keras_mlp.live_trainer(model)` makes one for any compiled tf_keras model
    data : what `train` is made for: a Dataset of `prunelab.data`, or (x, y, x_val, y_val)
    baseline : the dense network to compare with: its validation loss, or (loss, weights), or a
        TrainedRun; by default what the runs say of the network they began with
    folder : where runs are stored, by default with the course's other runs
    schedule : a PolynomialDecay to start from; or its fields as keywords
    epochs, batch_size, learning_rate, block_rows, block_columns, seed, layers : the other knobs

    Every knob is a trait: set it in a cell and the slider moves. `start`, `pause`, `resume`,
    `stop`, `steer` do what the buttons do, and `pace` is how many epochs a second a run may make,
    so that a hand can steer a quick one; `runs` are the `TrainedRun`s on the shelf, `code` is the
    next run as a cell. Training goes on in a thread of its own while other cells run, and also
    while no browser looks. Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    _session, _panel = None, None  # so that a bench that was refused can be closed

    def __init__(self, train, data, baseline=None, folder=None, *, schedule=None, **knobs):
        if not callable(train):
            raise TypeError(f"train is a {type(train).__name__}: write a training function")
        self._busy_lock = RLock()
        self._train, self._data = train, data
        self._pace = 0.0  # epochs a second at most; 0: as fast as it can
        self._looks_back = False  # whether the words are about the run that ended last
        super().__init__()
        self.begin_with(train, data, schedule, knobs)
        self._given_baseline = checked_baseline(baseline, self.kernels)
        self._shelf = Shelf(folder)
        self._sort, self._shown, self._code = "number", [], {}
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
    def runs(self):
        """The stored runs, the earliest first: a tuple of `TrainedRun`s."""
        return tuple(sorted(self._shelf.runs.values(), key=lambda run: run.created))

    @property
    def unfinished(self):
        """The runs whose kernel was killed while they trained: a tuple of `UnfinishedRun`s.

        `replay` trains one again, from its beginning, with the same settings and steerings.
        """
        return tuple(sorted(self._shelf.unfinished.values(), key=lambda run: run.created))

    @property
    def code(self):
        """The next run as a cell that needs no panel."""
        return self.code_of(None)

    def code_of(self, run):
        """A stored run (a TrainedRun or its id) as a cell; None for the next run."""
        if run is None:
            return run_code(self.settings, train=self._train, data=self._data)
        run = self._shelf.find(run)
        made = {"train": self._train, "data": self._data}
        return run_code(run.settings, run.steerings, run.stop_at, **made)

    @property
    def baseline(self):
        """The dense network that runs are compared with, {"loss": …, "nonzeros": …}, or {}."""
        newest = self._shelf.newest()
        if self._given_baseline or newest is None:
            return self._given_baseline
        return {"loss": newest.dense, "nonzeros": newest.n_weights}

    # --------------------------------------------------------------------- from browser and thread

    def knobs_changed(self):
        """Show the knobs, and what they promise, once the panel is there."""
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
        """What the reader did in the table."""
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
        """A frame of the run that trains; from its thread."""
        with self._busy_lock:
            if self.training:
                show_frame(self)
                return
            run = self._session.run
            if run is not None and run.id not in self._shown:
                self._shown = [*self._shown[1 - MOST_SHOWN :], run.id]
            show_all(self)

    def close(self):
        """Stop what trains here (what there is is stored), and take the panel from the page."""
        if self._session is not None:
            self._session.stop()
        if self._panel is not None:
            self._panel.close()
        super().close()

    # ----------------------------------------------------------------------------- as text, as PNG

    def facts(self):
        """The next run, what it promises, and the runs so far, in one line."""
        return facts_words(self.preflight, self.runs, self.kernels)

    @property
    def caption(self):
        """What the picture shows, in words."""
        words = ready_words(self.preflight, self.epochs, self.promise, self.kernels)
        return f"{words['headline']}. {words['caption']}"

    def __repr__(self):
        return f"{type(self).__name__}({self.facts()})"

    def picture(self):
        """The bench as the bytes of a PNG: the next run's schedule, the losses, the front."""
        from prunelab.widgets.tuning_still import still_png

        return still_png(self.preflight, self.runs, self.baseline, self.promise)

    def _repr_mimebundle_(self, **kwargs):
        data = {**super()._repr_mimebundle_(**kwargs), "text/plain": repr(self)}
        return with_picture(data, self.picture(), self.caption)
