"""Four runs that went wrong on the small twin and a healthy one: settings and stored curves."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prunelab.base import json_files
from prunelab.base.checks import real_array, shown
from prunelab.base.files import write_atomically
from prunelab.base.json_files import RunError, only_fields, read_file, sha256
from prunelab.course.places import stored_path
from prunelab.live.settings import TrainingSettings
from prunelab.schedules.schedule import PolynomialDecay

FILE = "sick_runs.json"
MAX_BYTES = 2**20
CURVES = ("loss", "validation_loss", "realised_sparsity")


def _asked(begin=400, end=1200, **others):
    ramp = PolynomialDecay(0.0, 0.95, begin_step=begin, end_step=end, frequency=10)
    return TrainingSettings(ramp, **others)


HEALTHY = "healthy"
SETTINGS = {
    HEALTHY: _asked(),
    "A": _asked(learning_rate=3e-5),
    "B": _asked(begin=1000, end=5000),
    "C": _asked(learning_rate=0.03),
    "D": _asked(begin=1520, end=1590),
}
ILLNESS = {
    "A": "rate_too_low",
    "B": "ends_after_training",
    "C": "rate_too_high",
    "D": "no_recovery",
}
SIGNS = {  # what each fault looks like
    "rate_too_high": "with too high a rate the loss leaps before a single weight is gone",
    "rate_too_low": "with too low a rate the loss stays where the cuts have left it",
    "ends_after_training": "a schedule that outlasts the run still rises at its last step",
    "off_grid": "off the grid the last update never comes: flat, but below what was asked",
    "no_recovery": "without recovery the last weights go just before the end",
    "begins_too_early": "a ramp that begins too early rises from the first steps on",
}
LOOKS = {  # what can be seen in each run
    "A": "here all zeros are there by step 1200, and then nothing happens to the loss",
    "B": "here 95 % is never reached, and the sparsity does not stand still",
    "C": "here the loss is at its highest in the first epochs, where nothing is pruned yet",
    "D": "here it is flat for most of the run, and the end is sudden",
}


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A live run as the exercise shows it.

    settings: the TrainingSettings. dense: validation loss before the first step. steps: training
    steps done after each epoch. loss, validation_loss, realised_sparsity: float arrays, one number
    an epoch, as in `live.records.EpochReport`.
    """

    settings: TrainingSettings
    dense: float
    steps: np.ndarray
    loss: np.ndarray
    validation_loss: np.ndarray
    realised_sparsity: np.ndarray


def sick_runs(folder=None):
    """The stored runs, a dict {name: `StoredRun`}: "healthy" and those that went wrong, "A" to "D".

    folder: where their file is; None: the course's `data`. Raises RunError, in one sentence, if
    the file is missing or damaged.
    """
    folder = stored_path("data") if folder is None else folder
    source = Path(folder) / FILE
    if not source.is_file():
        raise RunError(
            f"{FILE} is not in {shown(source.parent.name)}: take it from the course's `data`"
        )
    values = read_file(source, MAX_BYTES)
    try:
        values = json_files.parse(values)
        only_fields(source.name, values, ["runs", "digest"])
        if values["digest"] != sha256(values["runs"]):
            raise ValueError("it was changed after it was written")
        only_fields("runs", values["runs"], list(SETTINGS))
        return {name: _from_dict(values["runs"][name]) for name in SETTINGS}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RunError(f"{source.name} cannot be used: {error}; take it from the course") from None


def save_sick_runs(runs, folder):
    """Store a dict of name → `live.records.TrainedRun`; `tools.sick_runs` makes them."""
    values = {name: _to_dict(run) for name, run in runs.items()}
    text = json.dumps({"runs": values, "digest": sha256(values)}, separators=(",", ":"))
    target = Path(folder) / FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, lambda file: file.write((text + "\n").encode()))
    return target


def _to_dict(run):
    curves = {
        name: [float(f"{getattr(report, name):.6g}") for report in run.history] for name in CURVES
    }
    steps = [report.step for report in run.history]
    return {"settings": run.settings.to_dict(), "dense": run.dense, "steps": steps, **curves}


def _from_dict(values):
    only_fields("run", values, ["settings", "dense", "steps", *CURVES])
    settings = TrainingSettings.from_dict(values["settings"])
    arrays = {name: real_array(name, values[name]) for name in ("steps", *CURVES)}
    if {array.shape for array in arrays.values()} != {(settings.epochs,)}:
        raise ValueError("a curve in it has not one number an epoch")
    return StoredRun(settings, values["dense"], **arrays)
