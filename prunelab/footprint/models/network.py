"""Any Keras model in the form the footprint uses: its arrays, its inputs, its own predictions."""

from __future__ import annotations

import sys

import numpy as np

from prunelab.base.checks import real_array, shown

DRAWN = 64  # rows drawn if none are given
_NO_KERNELS = ("bias", "gamma", "beta")


class Rows:
    """Rows for a model of one input or several, with the length and slices of a single array.

    arrays: one for each of the model's inputs, in their order, each [rows, …].
    """

    def __init__(self, arrays):
        self.arrays = tuple(np.ascontiguousarray(array) for array in arrays)

    def __len__(self):
        return len(self.arrays[0])

    def __getitem__(self, part):
        return Rows(array[part] for array in self.arrays)

    def resized(self, batch):
        """`batch` rows; if there are fewer, they are repeated."""
        at = np.resize(np.arange(len(self)), batch)
        return Rows(array[at] for array in self.arrays)


class KerasNetwork:
    """A copy of a Keras model, without pruning wrappers, not compiled.

    model: a built Sequential or functional model of tf_keras, or of Keras 3. arrays: its weights in
    the order of `get_weights`. kernels: those of two axes or more that are no biases, as matrices
    [all other axes, units]; biases: the others. inputs, outputs: the names of its inputs and
    outputs. Raises TypeError or ValueError, in one sentence, for anything else.
    """

    def __init__(self, model):
        self.is_keras_3 = is_keras_3(model)
        self.model = _copy_of_keras_3(model) if self.is_keras_3 else _copy_without_wrappers(model)
        self.arrays = [np.asarray(array) for array in self.model.get_weights()]
        if not all(np.isfinite(array).all() for array in self.arrays if array.dtype.kind in "fcV"):
            raise ValueError(
                f"model {shown(model.name)} has weights that are NaN or infinity, so its "
                "predictions say nothing; mend it before measuring"
            )
        is_kernel = [
            array.ndim > 1 and not any(part in _own_name(weight) for part in _NO_KERNELS)
            for weight, array in zip(self.model.weights, self.arrays, strict=True)
        ]
        both = list(zip(self.arrays, is_kernel, strict=True))
        self.kernels = [array.reshape(-1, array.shape[-1]) for array, kernel in both if kernel]
        self.biases = [array for array, kernel in both if not kernel]
        if not self.kernels:
            raise ValueError(
                f"model {shown(model.name)} has no weights of two axes or more: there is nothing "
                "to weigh; hand over the model that holds them"
            )
        self.specs = [
            (_input_name(tensor), tuple(tensor.shape[1:]), np.dtype(_dtype_name(tensor)))
            for tensor in self.model.inputs
        ]
        # Keras 3 gives a Sequential none.
        self._form = getattr(self.model, "input", self.model.inputs[0])
        self.inputs = [name for name, _, _ in self.specs]
        self.outputs = list(getattr(self.model, "output_names", ()))  # Keras 3 needs none

    def copy(self):
        """A new model with the same weights."""
        return self._copied(self.model)

    def with_arrays(self, arrays):
        """A new model with other weights of the same shapes."""
        model = self.copy()
        model.set_weights(arrays)
        return model

    def _copied(self, model):
        return _copy_of_keras_3(model) if self.is_keras_3 else _copy_without_wrappers(model)

    def forward(self, x):
        """The model's own predictions on `Rows`: an array [rows, …], see `flat`."""
        return self.run(self.model, x)

    def run(self, model, x):
        """The predictions of `model`, this one or one read back, on `Rows`."""
        return self.flat(model(self.packed(x.arrays), training=False))

    def packed(self, values):
        """One value for each input, in the form in which the model takes its inputs."""
        if isinstance(self._form, dict):
            return dict(zip(sorted(self._form), values, strict=True))
        return list(values) if isinstance(self._form, list | tuple) else values[0]

    def flat(self, outputs):
        """All outputs in one array [rows, numbers], in the order of the model's outputs."""
        if isinstance(outputs, dict):
            outputs = [outputs[name] for name in sorted(outputs)]
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        arrays = [self._array(output) for output in outputs]
        return np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1)

    def _array(self, tensor):
        if self.is_keras_3:
            return sys.modules["keras"].ops.convert_to_numpy(tensor)
        return np.asarray(tensor)

    def checked_rows(self, x):
        """x as `Rows` that fit the model, or an error in one sentence; None draws random rows."""
        if x is None:
            return self._drawn()
        arrays = [self._fitting(*each) for each in zip(self.specs, self._given(x), strict=True)]
        counts = {len(array) for array in arrays}
        if len(counts) > 1 or 0 in counts:
            raise ValueError(
                f"x has {' and '.join(map(str, sorted(counts)))} rows: every input needs the same "
                "number, 1 at least"
            )
        return Rows(arrays)

    def _given(self, x):
        if isinstance(x, dict):
            names = sorted(self._form) if isinstance(self._form, dict) else self.inputs
            if set(x) != set(names):
                raise ValueError(f"x has the keys {shown([*x])}: the inputs are {names}")
            return [x[name] for name in names]
        if len(self.specs) == 1:
            return [x]
        if not isinstance(x, list | tuple) or len(x) != len(self.specs):
            raise ValueError(
                f"x={shown(x)}: the model has {len(self.specs)} inputs; write a list of so many "
                f"arrays, in the order {', '.join(self.inputs)}"
            )
        return list(x)

    def _fitting(self, spec, x):
        name, shape, dtype = spec
        x = real_array("x", x)
        sides = zip(shape, x.shape[1:], strict=False)
        if x.ndim != len(shape) + 1 or any(side not in (None, n) for side, n in sides):
            wanted = ", ".join("any" if side is None else str(side) for side in shape)
            raise ValueError(
                f"x has shape {x.shape}: the model's input {shown(name)} takes [rows, {wanted}]"
            )
        if not np.isfinite(x).all():
            raise ValueError("x holds NaN or infinity: its predictions say nothing; drop such rows")
        return x.astype(dtype)

    def _drawn(self):
        rng, arrays = np.random.default_rng(0), []
        for name, shape, dtype in self.specs:
            if None in shape:
                raise ValueError(
                    f"x=None: the model's input {shown(name)} has sides of any length, of which "
                    "none can be drawn; hand over rows"
                )
            whole = dtype.kind in "iu"  # 0 and 1 are valid in every vocabulary
            draw = (
                rng.integers(0, 2, (DRAWN, *shape)) if whole else rng.normal(size=(DRAWN, *shape))
            )
            arrays.append(draw.astype(dtype))
        return Rows(arrays)


