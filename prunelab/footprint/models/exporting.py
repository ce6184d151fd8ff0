"""Export a model as a .tflite file, which is read back and compared before it is kept."""

from __future__ import annotations

import gzip
import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import number, shown
from prunelab.base.files import path_to_write, write_atomically
from prunelab.base.html import html_table
from prunelab.footprint import networks, tflite
from prunelab.footprint.formats import names_of
from prunelab.footprint.models import tflite_file
from prunelab.footprint.models.files import TensorRow
from prunelab.footprint.models.network import KerasNetwork
from prunelab.footprint.models.subject import model_or_network
from prunelab.masks.network import Network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike
    from tf_keras import Model

QUANTIZE = (None, "dynamic", "int8")


@dataclass(frozen=True)
class ExportReport:
    """What `export` wrote.

    file: its name. quantized: "no", "dynamic" (int8 weights) or "full" (int8 weights and
    activations). weight_bytes: of the model's weights in memory. bytes, gzip_bytes: of the file,
    uncompressed and under gzip at level 6. sparsity: (kernel, fraction of zeros) of the model.
    zeros_survived: whether the file has at least the zeros of each kernel. rows: how many were
    compared; drawn: whether they were random numbers. error: root mean square of the differences
    over that of the model's outputs; tolerance: the largest error allowed; largest_difference: of a
    single output. remark: one sentence if not every kernel of a quantised file is int8, else "".
    """

    file: str
    quantized: str
    weight_bytes: int
    bytes: int
    gzip_bytes: int
    sparsity: tuple[tuple[str, float], ...]
    zeros_survived: bool
    rows: int
    drawn: bool
    error: float
    tolerance: float
    largest_difference: float
    remark: str = ""

    def __repr__(self) -> str:
        zeros = "zeros survived" if self.zeros_survived else "ZEROS WERE LOST"
        how = self._quantized()
        return (
            f"ExportReport({self.file}: {self.weight_bytes:,} bytes of weights → {self.bytes:,}, "
            f"gzip {self.gzip_bytes:,}; quantized: {how}; {zeros}; {self._compared()})"
        )

    def _quantized(self):
        return f"{self.quantized}, {self.remark}" if self.remark else self.quantized

    def _compared(self):
        kind = "random rows" if self.drawn else "rows"
        return f"{self.rows} {kind} differ by {self.largest_difference:.2g} at most"

    def _repr_html_(self) -> str:
        lines = [
            ("weights, in memory", f"{self.weight_bytes:,} bytes"),
            (self.file, f"{self.bytes:,} bytes"),
            (f"{self.file}, gzip", f"{self.gzip_bytes:,} bytes"),
            ("quantized", self._quantized()),
            ("outputs", f"{self._compared()}; off by {self.error:.2g}, allowed {self.tolerance:g}"),
            *((f"zeros in {name}", f"{100 * zeros:.1f} %") for name, zeros in self.sparsity),
            ("zeros survived", "yes" if self.zeros_survived else "no"),
        ]
        return html_table(("exported", "what it is"), lines)


