"""Measure on this machine: a separate process, its progress, and its results."""

import time
from datetime import date
from itertools import pairwise
from threading import Event, Lock, Thread, Timer
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from prunelab.base.host import machine
from prunelab.footprint.formats import FORMATS
from prunelab.footprint.machine_limits import Limits
from prunelab.footprint.measurement import Measurement, SizeRow, TimeRow, noise
from prunelab.footprint.networks import as_network, checked_rows, shape_of
from prunelab.footprint.runtimes import RUNTIMES
from prunelab.footprint.worker import measuring_process, results_of
from prunelab.masks.network import Network
from prunelab.widgets.footprint.data import gather
from prunelab.widgets.footprint.state import Rows

MOST_SECONDS = 110  # a little less than the two minutes promised
SECONDS_A_TICK = 2
ROW_KINDS = {"sizes": SizeRow, "times": TimeRow}
CHOSEN = ("pattern", "sparsity", "batch", "threads", "format", "runtime")
SAMPLING = {"repeats": 5, "seconds": 0.3}
# The order of measuring: quick parts that need no TensorFlow come first, and runtimes to be
# compared with one another are measured in the same part.
QUICK = ("raw", "gzip", "zstd", "csr32", "csr16", "bitmask")
GROUPS = (
    ("numpy", "scipy_csr", "tf_function", "keras_call"),
    ("litert_xnnpack", "litert_builtin", "litert_int8_xnnpack", "litert_int8_builtin"),
    ("litert_sparse_xnnpack", "litert_sparse_builtin"),
    ("litert_int8_sparse_xnnpack", "litert_int8_sparse_builtin"),
    ("keras_predict",),
)


def parts(formats, runtimes, chosen):
    """(kind, names) of each part; those with a name in the set `chosen` come first.

    A runtime that belongs to no group has its own part.
    """
    quick = [("sizes", [name]) for name in formats if name in QUICK]
    slow = [("sizes", [name]) for name in formats if name not in QUICK]
    grouped = [[name for name in group if name in runtimes] for group in GROUPS]
    known = {name for group in GROUPS for name in group}
    grouped += [[name] for name in runtimes if name not in known]
    rest = [*(("times", names) for names in grouped if names), *slow]
    return [("limits", []), *quick, *sorted(rest, key=lambda part: not chosen & set(part[1]))]


