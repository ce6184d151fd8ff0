"""What all live training functions do: check, borrow a compiled network, train, make a record."""

import math
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import replace

from prunelab.keras_mlp._door import THREADS
from prunelab.keras_mlp._door import tensorflow as tf
from prunelab.keras_mlp.live_checks import (
    check_run,
    chosen_layers,
    fits_all,
    four_arrays,
    no_grid,
    prunable_layers,
)
from prunelab.keras_mlp.live_networks import LiveNetwork, copied, digest
from prunelab.keras_mlp.live_pool import Pool
from prunelab.keras_mlp.live_steps import Course
from prunelab.keras_mlp.prunable import kernels_of
from prunelab.live_thread import cause_of
from prunelab.live_training import (
    NOT_CHOSEN,
    Kernels,
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
NO_KERNEL = "has no kernel"
IMPORT = "from prunelab.keras_mlp import"


class Trainer:
    """A training function around an uncompiled `model` that nobody else has."""

    name = ""

    def __init__(self, model, optimizer, loss, **compile_options):
        self._model, self._optimizer, self._loss = model, optimizer, loss
        self._compile_options = {"loss": loss, **compile_options}
        self._kernels = kernels_of(model)
        self._shapes = prunable_layers(self._kernels)
        self._pool, self._kept = Pool(), OrderedDict()

    @property
    def layers(self):
        """The number of weights of each layer that can be pruned, by name."""
        return {name: sum(map(math.prod, each)) for name, each in self._shapes.items()}

    @property
    def learning_rate(self):
        """The rate that the model was compiled with; of a schedule, the one it begins with."""
        return self._optimizer.learning_rate

    def kernels(self, settings, data=None):
        """The `Kernels` of a run with these settings: what it prunes and what stays dense.

        ValueError, in one sentence, for layers or blocks that do not fit.
        """
        chosen = self._chosen(settings)
        block = settings.block_size
        pruned, dense = {}, {}
        for kernel in self._kernels:
            why = kernel.dense_because
            if not why and kernel.layer not in chosen:
                shapes = self._shapes.get(kernel.layer, ())
                why = NOT_CHOSEN if fits_all(shapes, block) else no_grid(shapes, block)
            if why:
                dense[kernel.name] = kernel.size, why
            else:
                pruned[kernel.name] = kernel.size, math.prod(block)
        return Kernels(pruned, dense)

    def _chosen(self, settings):
        names = {layer.name: NO_KERNEL for layer in self._model.layers}
        names |= {k.layer: k.dense_because for k in self._kernels if k.dense_because}
        return chosen_layers(settings, self._shapes, names)

    def run(self, settings, weights, data, control, report, *, first_epoch=0):
        """Train from `weights` and return the `TrainedRun`; data: (x, y, x_val, y_val)."""
        kernels, layers = self.kernels(settings), self._chosen(settings)
        arrays = four_arrays(self._model, self._loss, data)
        n_rows, data_digest = len(arrays[0]), digest(arrays)
        check_run(settings, n_rows)

        def make():
            all_layers = self._chosen(replace(settings, layers=()))
            made_of = self._model, all_layers, settings.block_size
            return LiveNetwork(*made_of, self._optimizer, self._compile_options)

        with self._pool.borrowed(settings.block_size, make) as network:
            network.begin(weights, arrays, learning_rate=settings.learning_rate, seed=settings.seed)
            del arrays  # the network has its own copy
            try:
                course = Course(network, settings, layers, kernels.pruned, control, report)
                stopped = course.run(n_rows, first_epoch)
            except tf.errors.InvalidArgumentError as error:  # an index outside an embedding
                raise ValueError(
                    f"the model does not take these rows: {cause_of(error)}"
                ) from error
            ended = network.plain.get_weights()
            sizes = network.sizes()
        identity = f"{self._optimizer.kind.__name__} {shown(self._loss)}"
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
            left_dense=kernels.dense,
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
