"""Rows of results that take long: each is kept in its own file, so that a stopped tool goes on."""

from prunelab.base.json_files import load_values, save_values


def kept(file, make):
    """The row stored in `file`; where there is none, what `make()` returns, which is stored."""
    row = load_values(file)
    if row is None:
        row = make()
        file.parent.mkdir(parents=True, exist_ok=True)
        save_values(row, file)
        print(row, flush=True)
    return row
