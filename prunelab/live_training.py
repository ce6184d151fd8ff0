"""What a live bench and a training function say to each other; no TensorFlow.

A *training function* is called, in a thread of its own, as

    train(settings, data, control, report) -> TrainedRun

settings: a `TrainingSettings`. data: what the function is made for. control: a `TrainingControl`;
the function asks `control.at_step(done, schedule)` before each small group of batches and follows
the schedule it is given. report: called with an `EpochReport` after each epoch.
It may have attributes, each optional: `layers`, a dict of layer name → number of weights, or a
function of the data that gives one (ask `layers_of`); `name`, lines of Python that make the
function again and call it `train`, for code to copy.
"""

from prunelab.live_control import StopTraining, TrainingControl
from prunelab.live_records import EpochReport, TrainedRun, now
from prunelab.live_settings import TrainingSettings
from prunelab.live_steering import Steering, steered

__all__ = [
    "EpochReport",
    "Steering",
    "StopTraining",
    "TrainedRun",
    "TrainingControl",
    "TrainingSettings",
    "layers_of",
    "now",
    "steered",
]


def layers_of(train, data):
    """The layers `train` can prune on `data`, a dict of name → number of weights; {} if unsaid."""
    layers = getattr(train, "layers", None)
    return dict((layers(data) if callable(layers) else layers) or {})
