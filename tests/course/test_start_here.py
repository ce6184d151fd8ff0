"""The first page: its map is the course as it is, its routes lead somewhere."""

import re

import pytest

from tests.course.test_notebooks import CHAPTERS, COURSE
from tests.helpers.notebook_rules import Chapter

START = Chapter.read(COURSE / "00_start_here.ipynb")
OTHERS = [chapter for chapter in CHAPTERS if chapter.name != START.name]


def rows(heading):
    """The rows of the table below a heading, each a list of its cells."""
    (cell,) = (c for c in START.prose if c.source.startswith(f"## {heading}"))
    lines = [line for line in cell.source.splitlines() if line.startswith("| ")]
    return [[part.strip() for part in line.strip("| ").split("|")] for line in lines[1:]]


MAP = {re.search(r"\((.*?)\)", row[0])[1]: row for row in rows("The map")}


def test_every_chapter_is_on_the_map_in_order():
    assert list(MAP) == [chapter.name for chapter in OTHERS]


@pytest.mark.parametrize("chapter", OTHERS, ids=lambda chapter: chapter.name[:-6])
def test_the_map_says_what_the_chapter_says(chapter):
    name, question, needs, minutes = MAP[chapter.name]
    title = next(text for _, level, text in chapter.headings if level == 1)
    assert name.startswith(f"[{title}]")
    assert question.endswith("?")
    prose = "\n".join(cell.source for cell in chapter.prose)
    need = re.search(r"What you'll need\s(.*?)(\d+) minutes", prose, re.S)
    assert minutes == f"{need[2]} min"
    imports = [line for cell in chapter.code for line in cell.lines if "import" in line]
    loads = any(re.search(r"tensorflow|tf_keras|networks", line) for line in imports)
    asks = any('course.needs("tensorflow")' in cell.source for cell in chapter.code)
    assert (needs != "no") == (loads or asks)


def test_the_routes_are_made_of_chapters():
    links = [re.findall(r"\((\w+\.ipynb)\)", row[2]) for row in rows("Three routes")]
    assert [len(found) for found in links] == [1, 2, 0]
    assert {name for found in links for name in found} <= set(MAP)
    trees = next(c for c in OTHERS if c.name == links[0][0])
    part = re.search(r"down to \*(.*?)\*", rows("Three routes")[0][2])[1]
    assert part in [text for _, _, text in trees.headings]


def test_who_reads_it_needs_no_tensorflow():
    code = "\n".join(cell.source for cell in START.code)
    assert not re.search(r"tensorflow|keras", code)
    assert "Prediction(" in code
