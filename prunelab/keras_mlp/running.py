"""Run a whole experiment: dense phase, second phase, scores; stored where it can be found again."""

from dataclasses import dataclass

from prunelab import data as datasets
from prunelab import runs
from prunelab.experiment import Phase, RunResult, Score, named
from prunelab.keras_mlp._door import THREADS, tf_keras
from prunelab.keras_mlp.models import build, evaluate, kernels, prune, strip, zeros
from prunelab.keras_mlp.training import compile, train
from prunelab.provenance import provenance
from prunelab.validate import shown, whole


@dataclass(frozen=True, eq=False)
class DensePhase:
    """The first phase, done: all that arms sharing it need to go on from there.

    digest, seed: which settings (`config.dense_digest`) it belongs to. weights, optimizer: arrays,
    in Keras' order.
    """

    digest: str
    seed: int
    phase: Phase
    train: Score
    val: Score
    weights: tuple
    optimizer: tuple


def train_dense(config, seed, *, progress=None):
    """Train the first phase of `config` and return it as a `DensePhase`, for `run(dense=…)`.

    config: an ExperimentConfig, or the name of one of `experiment.CONFIGS`.
    """
    config = named(config)
    data = datasets.load(config.data, seed)
    model = build(data.x_train.shape[1], config.hidden, seed=seed)
    phase = train(
        model,
        data,
        epochs=config.dense_epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        seed=seed,
        progress=progress,
    )
    return DensePhase(
        digest=config.dense_digest,
        seed=seed,
        phase=phase,
        train=evaluate(model, data.x_train, data.y_train),
        val=evaluate(model, data.x_val, data.y_val),
        weights=tuple(model.get_weights()),
        optimizer=tuple(variable.numpy() for variable in model.optimizer.variables),
    )


def _check_dense(dense):
    if not isinstance(dense, DensePhase):
        raise TypeError(f"dense={shown(dense)}: write what train_dense returned, or None")


def restore(config, dense):
    """The dense network as it was after its first phase, compiled, with its optimizer's state."""
    config = named(config)
    _check_dense(dense)
    model = build(config.n_features, config.hidden, seed=dense.seed)
    model.set_weights(dense.weights)
    compile(model, config.learning_rate)
    model.optimizer.build(model.trainable_variables)
    for variable, value in zip(model.optimizer.variables, dense.optimizer, strict=True):
        variable.assign(value)
    return model


def run(config, seed, folder=None, *, dense=None, keep_weights=False, progress=None):
    """Run `config` with `seed` and return its `RunResult`; a run already in `folder` is loaded.

    config: an ExperimentConfig, or the name of one of `experiment.CONFIGS`.
    folder: where results live, see `runs.default_folder`. dense: the first phase, where
    `train_dense` has already trained it; the result is the same, bit for bit. keep_weights: store
    the final weights as `.npz` too. progress: see `train`; it is called for both phases.
    The masks of an interrupted run are lost with it: nothing is stored until the run has ended.
    """
    config, seed = named(config), whole("seed", seed, at_most=2**32 - 1)
    if dense is not None:
        _check_dense(dense)
    data = datasets.load(config.data, seed)
    if runs.exists(config, seed, folder):
        return runs.load(config, seed, folder, data_digest=data.digest)
    runs.prepare(folder)
    if dense is None:
        dense = train_dense(config, seed, progress=progress)
    elif (dense.digest, dense.seed) != (config.dense_digest, seed):
        raise ValueError(
            f"dense is the first phase of other settings or of seed {dense.seed}: "
            f"train it with train_dense(config, {seed})"
        )
    model = restore(config, dense)
    if config.schedule is not None:
        model = prune(model, config.schedule)
    second = train(
        model,
        data,
        epochs=config.more_epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        seed=seed,
        first_epoch=config.dense_epochs,
        fresh_optimizer=config.fresh_optimizer,
        progress=progress,
    )
    if config.schedule is not None:
        model = strip(model)
    result = RunResult(
        config=config,
        seed=seed,
        data_digest=data.digest,
        dense=dense.phase,
        second=second,
        dense_train=dense.train,
        dense_val=dense.val,
        train=evaluate(model, data.x_train, data.y_train),
        val=evaluate(model, data.x_val, data.y_val),
        zeros=zeros(model),
        provenance=provenance(THREADS),
    )
    runs.save(result, folder, kernels(model) if keep_weights else None)
    tf_keras.backend.clear_session()  # tfmot leaves some MB a run behind otherwise
    return result
