"""Check models, layers and data before a live training; each error is one sentence."""

import numpy as np

from prunelab.base.checks import refuse_hidden, shown
from prunelab.base.text import dense_words
from prunelab.networks.carried import check_prunable, check_wrapped
from prunelab.networks.models import NAMED_OUTPUT, check_model
from prunelab.networks.prunable import dense_of, is_kerass, kernels_of
from prunelab.networks.targets import check_targets, takes_class_numbers


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
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            f"model has {len(model.inputs)} inputs and {len(model.outputs)} outputs: "
            "a live run takes a model with one of each"
        )
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


def check_run(settings, n_rows):
    """Refuse settings that do not fit the number of training rows."""
    if settings.batch_size > n_rows:
        raise ValueError(
            f"batch_size={settings.batch_size}: batch_size must not exceed the {n_rows} training "
            "rows"
        )
    schedule = settings.schedule
    if "begin_equals_end" in [finding.code for finding in settings.preflight(n_rows).findings]:
        raise ValueError(
            f"schedule begins and ends at step {schedule.begin_step}: the ramp has no length; "
            "raise end_step, or use ConstantSparsity for a single cut"
        )


def four_arrays(model, loss, data):
    """x, y, x_val, y_val in the types the model trains in, or an error in one sentence."""
    if not isinstance(data, tuple | list) or len(data) != 4:
        raise TypeError(f"data={shown(type(data))}: write (x, y, x_val, y_val)")
    x, y = _pair(model, loss, *data[:2], "")
    x_val, y_val = _pair(model, loss, *data[2:], "_val")
    if y.shape[1:] != y_val.shape[1:]:
        raise ValueError(f"y has shape {y.shape}, y_val {y_val.shape}: all but the rows must agree")
    return x, y, x_val, y_val


def _pair(model, loss, x, y, which):
    x_name, y_name = f"x{which}", f"y{which}"
    x, y = _numbers(x_name, x), _numbers(y_name, y)
    wanted = model.inputs[0].shape[1:]
    if x.ndim != len(wanted) + 1 or not wanted.is_compatible_with(x.shape[1:]) or not len(x):
        sides = ", ".join("any" if side is None else str(side) for side in wanted)
        raise ValueError(f"{x_name} has shape {x.shape}: this model wants [rows, {sides}]")
    if not y.ndim or len(y) != len(x):
        raise ValueError(f"{y_name} has shape {y.shape}: {len(x)} rows of {x_name} need as many")
    outputs = tuple(model.outputs[0].shape[1:])
    y = y[:, None] if y.ndim == 1 else y
    if not takes_class_numbers(loss) and None not in outputs and y.shape[1:] != outputs:
        # Keras would broadcast one against the other and train on meaningless targets.
        own = callable(loss) and not is_kerass(type(loss))
        remedy = '; a loss that takes class numbers must say "sparse" in its name' if own else ""
        raise ValueError(
            f"{y_name} has shape {y.shape}: this model gives {outputs} for a row, and its loss "
            f"compares the two number by number{remedy}"
        )
    check_targets(y_name, y, loss, outputs[-1] if outputs else None)
    kind = model.inputs[0].dtype.as_numpy_dtype
    return _cast(x_name, x, kind), _cast(y_name, y, np.float32)


def _cast(name, array, kind):
    with np.errstate(over="ignore"):
        array = array.astype(kind)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a number beyond {np.dtype(kind)}: scale it first")
    return array


def _numbers(name, array):
    refuse_hidden(name, array)
    try:
        array = np.asarray(array)
    except ValueError:
        array = np.asarray(None)  # ragged lists
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {array.dtype}: it must be an array of real numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinity: clean it before training")
    return array


def _listed(names):
    names = list(names)
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more
