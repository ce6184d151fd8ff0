"""Check models, layers and data before a live training; each error is one sentence."""

import numpy as np

from prunelab.base.checks import shown
from prunelab.base.text import dense_words
from prunelab.live.training import (
    check_input,
    check_rows,
    check_scope,
    named_parts,
    numbers,
)
from prunelab.networks.carried import check_prunable, check_wrapped
from prunelab.networks.models import NAMED_OUTPUT, check_model
from prunelab.networks.prunable import dense_of, kernels_of
from prunelab.networks.targets import check_shape, check_targets


def check_live_model(model):
    """Refuse a model that cannot be copied, compiled in the same way and pruned."""
    check_model(model)
    if not getattr(model, "_is_compiled", False) or getattr(model, "optimizer", None) is None:
        raise ValueError(
            "model is not compiled, so its loss and optimizer are unknown: "
            "call model.compile(optimizer, loss) first"
        )
    check_prunable(model)
    if isinstance(model.output, dict):
        raise ValueError(NAMED_OUTPUT)
    check_wrapped(model, prunable_layers(kernels_of(model)))


def prunable_layers(kernels):
    """{layer: (shape, …)} of those of `kernels` that tfmot prunes; ValueError if there are none."""
    found = {}
    for kernel in kernels:
        if not kernel.dense_because:
            found.setdefault(kernel.layer, []).append(tuple(kernel.weight.shape))
    if not found:
        why = dense_words(dense_of(kernels))
        raise ValueError(f"model has no layer that can be pruned{': ' * bool(why)}{why}")
    return {layer: tuple(shapes) for layer, shapes in found.items()}


def chosen_layers(settings, shapes, dense):
    """The names of the layers that a run prunes, in the order of the network.

    settings: the TrainingSettings. shapes: the prunable kernels, see `prunable_layers`. dense:
    {layer: why it stays dense} of all other layers.
    """
    block = settings.block_size
    check_scope(settings)
    fitting = [name for name, each in shapes.items() if fits_all(each, block)]
    for name in settings.layers:
        if name in shapes:
            if name not in fitting:
                raise ValueError(
                    f"block_size={block}: it does not divide the kernel of {shown(name)}, which "
                    f"{no_grid(shapes[name], block)}; choose another block or leave that layer out"
                )
            continue
        why = "is not in the model"
        if name in dense:
            why = (
                f"cannot be pruned since it {dense[name]}; layers that tfmot does not know, "
                "frozen or shared ones are left alone"
            )
        raise ValueError(f"layers: {shown(name)} {why}; choose of {_listed(shapes)}")
    if not fitting:
        kernels = _listed(f"{name} {shape}" for name, each in shapes.items() for shape in each)
        raise ValueError(
            f"block_size={block}: it divides no kernel of this model ({kernels}) into at least "
            "2 × 2 blocks, as tfmot needs them; choose a smaller block"
        )
    return tuple(name for name in fitting if not settings.layers or name in settings.layers)


def fits_all(shapes, block):
    """Whether every kernel of a layer can be divided into blocks of this size."""
    return all(fits(shape, block) for shape in shapes)


def fits(shape, block):
    """Whether a kernel of `shape` can be divided into blocks; tfmot fails on one row or column."""
    if tuple(block) == (1, 1):
        return True
    return len(shape) == 2 and all(
        side // span > 1 and side % span == 0 for side, span in zip(shape, block, strict=True)
    )


def no_grid(shapes, block):
    """Why kernels of these shapes are not divided into blocks, to follow the layer's name."""
    shape = next(shape for shape in shapes if not fits(shape, block))
    return (
        f"has a kernel {shape}, and a block of {block[0]} × {block[1]} does not divide it into at "
        "least 2 × 2 blocks, as tfmot needs them"
    )


def four_parts(model, losses, data):
    """x, y, x_val, y_val in the types the model trains in, or an error in one sentence.

    losses: one for each output. Each part is an array, or a list of arrays in the model's order if
    it has several inputs or outputs.
    """
    if not isinstance(data, tuple | list) or len(data) != 4:
        raise TypeError(f"data={shown(type(data))}: write (x, y, x_val, y_val)")
    x, y = _pair(model, losses, *data[:2], "")
    x_val, y_val = _pair(model, losses, *data[2:], "_val")
    for (name, array), (name_val, array_val) in zip(y, y_val, strict=True):
        if array.shape[1:] != array_val.shape[1:]:
            raise ValueError(
                f"{name} has shape {array.shape}, {name_val} {array_val.shape}: all but the rows "
                "must agree"
            )
    return tuple(_alone_or_listed(part) for part in (x, y, x_val, y_val))


def _alone_or_listed(named):
    return named[0][1] if len(named) == 1 else [array for _, array in named]


def _pair(model, losses, x, y, which):
    """[(name, array), …] of the inputs and of the outputs, checked against each other."""
    inputs = named_parts(f"x{which}", x, model.input_names, "input")
    outputs = named_parts(f"y{which}", y, model.output_names, "output")
    xs = [_input(*named, tensor) for named, tensor in zip(inputs, model.inputs, strict=True)]
    for name, array in xs[1:]:
        check_rows(name, array, *xs[0])
    ys = [
        _target(*named, tensor, loss, xs[0])
        for named, tensor, loss in zip(outputs, model.outputs, losses, strict=True)
    ]
    return xs, ys


def _input(x_name, x, tensor):
    x = numbers(x_name, x)
    check_input(x_name, x, tensor.shape[1:])
    return x_name, _cast(x_name, x, tensor.dtype.as_numpy_dtype)


def _target(y_name, y, tensor, loss, first):
    y = numbers(y_name, y)
    check_rows(y_name, y, *first)
    outputs = tuple(tensor.shape[1:])
    check_shape(y_name, y, loss, outputs)
    y = y[:, None] if y.ndim == 1 else y
    check_targets(y_name, y, loss, outputs[-1] if outputs else None)
    return y_name, _cast(y_name, y, np.float32)


def _cast(name, array, kind):
    with np.errstate(over="ignore"):
        array = array.astype(kind)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a number beyond {np.dtype(kind)}: scale it first")
    return array


def _listed(names):
    names = list(names)
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more
