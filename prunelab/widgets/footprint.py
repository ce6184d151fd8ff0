"""FootprintExplorer: the bytes and milliseconds of a network, stored or measured here."""

import time
from threading import Lock

import traitlets

from prunelab.footprint import as_network, load, shape_of
from prunelab.footprint.networks import checked_rows
from prunelab.validate import shown
from prunelab.widgets.base import Explorer, one_module, read_asset
from prunelab.widgets.footprint_data import choices, gather
from prunelab.widgets.footprint_here import CHOSEN, Here, drawn_like, together
from prunelab.widgets.footprint_state import STATE, Rows, checked, rows, settled
from prunelab.widgets.footprint_words import (
    describe,
    headline,
    not_measured,
    problem_lines,
    share,
)

IDLE = {"state": "idle", "done": 0, "total": 0, "text": "", "left": None, "message": ""}
SECONDS_BETWEEN_FRAMES = 0.25


class _Choice(traitlets.TraitType):
    """A synced part of the state; sparsity and batch move to the nearest that were measured."""

    def __init__(self, default):
        super().__init__(default)
        self.tag(sync=True, echo_update=False)

    def validate(self, obj, value):
        """The cleaned value; TypeError or ValueError in one sentence."""
        value = checked(obj.choices, self.name, value)
        if self.name not in ("sparsity", "batch"):
            return value
        made = settled(
            obj.choices, {"pattern": obj.pattern, "sparsity": 0.0, "batch": 1} | {self.name: value}
        )
        obj.moved(self.name, value, made)
        return made[self.name]


