"""Run a whole experiment: dense phase, second phase, scores; the result is stored in a folder."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prunelab.base.checks import shown
from prunelab.base.host import as_interrupts, provenance
from prunelab.experiments import data as datasets
from prunelab.experiments import runs
from prunelab.experiments.results import Phase, RunResult, Score, input_selection
from prunelab.experiments.spec import RunSpec
from prunelab.masks.magnitude import magnitude_mask
from prunelab.networks.backend import THREADS
from prunelab.networks.models import evaluate, kernels, zeros
from prunelab.networks.pool import borrowed, initial_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    import numpy as np

    from prunelab.experiments.config import ExperimentConfig

    Progress = Callable[[int, int, Mapping[str, float]], object] | None

NO_EPOCHS = Phase(loss=(), val_loss=(), zeros={}, steps=0, seconds=0.0)


@dataclass(frozen=True, eq=False)
class DensePhase:
    """The finished first phase: all that the arms which share it need to continue.

    digest, seed: the settings (`config.dense_digest`) and seed it was trained with. weights,
    optimizer: arrays in Keras' order; optimizer is None if the phase has no epochs.
    """

    digest: str
    seed: int
    phase: Phase
    train: Score
    val: Score
    weights: tuple[np.ndarray, ...]
    optimizer: tuple[np.ndarray | np.generic, ...] | None


@as_interrupts()
def train_dense(
    config: ExperimentConfig | str,
    seed: int,
    folder: str | PathLike[str] | None = None,
    *,
    progress: Progress = None,
) -> DensePhase:
    """Train the first phase of `config` and return it as a `DensePhase`, for `run(dense=…)`.

    config: an ExperimentConfig, or the name of one of `experiments.named_configs.CONFIGS`. folder:
    where the checkpoints are kept. A phase that was interrupted continues from its checkpoint; a
    finished one is loaded. None keeps no checkpoints.
    """
    spec = RunSpec(config, seed, folder)
    return _train_dense(spec, progress, None if folder is None else spec.first_checkpoints)


@as_interrupts()
def first_phase(spec: RunSpec, progress: Progress = None) -> DensePhase:
    """Train the first phase of a run, with checkpoints in the run's folder."""
    return _train_dense(spec, progress, spec.first_checkpoints)


def _train_dense(spec, progress, checkpoints):
    config, seed = spec.config, spec.seed
    data, epochs = datasets.load(config.data, seed), config.dense_epochs
    with trained(config, data, seed, epochs, progress, checkpoints) as (network, phase):
        return DensePhase(
            digest=config.dense_digest,
            seed=seed,
            phase=phase,
            train=evaluate(network.model, data.x_train, data.y_train),
            val=evaluate(network.model, data.x_val, data.y_val),
            weights=tuple(network.model.get_weights()),
            optimizer=network.optimizer_state() if config.dense_epochs else None,
        )


@contextmanager
def trained(config, data, seed, epochs, progress=None, checkpoints=None):
    """`with` (network, phase): a network from the pool, trained densely for `epochs` on `data`.

    config: gives the layers, batch size and learning rate. The other arguments are those of
    `train`.
    """
    n_features = data.x_train.shape[1]
    with borrowed(n_features, config.hidden) as network:
        weights = initial_weights(n_features, config.hidden, seed)
        network.begin(weights, learning_rate=config.learning_rate)
        phase = NO_EPOCHS
        if epochs:
            phase = network.train(
                data,
                epochs=epochs,
                batch_size=config.batch_size,
                seed=seed,
                progress=progress,
                checkpoints=checkpoints,
            )
        yield network, phase


def _check_dense(dense):
    if not isinstance(dense, DensePhase):
        raise TypeError(f"dense={shown(dense)}: write what train_dense returned, or None")


