"""Every exercise of every chapter, as a reader finds it and as its folded cell solves it.

Both are cells of the notebook, and strict nbval runs them again with all the others and compares
what they print: here we see to it that there is one of each for every exercise, what they print,
and that what a reader types over a stub needs nothing else.
"""

import ast
import importlib
import re

import pytest

from prunelab.course.editions import subject
from prunelab.exercises.exercise import Exercise
from tests.course.test_notebooks import CHAPTERS

WITH_EXERCISES = [chapter for chapter in CHAPTERS if not chapter.name.startswith("00")]
# In a growing order; where an exercise explains or measures, it stands for one of these.
ORDER = ("Do", "Choose", "Fix", "Make")
ALSO = {"Explain": "Choose", "Measure": "Make"}
CALLS = {"exercise": "check", "solution": "confirm"}  # what confirms is never recorded
HEADLINE = re.compile(r"^\*\*(\d+)\. (\w+)\.\*\*", re.M)


def ids(chapter):
    return chapter.name[:-6]


def exercises_of(chapter):
    """The exercises of a chapter's own module, by name."""
    module = importlib.import_module(f"prunelab.exercises.{subject(chapter.name)}")
    return {name: e for name, e in vars(module).items() if isinstance(e, Exercise)}


def checks(chapter, tag):
    """{exercise: cell} of the cells with a tag that check it, or confirm its solution."""
    found = {}
    for cell in chapter.code:
        if tag in cell.tags:
            for name in re.findall(rf"^(\w+)\.{CALLS[tag]}\(", cell.source, re.M):
                assert name not in found, f"{name} is checked in two cells tagged {tag}"
                found[name] = cell
    return found


def said(cell, name):
    """What the check of an exercise printed, in the stored outputs of a cell."""
    text = "".join(output.get("text", "") for output in cell.outputs)
    ((who, line),) = re.findall(rf"^{name}(, not recorded)?: (.*)$", text, re.M)
    assert bool(who) == ("solution" in cell.tags)
    return line


def test_there_are_chapters_with_exercises():
    assert len(WITH_EXERCISES) >= 6


@pytest.mark.parametrize("chapter", WITH_EXERCISES, ids=ids)
def test_every_exercise_stands_there_unsolved_and_solved(chapter):
    known, stubs, solved = (
        exercises_of(chapter), checks(chapter, "exercise"), checks(chapter, "solution"),
    )  # fmt: skip
    assert set(known) == set(stubs) == set(solved)
    assert len(known) >= 2
    for name in known:
        assert said(stubs[name], name)[0] in "…✘", name
        assert said(solved[name], name).startswith("✔ Right. "), name
        assert stubs[name].number < solved[name].number
        for cell in (stubs[name], solved[name]):  # or nbval would not compare what it prints
            assert "nbval-ignore-output" not in cell.tags


@pytest.mark.parametrize("chapter", WITH_EXERCISES, ids=ids)
def test_exercises_grow(chapter):
    prose = "\n".join(cell.source for cell in chapter.prose)
    found = HEADLINE.findall(prose)
    assert [int(number) for number, _ in found] == list(range(1, len(found) + 1))
    kinds = [ORDER.index(ALSO.get(kind, kind)) for _, kind in found]
    assert kinds == sorted(kinds), [kind for _, kind in found]
    assert len(set(kinds)) >= 2, [kind for _, kind in found]


def bound(tree):
    """The names that a cell's code gives a value, outside its functions."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names


@pytest.mark.parametrize("chapter", WITH_EXERCISES, ids=ids)
def test_a_solution_answers_under_the_name_that_the_stub_asks_for(chapter):
    """So that a solved notebook is the unsolved one with the folded cells' answers typed in."""
    for name, cell in checks(chapter, "solution").items():
        stub = checks(chapter, "exercise")[name]
        asked, answered = (
            re.search(rf"^{name}\.(?:check|confirm)\((\w+)\)", each.source, re.M)[1]
            for each in (stub, cell)
        )
        assert asked == answered
        assert asked in bound(stub.tree), f"the stub of {name} does not name {asked}"
        assert asked in bound(cell.tree), f"the solution of {name} does not make {asked}"


@pytest.mark.parametrize("chapter", WITH_EXERCISES, ids=ids)
def test_two_different_hints_come_before_the_solution(chapter, capsys):
    for exercise in exercises_of(chapter).values():
        assert len(set(exercise._hints)) == len(exercise._hints) >= 2
        assert exercise._solution
        for _ in range(len(exercise._hints) + 1):
            exercise.hint()
        told = [line.partition(": ")[2] for line in capsys.readouterr().out.splitlines()]
        assert told == [*exercise._hints, exercise._hints[-1]]
