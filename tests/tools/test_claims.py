"""Sentences marked as claims: each has a cell that shows it and a control that could refute it."""

import pytest
from nbformat import v4

from tests.helpers.sample_chapter import code, words
from tools import claims

SAID = "Training is long. **Nine tenths** of the gain\nneed no zeros. <!-- claim abcd: {} -->"
CONTROL = "the same zeros, set once and not held"
MARKED = SAID.format(CONTROL)
LEAST = 10  # claims in the course


def notebook(text=MARKED, *, output="0.91\n", cell_id="abcdef12", tags=()):
    made = code("print(share)", *([output] if output else []), tags=tags)
    made["id"] = cell_id
    return v4.new_notebook(cells=[words("# A"), made, words(text)])


def test_a_claim_has_its_sentence_its_cell_and_its_control():
    (claim,) = claims.claims_of(notebook(), "05_a")
    assert claim == claims.Claim(
        "05_a", "Nine tenths of the gain need no zeros.", 2, "0.91", CONTROL, ()
    )
    printed = claims.table([claim])
    for words_of_it in ("05_a", claim.sentence, "cell 2: 0.91", CONTROL, "1 claims, 0 with"):
        assert words_of_it in printed


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("One thing. Another one here. <!-- claim abcd: a b c -->", "Another one here."),
        ("- first point here\n- the second point: so <!-- claim abcd: a b c -->",
         "the second point: so"),
        ("A heading of words\n\nIt is 0.5 of the control. <!-- claim abcd: a b c -->",
         "It is 0.5 of the control."),
        ("*Here* it holds (cf. `a.b`). <!-- numbers: a paper --> <!-- claim abcd: a b c -->",
         "*Here* it holds (cf. `a.b`)."),
    ],
)  # fmt: skip
def test_the_sentence_is_the_last_one(text, sentence):
    (claim,) = claims.claims_of(notebook(text))
    assert claim.sentence == sentence
    assert not claim.faults


@pytest.mark.parametrize(
    ("made", "words_of_it"),
    [
        (notebook(SAID.format("")), "no control is named"),
        (notebook(SAID.format("none")), "no control is named"),
        (notebook(SAID.replace(" abcd", "").format(CONTROL)), "begins with ''"),
        (notebook(SAID.replace("abcd", "abc").format(CONTROL)), "begins with 'abc'"),
        (notebook("It is so. <!-- claim -->"), "no control is named"),
        (notebook(f"<!-- claim abcd: {CONTROL} -->"), "no sentence"),
        (notebook(cell_id="ffff0000"), "begins with 'abcd'"),
        (notebook(output=None), "shows no text"),
        (notebook(output="<Figure size 8x4 with 1 Axes>\n"), "shows no text"),
        (notebook(tags=["nbval-ignore-output"]), "is not compared"),
    ],
)
def test_what_lacks_one_of_them_is_told(made, words_of_it):
    (claim,) = claims.claims_of(made)
    assert any(words_of_it in fault for fault in claim.faults)
    assert words_of_it in claims.table([claim])


def test_two_cells_of_one_beginning_are_none():
    made = notebook()
    made.cells.insert(0, notebook(cell_id="abcdffff").cells[1])
    (claim,) = claims.claims_of(made)
    assert claim.cell is None
    assert claim.faults


def test_every_claim_of_the_course_has_both():
    found = claims.claims()
    assert [claim for claim in found if claim.faults] == []
    assert len(found) >= LEAST
