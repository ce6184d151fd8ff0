"""Follow a recipe that makes a network's file small, weigh the file, read it back, evaluate it.

A recipe says which neurons stay, how many zeros there are, how many bits a value has and how the
values are packed. The result is bytes; the network that is evaluated is read from them.
"""

import gzip
import struct
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np

from prunelab.base.checks import shown, sparsity_fraction, whole
from prunelab.base.host import give_back
from prunelab.exercises.functions import single
from prunelab.masks.magnitude import magnitude_mask
from prunelab.masks.network import Network, mean_squared_error

BITS = (32, 16, 8, 7, 6, 5, 4, 3, 2)
PACKINGS = ("dense", "bitmask", "gzip")
KEYS = ("neurons", "sparsity", "bits", "packing")
AS_IT_IS = {"neurons": (1024, 1024), "sparsity": 0.75, "bits": 32, "packing": "dense"}


def checked_recipe(recipe):
    """`recipe` as plain values in the order of KEYS, or a TypeError or ValueError that says why."""
    if not isinstance(recipe, dict) or set(recipe) != set(KEYS):
        raise TypeError(f"give a dict with the keys {', '.join(KEYS)}")
    recipe = {name: single(recipe[name]) for name in KEYS}
    neurons = recipe["neurons"].tolist() if _is_pair(recipe["neurons"]) else recipe["neurons"]
    if not isinstance(neurons, list | tuple) or len(neurons) != 2:
        raise TypeError(f"neurons={shown(neurons)}: write how many stay in each hidden layer")
    neurons = tuple(whole("neurons", count, at_least=1, at_most=1024) for count in neurons)
    bits, packing = recipe["bits"], recipe["packing"]
    if isinstance(bits, bool) or not isinstance(bits, int | np.integer) or bits not in BITS:
        raise ValueError(f"bits={shown(bits)}: choose from {', '.join(map(str, BITS))}")
    if not isinstance(packing, str) or packing not in PACKINGS:
        raise ValueError(f"packing={shown(packing)}: choose from {', '.join(PACKINGS)}")
    return neurons, sparsity_fraction("sparsity", recipe["sparsity"]), int(bits), packing


def _is_pair(neurons):
    return isinstance(neurons, np.ndarray) and neurons.shape == (2,)


def cook(recipe):
    """(bytes of the file, validation MSE of the network read from it), of the stored network.

    recipe: a dict. sparsity: the fraction of each kernel's weights that is 0, the smallest ones;
    the stored network already has 0.75. neurons: how many then stay in each of the two hidden
    layers, the strongest (see `footprint.remove_neurons`). bits: of a value; 32 and 16 are floats,
    fewer are whole numbers times one float32 a neuron. packing: "dense", every weight stored;
    "gzip", the same compressed; "bitmask", one bit a weight and the values that are not 0. Biases
    are float32.
    """
    return _cooked(*checked_recipe(recipe))


@lru_cache(maxsize=256)
def _cooked(neurons, sparsity, bits, packing):
    content = write(_cut(neurons, sparsity), bits, packing)
    _, x, y = served()
    loss = mean_squared_error(read(content).forward(x), y)
    give_back()
    return len(content), loss


def loss_of(recipe, part):
    """The validation MSE if only one part of a recipe, such as sparsity, is applied."""
    return _loss(*checked_recipe(AS_IT_IS | {part: recipe[part]})[:3])


@lru_cache(maxsize=256)
def _loss(neurons, sparsity, bits):
    network, (_, x, y) = _cut(neurons, sparsity), served()
    kernels = {at: _restored(kernel, bits) for at, kernel in enumerate(network.kernels)}
    return mean_squared_error(network.forward(x, kernels=kernels), y)


def _restored(kernel, bits):
    numbers, scales = _quantised(kernel, bits)
    return numbers.astype(np.float32) * (scales if scales.size else np.float32(1))


