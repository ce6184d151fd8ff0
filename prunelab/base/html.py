"""Values as HTML for a notebook's cell; every text is escaped."""

from collections.abc import Iterable, Sequence
from html import escape


def html_table(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """An HTML table: the headings `heads`, and a row for each of `lines`."""
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in line)}</tr>" for line in lines
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table>"
