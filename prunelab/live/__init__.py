"""Live runs, which are watched and steered while they train: settings, control, record, store."""

from prunelab.live.control import TrainingControl
from prunelab.live.records import TrainedRun
from prunelab.live.settings import TrainingSettings
from prunelab.live.store import live_runs
from prunelab.live.thread import LiveTraining
from prunelab.live.trial import LiveTrial

__all__ = [
    "LiveTraining",
    "LiveTrial",
    "TrainedRun",
    "TrainingControl",
    "TrainingSettings",
    "live_runs",
]
