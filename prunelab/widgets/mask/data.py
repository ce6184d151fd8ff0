"""Collect, once, all values of a matrix and its losses that the MaskExplorer's page needs."""

import base64
from dataclasses import asdict

import numpy as np

from prunelab.base.checks import is_one_line, real_array, shown, whole
from prunelab.masks.losses import MaskLosses, kernel_digest
from prunelab.masks.patterns import CRITERIA, PATTERNS
from prunelab.widgets.mask.state import code_without_sparsity, edge_sentence

MOST_WEIGHTS = 2**22  # over twice the article's largest kernel: 17 MB to send to a page


def checked_weights(weights):
    """`weights` as a read-only float32 matrix, or an error in one sentence."""
    array = real_array("weights", weights)
    if not array.size:
        raise ValueError(f"weights have shape {array.shape}: there is nothing to prune")
    if array.ndim != 2:
        remedy = "weights.reshape(-1, 1)" if array.ndim == 1 else "weights.reshape(-1, units)"
        raise ValueError(
            f"weights have shape {array.shape}: the explorer draws a matrix [inputs, neurons]; "
            f"write {remedy}"
        )
    if array.size > MOST_WEIGHTS:
        raise ValueError(
            f"weights have shape {array.shape}, {array.size:,} weights, and the explorer takes at "
            f"most {MOST_WEIGHTS:,}: hand over a part, such as weights[:2048, :2048]"
        )
    if not np.isfinite(array).all():
        raise ValueError("weights hold NaN or infinity: nothing can rank them; mend them first")
    with np.errstate(over="ignore"):
        single = np.array(array, dtype=np.float32, order="C")
    if not np.isfinite(single).all():
        raise ValueError("weights hold numbers beyond float32, as Keras stores them: divide them")
    single.flags.writeable = False
    return single


def checked_losses(losses, weights):
    """The index of `weights` among the kernels of `losses`; an error in one sentence if missing."""
    if not isinstance(losses, MaskLosses):
        raise TypeError(
            f"losses={shown(losses)}: write what prunelab.masks.mask_losses returned, or None"
        )
    digest = kernel_digest(weights)
    if digest not in losses.digests:
        raise ValueError(
            f"losses were measured on another kernel than these weights {weights.shape}: call "
            "mask_losses with the layer that is shown, and hand over that layer's kernel"
        )
    return losses.digests.index(digest)


def gather(weights, losses, seed, name):
    """The dict that is sent to the page once; weights are sent as bytes, four for each weight.

    The random order is not sent: the page draws it from the state of NumPy's generator.
    """
    place = None if losses is None else checked_losses(losses, weights)
    if seed is None:
        seed = 0 if losses is None else losses.seeds[place]
    seed = whole("seed", seed, at_most=2**32 - 1)
    if losses is not None and seed != losses.seeds[place]:
        raise ValueError(
            f"seed={seed}: the losses of random masks were measured with seed "
            f"{losses.seeds[place]}; leave seed out"
        )
    if not isinstance(name, str) or not 0 < len(name) <= 60 or not is_one_line(name):
        raise ValueError(f"name={shown(name)}: write what to call the matrix, in 60 letters")
    return {
        "name": name,
        "shape": list(weights.shape),
        "weights": weights.astype("<f4").tobytes(),
        "random": _generator(seed),
        "seed": seed,
        "losses": None if losses is None else _losses_part(losses),
        "patterns": {name: asdict(pattern) for name, pattern in PATTERNS.items()},
        "criteria": {
            name: asdict(criterion) | {"order": criterion.order.format(seed=seed)}
            for name, criterion in CRITERIA.items()
        },
        "edges": _for_each_choice(edge_sentence, seed),
        "codes": _for_each_choice(code_without_sparsity, seed),
    }


def _for_each_choice(made, *more):
    """{"pattern criterion": what `made` returns for them}."""
    return {
        f"{pattern} {criterion}": made(pattern, criterion, *more)
        for pattern in PATTERNS
        for criterion in CRITERIA
    }


_OF_A_LAYER = ("name", "shape", "weights", "losses")


def gather_layers(matrices, shapes, losses, seed):
    """Like `gather`, for several matrices: the values of each matrix are in the list "layers".

    matrices, shapes: see `kernels.matrices_of`. losses: of one of them, or None.
    """
    digests = losses.digests if isinstance(losses, MaskLosses) else ()
    measured = next((name for name, m in matrices.items() if kernel_digest(m) in digests), None)
    if losses is not None and measured is None:
        checked_losses(losses, next(iter(matrices.values())))  # raises an error that says why
    if seed is None and measured is not None:
        seed = losses.seeds[checked_losses(losses, matrices[measured])]
    layers = []
    for name, matrix in matrices.items():
        whole = gather(matrix, losses if name == measured else None, seed, _short(name))
        own = {key: whole.pop(key) for key in _OF_A_LAYER}
        kernel = list(shapes[name]) if len(shapes[name]) > 2 else None
        if kernel:
            own["codes"] = _for_each_choice(code_without_sparsity, whole["seed"], kernel)
        layers.append(own | {"layer": name, "kernel": kernel})
    return whole | {"layers": layers}


def _short(name):
    return name if len(name) <= 60 else f"…{name[-59:]}"


def shown_values(data, layer):
    """`data` of one matrix: as `gather` returned it, or that of one layer among several."""
    for own in data.get("layers", ()):
        if own["layer"] == layer:
            return data | own
    return data


def as_text(data):
    """`data` for a saved page, without bytes, which JSON cannot hold."""
    if "layers" in data:
        return data | {"layers": [as_text(own) for own in data["layers"]]}
    return data | {"weights": base64.b64encode(data["weights"]).decode("ascii")}


def _generator(seed):
    """The generator of `masks.patterns.random_order` before its first draw, in 32-bit words."""
    state = np.random.default_rng([seed, 0]).bit_generator.state["state"]
    return {
        name: [state[key] >> 32 * at & 0xFFFFFFFF for at in range(4)]
        for name, key in (("state", "state"), ("increment", "inc"))
    }


def _losses_part(losses):
    curves = {
        f"{curve.pattern} {curve.criterion}": {
            name: list(getattr(curve, name))
            for name in ("sparsities", "realised", "losses", "low", "high")
        }
        for curve in losses.curves
    }
    plain = ("measured_on", "masked", "rows", "draws", "dense", "constant")
    return {name: getattr(losses, name) for name in plain} | {"curves": curves}
