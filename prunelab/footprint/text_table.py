"""Rows as aligned lines of text, for a shell or a notebook cell."""

from collections.abc import Iterable

from prunelab.base.checks import shown
from prunelab.base.text import aligned
from prunelab.footprint.formats import format_named
from prunelab.footprint.measurement import Measurement, SizeRow, TimeRow
from prunelab.footprint.models.cost import Cost
from prunelab.footprint.patterns import PATTERNS
from prunelab.footprint.runtimes import RUNTIMES

_LEFT = ("pattern", "format", "runtime", "")


def table(
    rows: Iterable[SizeRow] | Iterable[TimeRow],
    *,
    dense_bytes: int | None = None,
    columns: Iterable[str] | None = None,
    cost: Cost | None = None,
) -> str:
    """`rows` (SizeRows or TimeRows, all of one kind) as text, one line a row, `why` or remark last.

    dense_bytes: of the unpruned network in float32, for the ratio of sizes; None computes it from
    the rows' number of weights. columns: the headings to show, in this order, or None for all.
    cost: the result of `footprint.cost`, shown as a line above. A wrong row keeps its numbers and
    says WRONG.
    """
    if isinstance(rows, Measurement):
        raise TypeError(
            "rows is a Measurement: hand over its .sizes or its .times, or some of them"
        )
    rows = list(rows)
    if not rows:
        return "no rows"
    above = "" if cost is None else f"{cost}\n"
    if all(isinstance(row, SizeRow) for row in rows):
        return above + _aligned(_chosen(_sizes(rows, dense_bytes), columns))
    if all(isinstance(row, TimeRow) for row in rows):
        return above + _aligned(_chosen(_times(rows), columns))
    raise TypeError(f"rows={shown(rows)}: write SizeRows or TimeRows, all of one kind")


def _sizes(rows, dense_bytes):
    lines = [("pattern", "zeros", "format", "bytes", "smaller", "bound", "error", "")]
    for row in rows:
        dense = dense_bytes or 4 * row.weights
        lines.append(
            (
                PATTERNS[row.pattern].label,
                _percent(row),
                _label(row),
                "–" if row.bytes is None else f"{row.bytes:,}",
                "–" if row.bytes is None else f"{dense / row.bytes:.2f} ×",
                f"{dense / row.bound:.2f} ×" if row.bound else "–",
                _error(row),
                _verdict(row),
            )
        )
    return lines


def _times(rows):
    columns = "pattern zeros runtime batch threads ms quartiles faster limit error"
    lines = [(*columns.split(), "")]
    for row in rows:
        timed = row.median is not None
        lines.append(
            (
                PATTERNS[row.pattern].label,
                _percent(row),
                RUNTIMES[row.runtime].label,
                str(row.batch),
                str(row.threads),
                f"{row.median:.3g}" if timed else "–",
                f"{row.low:.3g} … {row.high:.3g}" if timed else "–",
                f"{row.ratio:.2f} ×" if row.ratio else "–",
                "–" if row.limit is None else f"{row.limit:.2g}",
                _error(row),
                _verdict(row),
            )
        )
    return lines


def _percent(row):
    """The zeros in percent; if weights were removed instead, the sparsity asked for."""
    if PATTERNS[row.pattern].smaller:
        return f"({100 * row.sparsity:.0f} % gone)"
    return f"{100 * row.zeros:.1f} %"


def _error(row):
    return "–" if row.error is None else f"{row.error:.1g}"


def _verdict(row):
    return row.remark if row.status == "right" else f"{row.status.upper()}: {row.why}"


def _label(row):
    """The format's name, with the type of the weights where it names one."""
    label = format_named(row.format).label
    return label.replace("float32 weights", f"{row.dtype} weights" if row.dtype else "weights")


def _chosen(lines, columns):
    """The lines with the chosen columns; what is wrong with a row is always shown."""
    heads = lines[0]
    if columns is None:
        return lines
    if isinstance(columns, str) or not columns or any(name not in heads[:-1] for name in columns):
        raise ValueError(f"columns={shown(columns)}: choose some of {', '.join(heads[:-1])}")
    at = [*map(heads.index, columns), len(heads) - 1]
    return [tuple(line[i] for i in at) for line in lines]


def _aligned(lines):
    return aligned(lines, [at for at, head in enumerate(lines[0]) if head in _LEFT])
