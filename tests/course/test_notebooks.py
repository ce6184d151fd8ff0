"""Every chapter keeps every rule; strict nbval, run by `make test`, compares the outputs."""

from pathlib import Path

import pytest

from tests.helpers.notebook_rules import RULES, Chapter

COURSE = Path(__file__).resolve().parents[2] / "course"
PATHS = sorted(COURSE.glob("[0-9][0-9]*.ipynb"))
CHAPTERS = [Chapter.read(path) for path in PATHS]


def test_there_are_chapters():
    assert CHAPTERS, "course/ holds no notebook, so nothing was checked"


def test_numbers_of_chapters_are_unique():
    numbers = [chapter.name.partition("_")[0] for chapter in CHAPTERS]
    assert numbers
    assert len(set(numbers)) == len(numbers), f"two chapters share a number: {numbers}"


# Without chapters the list would be empty and pytest would skip: None makes each rule fail.
@pytest.mark.parametrize("chapter", CHAPTERS or [None], ids=lambda c: c and c.name[:-6])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_chapter_keeps_the_rule(chapter, rule):
    assert chapter is not None, "course/ holds no notebook"
    failures = rule(chapter)
    assert not failures, "\n" + "\n".join(failures)
