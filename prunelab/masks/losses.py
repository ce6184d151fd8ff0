"""What masks cost before any retraining: losses measured by putting each mask on the network.

Nothing here is a formula: every number is the mean squared error of the masked network on the data
handed over. Activations before the first masked layer are computed once.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from prunelab.base.checks import is_one_line, real_array, shown, sparsity_fraction, whole
from prunelab.base.host import on_one_thread
from prunelab.masks.network import Network, mean_squared_error
from prunelab.masks.patterns import (
    CRITERIA,
    GROUP,
    PATTERNS,
    checked_criterion,
    pattern_named,
    rank,
)


@dataclass(frozen=True)
class LossCurve:
    """Loss against sparsity for one pattern and criterion; tuples of one number a sparsity.

    sparsities: what was asked for (2:4 does not ask: one point). realised: the zeros in the masked
    kernels, as a fraction. losses: mean squared error. low, high: over all draws of a random mask,
    the first of which gives `losses`; elsewhere equal to `losses`.
    """

    pattern: str
    criterion: str
    sparsities: tuple
    realised: tuple
    losses: tuple
    low: tuple
    high: tuple

    def nearest(self, sparsity):
        """The index of the measured sparsity nearest to `sparsity`; of two as near, the lower."""
        return min(range(len(self.sparsities)), key=lambda at: abs(self.sparsities[at] - sparsity))


@dataclass(frozen=True)
class MaskLosses:
    """Measured losses of a network whose kernels are masked; made by `mask_losses`.

    layer: the one layer that was masked, or None where all were. n_layers, rows: of the network and
    of the data. dense: the loss with nothing masked. constant: that of predicting the mean of y.
    curves: a `LossCurve` for each pattern and criterion. digests: sha256 of each masked kernel, by
    which an explorer knows its own; seeds: of their random orders. measured_on: what the data is.
    """

    layer: int | None
    n_layers: int
    rows: int
    measured_on: str
    dense: float
    constant: float
    curves: tuple[LossCurve, ...]
    digests: tuple[str, ...]
    seeds: tuple
    draws: int

    def curve(self, pattern="unstructured", criterion="magnitude"):
        """The curve of one pattern and criterion, or KeyError with what was measured."""
        for curve in self.curves:
            if (curve.pattern, curve.criterion) == (pattern, criterion):
                return curve
        measured = ", ".join(f"{curve.pattern} {curve.criterion}" for curve in self.curves)
        raise KeyError(f"{pattern} {criterion} was not measured; there is {measured}")

    @property
    def masked(self):
        """Which kernels were masked, in words."""
        if self.layer is None:
            return f"all {self.n_layers} kernels masked alike"
        return f"only kernel {self.layer + 1} of {self.n_layers} masked"

    def __repr__(self) -> str:
        patterns = dict.fromkeys(curve.pattern for curve in self.curves)
        criteria = dict.fromkeys(curve.criterion for curve in self.curves)
        return (
            f"MaskLosses({self.masked}; {', '.join(patterns)}; {', '.join(criteria)}; "
            f"{len(self.curves[0].sparsities)} sparsities, {self.rows} {self.measured_on} rows; "
            f"unmasked MSE {self.dense:.4g})"
        )


@dataclass(frozen=True)
class SensitivityScan:
    """How the loss answers when each layer is masked alone; made by `sensitivity_scan`.

    curves: a `LossCurve` a layer, in the network's order. shapes: of their kernels. The rest as in
    `MaskLosses`.
    """

    rows: int
    measured_on: str
    dense: float
    constant: float
    shapes: tuple[tuple[int, int], ...]
    curves: tuple[LossCurve, ...]

    def __repr__(self) -> str:
        first = self.curves[0]
        shapes = ", ".join(f"{rows} × {columns}" for rows, columns in self.shapes)
        return (
            f"SensitivityScan({first.pattern} {first.criterion}; kernels {shapes}; "
            f"{len(first.sparsities)} sparsities, {self.rows} {self.measured_on} rows; "
            f"unmasked MSE {self.dense:.4g})"
        )


GRID = tuple(at / 100 for at in range(100))


@on_one_thread
def mask_losses(
    layers: Iterable[ArrayLike] | Iterable[Sequence[ArrayLike]],
    x: ArrayLike,
    y: ArrayLike,
    *,
    layer: int | None,
    sparsities: float | Iterable[float] = GRID,
    patterns: str | Iterable[str] = ("unstructured",),
    criteria: str | Iterable[str] = CRITERIA,
    seed: int = 0,
    draws: int = 5,
    measured_on: str = "validation",
) -> MaskLosses:
    """Measure the mean squared error with one kernel masked, or all: a `MaskLosses`.

    layers: Keras' `model.get_weights()` of a network of Dense layers with ReLU between them, or
    pairs (kernel, bias). x: [rows, inputs]; y: [rows] or [rows, outputs]. layer: which kernel is
    masked, counted from 0 (negative from the last); None masks every kernel to the same sparsity.
    sparsities: fractions in [0, 1). patterns, criteria: names as in `prunelab.masks.patterns`.
    seed, draws: a random mask is drawn `draws` times; the first is `pattern_mask`'s of this seed
    (of seed + i for kernel i where all are masked). measured_on: what x and y are called.
    Raises TypeError or ValueError, in one sentence, before anything is measured.
    """
    network = Network(layers)
    x, y = network.checked_data(x, y)
    masked = _masked_layers(layer, len(network))
    grid = _checked_grid(sparsities)
    patterns = [pattern_named(name, "patterns").name for name in _names("patterns", patterns)]
    criteria = [checked_criterion(name, "criteria") for name in _names("criteria", criteria)]
    seeds = {at: _shifted(seed, at if layer is None else 0) for at in masked}
    draws = whole("draws", draws, at_least=1, at_most=1000)
    measured_on = _checked_words("measured_on", measured_on)
    measure = _Measure(network, x, y, masked, seeds)
    return MaskLosses(
        layer=None if layer is None else masked[0],
        n_layers=len(network),
        rows=len(x),
        measured_on=measured_on,
        dense=measure.dense,
        constant=mean_squared_error(y.mean(axis=0), y),
        curves=tuple(
            measure.curve(pattern, criterion, grid, draws)
            for pattern in patterns
            for criterion in criteria
        ),
        digests=tuple(kernel_digest(network.kernels[at]) for at in masked),
        seeds=tuple(seeds.values()),
        draws=draws,
    )


@on_one_thread
def sensitivity_scan(
    layers: Iterable[ArrayLike] | Iterable[Sequence[ArrayLike]],
    x: ArrayLike,
    y: ArrayLike,
    sparsities: float | Iterable[float] = GRID,
    *,
    pattern: str = "unstructured",
    criterion: str = "magnitude",
    seed: int = 0,
    measured_on: str = "validation",
) -> SensitivityScan:
    """Mask each kernel alone, at each sparsity, and measure: a `SensitivityScan`.

    Arguments and errors as in `mask_losses`.
    """
    network = Network(layers)
    x, y = network.checked_data(x, y)
    grid, pattern = _checked_grid(sparsities), pattern_named(pattern).name
    criterion, seed = checked_criterion(criterion), _shifted(seed, 0)
    measured_on = _checked_words("measured_on", measured_on)
    measures = [_Measure(network, x, y, [at], {at: seed}) for at in range(len(network))]
    return SensitivityScan(
        rows=len(x),
        measured_on=measured_on,
        dense=measures[0].dense,
        constant=mean_squared_error(y.mean(axis=0), y),
        shapes=tuple(kernel.shape for kernel in network.kernels),
        curves=tuple(measure.curve(pattern, criterion, grid, 1) for measure in measures),
    )


def kernel_digest(kernel):
    """sha256 of a kernel's float32 bytes and shape, in hex."""
    kernel = np.ascontiguousarray(kernel, dtype="<f4")
    return hashlib.sha256(repr(kernel.shape).encode() + kernel.tobytes()).hexdigest()


