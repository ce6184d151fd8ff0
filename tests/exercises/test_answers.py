"""Each check accepts right answers of several kinds and names the mistake in known wrong ones."""

import pytest

from prunelab.exercises.exercise import Exercise
from prunelab.grading.grade import exercises
from tests.exercises.answers import CHAPTERS, RIGHT, WRONG
from tools.mutations import LEAST_WRONG, Trial, table, trials

CHOICES = 4  # options and formats of a choice that are tried wrongly, at least


def test_every_check_of_the_course_is_proven_and_none_is_excused():
    """All right answers pass, wrong ones hear the fitting words; the table says which do not."""
    found = trials(exercises(), RIGHT, WRONG)
    assert len(found) == len(exercises()) >= 25
    assert all(trial.proven for trial in found), table(found)
    for trial in found:
        assert len(trial.said) >= CHOICES, (trial.key, trial.said)


def test_the_answers_to_a_chapter_are_in_its_own_module():
    for name, chapter in CHAPTERS.items():
        keys = {exercise.key for exercise, *_ in [*chapter.RIGHT, *chapter.WRONG]}
        assert {key.rpartition(".")[0] for key in keys} == {name}
        tried = [exercise.key for exercise, _ in chapter.RIGHT]
        assert len(set(tried)) == len(tried)


# ---- the table itself ---------------------------------------------------------------------------


def judge(answer):
    if answer == 3:
        return True, "Three."
    return False, "Too many." if answer > 3 else "Too few."


EXERCISE = Exercise("q1", judge, ["a", "b"], "")
PROVEN = [(EXERCISE, [3, 3.0, 3 + 0j])], [(EXERCISE, at, "Too few") for at in range(-5, 3)]


def tried(right, wrong):
    (found,) = trials({EXERCISE.key: EXERCISE}, right, wrong)
    return found


def test_enough_answers_judged_as_they_should_be_are_a_proof():
    found = tried(*PROVEN)
    assert found.proven
    assert (found.right, found.wrong, found.said) == (3, 8, {"Too few."})
    assert "1 of 1 checks proven" in table([found])


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ([], PROVEN[1], "0 right, 8 wrong"),
        ([(EXERCISE, [3, 3])], PROVEN[1], "2 right, 8 wrong"),
        (PROVEN[0], PROVEN[1][:7], "3 right, 7 wrong"),
        (PROVEN[0], [*PROVEN[1], (EXERCISE, 3, "Too few")], "heard: Three."),
        (PROVEN[0], [*PROVEN[1], (EXERCISE, 4, "Too few")], "heard: Too many."),
        (PROVEN[0], [*PROVEN[1], (EXERCISE, ..., "Too few")], "heard: Nothing to check"),
        ([(EXERCISE, [3, 3, 3, 4])], PROVEN[1], "a right answer is not accepted: Too many."),
    ],
)
def test_the_table_names_what_is_not_proven(right, wrong, words):
    found = tried(right, wrong)
    assert not found.proven
    assert "0 of 1 checks proven" in table([found])
    assert words in table([found])


def test_a_check_that_nothing_tries_is_in_the_table():
    assert table([Trial("a.q1")]).endswith("a.q1: 0 right, 0 wrong answers")
    assert LEAST_WRONG == 8
