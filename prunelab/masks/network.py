"""A trained network as plain arrays: Dense layers with ReLU between them, run in NumPy."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prunelab.base.checks import real_array, shown


class Network:
    """Kernels [inputs, units] and biases [units] in float32; ReLU after each layer but the last.

    layers: pairs of kernel and bias, or Keras' `model.get_weights()`: kernel, bias, kernel, bias, …
    Raises TypeError or ValueError, in one sentence, for arrays that do not fit each other.
    """

    def __init__(self, layers: Iterable[ArrayLike] | Iterable[Sequence[ArrayLike]]) -> None:
        self.kernels: list[np.ndarray] = []
        self.biases: list[np.ndarray] = []
        for at, (kernel, bias) in enumerate(_pairs(layers)):
            kernel = _finite32(f"kernel {at}", kernel, 2)
            bias = _finite32(f"bias {at}", bias, 1)
            wanted = self.kernels[-1].shape[1] if at else kernel.shape[0]
            if kernel.shape[0] != wanted or len(bias) != kernel.shape[1]:
                raise ValueError(
                    f"layer {at} has a kernel {kernel.shape} and a bias {bias.shape} after "
                    f"{wanted} inputs: hand over kernels and biases in the order of the network"
                )
            self.kernels.append(kernel)
            self.biases.append(bias)

    def __len__(self) -> int:
        return len(self.kernels)

    def forward(
        self,
        activations: NDArray[np.float32],
        *,
        first: int = 0,
        until: int | None = None,
        kernels: Mapping[int, NDArray[np.float32]] | None = None,
    ) -> NDArray[np.float32]:
        """Activations after the layers from `first` up to, but not including, `until`.

        activations: float32 [rows, inputs of layer `first`]. kernels: replacement kernels by layer
        index.
        """
        kernels = kernels or {}
        for at in range(first, len(self) if until is None else until):
            with np.errstate(over="ignore", invalid="ignore"):  # the caller checks for infinity
                activations = activations @ kernels.get(at, self.kernels[at]) + self.biases[at]
            if at < len(self) - 1:
                np.maximum(activations, 0, out=activations)
        return activations

    def checked_data(
        self, x: ArrayLike, y: ArrayLike
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """x as float32 [rows, inputs] and y as float64 [rows, outputs], checked."""
        x, y = _finite32("x", x, 2), real_array("y", y).astype(np.float64)
        y = y[:, None] if y.ndim == 1 else y
        if not np.isfinite(y).all():
            raise ValueError("y holds NaN or infinity: there is no error to measure; drop the rows")
        inputs, outputs = self.kernels[0].shape[0], self.kernels[-1].shape[1]
        if not len(x) or x.shape[1] != inputs:
            raise ValueError(f"x has shape {x.shape}: the network takes rows of {inputs} inputs")
        if y.shape != (len(x), outputs):
            raise ValueError(
                f"y has shape {y.shape}: {len(x)} rows of x and a network with {outputs} outputs "
                f"need y of shape {(len(x), outputs) if outputs > 1 else (len(x),)}"
            )
        return x, y


def mean_squared_error(predictions: np.ndarray, y: np.ndarray) -> float:
    """The mean squared error, summed in float64; infinite if the network's output overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.mean((predictions.astype(np.float64) - y) ** 2))


def _pairs(layers):
    try:
        layers = list(layers)
    except TypeError:
        raise TypeError(
            f"layers={shown(layers)}: write model.get_weights(), or pairs (kernel, bias)"
        ) from None
    if layers and all(isinstance(each, tuple | list) and len(each) == 2 for each in layers):
        return [tuple(each) for each in layers]
    if not layers or len(layers) % 2:
        raise ValueError(
            f"layers holds {len(layers)} arrays: each layer needs a kernel and a bias, "
            "as in model.get_weights()"
        )
    return list(zip(layers[::2], layers[1::2], strict=True))


def _finite32(name, value, ndim):
    array = real_array(name, value)
    if array.ndim != ndim:
        raise ValueError(f"{name} has shape {array.shape}: it must have {ndim} dimensions")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    if not array.size:
        raise ValueError(f"{name} has shape {array.shape}: it is empty")
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds NaN, infinity or a number beyond float32; mend it before measuring"
        )
    return array
