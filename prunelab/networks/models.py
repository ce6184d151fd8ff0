"""Build, prune, strip and measure the network; impossible input raises an error in one sentence."""

from __future__ import annotations

import re
import warnings
from dataclasses import asdict
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import number, real_array, shown, whole
from prunelab.base.text import dense_words
from prunelab.experiments.config import layer_names
from prunelab.experiments.results import Score
from prunelab.live.training import check_input, rows_words
from prunelab.masks.magnitude import smallest_kept
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.backend import tf_keras, tfmot
from prunelab.networks.carried import check_prunable, check_wrapped, warn_of_zeros
from prunelab.networks.prunable import (
    LeftDenseWarning,
    dense_of,
    is_kerass,
    is_nested,
    kernels_of,
    wrappers,
)
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay, checked_schedule

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import ArrayLike
    from tensorflow_model_optimization.sparsity.keras import PruningSchedule
    from tf_keras import Model, Sequential

NOT_BUILT = (
    "model is not built, so it has no weights yet: begin it with tf_keras.Input((n,)), or call it "
    "on a batch, model(x[:1])"
)
NAMED_OUTPUT = (
    "model gives its one output in a dict, by name: make it again as tf_keras.Model(inputs, output)"
)
# The parts of a layer's configuration that may be functions or classes of the reader's own.
_PARTS = (
    FunctionType,
    tf_keras.initializers.Initializer,
    tf_keras.regularizers.Regularizer,
    tf_keras.constraints.Constraint,
)
# Keras' messages about an unknown name.
_UNKNOWN = re.compile(
    r"object of type `(\w+)`|Unknown [\w ]+'\{.*'config': '(\w+)'|Unknown [\w ]+: '?(\w+)"
)


def build(
    n_features: int, hidden: Sequence[int] = (1024, 1024), *, seed: int, l2: float = 0.0
) -> Sequential:
    """The article's network: Dense – ReLU for each of `hidden`, then Dense(1); not compiled.

    The first kernel is drawn by he_normal, the others by Keras' default, each with its own seed
    derived from `seed`. The layers are called hidden_1, hidden_2, …, output.
    l2: weight of the sum of squared kernel weights in the loss; the article uses none.
    """
    l2 = number("l2", l2, at_least=0)
    n_features = whole("n_features", n_features, at_least=1, at_most=2**16)
    if not isinstance(hidden, tuple | list):
        raise TypeError(
            f"hidden={shown(hidden)}: hidden is the units of each hidden layer, such as (128, 128)"
        )
    widths = [whole("hidden", units, at_least=1, at_most=2**16) for units in hidden] + [1]
    first_seed = whole("seed", seed, at_most=2**32 - 1) * len(widths)
    model = tf_keras.Sequential([tf_keras.Input((n_features,))])
    for i, (name, units) in enumerate(zip(layer_names(len(hidden)), widths, strict=True)):
        initializer = tf_keras.initializers.GlorotUniform if i else tf_keras.initializers.HeNormal
        kernel = initializer(seed=first_seed + i)
        penalty = tf_keras.regularizers.L2(l2) if l2 else None
        model.add(
            tf_keras.layers.Dense(
                units, kernel_initializer=kernel, kernel_regularizer=penalty, name=name
            )
        )
        if name != "output":
            model.add(tf_keras.layers.ReLU(name=name.replace("hidden", "relu")))
    return model


def to_tfmot(schedule: PolynomialDecay | ConstantSparsity | PruningSchedule) -> PruningSchedule:
    """tfmot's schedule object for a prunelab schedule; one of tfmot's is returned as it is."""
    if isinstance(schedule, PolynomialDecay | ConstantSparsity):
        schedule = checked_schedule("schedule", schedule)  # refuses a subclass's formula
        return getattr(tfmot.sparsity.keras, type(schedule).__name__)(**asdict(schedule))
    if isinstance(schedule, tfmot.sparsity.keras.PruningSchedule):
        return schedule
    if isinstance(schedule, type):
        raise TypeError(f"schedule: {schedule.__name__} is a class: write {schedule.__name__}(…)")
    raise TypeError(
        f"schedule is a {type(schedule).__name__}: write a PolynomialDecay or ConstantSparsity"
    )