def _cut(neurons, sparsity):
    from prunelab.footprint.patterns import remove_neurons

    return remove_neurons(_pruned(served()[0], sparsity), units=neurons)


@cache
def served():
    """(the stored network, x, y of its validation rows)."""
    from prunelab.experiments import data
    from prunelab.footprint.store import stored_network, stored_run

    run = stored_run()
    rows = data.load(run.config.data, run.seed)
    return stored_network(), rows.x_val.astype(np.float32), rows.y_val[:, None].copy()


def _pruned(network, sparsity):
    kernels = [kernel * magnitude_mask(kernel, sparsity) for kernel in network.kernels]
    return Network(list(zip(kernels, network.biases, strict=True)))


def write(network, bits, packing):
    """The bytes of a file: bits and packing, shapes in four bytes each, then layer by layer."""
    widths = [len(network.kernels[0]), *map(len, network.biases)]
    parts = []
    for kernel, bias in zip(network.kernels, network.biases, strict=True):
        numbers, scales = _quantised(kernel, bits)
        parts += [bias.astype("<f4").tobytes(), scales.astype("<f4").tobytes()]
        if packing == "bitmask":
            kept = numbers != 0
            parts.append(np.packbits(kept).tobytes())
            numbers = numbers[kept]
        parts.append(_packed(numbers, bits))
    body = b"".join(parts)
    head = struct.pack(f"<BBB{len(widths)}I", bits, PACKINGS.index(packing), len(widths), *widths)
    return head + (gzip.compress(body, 6, mtime=0) if packing == "gzip" else body)


def read(content):
    """The `Network` that `write` wrote."""
    bits, packing, count = content[:3]
    widths, at = struct.unpack_from(f"<{count}I", content, 3), 3 + 4 * count
    body = gzip.decompress(content[at:]) if PACKINGS[packing] == "gzip" else content[at:]
    layers, at = [], 0

    def take(dtype, many):
        nonlocal at
        found = np.frombuffer(body, dtype, many, at)
        at += found.nbytes
        return found

    for inputs, units in pairwise(widths):
        bias = take("<f4", units)
        scales = take("<f4", units) if bits < 16 else np.float32(1)
        size = inputs * units
        kept = np.ones(size, bool)
        if PACKINGS[packing] == "bitmask":
            kept = np.unpackbits(take(np.uint8, -(-size // 8)), count=size).astype(bool)
        many = int(kept.sum())
        kernel = np.zeros(size, np.float32)
        kernel[kept] = _unpacked(take(np.uint8, -(-many * bits // 8)), bits, many)
        layers.append((kernel.reshape(inputs, units) * scales, bias))
    return Network(layers)


def _quantised(kernel, bits):
    """(numbers to store, scales): floats without scales, or whole numbers and one a column."""
    if bits >= 16:
        return kernel.astype(f"<f{bits // 8}"), np.zeros(0)
    top = 2 ** (bits - 1) - 1
    scales = np.abs(kernel).max(axis=0).astype(np.float32) / np.float32(top)
    scales[scales == 0] = 1
    return np.round(kernel / scales).astype(np.int8), scales


def _packed(numbers, bits):
    """Whole numbers in `bits` bits each, without gaps; floats unchanged."""
    if bits >= 16:
        return numbers.tobytes()
    offset = (numbers.astype(np.int16).ravel() + 2 ** (bits - 1)).astype(np.uint8)
    return np.packbits(np.unpackbits(offset[:, None], axis=1)[:, 8 - bits :]).tobytes()


def _unpacked(content, bits, many):
    if bits >= 16:
        return content.view(f"<f{bits // 8}").astype(np.float32)
    each = np.unpackbits(content, count=many * bits).reshape(many, bits)
    padded = np.zeros((many, 8), np.uint8)
    padded[:, 8 - bits :] = each
    return np.packbits(padded, axis=1).ravel().astype(np.float32) - 2 ** (bits - 1)