def export(
    model: Network | Model,
    path: str | os.PathLike[str],
    quantize: str | None = None,
    samples: ArrayLike | Sequence[ArrayLike] | Mapping[str, ArrayLike] | None = None,
    *,
    tolerance: float | None = None,
) -> ExportReport:
    """Write `model` to `path` as .tflite, without pruning wrappers, and report what was written.

    The file is read back and run by LiteRT before it gets its name. If its outputs differ by more
    than `tolerance`, ValueError says by how much and nothing is written.
    model: a built Sequential or functional model of tf_keras, or a `prunelab.masks.Network`; it
    stays as it is. quantize: None for float32; "dynamic" for weights in int8; "int8" for weights
    and, if samples are given for calibration, activations in int8. samples: rows [rows, …] on
    which outputs are compared; for several inputs a list in their order, or a dict by their names;
    None draws 64 rows of random numbers. tolerance: of the root mean square of the differences over
    that of the model's own outputs; None allows 0.0001, and 0.05 if quantised.
    Raises OSError, TypeError, ValueError or RuntimeError, in one sentence.
    """
    path = path_to_write(path)
    if path.suffix.lower() != ".tflite":
        raise ValueError(f"path={shown(str(path))}: the file is a TFLite one; end it in .tflite")
    if not isinstance(quantize, str | None):  # rows come second in `weigh`
        raise TypeError(
            f"quantize is a {type(quantize).__name__}: write None, 'dynamic' or 'int8'; "
            "rows go to samples="
        )
    if quantize not in QUANTIZE:
        raise ValueError(f"quantize={shown(quantize)}: write None, 'dynamic' or 'int8'")
    allowed = networks.INT8_TOLERANCE if quantize else networks.FLOAT_TOLERANCE
    if tolerance is not None:
        allowed = number("tolerance", tolerance, at_least=0)
    network = _keras_network(model)
    rows = network.checked_rows(samples)
    content, quantized = _converted(network, quantize, None if samples is None else rows)
    expected, found = networks.reference(network, rows), []

    def write(file):
        file.write(content)
        file.flush()
        again = _read_back(file)
        error, largest = _compared(again, network, rows, expected)
        if not error <= allowed:
            raise ValueError(
                f"path={shown(str(path))}: nothing was written, since the file's outputs are off "
                f"by {error:.3g} of their size and {allowed:g} is allowed; give samples like the "
                "model's own data, another quantize, or a larger tolerance"
            )
        found.extend((again, error, largest))

    write_atomically(path, write)
    again, error, largest = found
    return ExportReport(
        file=path.name,
        quantized=quantized,
        weight_bytes=sum(array.nbytes for array in network.arrays),
        bytes=len(again),
        gzip_bytes=len(gzip.compress(again, 6, mtime=0)),
        sparsity=_sparsity(network),
        zeros_survived=zeros_survive(network.kernels, again),
        rows=len(rows),
        drawn=samples is None,
        error=float(f"{error:.3g}"),
        tolerance=allowed,
        largest_difference=float(f"{largest:.3g}"),
        remark=tflite_file.int8_remark(network.kernels, again) if quantize else "",
    )


def _keras_network(model):
    if isinstance(model, Network):
        return KerasNetwork(networks.to_model(model))
    found = model_or_network(model)  # raises for files and models of Keras 3
    return KerasNetwork(model) if isinstance(found, Network) else found


def _converted(network, quantize, calibration):
    """(content, kind of quantisation)."""
    if quantize is None:
        return tflite.convert(network, "tflite"), "no"
    if quantize == "dynamic" or calibration is None:
        return tflite.convert(network, "tflite_int8"), "dynamic"
    return tflite.calibrated(network, calibration), "full"


def _read_back(file):
    """The bytes of a file that is still being written."""
    descriptor = file.fileno()
    os.lseek(descriptor, 0, os.SEEK_SET)
    parts = iter(lambda: os.read(descriptor, 2**24), b"")
    return b"".join(parts)


def _compared(content, network, rows, expected):
    """(relative error, largest difference), the larger of LiteRT's two ways to run a file."""
    errors, largest = [], []
    for builtin in (True, False):
        predicted = tflite.predict(content, rows, builtin=builtin, names=names_of(network))
        errors.append(networks.relative_error(predicted, expected))
        largest.append(float(np.max(np.abs(predicted.reshape(expected.shape) - expected))))
    return max(errors), max(largest)


def _sparsity(network):
    from prunelab.networks.models import sparsities

    return tuple((name, float(zeros)) for name, zeros in sparsities(network.model).items())


def zeros_survive(kernels, content):
    """Whether a TFLite file has, for each kernel, a constant of its size with as many zeros.

    The converter transposes kernels, folds normalisation into them and splits those of a loop by
    gate; if a size is not found, the zeros of all kernels together are compared.
    """
    there = [TensorRow(*row) for row in tflite_file.constants(content)]
    there = [(math.prod(row.shape), row.zeros) for row in there if len(row.shape) > 1]
    there = [(size, round(zeros * size)) for size, zeros in there if zeros is not None]
    wanted = [(kernel.size, kernel.size - np.count_nonzero(kernel)) for kernel in kernels]
    if not {size for size, _ in wanted} <= {size for size, _ in there}:
        return sum(zeros for _, zeros in there) >= sum(zeros for _, zeros in wanted)
    for size, zeros in sorted(wanted, key=lambda pair: -pair[1]):
        best = max((pair for pair in there if pair[0] == size), default=(size, -1))
        if best[1] < zeros:
            return False
        there.remove(best)
    return True
