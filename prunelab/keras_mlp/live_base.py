"""What all live training functions do: check, borrow a compiled network, train, make a record."""

from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import replace

from prunelab.keras_mlp._door import THREADS
from prunelab.keras_mlp.live_checks import (
    check_run,
    chosen_layers,
    four_arrays,
    prunable_layers,
    sizes_of,
)
from prunelab.keras_mlp.live_networks import LiveNetwork, copied, digest
from prunelab.keras_mlp.live_pool import Pool
from prunelab.keras_mlp.live_steps import Course
from prunelab.live_training import (
    StopTraining,
    TrainedRun,
    TrainingControl,
    TrainingSettings,
    now,
)
from prunelab.memory import give_back
from prunelab.provenance import provenance
from prunelab.validate import shown

KEPT = 3  # runs whose networks are kept
IMPORT = "from prunelab.keras_mlp import"


class Trainer:
    """A training function around an uncompiled `model` that nobody else has."""

    name = ""

    def __init__(self, model, optimizer, loss, **compile_options):
        self._model, self._optimizer, self._loss = model, optimizer, loss
        self._compile_options = {"loss": loss, **compile_options}
        self._shapes = prunable_layers(model)
        self._pool, self._kept = Pool(), OrderedDict()

    @property
    def layers(self):
        """The number of weights of each layer that can be pruned, by name."""
        return sizes_of(self._shapes)

    def run(self, settings, weights, data, control, report, *, first_epoch=0):
        """Train from `weights` and return the `TrainedRun`; data: (x, y, x_val, y_val)."""
        names = [layer.name for layer in self._model.layers]
        layers = chosen_layers(settings, self._shapes, names)
        arrays = four_arrays(self._model, self._loss, data)
        n_rows, data_digest = len(arrays[0]), digest(arrays)
        check_run(settings, n_rows)

        def make():
            all_layers = chosen_layers(replace(settings, layers=()), self._shapes, names)
            made_of = self._model, all_layers, settings.block_size
            return LiveNetwork(*made_of, self._optimizer, self._compile_options)

        with self._pool.borrowed(settings.block_size, make) as network:
            network.begin(weights, arrays, learning_rate=settings.learning_rate, seed=settings.seed)
            del arrays  # the network has its own copy
            course = Course(network, settings, layers, control, report)
            stopped = course.run(n_rows, first_epoch)
            ended = network.plain.get_weights()
            sizes = network.sizes()
        identity = f"{self._optimizer['class_name']} {shown(self._loss)}"
        result = TrainedRun(
            settings=settings,
            steerings=control.steerings,
            history=tuple(course.history),
            sparsity={name: 1 - course.nonzeros[name] / size for name, size in sizes.items()},
            nonzeros=sum(course.nonzeros.values()),
            n_weights=sum(sizes.values()),
            dense=course.dense,
            validation_loss=course.validation_loss,
            stopped=stopped,
            seconds=course.seconds,
            data_digest=data_digest,
            network_digest=digest(weights, identity),
            weights_digest=digest(ended),
            provenance=provenance(THREADS),
            created=now(),
        )
        self._kept[result.weights_digest] = ended
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        give_back(result.n_weights)
        return result

    def network(self, run):
        """The network that `run` ended with, as a plain model of its own, not compiled.

        Only those of the last few runs are kept; ValueError for another: replay it first.
        """
        weights = self._kept.get(getattr(run, "weights_digest", None))
        if weights is None:
            raise ValueError(
                f"run={shown(run)}: only the networks of the last {KEPT} runs are kept; train it "
                "again with TrainingControl.replaying(run.steerings)"
            )
        model = copied(self._model)
        model.set_weights(weights)
        return model


@contextmanager
def held(settings, control, report):
    """`with` a checked control that is told how the run ends."""
    if not isinstance(settings, TrainingSettings):
        raise TypeError(f"settings={shown(settings)}: write a TrainingSettings")
    if control is not None and not isinstance(control, TrainingControl):
        raise TypeError(f"control={shown(control)}: write a TrainingControl, or None")
    if report is not None and not callable(report):
        raise TypeError(f"report={shown(report)}: write a function, or None")
    control = control or TrainingControl()
    try:
        yield control
    except StopTraining:
        control.finish()
        raise
    except BaseException as error:
        control.finish(error)
        raise
    control.finish()