def prune(
    model: Model,
    schedule: PolynomialDecay | ConstantSparsity | PruningSchedule,
    *,
    layers: str | Collection[str] | None = None,
) -> Model:
    """A pruning copy of `model`, with its own variables; `model` stays as it is.

    tfmot's `prune_low_magnitude` shares its variables with the model it is given, so the dense
    "before" would change while the pruned "after" trains. Here tfmot gets a clone. layers: names of
    the layers to prune ("base/dense" for a layer of a nested model), or None for every layer that
    tfmot prunes. If some kernels cannot be pruned, a LeftDenseWarning names them and says why. The
    copy is not compiled; train it with `train`, which adds tfmot's callback.
    """
    check_model(model)
    tfmot_schedule = to_tfmot(schedule)
    _check_steps(tfmot_schedule)
    _refuse_ramp_without_length(tfmot_schedule)
    kernels, wanted = checked_for_pruning(model, layers)
    dense = dense_words(dense_of(kernels))
    if layers is None and dense:
        warnings.warn(dense, LeftDenseWarning, stacklevel=2)
    warn_of_zeros([k for k in kernels if k.layer in wanted], tfmot_schedule, stacklevel=3)
    copy = clone(model)
    copy.set_weights(model.get_weights())
    return wrap(copy, tfmot_schedule, wanted)


def checked_for_pruning(model, layers=None):
    """(every kernel, the layers to prune) of a model; an error in one sentence if tfmot cannot."""
    check_prunable(model)
    kernels = kernels_of(model)
    wanted = _layers_to_prune(kernels, layers)
    check_wrapped(model, wanted)
    return kernels, wanted


def clone(model):
    """A new model of the same layers with the same names; not compiled, with new weights.

    Keras' `clone_model` renames a layer whose configuration has no name, copies a layer shared by
    two models twice, and finds the reader's own activations and regularizers by name only. Raises
    ValueError, in one sentence, for a layer that cannot be made again.
    """
    made = {}

    def same(layer):
        if id(layer) in made:
            return made[id(layer)]
        if is_nested(layer):
            copy = tf_keras.models.clone_model(layer, clone_function=same)
        else:
            copy = copied(layer)
        return made.setdefault(id(layer), copy)

    return tf_keras.models.clone_model(model, clone_function=same)


def copied(layer):
    """A new layer with the same configuration and name; ValueError if it cannot be made again."""
    try:
        with tf_keras.saving.custom_object_scope(own_objects(layer)):
            copy = type(layer).from_config(layer.get_config())
    except Exception as error:  # a layer of the reader's own may raise anything
        raise ValueError(_no_copy(layer, error)) from error
    copy._name = layer.name
    return copy


def own_objects(layer):
    """{name: object} of a layer's functions and classes that do not come with Keras.

    Objects that share a name are left out, because Keras finds them by name.
    """
    found = {}
    for each in layer._flatten_layers():
        parts = [part for part in vars(each).values() if isinstance(part, _PARTS)]
        kinds = [part if isinstance(part, FunctionType) else type(part) for part in parts]
        for kind in (*kinds, *([] if each is layer else [type(each)])):
            found.setdefault(kind.__name__, set()).add(kind)
    alone = {name: kinds.pop() for name, kinds in found.items() if len(kinds) == 1}
    return {name: kind for name, kind in alone.items() if not is_kerass(kind)}


def _no_copy(layer, error):
    said = str(error).strip().rpartition("Exception encountered: ")[2]
    if said.startswith("Improper config format"):  # Keras' error for a lambda
        return f"{shown(layer.name)} cannot be copied, since it holds a lambda: write it as a def"
    unknown = _UNKNOWN.search(said)
    if unknown:
        return (
            f"{shown(layer.name)} cannot be copied, since Keras does not know its "
            f"{unknown[unknown.lastindex]}: "
            "decorate it with @tf_keras.saving.register_keras_serializable()"
        )
    first = said.partition("\n")[0]
    return (
        f"{shown(layer.name)} cannot be copied ({type(error).__name__}: {first[:120]}): it and "
        "what it holds must have a get_config that their own __init__ takes"
    )


def wrap(model, tfmot_schedule, layers, block_size=(1, 1), *, prefix=""):
    """`model` in pruning wrappers, sharing its variables; nothing is checked.

    tfmot_schedule: one schedule for all layers, or a dict {layer name: schedule}. layers: names,
    see `prune`. block_size: (inputs, units) pruned together, ranked by the mean of their
    magnitudes. prefix: put before the layers' names in a nested model.
    """

    def wrapped(layer):
        path = prefix + layer.name
        if is_nested(layer) and any(name.startswith(f"{path}/") for name in layers):
            return wrap(layer, tfmot_schedule, layers, block_size, prefix=f"{path}/")
        if path not in layers:
            return layer
        one = tfmot_schedule[path] if isinstance(tfmot_schedule, dict) else tfmot_schedule
        wrapper = tfmot.sparsity.keras.prune_low_magnitude(
            layer, pruning_schedule=one, block_size=tuple(block_size)
        )
        # tfmot's wrapper drops the masks of padded sequences, or passes them to layers that do not
        # take any.
        wrapper._call_spec.expects_mask_arg = layer._call_spec.expects_mask_arg
        if layer.supports_masking:
            wrapper.supports_masking, wrapper.compute_mask = True, layer.compute_mask
        return wrapper

    made = tf_keras.models.clone_model(model, clone_function=wrapped)
    # Losses and targets are given by output names, which tfmot's wrappers change.
    made.output_names = list(model.output_names)
    return made


