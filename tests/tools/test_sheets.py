"""Printable sheets: what a chapter says, formulas and all, in one file that fetches nothing."""

import re

import nbformat
import pytest

from tests.helpers.sample_chapter import good_cells, words
from tools import course, sheets

PATHS = [path for path in course.find([]) if path.name != "00_start_here.ipynb"]


@pytest.fixture
def path(tmp_path):
    cells = [words(f"## Cheat sheet\n$s = 1 - x^2$ in `a`, [b](glossary.ipynb#B) <{1}>", "sheet")]
    file = tmp_path / "03_count_the_zeros.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    return file


def test_a_sheet_is_its_cell(path):
    html = sheets.sheet(path)
    assert "<title>Count the zeros: cheat sheet</title>" in html
    for part in ("<math", "<code>a</code>", 'href="../glossary.ipynb#B"', "Count the zeros: cheat"):
        assert part in html, part
    assert not re.search(r"(src|href)=\"(https?:)?//", html)


def test_a_chapter_without_one_has_no_page(tmp_path):
    cells = [cell for cell in good_cells() if "sheet" not in cell.metadata.get("tags", [])]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "03_a_b.ipynb")
    assert sheets.sheet(tmp_path / "03_a_b.ipynb") is None


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_page_beside_the_course_is_that_of_its_chapter(path):
    assert sheets.file_of(path).read_text("utf-8") == sheets.sheet(path), "run `make sheets`"


def test_no_page_is_left_of_a_chapter_that_is_gone():
    there = {file.name for file in sheets.FOLDER.glob("*")}
    assert there == {sheets.file_of(path).name for path in PATHS}


def test_the_glossary_has_an_anchor_for_each_word():
    html = sheets.glossary()
    for term in ("Mask", "Standard-error", "N:M-sparsity"):
        assert f'id="{term}"' in html, term


def test_its_words_are_unique():
    terms = re.findall(r"<h3[^>]*>(.*?)<a", sheets.glossary())
    assert len(terms) > 60
    assert len(set(terms)) == len(terms)


def test_names_that_are_no_chapter_are_refused(capsys):
    assert sheets.main(["no_such"]) == 1
    assert "no notebook begins with 'no_such'" in capsys.readouterr().err
