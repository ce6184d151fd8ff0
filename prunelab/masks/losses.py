"""The loss of masked networks before any retraining, measured for each mask.

Every number is the mean squared error of the masked network on the given data; none is estimated by
a formula. Activations before the first masked layer are computed once.
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
    """Loss against sparsity for one pattern and criterion: tuples with one number per sparsity.

    sparsities: the requested sparsities (one point for 2:4, whose sparsity is fixed). realised: the
    fraction of zeros in the masked kernels. losses: mean squared errors. low, high: lowest and
    highest loss over all draws of a random mask, the first of which gives `losses`; for other
    criteria equal to `losses`.
    """

    pattern: str
    criterion: str
    sparsities: tuple
    realised: tuple
    losses: tuple
    low: tuple
    high: tuple

    def nearest(self, sparsity):
        """The index of the measured sparsity nearest to `sparsity`; in a tie, the lower one."""
        return min(range(len(self.sparsities)), key=lambda at: abs(self.sparsities[at] - sparsity))


@dataclass(frozen=True)
class MaskLosses:
    """Measured losses of a network whose kernels are masked; made by `mask_losses`.

    layer: index of the masked layer, or None if all were masked. n_layers: number of layers of the
    network. rows: number of rows of the data. dense: the loss with nothing masked. constant: the
    loss of predicting the mean of y. curves: a `LossCurve` for each pattern and criterion. digests:
    sha256 of each masked kernel, by which an explorer recognises its kernel. seeds: the seeds of
    the kernels' random orders. measured_on: a name for the data.
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
        """The curve of one pattern and criterion; KeyError, with the measured ones, if none."""
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
    """The loss when each layer is masked alone; made by `sensitivity_scan`.

    curves: one `LossCurve` per layer, in the network's order. shapes: the kernels' shapes. Other
    fields as in `MaskLosses`.
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
    """Measure the mean squared error with one kernel masked, or all; returns a `MaskLosses`.

    layers: Keras' `model.get_weights()` of a network of Dense layers with ReLU between them, or
    pairs (kernel, bias). x: [rows, inputs]; y: [rows] or [rows, outputs]. layer: which kernel is
    masked, counted from 0 (negative from the last); None masks every kernel to the same sparsity.
    sparsities: fractions in [0, 1). patterns, criteria: names as in `prunelab.masks.patterns`.
    seed, draws: a random mask is drawn `draws` times; the first draw is that of `pattern_mask` with
    this seed (with seed + i for kernel i if all kernels are masked). measured_on: a name for the
    data.
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
    """Mask each kernel alone, at each sparsity, and measure the loss; returns a `SensitivityScan`.

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
        """(realised sparsity, loss) with one mask per layer."""
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
