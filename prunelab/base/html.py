"""Values as HTML for a notebook's cell; every text is escaped."""

from collections.abc import Iterable, Sequence
from html import escape


def html_table(heads: Sequence[str], lines: Iterable[Sequence[object]], caption: str = "") -> str:
    """An HTML table: the headings `heads`, a row for each of `lines`, and a caption above."""
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in line)}</tr>" for line in lines
    )
    return f"<table>{above}<thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table>"
