"""The training function of the course's own networks: a dense phase, kept, then a live run."""

from collections import OrderedDict

from prunelab.data import Dataset
from prunelab.experiment import CONFIGS
from prunelab.keras_mlp._door import tf_keras
from prunelab.keras_mlp.live_base import IMPORT, KEPT, Trainer, held
from prunelab.keras_mlp.live_checks import check_run
from prunelab.keras_mlp.models import build
from prunelab.keras_mlp.networks import borrowed, initial_weights
from prunelab.keras_mlp.optimizers import Recipe
from prunelab.live_training import TrainingControl
from prunelab.memory import give_back
from prunelab.validate import shown, whole


class CourseTrainer:
    """The training function of the course's networks, as `live_course` makes it.

    Each run prunes a network that was trained densely first, by the course's own settings for its
    data and with the run's seed. That is done once for each data set and seed, and kept.
    """

    def __init__(self, dense_epochs=200):
        self.dense_epochs = whole("dense_epochs", dense_epochs, at_most=10**6)
        self.name = f"{IMPORT} train_live as train"
        if self.dense_epochs != 200:
            self.name = (
                f"{IMPORT} live_course\ntrain = live_course(dense_epochs={self.dense_epochs})"
            )
        self._trainers, self._dense = {}, OrderedDict()

    def layers(self, data):
        """The number of weights of each layer that can be pruned, by name."""
        return self._trainer(data).layers

    def kernels(self, settings, data):
        """The `Kernels` of a run with these settings: what it prunes and what stays dense."""
        return self._trainer(data).kernels(settings)

    def network(self, run):
        """The network that `run` ended with, as of `live_trainer`."""
        for trainer in self._trainers.values():
            if getattr(run, "weights_digest", None) in trainer._kept:
                return trainer.network(run)
        raise ValueError(f"run={shown(run)}: its network is not kept; train it again")

    def __call__(self, settings, data, control=None, report=None):
        """Train on `data`, a Dataset of prunelab.data, and return the `TrainedRun`.

        With `dense_epochs` at 200 it is, bit for bit, what `keras_mlp.run` makes of the same
        schedule, data and seed. control, report, errors: as of `live_trainer`.
        """
        with held(settings, control, report) as control:
            trainer = self._trainer(data)
            check_run(settings, len(data.x_train))
            weights = self.dense(data, settings.seed, control)
            arrays = (data.x_train, data.y_train, data.x_val, data.y_val)
            return trainer.run(
                settings, weights, arrays, control, report, first_epoch=self.dense_epochs
            )

    def dense(self, data, seed, control=None):
        """The weights of the dense network that runs with this data and seed begin with.

        Trained at the first call, which for the twin takes as long as a run.
        """
        config, seed = _course_config(data), whole("seed", seed, at_most=2**32 - 1)
        key = (data.digest, seed)
        if key not in self._dense:
            self._dense[key] = self._train_dense(config, data, seed, control or TrainingControl())
            while len(self._dense) > 2 * KEPT:
                self._dense.popitem(last=False)
        return self._dense[key]

    def _train_dense(self, config, data, seed, control):
        features = data.x_train.shape[1]
        weights = initial_weights(features, config.hidden, seed)
        if not self.dense_epochs:
            return weights

        def progress(done, epochs, values):
            control.busy = f"training the dense network first: {done} of {epochs} epochs"
            control.at_step(0, None)

        control.busy = "training the dense network first"
        try:
            with borrowed(features, config.hidden) as network:
                network.begin(weights, learning_rate=config.learning_rate)
                network.train(
                    data,
                    epochs=self.dense_epochs,
                    batch_size=config.batch_size,
                    seed=seed,
                    progress=progress,
                )
                return tuple(network.model.get_weights())
        finally:
            control.busy = ""
            give_back(sum(array.size for array in weights))

    def _trainer(self, data):
        config = _course_config(data)
        if data.name not in self._trainers:
            model = build(data.x_train.shape[1], config.hidden, seed=0)
            adam = Recipe.of(tf_keras.optimizers.Adam())
            self._trainers[data.name] = Trainer(model, adam, "mse")
        return self._trainers[data.name]


def live_course(dense_epochs=200):
    """A training function for the course's networks and data sets, see `CourseTrainer`.

    dense_epochs: how long the dense network trains before it is pruned; 0 prunes from the start.
    """
    return CourseTrainer(dense_epochs)


def _course_config(data):
    if not isinstance(data, Dataset) or data.name not in CONFIGS:
        raise TypeError(
            f"data={shown(data)}: write a data set of prunelab.data; for arrays of your own make "
            "the function with live_trainer(model)"
        )
    return CONFIGS[data.name]


train_live = live_course()
