"""Measured losses of a masked network, as plain frozen values; `mask_losses` measures them."""

from dataclasses import asdict, dataclass


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
    curves: tuple
    digests: tuple
    seeds: tuple
    draws: int

    def curve(self, pattern="unstructured", criterion="magnitude"):
        """The curve of one pattern and criterion, or KeyError with what was measured."""
        for curve in self.curves:
            if (curve.pattern, curve.criterion) == (pattern, criterion):
                return curve
        measured = ", ".join(f"{curve.pattern} {curve.criterion}" for curve in self.curves)
        raise KeyError(f"{pattern} {criterion} was not measured; there is {measured}")

    def to_json(self):
        """The table as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values):
        """The table that `to_json` wrote."""
        curves = tuple(
            LossCurve(**{name: _frozen(value) for name, value in curve.items()})
            for curve in values["curves"]
        )
        plain = {name: _frozen(value) for name, value in values.items() if name != "curves"}
        return cls(**plain, curves=curves)

    @property
    def masked(self):
        """Which kernels were masked, in words."""
        if self.layer is None:
            return f"all {self.n_layers} kernels masked alike"
        return f"only kernel {self.layer + 1} of {self.n_layers} masked"

    def __repr__(self):
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
    shapes: tuple
    curves: tuple

    def __repr__(self):
        first = self.curves[0]
        shapes = ", ".join(f"{rows} × {columns}" for rows, columns in self.shapes)
        return (
            f"SensitivityScan({first.pattern} {first.criterion}; kernels {shapes}; "
            f"{len(first.sparsities)} sparsities, {self.rows} {self.measured_on} rows; "
            f"unmasked MSE {self.dense:.4g})"
        )


def _frozen(value):
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value
