"""Are these the predictions of the network? Asked before any size or time counts."""

import numpy as np

FLOAT_TOLERANCE = 1e-4
INT8_TOLERANCE = 0.05
SAME_INT8_TOLERANCE = 0.01


def reference(network, x):
    """The predictions of `network` on x in float64: what all others are compared with."""
    activations = np.asarray(x, np.float64)
    for at, (kernel, bias) in enumerate(zip(network.kernels, network.biases, strict=True)):
        activations = activations @ kernel.astype(np.float64) + bias
        if at < len(network) - 1:
            np.maximum(activations, 0, out=activations)
    return activations


def relative_error(predicted, expected, scale=None):
    """Root mean square of the differences over that of `scale`, by default the expected ones.

    scale: predictions of many rows, for a batch so small that its own may happen to be near 0.
    NaN or infinity among the predictions makes it infinite.
    """
    predicted = np.asarray(predicted, np.float64).reshape(np.shape(expected))
    if not np.isfinite(predicted).all():
        return float("inf")
    size = np.sqrt(np.mean(np.square(expected if scale is None else scale)))
    difference = np.sqrt(np.mean(np.square(predicted - expected)))
    return float(difference / size) if size else float(difference)


def verdict(error, tolerance, what="it"):
    """("right", "") or ("wrong", one sentence that says by how much)."""
    if error <= tolerance:
        return "right", ""
    by = "are not finite" if np.isinf(error) else f"are off by {_percent(error)}"
    return "wrong", f"its predictions {by}, where {what} may be off by {_percent(tolerance)}"


def finite(error):
    """The error as JSON can hold it: None where it is infinite."""
    return None if error is None or np.isinf(error) else float(f"{error:.3g}")


def _percent(fraction):
    return f"{100 * fraction:.2g} %" if fraction < 1 else f"{fraction:.3g} times their size"
