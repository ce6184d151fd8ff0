"""Check whether this machine is ready for the course; the result is a table.

`python -m prunelab doctor` prints the table; in a notebook `examine()` returns its rows. Each check
is a function that returns a `Row` or a list of them. No check imports TensorFlow in this process;
`deep_row` imports it in a separate process.
"""

from collections.abc import Sequence
from os import PathLike

from prunelab.doctor.frameworks import deep_row, keras_row, labextension_rows
from prunelab.doctor.machine import (
    Row,
    cores_row,
    course_row,
    disk_row,
    memory_row,
    progress_row,
    results_row,
)
from prunelab.doctor.packages import package_rows, python_row
from prunelab.doctor.pins import find_lock

__all__ = ["Row", "as_table", "examine", "verdict"]


def examine(folder: str | PathLike[str] | None = None, deep: bool = False) -> list[Row]:
    """All rows of the table, in order.

    folder: where results will be written; None for the folder of `prunelab run`. deep: whether
    TensorFlow is imported too, in a separate process.
    """
    packages = package_rows(find_lock())
    absent = {row.name for row in packages if row.absent}
    rows = [python_row(), *packages]
    if "prunelab[tensorflow]" not in absent:
        rows.append(keras_row())
    rows += [memory_row(), cores_row(), course_row()]
    rows += [results_row(folder), progress_row(), disk_row(folder)]
    if "prunelab[lab]" not in absent:
        rows += labextension_rows()
    return [*rows, deep_row()] if deep and "prunelab[tensorflow]" not in absent else rows


def verdict(rows: Sequence[Row]) -> str:
    """A summary of the rows: what is wrong, with advice, and what is not installed."""
    amiss = [row for row in rows if not row.ok]
    lines = [f"{row.name}: {row.found}. {row.advice}" for row in amiss]
    absent = [row for row in rows if row.absent]
    if not amiss:
        lines = ["All is well for what is installed." if absent else "All is well."]
    lines += [f"Not installed, {row.wanted}: {row.advice}" for row in absent]
    return "\n".join(lines)


def as_table(rows: Sequence[Row]) -> str:
    """The rows as text: aligned columns, and a line of advice under each row that is not `ok`."""
    cells = [("", "", "found", "wanted")]
    marks = ["–" if row.absent else "ok" if row.ok else "AMISS" for row in rows]
    cells += [(m, row.name, row.found, row.wanted) for m, row in zip(marks, rows, strict=True)]
    widths = [max(len(line[column]) for line in cells) for column in range(3)]
    lines = []
    for line, row in zip(cells, (None, *rows), strict=True):
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        lines.append("  ".join([*padded, line[3]]).rstrip())
        if row is not None and (row.absent or not row.ok):
            lines.append(f"{'':{widths[0]}}  -> {row.advice}")
    amiss, absent = sum(not row.ok for row in rows), sum(row.absent for row in rows)
    if amiss:
        last = f"{amiss} of {len(rows)} amiss."
    else:
        last = "All is well." if not absent else f"All is well but for {absent} not installed."
    return "\n".join([*lines, last])


def add_arguments(parser):
    """The options of `prunelab doctor`."""
    parser.add_argument(
        "--folder",
        metavar="DIR",
        help="where results will be written (default: PRUNELAB_RUNS, or the course's runs)",
    )
    parser.add_argument("--deep", action="store_true", help="also import TensorFlow, some seconds")


def command(args):
    """Print the table; return 1 if any row is not `ok`, else 0."""
    rows = examine(args.folder, args.deep)
    where = find_lock()
    print(f"compared with {where.name if where else 'the ranges in the package metadata'}\n")
    print(as_table(rows))
    return int(not all(row.ok for row in rows))