def rank_on_host(model, *, together=False):
    """Make a model's pruning wrappers find thresholds by `np.partition`, with tfmot's bits.

    tfmot sorts each kernel, which takes a hundred times as long for a million weights. Not for a
    model that XLA compiles: XLA cannot call Python on the host. together: find one threshold for
    all kernels, which tfmot cannot; the wrappers must then share a schedule, and prune no blocks.
    """
    found = wrappers(model)
    kernels = [kernel for each in found for kernel, _, _ in each.pruning_vars] if together else None
    for wrapper in found:
        pruning = wrapper.pruning_obj
        pruning._update_mask = partial(_mask_by_partition, pruning, kernels)
    return model


def _mask_by_partition(pruning, kernels, weights):
    """(threshold, mask) as tfmot's `Pruning._update_mask` gives them, of weights or blocks.

    kernels: all kernels whose weights are ranked together, or None. The layers are asked one after
    the other, and those before have their new masks on: that leaves the largest weights, and so
    the threshold, as they are.
    """
    sparsity = pruning._pruning_schedule(pruning._step_fn())[1]
    ranked = weights
    if kernels is not None:
        ranked = tf.concat([tf.reshape(kernel, [-1]) for kernel in kernels], 0)
    size = tf.cast(tf.size(ranked), tf.float32)
    kept = tf.cast(tf.maximum(tf.round(size * (1 - sparsity)), 1), tf.int32)
    lowest = tf.numpy_function(smallest_kept, [ranked, kept], weights.dtype, stateful=False)
    lowest = tf.ensure_shape(lowest, ())
    return lowest, tf.cast(tf.abs(weights) >= lowest, weights.dtype)


def _layers_to_prune(kernels, layers):
    prunable = list(dict.fromkeys(k.layer for k in kernels if not k.dense_because))
    if not prunable:
        why = dense_words(dense_of(kernels))
        raise ValueError(f"model has no layer that can be pruned{': ' * bool(why)}{why}")
    if layers is None:
        return prunable
    names = [layers] if isinstance(layers, str) else layers
    if not isinstance(names, tuple | list | set | frozenset):
        raise TypeError(f"layers={shown(layers)}: write a list of names, of {prunable}")
    dense = {k.layer: k.dense_because for k in kernels if k.dense_because}
    for name in names:
        if isinstance(name, str) and name in dense and name not in prunable:
            raise ValueError(f"layers: {shown(name)} {dense[name]}; choose of {prunable}")
    if not names or any(name not in prunable for name in names):
        raise ValueError(f"layers={shown(layers)}: name at least one of {prunable}")
    return names


def _check_steps(schedule):
    """Refuse steps of a tfmot schedule at which `fit` would fail with a long traceback."""
    for name in ("begin_step", "end_step", "frequency"):
        value = getattr(schedule, name, 0)
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(
                f"{name}={shown(value)}: steps are whole numbers; write {round(value)}"
                if isinstance(value, float | np.floating) and np.isfinite(value)
                else f"{name}={shown(value)}: steps are whole numbers"
            )


def _refuse_ramp_without_length(schedule):
    if not isinstance(schedule, tfmot.sparsity.keras.PolynomialDecay):
        return
    if schedule.begin_step == schedule.end_step > 0:
        raise ValueError(
            f"schedule begins and ends at step {schedule.begin_step}: tfmot divides by zero there; "
            "raise end_step, or use ConstantSparsity for a single cut"
        )


def remask(model: Model) -> None:
    """Set masked weights to zero again in a pruning model; other models are left alone.

    The optimizer's step changes masked weights; tfmot's callback masks them again only at the end
    of an epoch.
    """
    _check_layers(model)
    for layer in wrappers(model):
        layer.pruning_obj.weight_mask_op()


def strip(model: Model) -> Model:
    """`model` without its pruning wrappers: the same variables, masked once more, as plain layers.

    tfmot's `strip_pruning` alone returns unmasked weights if training stopped within an epoch.
    """
    check_model(model)
    if not is_nested(model):
        raise TypeError(
            f"model is a subclassed {type(model).__name__}: tfmot strips Sequential and functional "
            "models only"
        )
    if not wrappers(model):
        raise ValueError("model has no pruning wrappers: there is nothing to strip")
    remask(model)
    return tfmot.sparsity.keras.strip_pruning(model)


