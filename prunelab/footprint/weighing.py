"""Weigh a network in every format: write it, read it back, compare predictions, count bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prunelab.base.checks import sparsity_fraction
from prunelab.base.host import give_back
from prunelab.base.text import first_line
from prunelab.footprint import networks
from prunelab.footprint.codecs import entropy_bound
from prunelab.footprint.formats import format_named, formats_for
from prunelab.footprint.measurement import SizeRow
from prunelab.footprint.models.subject import rows_for, subject
from prunelab.footprint.networks import n_weights, types_of, zeros_of
from prunelab.footprint.patterns import pattern_named

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike
    from tf_keras import Model

    from prunelab.masks.network import Network

ROWS = 64  # rows of x that are compared: enough to find a wrong file in short time


def weigh(
    model: Network | Model | str | os.PathLike[str],
    x: ArrayLike | Sequence[ArrayLike] | Mapping[str, ArrayLike] | None = None,
    formats: str | Iterable[str] | None = None,
    *,
    pattern: str = "dense",
    sparsity: float = 0.0,
    report: Callable[[int, int, str], object] | None = None,
) -> tuple[SizeRow, ...]:
    """A `SizeRow` for each of `formats`, names of FORMATS or, for a file, of FILE_FORMATS.

    model: a built Sequential or functional model of tf_keras or Keras 3, of any layers, a
    `prunelab.masks.Network`, or the path of a .keras, .h5 or .tflite file, of which only the arrays
    are read and nothing is run. x: rows [rows, …] on which predictions are compared, the first 64
    of them; for several inputs a list in their order, or a dict by their names; None draws random
    rows. For a file leave x out. formats: None means all that can be made of `model`. pattern,
    sparsity: labels for the rows; the network is weighed as it is. report: called as `report(done,
    total, text)` after each format. A format that is not installed, fails or reads back wrong still
    has a row, whose status says so; one that is right and not what its name says, such as an int8
    file of float32 kernels, has a remark.
    """
    network = subject(model)
    chosen = formats_for(network, formats)
    x = rows_for(network, x)
    x = None if x is None else x[:ROWS]
    pattern, sparsity = pattern_named(pattern).name, sparsity_fraction("sparsity", sparsity)
    expected = networks.reference(network, x)
    rows = []
    for format in chosen:
        size, status, why, error = _weighed(format, network, x, expected)
        rows.append(
            SizeRow(
                pattern=pattern,
                sparsity=sparsity,
                zeros=zeros_of(network),
                weights=n_weights(network),
                status=status,
                error=networks.finite(error),
                why=why,
                format=format.name,
                bytes=size,
                bound=entropy_bound(network, format.bits),
                dtype=types_of(network),
                remark=format.remark(network) if status == "right" else "",
            )
        )
        if report:
            report(len(rows), len(chosen), format.label)
    give_back(n_weights(network))
    return tuple(rows)


def _weighed(format, network, x, expected):
    """(bytes, status, why, error) of one format; errors become the row's status."""
    try:
        size, runs = format.write(network)
    except ImportError as error:
        return None, "missing", first_line(error), None
    except Exception as error:
        return None, "failed", f"it could not be written: {first_line(error)}", None
    found = [_checked(format, network, run, who, x, expected) for who, run in runs.items()]
    for status, why, error in found:
        if status != "right":
            return size, status, why, error
    return size, "right", "", max(error for _, _, error in found)


def _checked(format, network, run, who, x, expected):
    """(status, why, error) of one way to run the network that was read back."""
    try:
        predicted = run(x)
        error = networks.relative_error(predicted, expected)
        status, why = networks.verdict(error, format.tolerance, f"this format with {who}")
        if format.reference:
            same = _predictions_of(format.reference, network, x)
            drift = networks.relative_error(predicted, same, scale=expected)
            what = f"against the file without the sparsity flag, {who}"
            if status == "right":
                status, why = networks.verdict(drift, networks.SAME_INT8_TOLERANCE, what)
    except Exception as error:
        return "failed", f"{who} could not run it: {first_line(error)}", None
    return status, why, error


def _predictions_of(name, network, x):
    """The predictions of the format `name`."""
    _, runs = format_named(name).write(network)
    return next(iter(runs.values()))(x)
