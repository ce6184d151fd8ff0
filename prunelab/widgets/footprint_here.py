"""Measure on this machine: a process of its own, a thread that listens to it, and what it said."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Event, Lock, Thread, Timer

import numpy as np

from prunelab.footprint import FORMATS, RUNTIMES, Limits, SizeRow, TimeRow
from prunelab.widgets.footprint_worker import parts

MOST_SECONDS = 110  # "under two minutes", with a little to end in
SECONDS_A_TICK = 2
ROW_KINDS = {"sizes": SizeRow, "times": TimeRow}
CHOSEN = ("pattern", "sparsity", "batch", "threads", "format", "runtime")
SAMPLING = {"repeats": 5, "seconds": 0.3}


class Here:
    """One measuring of one network in a pattern, at a sparsity, with a batch and threads.

    request: a dict of the six `CHOSEN`, and of formats and runtimes, names. listener: called
    without arguments from the measuring's thread whenever there is more. seconds: after them it
    ends with what it has. `state` is "running", "done" or "failed"; `text` says what is measured
    now, `message` in a sentence how it ended.
    """

    def __init__(self, network, x, request, listener, *, seconds=MOST_SECONDS, command=None):
        self.network, self.x, self._listener = network, x, listener
        self.request = SAMPLING | request
        self._plan = ["the machine's limits", *(_words(*part) for part in parts(request))]
        self._wanted = len(request["formats"]) + len(request["runtimes"])
        self.state, self.message, self.text = "running", "", self._plan[0]
        self.done, self.total = 0, len(self._plan)
        self.rows, self.limits = {"sizes": [], "times": []}, None
        self._seconds, self._command = seconds, command
        self._process, self._lock, self._why = None, Lock(), ""
        self._begun, self._over = time.monotonic(), Event()
        self._thread = Thread(target=self._run, name="prunelab-measure-here", daemon=True)

    def start(self):
        """Begin, and return at once."""
        self._thread.start()
        Thread(target=self._tick, name="prunelab-measure-clock", daemon=True).start()

    def stop(self):
        """End with what there is."""
        self._end_early("stopped")

    def join(self, timeout=None):
        """Wait until it is over; whether it is."""
        self._over.wait(timeout)
        return self._over.is_set()

    @property
    def seconds_left(self):
        """An estimate from the parts so far, never more than is allowed; None before the second."""
        gone = time.monotonic() - self._begun
        if self.done < 2:
            return None
        return max(0.0, min(gone * (self.total / self.done - 1), self._seconds - gone))

    def _tick(self):
        """Tell how time goes by during a long part."""
        while not self._over.wait(SECONDS_A_TICK):
            self._listener()

    # --------------------------------------------------------------------------- in its own thread

    def _run(self):
        timer = Timer(self._seconds, self._end_early, ["out of time"])
        timer.daemon = True
        timer.start()
        error = ""
        try:
            with tempfile.TemporaryDirectory(prefix="prunelab-") as folder:
                self._write(Path(folder))
                error = self._listen(folder)
        except Exception as problem:
            error = " ".join(str(problem).split())[:300] or type(problem).__name__
        finally:
            timer.cancel()
        self._conclude(error)

    def _write(self, folder):
        pairs = zip(self.network.kernels, self.network.biases, strict=True)
        np.savez(folder / "arrays.npz", *(a for pair in pairs for a in pair), x=self.x)
        (folder / "request.json").write_text(json.dumps(self.request), encoding="utf-8")

    def _listen(self, folder):
        """Take line after line; the error in words, or ""."""
        with self._lock:
            if self._why:
                return ""
            words = self._command or [sys.executable, "-m", "prunelab.widgets.footprint_worker"]
            self._process = process = subprocess.Popen(
                [*words, folder],
                env=os.environ | {"PRUNELAB_THREADS": str(self.request["threads"])},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        ended = error = ""
        try:
            for line in process.stdout:
                said = _spoken(line)
                error = error or said.get("error", "")
                ended = ended or said.get("kind") == "end"
                if said.get("kind") in ("limits", *ROW_KINDS):
                    self._take(said["kind"], said["rows"])
        finally:
            process.stdout.close()
            _finish(process)
        if ended or error or self._why:
            return error
        return f"the process that measures ended with code {process.returncode}"

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
        try:
            self._listener()
        finally:
            self._over.set()


def _words(kind, names):
    """A part as a reader knows it."""
    table = FORMATS if kind == "sizes" else RUNTIMES
    first = table[names[0]].label if names[0] in table else names[0]
    return first if len(names) == 1 else f"{first} and {len(names) - 1} more"


def _spoken(line):
    """What a line of the process says; TensorFlow talks on the same line."""
    if not line.startswith("{"):
        return {}
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _finish(process):
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)