def kernels(model: Model) -> dict[str, np.ndarray]:
    """The kernels of `model` as arrays, pruned or not, in wrappers or not.

    Keys are layer names, with the kernel's own name if a layer has several
    ("lstm/recurrent_kernel"), and with the path in nested models ("base/dense").
    """
    _check_layers(model)
    if not getattr(model, "built", True):
        raise ValueError(NOT_BUILT)
    return {kernel.name: kernel.weight.numpy() for kernel in kernels_of(model)}


def zeros(model: Model) -> dict[str, int]:
    """The number of exact zeros in each kernel, by layer name."""
    return {name: k.size - int(np.count_nonzero(k)) for name, k in kernels(model).items()}


def sparsities(model: Model) -> dict[str, float]:
    """The fraction of exact zeros in each kernel, by layer name, counted in the weights."""
    return {name: 1 - np.count_nonzero(k) / k.size for name, k in kernels(model).items()}


def evaluate(model: Model, x: ArrayLike, y: ArrayLike) -> Score:
    """Mean squared error and R² of `model` on x [rows, features] and y [rows]: a `Score`.

    R² = 1 − MSE / Var(y). Computed in float64 from the float32 predictions.
    """
    check_model(model)
    x, y = check_arrays(model, x, y)
    variance = float(np.var(y, dtype=np.float64))
    if variance == 0:
        raise ValueError("y is constant: R² compares with its variance, which is 0")
    mse = mean_squared_error(model, x, y)
    return Score(mse, 1 - mse / variance)


def mean_squared_error(model, x, y):
    """The mean squared error on arrays already checked, in float64 from float32 predictions."""
    # The model is called directly: `predict` and `evaluate` set up an iterator, 25 ms a call, and
    # compile a graph for each new model.
    rows = np.array_split(np.asarray(x, dtype=np.float32), -(-len(x) // 1024))
    predicted = np.concatenate([model(part, training=False).numpy()[:, 0] for part in rows])
    return float(np.mean((predicted.astype(np.float64) - y) ** 2))


def check_model(model):
    """Refuse what is not a built legacy Keras model."""
    if not isinstance(model, tf_keras.Model):
        kind = f"{type(model).__module__.split('.')[0]} {type(model).__name__}"
        raise TypeError(
            f"model is a {kind}: tfmot knows only models of tf_keras; "
            "make it with prunelab.networks.build or tf_keras.Sequential"
        )
    if not model.built:
        raise ValueError(NOT_BUILT)


def _check_layers(model):
    """Refuse an object without layers; models of Keras 3 pass, since they have layers too."""
    if isinstance(model, type) or not hasattr(model, "layers"):
        raise TypeError(f"model={shown(model)}: write a Keras model")


def _check_one_of_each(model):
    """Refuse a model with more than one input, or more than one output number per row."""
    inputs, outputs = (getattr(model, name, None) or () for name in ("inputs", "outputs"))
    if isinstance(getattr(model, "output", None), dict):
        raise ValueError(NAMED_OUTPUT)
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(
            f"model has {len(inputs)} inputs and {len(outputs)} outputs that Keras knows: train() "
            "and evaluate() take a Sequential or functional network with one of each"
        )
    wanted, given = inputs[0].shape[1:], outputs[0].shape[1:]
    if len(wanted) != 1:
        raise ValueError(
            f"this model wants {rows_words(wanted)}: train() and evaluate() take rows of numbers "
            "only; use the model's own fit, or live_trainer"
        )
    if tuple(given) != (1,):
        numbers = " × ".join("any" if side is None else str(side) for side in given)
        raise ValueError(
            f"the network gives {numbers} numbers a row, and y has one: train() and evaluate() "
            "take networks with one output unit; use the model's own fit, or live_trainer"
        )


def check_arrays(model, x, y, which=""):
    """x and y as arrays that fit `model`, y as [rows], or an error in one sentence."""
    x_name, y_name = f"x{which}", f"y{which}"
    x, y = real_array(x_name, x), real_array(y_name, y)
    for name, array in ((x_name, x), (y_name, y)):
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{name} has dtype {array.dtype}: it must be an array of real numbers")
    _check_one_of_each(model)
    check_input(x_name, x, model.inputs[0].shape[1:])
    if y.shape not in ((len(x),), (len(x), 1)):
        raise ValueError(f"{y_name} has shape {y.shape}: one target a row is needed, [{len(x)}]")
    for name, array in ((x_name, x), (y_name, y)):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds NaN or infinity: clean it before training")
        if np.abs(array).max() > np.finfo(np.float32).max:
            raise ValueError(f"{name} holds a number beyond float32: scale it first")
    return x, y.reshape(-1)