def is_keras_3(model):
    """Whether a model belongs to the package keras, version 3; TensorFlow's own is legacy Keras."""
    return any(kind.__module__.startswith("keras.src") for kind in type(model).__mro__)


def _copy_without_wrappers(model):
    from prunelab.networks import models, prunable
    from prunelab.networks.carried import own_methods

    models.check_model(model)
    if not prunable.is_nested(model):
        raise TypeError(
            f"model is a subclassed {type(model).__name__}: the footprint copies Sequential and "
            "functional models; rebuild it as one"
        )
    if own := [name for name in own_methods(model) if "call" in name]:
        raise ValueError(
            f"model {shown(model.name)} has a {own[0]} of its own ({type(model).__name__}), which "
            "a copy would not run: put what it does into layers of a plain functional model"
        )
    if not prunable.wrappers(model):
        copy = models.clone(model)
        copy.set_weights(model.get_weights())
        return copy
    return models.strip(_wrapped_copy(model))


def _wrapped_copy(model):
    """The model and its wrappers copied to new variables, so that they can be masked once more."""
    from prunelab.networks.backend import tf_keras, tfmot

    try:
        with tfmot.sparsity.keras.prune_scope():
            copy = tf_keras.models.clone_model(model)
    except Exception as error:  # a layer of the reader's own may raise anything
        raise ValueError(
            f"model cannot be copied in its pruning wrappers ({type(error).__name__}): hand over "
            "what prunelab.networks.strip makes of it"
        ) from error
    copy.set_weights(model.get_weights())
    return copy


def _copy_of_keras_3(model):
    keras = sys.modules["keras"]
    if not model.built or not getattr(model, "inputs", None):
        raise ValueError(
            f"model {shown(model.name)} is subclassed or not built: the footprint copies "
            "Sequential and functional models of Keras 3; begin it with keras.Input"
        )
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def _own_name(weight):
    return getattr(weight, "path", weight.name).partition(":")[0].rpartition("/")[2]


def _input_name(tensor):
    return tensor.name.partition(":")[0]


def _dtype_name(tensor):
    return getattr(tensor.dtype, "name", tensor.dtype)