class MeasuringProcess:
    """One measurement of one network in a pattern, at a sparsity, with a batch and threads.

    chosen: a dict of the six `CHOSEN`. formats, runtimes: names. listener: called without arguments
    from the measurement's thread whenever there is something new. seconds: after this time it ends
    with the results so far. `state` is "running", "done" or "failed"; `text` says what is measured
    now, `message` says in a sentence how it ended.
    """

    def __init__(
        self, network, x, chosen, formats, runtimes, listener, *, seconds=MOST_SECONDS, command=None
    ):
        self.network, self.x, self._listener = network, x, listener
        planned = parts(formats, runtimes, {chosen["format"], chosen["runtime"]})
        self._request = SAMPLING | {"parts": planned, "limits": None, "batches": [chosen["batch"]]}
        self._request |= {name: chosen[name] for name in ("pattern", "sparsity", "threads")}
        self._plan = [_words(*part) for part in planned]
        self._wanted = len(formats) + len(runtimes)
        self.state, self.message, self.text = "running", "", self._plan[0]
        self.done, self.total = 0, len(self._plan)
        self.rows, self.limits = {"sizes": [], "times": []}, None
        self._seconds, self._command = seconds, command
        self._process, self._lock, self._why = None, Lock(), ""
        self._begun, self._over = time.monotonic(), Event()
        self._thread = Thread(target=self._run, name="prunelab-measure-here", daemon=True)

    def start(self):
        """Start the process and return at once."""
        self._thread.start()
        Thread(target=self._tick, name="prunelab-measure-clock", daemon=True).start()

    def stop(self):
        """End with the results so far."""
        self._end_early("stopped")

    def join(self, timeout=None):
        """Wait until it is over; True if it is."""
        self._over.wait(timeout)
        return self._over.is_set()

    @property
    def seconds_left(self):
        """Estimated seconds left, never more than is allowed; None before the second part."""
        gone = time.monotonic() - self._begun
        if self.done < 2:
            return None
        return max(0.0, min(gone * (self.total / self.done - 1), self._seconds - gone))

    def _tick(self):
        """Call the listener regularly during a long part, to show the time."""
        while not self._over.wait(SECONDS_A_TICK):
            self._listener()

    # --------------------------------------------------------------------------- in its own thread

    def _run(self):
        timer = Timer(self._seconds, self._end_early, ["out of time"])
        timer.daemon = True
        timer.start()
        error = ""
        try:
            self._listen()
        except Exception as problem:
            error = " ".join(str(problem).split())[:300] or type(problem).__name__
        finally:
            timer.cancel()
        self._conclude(error)

    def _listen(self):
        """Read the results of the process, until it ends or is stopped."""
        with measuring_process(
            self._request, {"dense": self.network}, self.x, self._command
        ) as process:
            with self._lock:
                if self._why:
                    return
                self._process = process
            for said in results_of(process):
                if said.get("kind") in ("limits", *ROW_KINDS):
                    self._take(said["kind"], said["rows"])

    def _take(self, kind, rows):
        with self._lock:
            if kind == "limits":
                self.limits = Limits.from_dict(rows)
            else:
                self.rows[kind] += [ROW_KINDS[kind](*row) for row in rows]
            self.done += 1
            self.text = self._plan[self.done] if self.done < self.total else ""
        self._listener()

    def _end_early(self, why):
        with self._lock:
            if self._over.is_set() or self._why:
                return
            self._why = why
            process = self._process
        if process is not None and process.poll() is None:
            process.terminate()

    def _conclude(self, error):
        seconds = round(time.monotonic() - self._begun)
        got = sum(map(len, self.rows.values()))
        self.state = "failed" if error and not self._why else "done"
        if self.state == "failed":
            self.message = f"Measuring stopped: {error}"
        elif got == self._wanted:
            self.message = f"Measured {got} rows in {seconds} s."
        else:
            how = "Stopped" if self._why == "stopped" else "Out of time"
            of = f"{got} of {self._wanted} rows"
            self.message = f"{how} after {seconds} s: {of} were measured, and are kept."
        if self.state == "done" and (loud := noise(list(self.rows["times"]))):
            self.message += f" {loud[0].upper()}{loud[1:]}."
        try:
            self._listener()
        finally:
            self._over.set()


def _words(kind, names):
    """The text for a part."""
    if kind == "limits":
        return "the machine's limits"
    table = FORMATS if kind == "sizes" else RUNTIMES
    first = table[names[0]].label if names[0] in table else names[0]
    return first if len(names) == 1 else f"{first} and {len(names) - 1} more"


def together(earlier, here, about):
    """A `Measurement` of the results in `here` and an earlier one, or None if both are empty.

    New rows replace earlier ones of the same kind.
    """
    rows = {kind: {} for kind in here.rows}
    if earlier is not None:
        for kind in rows:
            rows[kind] |= {_key(row): row for row in getattr(earlier, kind)}
    for kind, found in here.rows.items():
        rows[kind] |= {_key(row): row for row in list(found)}
    if not any(rows.values()):
        return None
    return Measurement(
        network=about,
        shape=shape_of(here.network),
        machine=machine([here.limits] if here.limits else []),
        created=date.today().isoformat(),
        **{kind: tuple(found.values()) for kind, found in rows.items()},
    )


def _key(row):
    what = (row.format,) if isinstance(row, SizeRow) else (row.runtime, row.batch, row.threads)
    return (row.pattern, row.sparsity, *what)