@as_interrupts()
def run(
    config: ExperimentConfig | str,
    seed: int,
    folder: str | PathLike[str] | None = None,
    *,
    dense: DensePhase | None = None,
    keep_weights: bool = False,
    progress: Progress = None,
) -> RunResult:
    """Run `config` with `seed` and return its `RunResult`; a run already in `folder` is loaded.

    config: an ExperimentConfig, or the name of one of `experiments.named_configs.CONFIGS`.
    folder: where results are stored, see `course.default_folder`. dense: the first phase, if
    `train_dense` has already trained it; the result is the same, bit for bit. keep_weights: store
    the final weights as `.npz` too. progress: see `train`; it is called for both phases.
    Each epoch writes a checkpoint to `folder`/checkpoints. If a run was interrupted or killed,
    calling this again continues it, with the same result bit for bit (on one machine, with one
    number of threads). Once the run is stored, its checkpoints are removed.
    """
    spec = RunSpec(config, seed, folder)
    if dense is not None:
        _check_dense(dense)
    if spec.exists():
        digest = datasets.digest_of(spec.config.data, spec.seed)
        result = runs.result_of(spec, data_digest=digest)
        spec.second_checkpoints.remove()  # left by a kill after storing
        return result
    data = datasets.load(spec.config.data, spec.seed)
    runs.prepare(spec.folder)
    runs.refuse_foreign(spec, weights=keep_weights)
    spec.second_checkpoints.refuse_foreign()
    ours = dense is None
    if dense is None:
        dense = first_phase(spec, progress)
    elif (dense.digest, dense.seed) != (spec.config.dense_digest, spec.seed):
        raise ValueError(
            f"dense is the first phase of other settings or of seed {dense.seed}: "
            f"train it with train_dense(config, {spec.seed})"
        )
    result, weights = _go_on(spec, data, dense, progress)
    runs.save(result, spec.folder, weights if keep_weights else None)
    spec.second_checkpoints.remove()
    if ours:
        spec.first_checkpoints.remove()
    return result


@as_interrupts()
def second_phase(spec: RunSpec, dense: DensePhase, progress: Progress = None) -> RunResult:
    """Train a run from the end of its first phase, `dense`; the caller stores the `RunResult`.

    Checkpoints are written as `run` does. The caller removes them once the result is stored, so a
    lost result does not have to be trained again.
    """
    result, _ = _go_on(spec, datasets.load(spec.config.data, spec.seed), dense, progress)
    return result


def _go_on(spec, data, dense, progress):
    """(the `RunResult` of a run trained on from `dense`, its weights by name)."""
    config, seed = spec.config, spec.seed
    pruned = config.schedule is not None
    shape = {
        "pruned": pruned,
        "l2": config.l2,
        "block_size": config.block_size,
        "layers": config.pruned_layers,
        "neurons": config.pattern == "neurons",
    }
    with borrowed(config.n_features, config.hidden, **shape) as network:
        network.begin(
            dense.weights,
            optimizer=None if config.fresh_optimizer else dense.optimizer,
            learning_rate=config.more_learning_rate or config.learning_rate,
            schedule=config.schedule,
            total_steps=config.steps_per_epoch * config.more_epochs,
        )
        model, phase = network.model, NO_EPOCHS
        if config.shake:
            network.shake(config.shake, config.criterion, seed)
        elif config.criterion == "random":
            network.mask_at_random(config.schedule.target_sparsity, seed)
        elif config.pattern == "2:4":
            network.mask_groups()
        if config.more_epochs:
            phase = network.train(
                data,
                epochs=config.more_epochs,
                batch_size=config.batch_size,
                seed=seed,
                first_epoch=config.dense_epochs,
                progress=progress,
                patience=config.patience,
                restarts={} if config.restart is None else {config.restart: network.restart},
                checkpoints=spec.second_checkpoints,
            )
        if config.cut:
            _cut(model, config.cut)
        result = RunResult(
            config=config,
            seed=seed,
            data_digest=data.digest,
            dense=dense.phase,
            second=phase,
            dense_train=dense.train,
            dense_val=dense.val,
            train=evaluate(model, data.x_train, data.y_train),
            val=evaluate(model, data.x_val, data.y_val),
            test=evaluate(model, *data.open_test()),
            zeros=zeros(model),
            inputs=input_selection(kernels(model)["hidden_1"], data.coef),
            provenance=provenance(THREADS),
        )
        return result, _weights(model)


def _weights(model):
    """Kernels by layer name, as `runs.save` stores them; biases are named `<name>_bias`."""
    layers = [getattr(layer, "layer", layer) for layer in model.layers]
    biases = {f"{la.name}_bias": la.bias.numpy() for la in layers if hasattr(la, "bias")}
    return kernels(model) | biases


def _cut(model, sparsity):
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            kernel = layer.kernel.numpy()
            layer.kernel.assign(kernel * magnitude_mask(kernel, sparsity))