class FootprintExplorer(Explorer):
    """Bytes by format and milliseconds by runtime, against dense, the limit and the break-even.

    measurement : a `prunelab.footprint.Measurement`; by default the course's own, of the machine it
        names, from `prunelab.footprint.load()`
    network : what "measure here" measures: a `prunelab.mlp.Network` or a tf_keras model; by default
        one of the measurement's shape with weights drawn anew, whose bytes and milliseconds are
        those of any such network but for what a zip finds in the values
    x : rows [rows, inputs] of that network, on which predictions are compared; by default drawn
    pattern, sparsity, batch, threads, format, runtime : what is on show, by the names of
        `PATTERNS`, `FORMATS`, `RUNTIMES`; sparsity in [0, 1) and batch move to the nearest that
        were measured, and `notice` says so: nothing is interpolated

    Traits: these six and `source`, "stored" or "here". `sizes` and `times` hold the rows on show,
    `problems` why some of them do not count. `measure()` does what the button does;
    `measured_here` is the `Measurement` so far, ready for `prunelab.footprint.save`.
    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    _module = "footprint.js"
    _esm = one_module(_module)
    _css = read_asset("shared/explorer.css") + read_asset("footprint.css")
    page_title = "What do the zeros save, in bytes and in milliseconds?"
    picture_inches = (10.6, 5.6)

    data = traitlets.Dict(help="the stored measurement; sent once").tag(sync=True)
    here = traitlets.Dict(None, allow_none=True, help="the same of this machine").tag(sync=True)
    choices = traitlets.Dict(help="what can be chosen").tag(sync=True)
    pattern = _Choice("unstructured")
    sparsity = _Choice(0.75)
    batch = _Choice(1)
    threads = _Choice(1)
    format = _Choice("gzip")
    runtime = _Choice("litert_xnnpack")
    source = _Choice("stored")
    notice = traitlets.Unicode(help="what had to give way in the last change").tag(sync=True)
    work = traitlets.Dict(IDLE, help="how far measuring here is").tag(sync=True)

    _applying = False  # True while a browser's message is taken
    _measuring = None
    _drawn = 0.0

    def __init__(self, measurement=None, *, network=None, x=None, **state):
        measurement = load() if measurement is None else measurement
        data = gather(measurement)
        if not data["networks"]:
            raise ValueError("measurement holds no rows: measure with `prunelab weigh --grid`")
        self._stored, self._here, self._hearing = measurement, None, Lock()
        self._network, self._x = _network_here(network, x)
        found = choices(data)
        unknown = sorted(set(state) - set(STATE) | {"source"} & set(state))
        if unknown:
            raise TypeError(f"{shown(unknown[0])}: FootprintExplorer has no such argument")
        start = _defaults(found) | {
            name: checked(found, name, value) for name, value in state.items()
        }
        made = settled(found, start | {"source": "stored"})
        self._shelves = {"stored": Rows(data)}
        super().__init__(data=data, here=None, choices=found, **made)
        self.notice = _first_notice(found, state, made)
        self.on_msg(self._asked)

    # ------------------------------------------------------------------------------------- to read

    @property
    def measurement(self):
        """The stored `Measurement` that was handed over."""
        return self._stored

    @property
    def measured_here(self):
        """The `Measurement` of this machine so far, or None."""
        return self._here

    @property
    def sizes(self):
        """The rows on show, one a format, as dicts; see `footprint_state.rows`."""
        return rows(self._measured, self.choices, "sizes", self.plain_state)

    @property
    def times(self):
        """The rows on show, one a runtime, as dicts; see `footprint_state.rows`."""
        return rows(self._measured, self.choices, "times", self.plain_state)

    @property
    def problems(self):
        """A line for each reason why rows on show do not count."""
        return problem_lines(self._measured, self.choices, self.plain_state)

    @property
    def headline(self):
        """The chosen format and runtime in a line."""
        return headline(self._measured, self.choices, self.plain_state)

    @property
    def caption(self):
        """What the pictures show, in words."""
        return describe(self._measured, self.choices, self.plain_state)

    @property
    def plain_state(self):
        """The state as plain values."""
        return {name: getattr(self, name) for name in STATE}

    def facts(self):
        """The state and what it finds, in one line."""
        of = "this machine" if self.source == "here" else self.data["created"]
        return (
            f"{self.pattern!r} at {share(self.sparsity)}, batch={self.batch}, "
            f"threads={self.threads}, measured {of}; {self.headline}"
        )

    def draw(self, figure):
        """Draw the bars of bytes and of milliseconds on an empty matplotlib Figure."""
        from prunelab.widgets.footprint_still import draw_still

        draw_still(figure, self._measured, self.choices, self.plain_state)

    def page_state(self):
        """The data and the state, as plain values."""
        names = ("data", "here", "choices", *STATE, "notice")
        return {name: getattr(self, name) for name in names} | {"work": IDLE}

    # --------------------------------------------------------------------------------- to measure

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

    _about = "the network you handed over"
    _earlier = None  # what was measured here before

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
        self._drawn = time.monotonic()
        found = together(self._earlier, measuring, self._about)
        if found is not None and found != self._here:
            self._here = found
            here = gather(found)
            self._shelves["here"] = Rows(here)
            self.here = here
        if over and (measuring.rows["sizes"] or measuring.rows["times"]):
            self.source = "here"
        self.work = self._progress()

    def _progress(self):
        """How far it is, as the page reads it."""
        measuring = self._measuring
        left = measuring.seconds_left
        told = {name: getattr(measuring, name) for name in IDLE if name != "left"}
        return told | {"left": None if left is None else round(left)}

    # ------------------------------------------------------------------------- kernel and browser

    def set_state(self, sync_data):
        """Take what a browser sent; what cannot be is mended or passed over, never raised."""
        state, mended = self.plain_state, []
        for name in STATE:
            if name in sync_data:
                try:
                    state[name] = checked(self.choices, name, sync_data[name])
                except (TypeError, ValueError):
                    mended.append(name)
        if state["source"] == "here" and self.here is None:
            state["source"] = "stored"
        made = settled(self.choices, state)
        mended += [name for name in STATE if made[name] != sync_data.get(name, made[name])]
        changes = {name: made[name] for name in STATE if made[name] != getattr(self, name)}
        if isinstance(sync_data.get("notice"), str):
            changes["notice"] = sync_data["notice"]
        self._applying = True
        try:
            super().set_state(changes)
        finally:
            self._applying = False
        if mended:
            self.send_state(sorted(set(mended)))

    def moved(self, name, asked, made):
        """Say where a sparsity or batch was moved to; a browser says so itself."""
        if not self._applying:
            same = made[name] == asked
            self.notice = "" if same else not_measured(self.choices, name, asked, made)

    @traitlets.observe("pattern")
    def _follow_pattern(self, change):
        """The sparsity moves to a stop of the new pattern."""
        if not self._applying:
            self.sparsity = self.sparsity

    @traitlets.observe("threads", "format", "runtime", "source")
    def _forget_notice(self, change):
        if not self._applying:
            self.notice = ""

    @traitlets.validate("source")
    def _source_there(self, proposal):
        if proposal["value"] == "here" and self.here is None:
            raise ValueError("source='here': nothing was measured here yet; call measure() first")
        return proposal["value"]

    @property
    def _measured(self):
        return self._shelves[self.source]


def _network_here(network, x):
    """(network, rows) that were handed over, or (None, None); rows are drawn where they lack."""
    if network is None:
        if x is not None:
            raise TypeError("x: these rows belong to a network; hand it over as network=")
        return None, None
    network = as_network(network)
    _, drawn = drawn_like(shape_of(network)[:2])
    return network, checked_rows(network, drawn if x is None else x)


def _defaults(found):
    """Where the explorer starts: the usual choices where they were measured, else the first."""
    usual = {"pattern": "unstructured", "format": "gzip", "runtime": "litert_xnnpack"}
    start = {}
    for name, wanted in usual.items():
        known = [each["name"] for each in found[f"{name}s"]]
        start[name] = wanted if wanted in known else (known[0] if known else "")
    start["batch"] = found["batches"][0] if found["batches"] else 1
    start["threads"] = found["threads"][0] if found["threads"] else 1
    return start | {"sparsity": 0.75}


def _first_notice(found, asked, made):
    """The notice where an argument had to give way."""
    for name in ("sparsity", "batch"):
        if name in asked and asked[name] != made[name]:
            return not_measured(found, name, asked[name], made)
    return ""