def drawn_like(shape, seed=0):
    """A network of this shape with random weights (He normal), and rows to predict on."""
    rng = np.random.default_rng(seed)
    layers = [
        (rng.normal(scale=(2 / inputs) ** 0.5, size=(inputs, units)), np.zeros(units))
        for inputs, units in pairwise(shape)
    ]
    return Network(layers), rng.normal(size=(64, shape[0])).astype(np.float32)


def network_here(network, x):
    """(network, rows) as given, or (None, None); rows are drawn if they are missing."""
    if network is None:
        if x is not None:
            raise TypeError("x: these rows belong to a network; hand it over as network=")
        return None, None
    network = as_network(network)
    _, drawn = drawn_like(shape_of(network)[:2])
    return network, checked_rows(network, drawn if x is None else x)


IDLE = {"state": "idle", "done": 0, "total": 0, "text": "", "left": None, "message": ""}
SECONDS_BETWEEN_FRAMES = 0.25


class MeasuresHere(traitlets.HasTraits):
    """The part of an explorer that measures on this machine, in another thread.

    It uses its explorer's six `CHOSEN`, `choices`, `data["shape"]`, `source` and `_rows`.
    """

    here = traitlets.Dict(None, allow_none=True, help="the same of this machine").tag(sync=True)
    work = traitlets.Dict(IDLE, help="how far measuring here is").tag(sync=True)

    if TYPE_CHECKING:  # attributes that the explorer has
        data: Any
        choices: Any

    _about = "the network you handed over"
    _measuring: MeasuringProcess | None = None
    _here: Measurement | None = None
    _earlier: Measurement | None = None  # measured here before
    _drawn = 0.0

    def _begin_to_hear(self, network, x):
        self._network, self._x, self._hearing = network, x, Lock()

    @property
    def measured_here(self) -> Measurement | None:
        """The `Measurement` of this machine so far, or None."""
        return self._here

    def measure(self, *, seconds: float | None = None) -> None:
        """Measure what is chosen on this machine, in another thread; then `source` becomes "here".

        seconds: after this time it ends with the results so far, by default 110. Raises
        RuntimeError while another measurement is running.
        """
        if self.measuring:
            raise RuntimeError("this explorer is measuring already: stop it first, or wait")
        if self._network is None:
            self._network, self._x = drawn_like(self.data["shape"])
            self._about = "a network of the same shape, its weights drawn anew"
        chosen = {name: getattr(self, name) for name in CHOSEN}
        formats, runtimes = (
            [each["name"] for each in self.choices[kind]] for kind in ("formats", "runtimes")
        )
        options = {} if seconds is None else {"seconds": seconds}
        self._earlier = self._here
        self._measuring = MeasuringProcess(
            self._network, self._x, chosen, formats, runtimes, self._heard, **options
        )
        self.work = self._progress()
        self._measuring.start()

    def stop(self) -> None:
        """End measuring with the results so far; does nothing if none is running."""
        if self._measuring is not None and self.measuring:
            self._measuring.stop()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until measuring is over; True if it is."""
        return self._measuring is None or self._measuring.join(timeout)

    @property
    def measuring(self) -> bool:
        """Whether a measurement is running."""
        return self._measuring is not None and self._measuring.state == "running"

    def _asked(self, _widget, content, _buffers):
        """Handle a button pressed in the browser."""
        if not isinstance(content, dict):
            return
        if content.get("do") == "measure" and not self.measuring:
            self.measure()
        elif content.get("do") == "stop":
            self.stop()

    def _heard(self):
        """Handle news from the measurement's threads: results, time passed, or the end."""
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
            self._rows["here"] = Rows(here)
            self.here = here
        if over and (measuring.rows["sizes"] or measuring.rows["times"]):
            self.source = "here"
        self.work = self._progress()
        self._drawn = time.monotonic()  # set at the end, as drawing takes long on a busy machine

    def _progress(self):
        """The progress in the page's format."""
        measuring = self._measuring
        left = measuring.seconds_left
        told = {name: getattr(measuring, name) for name in IDLE if name != "left"}
        return told | {"left": None if left is None else round(left)}