class _Measure:
    """A network on its data, computed up to the first layer that is masked."""

    def __init__(self, network, x, y, masked, seeds):
        self.network, self.y, self.masked, self.seeds = network, y, masked, seeds
        self.before = network.forward(x, until=masked[0])
        self.dense = self._loss({})

    def curve(self, pattern, criterion, grid, draws):
        """The `LossCurve` of one pattern and criterion."""
        grid = (0.5,) if pattern == GROUP else grid
        draws = draws if criterion == "random" else 1
        points = []
        for draw in range(draws):
            rankings = {
                at: rank(
                    self.network.kernels[at], pattern, criterion, seed=self.seeds[at], draw=draw
                )
                for at in self.masked
            }
            points.append([self._point(rankings, sparsity) for sparsity in grid])
        realised, losses = zip(*points[0], strict=True)
        every = [[loss for _, loss in drawn] for drawn in points]
        low, high = (tuple(map(choose, zip(*every, strict=True))) for choose in (min, max))
        return LossCurve(pattern, criterion, grid, realised, losses, low, high)

    def _point(self, rankings, sparsity):
        """(realised sparsity, loss) of one mask a layer."""
        kernels = {at: ranked.weights * ranked.mask(sparsity) for at, ranked in rankings.items()}
        left = sum(int(np.count_nonzero(kernel)) for kernel in kernels.values())
        size = sum(kernel.size for kernel in kernels.values())
        return 1 - left / size, self._loss(kernels)

    def _loss(self, kernels):
        loss = mean_squared_error(
            self.network.forward(self.before, first=self.masked[0], kernels=kernels), self.y
        )
        if not math.isfinite(loss):
            raise ValueError("the network overflows float32 on x: scale x and the weights down")
        return loss


def _masked_layers(layer, count):
    if layer is None:
        return list(range(count))
    if isinstance(layer, str):
        raise TypeError(f"layer={shown(layer)}: count the kernels from 0; None masks all")
    return [whole("layer", layer, at_least=-count, at_most=count - 1) % count]


def _checked_grid(sparsities):
    values = real_array("sparsities", list(sparsities) if _iterable(sparsities) else [sparsities])
    if values.ndim != 1 or not values.size:
        raise ValueError(f"sparsities={shown(sparsities)}: write one or more fractions in [0, 1)")
    return tuple(sorted({sparsity_fraction("sparsities", value) for value in values.tolist()}))


def _iterable(value):
    return hasattr(value, "__iter__")


def _names(argument, names):
    names = [names] if isinstance(names, str) else names
    names = list(dict.fromkeys(map(_hashable, names))) if _iterable(names) else []
    if not names:
        among = PATTERNS if argument == "patterns" else CRITERIA
        raise ValueError(f"{argument} is empty: write one or more of {', '.join(among)}")
    return names


def _hashable(name):
    return name if isinstance(name, str) else shown(name)


def _shifted(seed, by):
    return whole("seed", seed, at_most=2**31) + by


def _checked_words(name, words):
    if not isinstance(words, str) or not 0 < len(words) <= 40 or not is_one_line(words):
        raise ValueError(f"{name}={shown(words)}: write a word or two, such as 'validation'")
    return words
