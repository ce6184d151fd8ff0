"""One line of the doctor's table."""

from dataclasses import dataclass

SETUP = "Run `make setup` in the checkout, then start the kernel again."


@dataclass(frozen=True)
class Row:
    """One line of the table: what was looked at, found and wanted, and what to do if not `ok`."""

    name: str
    found: str
    wanted: str
    ok: bool
    advice: str = ""
