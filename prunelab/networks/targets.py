"""Rows that a model and its loss accept; others train on nonsense or raise long errors."""

import numpy as np

from prunelab.live.training import check_input, check_output
from prunelab.networks.backend import tf_keras
from prunelab.networks.prunable import is_kerass

_losses = tf_keras.losses
_FROM_0_TO_1 = (
    _losses.binary_crossentropy,
    _losses.binary_focal_crossentropy,
    _losses.categorical_crossentropy,
    _losses.categorical_focal_crossentropy,
    _losses.categorical_hinge,
    _losses.kl_divergence,
)
_FROM_0 = (_losses.poisson, _losses.mean_squared_logarithmic_error)
_SIGNS = (_losses.hinge, _losses.squared_hinge)


def takes_class_numbers(loss):
    """Whether a loss takes class numbers instead of an array of the output's shape.

    For Keras' losses this is known; for a loss of the reader's own, "sparse" in its name decides.
    """
    function = _function(loss)
    if is_kerass(function):
        return function is _losses.sparse_categorical_crossentropy
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    return "sparse" in str(name).lower()


def check_shape(name, y, loss, outputs):
    """Refuse targets of another shape than the outputs, see `check_output`, but class numbers."""
    if not takes_class_numbers(loss):
        own = callable(loss) and not is_kerass(_function(loss))
        check_output(name, y, outputs, own_loss=own)


def check_single(model, x, y, x_name="x", y_name="y"):
    """Check arrays for a compiled model of one input and one output, whose loss is known.

    Other models and kinds of data are left to Keras, which has sentences of its own for them.
    """
    inputs, outputs = (getattr(model, name, None) or () for name in ("inputs", "outputs"))
    lists = any(isinstance(each, list | tuple | dict) for each in (x, y))
    if lists or len(inputs) != 1 or len(outputs) != 1:
        return
    x, y, loss = np.asarray(x), np.asarray(y), of_one_output(model.loss)
    if len(x) != len(y):
        return
    if y.dtype.kind not in "biuf":
        raise TypeError(f"{y_name} has dtype {y.dtype}: it must be an array of real numbers")
    check_input(x_name, x, inputs[0].shape[1:])
    checked = [(x_name, x)]
    if is_kerass(_function(loss)):  # a loss of the reader's own may leave NaN out
        checked.append((y_name, y))
    for name, array in checked:
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} holds NaN or infinity: clean it first")
    given = tuple(outputs[0].shape[1:])
    if loss is not None:
        check_shape(y_name, y, loss, given)
        y = y[:, None] if y.ndim == 1 else y
        check_targets(y_name, y, loss, given[-1] if given else None)


def check_targets(name, y, loss, n_classes):
    """Refuse targets outside the range of `loss`; a loss of the reader's own accepts any.

    name: of the argument. y: an array of numbers. loss: as given to `compile`, for one output.
    n_classes: the last axis of the model's output, or None.
    """
    function = _function(loss)
    if function in (_losses.categorical_crossentropy, _losses.categorical_focal_crossentropy):
        _check_one_hot(name, y, function, n_classes)
    if function is _losses.sparse_categorical_crossentropy:
        ignored = getattr(loss, "_fn_kwargs", {}).get("ignore_class")
        _check_classes(name, y if ignored is None else y[y != ignored], n_classes)
    elif function in _FROM_0_TO_1:
        _check_within(name, y, 0, 1, function, "from 0 to 1")
    elif function in _FROM_0:
        _check_within(name, y, 0, np.inf, function, "of 0 or more")
    elif function in _SIGNS and not (np.isin(y, (0, 1)).all() or np.isin(y, (-1, 1)).all()):
        outside = y[~np.isin(y, (-1, 0, 1))]
        wrong = outside.flat[0] if outside.size else 0
        raise ValueError(
            f"{name} holds {wrong:g}, and {function.__name__} takes −1 and 1, or 0 and 1: write "
            "the classes so, or compile with another loss"
        )


def _check_one_hot(name, y, function, n_classes):
    if n_classes == 1:
        raise ValueError(
            f"{function.__name__} compares classes, and the model has one output unit, whose loss "
            "is then always 0: give it a unit for each class, or compile with binary_crossentropy"
        )
    empty = np.flatnonzero(~y.reshape(-1, y.shape[-1]).any(axis=1))
    if empty.size:
        raise ValueError(
            f"{name} has only zeros in row {empty[0]}, and {function.__name__} learns nothing "
            "from it: write a 1 for the class of each row"
        )


def _check_classes(name, y, n_classes):
    broken = y[y != np.floor(y)]
    if broken.size:
        raise ValueError(
            f"{name} holds {broken.flat[0]:g}, and the model's loss takes class numbers: write 0 "
            "for the first class, 1 for the next, or compile with another loss"
        )
    outside = y[(y < 0) | (y >= (n_classes or np.inf))]
    if outside.size:
        raise ValueError(
            f"{name} holds class {outside.flat[0]:g}, and the model has {n_classes or 'its'} "
            f"classes{f', 0 to {n_classes - 1}' if n_classes else ' from 0 on'}: number the "
            "classes from 0, or give the model's last layer more units"
        )


def _check_within(name, y, low, high, function, words):
    outside = y[(y < low) | (y > high)]
    if outside.size:
        raise ValueError(
            f"{name} holds {outside.flat[0]:g}, and {function.__name__} takes targets {words}: "
            "scale them, or compile with another loss, such as mse"
        )


def loss_name(loss):
    """The name of a loss for an axis: "MSE", "sparse categorical crossentropy"; "" for several."""
    if isinstance(loss, dict | list | tuple):
        return ""
    function = _function(loss)
    if function is _losses.mean_squared_error:
        return "MSE"
    if isinstance(loss, _losses.Loss) and not is_kerass(function):
        function = loss
    name = loss if isinstance(loss, str) else getattr(function, "name", None)
    return str(name or getattr(function, "__name__", "")).replace("_", " ")


def of_one_output(given):
    """The single entry of a list or dict given to `compile`; tfmot renames the output."""
    values = given.values() if isinstance(given, dict) else given
    return next(iter(values), None) if isinstance(given, dict | list | tuple) else given


def of_each_output(given, names):
    """The losses given to `compile`, one for each output of these names; None for no loss."""
    if len(names) == 1:
        return (of_one_output(given),)
    if isinstance(given, dict):
        return tuple(given.get(name) for name in names)
    return tuple(given) if isinstance(given, tuple | list) else (given,) * len(names)


def _function(loss):
    """The function that a loss computes; None for an unknown name."""
    try:
        loss = _losses.get(loss) if isinstance(loss, str) else loss
    except ValueError:
        return None
    return getattr(loss, "fn", loss)
