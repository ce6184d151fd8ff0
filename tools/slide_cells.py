"""Which cells of a chapter are its slides, and what a slide shows of each.

A cell tagged `slide` begins a slide, one tagged `slide-more` goes on the slide before it, all
others are left out. Of a code cell a slide shows the outputs; the code itself where there is none,
for then the code is what is taught.
"""

import copy
import re
from dataclasses import dataclass

from tools.stored_form import SLIDE_TAGS

BEGINS, GOES_ON = SLIDE_TAGS
MOST_CODE_LINES = 12
# What a prediction says where nobody answers.
UNANSWERED = re.compile(r"^(.+)\. No guess was locked\.$", re.MULTILINE)
NOTE = re.compile(r"\s*<!--.*?-->", re.DOTALL)
SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


class SlideError(Exception):
    """Tags that make no slides; the message says which cell, and the way out."""


@dataclass(frozen=True)
class Slide:
    """The cells of one slide (copies, ready to be shown) and the heading that they stand under."""

    cells: tuple
    title: str

    @property
    def headed(self):
        """Does the slide show its heading itself?"""
        return any(map(_headings, self.cells))

    @property
    def held_back(self):
        """The cells behind a prediction: first the class guesses, then they are shown."""
        asks = next((at for at, cell in enumerate(self.cells) if _asks(cell)), len(self.cells))
        return self.cells[asks + 1 :]


def numbers_of(nb):
    """The slides of a notebook as lists of cell numbers, from 1. Raises SlideError."""
    found = []
    for number, cell in enumerate(nb.cells, 1):
        tags = [tag for tag in cell.metadata.get("tags", []) if tag in SLIDE_TAGS]
        if len(tags) > 1:
            raise SlideError(f"cell {number} is tagged {' and '.join(tags)}; keep one of them")
        if tags == [BEGINS]:
            found.append([number])
        elif tags == [GOES_ON] and not found:
            raise SlideError(f"cell {number} is tagged {GOES_ON} before any slide; tag it {BEGINS}")
        elif tags == [GOES_ON]:
            found[-1].append(number)
    return found


def slides(nb):
    """The slides of a notebook. Raises SlideError."""
    return [
        Slide(tuple(shown(nb, number) for number in numbers), _title(nb, numbers))
        for numbers in numbers_of(nb)
    ]


def _title(nb, numbers):
    """The first heading on the slide, else the last one above it."""
    on = [heading for number in numbers for heading in _headings(nb.cells[number - 1])]
    above = [heading for cell in nb.cells[: numbers[0] - 1] for heading in _headings(cell)]
    return (on[:1] or above[-1:] or [""])[0]


def shown(nb, number):
    """A copy of cell `number`, reduced to what its slide shows. Raises SlideError."""
    cell = copy.deepcopy(nb.cells[number - 1])
    cell.source = NOTE.sub("", cell.source)
    if cell.cell_type != "code":
        return cell
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if not cell.outputs and len(lines) > MOST_CODE_LINES:
        raise SlideError(
            f"cell {number} has no output and {len(lines)} lines of code; "
            f"a slide has room for {MOST_CODE_LINES}: split the cell, or tag another"
        )
    cell.metadata["shows_code"] = not cell.outputs
    for output in cell.outputs:
        if output.output_type == "stream":
            output.text = UNANSWERED.sub(r"Measured: \1", output.text).rstrip()
        if "image/png" in output.get("data", {}):
            output.metadata["image/png"] = {"alt": _alt(nb, number, output)}
    return cell


def _headings(cell):
    """The headings of a cell of words, in order."""
    if cell.cell_type != "markdown":
        return []
    return re.findall(r"^#{1,6}\s+(.+?)\s*$", cell.source, re.MULTILINE)


def _asks(cell):
    """Does the cell show a prediction?"""
    outputs = cell.outputs if cell.cell_type == "code" else []
    return any(
        output.get("data", {}).get("text/plain", "").startswith("Prediction(") for output in outputs
    )


def _alt(nb, number, output):
    """Words for a picture: the facts of an explorer, else the first sentences below a figure."""
    facts = output.data.get("text/plain", "")
    below = nb.cells[number] if number < len(nb.cells) else None
    if not facts.startswith("<Figure") or below is None or below.cell_type != "markdown":
        return facts
    words = re.sub(r"[*`$]|\]\([^)]*\)|\[|^#+\s.*$", "", NOTE.sub("", below.source), flags=re.M)
    return " ".join(SENTENCES.split(" ".join(words.split()))[:2])
