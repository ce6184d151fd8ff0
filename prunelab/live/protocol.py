"""The protocol between a live bench and a training function; no TensorFlow.

A *training function* is called, in a separate thread, as

    train(settings, data, control, report) -> TrainedRun

settings: a `TrainingSettings`. data: as the function expects it. control: a `TrainingControl`; the
function asks `control.at_step(done, schedule)` before each small group of batches and follows the
schedule it is given. report: called with an `EpochReport` after each epoch.
It may have attributes, each optional: `layers`, a dict of layer name → number of weights, or a
function of the data that gives one (ask `layers_of`); `kernels`, a function of settings and data
that gives `Kernels` (ask `kernels_of`); `learning_rate`, with which its model was compiled;
`scopes`, those of ("layer", "global") that it can prune by, only "layer" if it is missing;
`metrics`, the names of the metrics that its reports have; `loss`, the name of its loss;
`notes`, sentences about behaviour of a run that a reader may not expect; `name`, lines of Python
that create the function under the name `train`, for code to copy.
"""

from dataclasses import dataclass

from prunelab.base.text import zeros_words
from prunelab.live.control import StopTraining, TrainingControl
from prunelab.live.records import EpochReport, TrainedRun, now
from prunelab.live.settings import GLOBAL, LAYER, TrainingSettings
from prunelab.schedules.steering import Steering, steered

__all__ = [
    "EpochReport",
    "Kernels",
    "Steering",
    "StopTraining",
    "TrainedRun",
    "TrainingControl",
    "TrainingSettings",
    "kernels_of",
    "layers_of",
    "now",
    "scopes_of",
    "steered",
]


NOT_CHOSEN = "is not among the layers to prune"


@dataclass(frozen=True)
class Kernels:
    """The kernels that a run with given settings prunes, and those that it leaves dense.

    pruned: kernel name → (number of weights, weights in a block). dense: kernel name → (number of
    weights, why), where why completes a sentence after "because it". together: whether all weights
    are ranked together, so that the kernels end with different sparsities.
    """

    pruned: dict
    dense: dict
    together: bool = False

    @property
    def n_pruned(self):
        """The number of weights that are pruned."""
        return sum(size for size, _ in self.pruned.values())

    @property
    def n_weights(self):
        """The number of weights of all kernels together."""
        return self.n_pruned + sum(size for size, _ in self.dense.values())

    def of_layer(self, layer):
        """The `Kernels` of one layer alone: those with its name, or with its name as a path."""
        own = [
            {name: each for name, each in kernels.items() if f"{name}/".startswith(f"{layer}/")}
            for kernels in (self.pruned, self.dense)
        ]
        return Kernels(*own, self.together)

    def words(self, sparsity):
        """A sparsity of the pruned kernels, in words; see `base.text.zeros_words`."""
        return zeros_words(sparsity, self.n_pruned, self.n_weights, self.dense)

    def zeros(self, flight):
        """How many weights are zero at the end of a run with the Preflight `flight`.

        Counted per kernel and per block, with tfmot's rounding, or of all kernels together.
        """
        if self.together:
            return round(flight.realised(self.n_pruned) * self.n_pruned)
        return sum(
            round(flight.realised(size // block) * (size // block)) * block
            for size, block in self.pruned.values()
        )


def kernels_of(train, settings, data):
    """The `Kernels` of a run of `train` with these settings; None if the function does not say.

    Raises ValueError, in one sentence, for settings that do not fit the network.
    """
    kernels = getattr(train, "kernels", None)
    if callable(kernels):
        return kernels(settings, data)
    layers = layers_of(train, data)
    if not layers or settings.block_size != (1, 1):
        return None
    chosen = settings.layers or tuple(layers)
    return Kernels(
        {name: (size, 1) for name, size in layers.items() if name in chosen},
        {name: (size, NOT_CHOSEN) for name, size in layers.items() if name not in chosen},
        settings.scope == GLOBAL,
    )


def scopes_of(train):
    """The scopes by which `train` can prune: see `TrainingSettings.scope`."""
    return tuple(getattr(train, "scopes", (LAYER,)))


def layers_of(train, data):
    """The layers `train` can prune on `data`, a dict of name → number of weights; {} if unknown."""
    layers = getattr(train, "layers", None)
    return dict((layers(data) if callable(layers) else layers) or {})
