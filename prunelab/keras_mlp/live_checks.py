"""What a live training function refuses, in one sentence, before any work: models, layers, data."""

import math
from collections import Counter

import numpy as np

from prunelab.keras_mlp._door import PruneLowMagnitude, tf_keras
from prunelab.keras_mlp.models import check_model
from prunelab.validate import shown


def check_live_model(model):
    """Refuse what cannot be copied, compiled alike and pruned."""
    check_model(model)
    if not getattr(model, "_is_compiled", False) or getattr(model, "optimizer", None) is None:
        raise ValueError(
            "model is not compiled, so its loss and optimizer are unknown: "
            "call model.compile(optimizer, loss) first"
        )
    if not (isinstance(model, tf_keras.Sequential) or getattr(model, "_is_graph_network", False)):
        raise TypeError(
            f"model is a subclassed {type(model).__name__}: tfmot prunes Sequential and functional "
            "models only"
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            f"model has {len(model.inputs)} inputs and {len(model.outputs)} outputs: "
            "a live run takes a model with one of each"
        )
    wrapped = [layer.name for layer in model.layers if isinstance(layer, PruneLowMagnitude)]
    if wrapped:
        raise ValueError(
            f"model is pruned already ({shown(', '.join(wrapped))}): strip it first, "
            "or hand over the dense model"
        )


def prunable_layers(model):
    """Shapes of the kernels that can be pruned, by layer name: trainable, and known to tfmot.

    A layer that the model calls twice is left out: tfmot would count each call as a step, and be
    through with its schedule halfway.
    model: a copy, since tfmot leaves marks on a layer it is asked about.
    """
    calls = Counter(node.layer.name for nodes in model._nodes_by_depth.values() for node in nodes)
    found = {
        layer.name: tuple(layer.kernel.shape)
        for layer in model.layers
        if hasattr(layer, "kernel")
        and layer.trainable
        and calls[layer.name] == 1
        and _is_supported(layer)
    }
    if not found:
        raise ValueError(
            "model has no layer that can be pruned: tfmot takes layers with a kernel, such as "
            "Dense and Conv2D; frozen (trainable=False) and shared ones are left alone"
        )
    return found


def _is_supported(layer):
    try:
        PruneLowMagnitude(layer)
    except ValueError:
        return False
    return True


def chosen_layers(settings, shapes, all_names):
    """The names of the layers that a run prunes, in the order of the network.

    settings: the TrainingSettings. shapes: what can be pruned, see `prunable_layers`. all_names: of
    every layer of the model, to tell a wrong name from a layer that cannot be pruned.
    """
    block = settings.block_size
    fitting = [name for name, shape in shapes.items() if fits(shape, block)]
    for name in settings.layers:
        if name in shapes:
            if name not in fitting:
                raise ValueError(
                    f"block_size={block}: it does not divide the kernel {shapes[name]} of "
                    f"{shown(name)}, of which both sides must be larger than 1; choose another "
                    "block or leave that layer out"
                )
            continue
        why = "cannot be pruned (no kernel tfmot knows, frozen, or shared)"
        why = why if name in all_names else "is not in the model"
        raise ValueError(f"layers: {shown(name)} {why}; choose of {_listed(shapes)}")
    if not fitting:
        kernels = _listed(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"block_size={block}: it divides no kernel of this model ({kernels})")
    return tuple(name for name in fitting if not settings.layers or name in settings.layers)


def fits(shape, block):
    """Whether a kernel of `shape` can be cut in blocks; tfmot stops at a single row or column."""
    if block == (1, 1):
        return True
    return len(shape) == 2 and all(
        side > 1 and side % span == 0 for side, span in zip(shape, block, strict=True)
    )


def check_run(settings, n_rows):
    """Refuse what only the settings and the number of training rows together show."""
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
    """x, y, x_val, y_val in the types the model trains in, or one sentence why not."""
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
    if not _is_sparse(loss) and None not in outputs and y.shape[1:] != outputs:
        # Keras would repeat the one over the other, and train on nonsense.
        own = callable(loss) and not type(loss).__module__.startswith(("keras", "tf_keras"))
        remedy = '; a loss that takes class numbers must say "sparse" in its name' if own else ""
        raise ValueError(
            f"{y_name} has shape {y.shape}: this model gives {outputs} for a row, and its loss "
            f"compares the two number by number{remedy}"
        )
    kind = model.inputs[0].dtype.as_numpy_dtype
    return _cast(x_name, x, kind), _cast(y_name, y, np.float32)


def _cast(name, array, kind):
    with np.errstate(over="ignore"):
        array = array.astype(kind)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a number beyond {np.dtype(kind)}: scale it first")
    return array


def _numbers(name, array):
    try:
        array = np.asarray(array)
    except ValueError:
        array = np.asarray(None)  # ragged lists
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {array.dtype}: it must be an array of real numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinity: clean it before training")
    return array


def _is_sparse(loss):
    """Whether a loss takes class numbers in place of an array of the output's shape."""
    name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    return "sparse" in str(name).lower()


def _listed(names):
    names = list(names)
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more


def sizes_of(shapes):
    """The number of weights of each kernel, from `prunable_layers`."""
    return {name: math.prod(shape) for name, shape in shapes.items()}
