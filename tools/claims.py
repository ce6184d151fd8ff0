"""The claims of the course: each sentence so marked, the cell that carries it, its control.

    python -m tools.claims [NN …]     prints them; exit code 1 where one lacks a cell or a control

A claim is marked in the text, directly after its sentence:

    Nine tenths of the gain need no zeros. <!-- claim CELL: control -->

CELL is the id of a code cell of the same chapter, or its first letters, whose stored output carries
the sentence. The control is the run that could have refuted it, in a few words.
"""

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

from prunelab.base.terminal import any_terminal

ROOT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"<!--\s*claim\b(?P<rest>.*?)-->", re.S)
COMMENT = re.compile(r"<!--.*?-->", re.S)
PARTS = re.compile(r"\s*(?P<cell>[\w-]*)\s*:(?P<control>.*)", re.S)
END = re.compile(
    r"(?<!\bcf)(?<!e\.g)(?<!i\.e)[.!?:][*_)\]\"”]*\s+(?=[A-Z*_`\[(“])|\n\s*\n|\n\s*[-*|#]\s"
)
LEAST_LETTERS = 4  # of a cell's id
LEAST_WORDS = 3  # of a control
VOLATILE = "nbval-ignore-output"
UNREAD = "No guess was locked"  # of a prediction: it repeats what stands above it


@dataclass(frozen=True)
class Claim:
    """chapter: its file's stem. sentence: as it stands, without markup of its own. cell: the number
    of the code cell, from 1, of all cells; None where there is none. shows: the last line of that
    cell's stored text. control: what could have refuted it. faults: what is amiss, sentences."""

    chapter: str
    sentence: str
    cell: int | None
    shows: str
    control: str
    faults: tuple[str, ...]


def claims_of(notebook, chapter="notebook"):
    """The `Claim`s of a notebook as nbformat reads it, in their order."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for mark in MARK.finditer(cell.source):
                found.append(_claim(notebook, chapter, cell.source[: mark.start()], mark["rest"]))
    return tuple(found)


def claims(folder=None, chapters=()):
    """The `Claim`s of all chapters in `folder`, the course's by default; or of those numbered."""
    paths = sorted(Path(folder or ROOT / "course").glob("[0-9][0-9]*_*.ipynb"))
    chosen = [p for p in paths if not chapters or any(p.name.startswith(n) for n in chapters)]
    return tuple(claim for path in chosen
                 for claim in claims_of(nbformat.read(path, as_version=4), path.stem))  # fmt: skip


def _claim(notebook, chapter, before, rest):
    parts = PARTS.fullmatch(rest)
    name, control = (parts["cell"], " ".join(parts["control"].split())) if parts else ("", "")
    sentence, faults = _last_sentence(before), []
    if len(sentence.split()) < LEAST_WORDS:
        faults.append("no sentence stands before the mark")
    if len(control.split()) < LEAST_WORDS:
        faults.append("no control is named: which run could have refuted it?")
    cells = [] if len(name) < LEAST_LETTERS else [
        (number, cell) for number, cell in enumerate(notebook.cells, 1)
        if cell.cell_type == "code" and cell.get("id", "").startswith(name)
    ]  # fmt: skip
    if len(cells) != 1:
        faults.append(f"no code cell, or more than one, has an id that begins with {name!r}")
        return Claim(chapter, sentence, None, "", control, tuple(faults))
    number, cell = cells[0]
    shows = _shown(cell)
    if not shows:
        faults.append(f"cell {number} shows no text: nothing there carries it")
    elif VOLATILE in cell.metadata.get("tags", []):
        faults.append(f"cell {number} is not compared when the chapter is tested")
    return Claim(chapter, sentence, number, shows, control, tuple(faults))


def _last_sentence(text):
    """The last sentence of a text, without comments and stars."""
    text = COMMENT.sub("", text).rstrip()
    starts = [match.end() for match in END.finditer(text)]
    last = " ".join(text[starts[-1] if starts else 0 :].replace("**", "").split())
    return re.sub(r"^[-*] ", "", last)


def _shown(cell):
    """The last line of text that a cell has stored."""
    texts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            texts.append(output.text)
        texts.append(output.get("data", {}).get("text/plain", ""))
    lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("<Figure") and UNREAD not in line]
    return lines[-1] if lines else ""


def table(found):
    """The claims as text, a few lines each."""
    lines, chapter = [], None
    for claim in found:
        if claim.chapter != chapter:
            chapter = claim.chapter
            lines.append(f"\n{chapter}")
        where = "no cell" if claim.cell is None else f"cell {claim.cell}: {claim.shows[:90]}"
        lines += [f"  {claim.sentence}", f"    shown by  {where}"]
        lines += [f"    refuted by  {claim.control or 'nothing named'}"]
        lines += [f"    ! {fault}" for fault in claim.faults]
    amiss = sum(bool(claim.faults) for claim in found)
    return "\n".join([*lines, "", f"{len(found)} claims, {amiss} with something amiss"]).lstrip()


def main(arguments=None):
    """Print the table; exit code 0 where there are claims and each has a cell and a control."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="NN", help="numbers of chapters")
    found = claims(chapters=parser.parse_args(arguments).chapters)
    print(table(found))
    return 0 if found and not any(claim.faults for claim in found) else 1


if __name__ == "__main__":
    any_terminal()
    sys.exit(main())
