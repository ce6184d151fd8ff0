"""Functions as data: each known answer of the course is judged alike, before and after JSON."""

import json

import numpy as np
import pytest

from prunelab.exercises import mask_small_weights as mask
from prunelab.exercises import sandbox
from prunelab.exercises.exercise import Exercise
from prunelab.progress.answers import NotDataError
from prunelab.progress.transcripts import MOST_CALLS, Replay, Transcript, answer_from
from tests.exercises.answers import RIGHT, WRONG

ANSWERS = [(exercise, answer) for exercise, answers in RIGHT for answer in answers]
ANSWERS += [(exercise, answer) for exercise, answer, _ in WRONG]


def handed_in(exercise, answer):
    """(verdict, what is written of the answer, through JSON)."""
    transcript = Transcript()
    verdict = exercise.verdict(answer, transcript)
    return verdict, json.loads(json.dumps(transcript.data(), allow_nan=False))


def test_every_known_answer_is_judged_alike_from_its_data(monkeypatch):
    alike, with_calls = 0, 0
    for exercise, answer in ANSWERS:
        # Some of the answers never end; none of those that wait for a training.
        monkeypatch.setattr(sandbox, "SECONDS", 1 if exercise._patience == 1 else 10)
        (right, sentence), data = handed_in(exercise, answer)
        assert exercise.verdict(answer) == (right, sentence)  # watching changes nothing
        if "unwritten" in data:
            assert right is False, (exercise, answer)  # an answer that is right can be checked
            continue
        again = exercise.verdict(answer_from(data))
        assert again[0] is right, (exercise.key, answer, sentence, again)
        alike += again == (right, sentence)
        with_calls += "calls" in data
    assert with_calls > 60
    assert alike > 0.9 * len(ANSWERS)


def test_nothing_of_the_code_is_written():
    def secret_name(weights, sparsity):
        return np.sort(np.abs(weights), axis=None)[-max(round(weights.size * (1 - sparsity)), 1)]

    (right, _), data = handed_in(mask.q1, secret_name)
    assert right
    text = json.dumps(data)
    assert "secret_name" not in text
    assert "sort" not in text


def test_a_transcript_of_another_check_is_no_answer():
    _, data = handed_in(mask.q1, lambda weights, sparsity: 0.5)
    replay = answer_from(data)
    right, _ = mask.q3.verdict(replay)
    assert not right
    data["calls"][0]["inputs"] = "0" * 16
    replay = answer_from(data)
    mask.q1.verdict(replay)
    assert "not those that were written down" in replay.strayed


def test_a_transcript_that_ends_early_is_no_answer():
    right = next(answers[0] for exercise, answers in RIGHT if exercise is mask.q1)
    _, data = handed_in(mask.q1, right)
    replay = answer_from({"calls": data["calls"][:-1]})
    assert mask.q1.verdict(replay)[0] is False
    assert "more than was written down" in replay.strayed


def test_what_changes_its_input_does_so_again():
    exercise = Exercise("q", lambda f: _judge_by_change(f), ["a", "b"], "")

    def sorts(array):
        array.sort()
        return 1.0

    verdict, data = handed_in(exercise, sorts)
    assert verdict == exercise.verdict(answer_from(data)) == (False, "changed")
    verdict, data = handed_in(exercise, lambda array: 1.0)
    assert verdict == exercise.verdict(answer_from(data)) == (True, "same")


def _judge_by_change(function):
    array = np.array([3.0, 1.0, 2.0])
    function(array)
    return (True, "same") if array.tolist() == [3, 1, 2] else (False, "changed")


class Nasty:
    """A class of a reader's own, whose methods raise whenever it is looked at."""

    def __getattr__(self, name):
        raise RuntimeError(f"do not look at {name}")

    def __repr__(self):
        raise RuntimeError


NASTY = [Nasty(), lambda *_: Nasty(), lambda *_: "x" * 9999, lambda *_: 1 / 0, len, int, print]


@pytest.mark.parametrize("at", range(len(NASTY)))
def test_odd_answers_leave_one_sentence_or_data(at):
    (right, _), data = handed_in(mask.q1, NASTY[at])
    assert right is False
    assert len(data) == 1
    assert len(json.dumps(data)) < 5000


CALL = {"inputs": "0" * 16, "output": 1.0}


@pytest.mark.parametrize(
    "data",
    [
        None, [], {}, {"value": 1, "calls": []}, {"unwritten": "x"}, {"code": "print()"},
        {"calls": {}}, {"calls": [[]]}, {"calls": [{}]}, {"calls": [{"inputs": "0"}]},
        {"calls": [CALL | {"raises": "x"}]}, {"calls": [CALL | {"code": 1}]},
        {"calls": [{"inputs": "0", "raises": 3}]}, {"calls": [CALL] * (MOST_CALLS + 1)},
        {"calls": [CALL | {"output": {"is": "pickle"}}]},
    ],
)  # fmt: skip
def test_what_a_transcript_never_writes_is_refused(data):
    with pytest.raises(NotDataError):
        answer_from(data)


def test_a_replay_answers_in_order_with_copies():
    array = {"is": "array", "dtype": "f8", "shape": [1], "items": [1.0]}
    transcript = Transcript()
    watched = transcript(lambda x: np.array([1.0]))
    watched(2), watched(2)
    calls = transcript.data()["calls"]
    assert [call["output"] for call in calls] == [array, array]
    replay = Replay(calls)
    first = replay(2)
    first[0] = 9
    assert replay(2).tolist() == [1.0]
