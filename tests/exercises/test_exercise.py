"""What every exercise promises: words, never tracebacks; hints in order; a working solution."""

import contextlib
import dataclasses
import importlib
import io
import math
import pkgutil

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.tree import DecisionTreeClassifier

import prunelab.exercises
from prunelab.exercises.exercise import Exercise
from prunelab.masks import kept_count, magnitude_mask
from prunelab.plans import PLANS, t_quantile
from prunelab.schedules import ConstantSparsity, PolynomialDecay, preflight, public_schedules
from prunelab.trees import cost_complexity_path
from tests.exercises.answers import time_the_network as timing


def all_exercises():
    found = []
    for module in pkgutil.iter_modules(prunelab.exercises.__path__):
        loaded = importlib.import_module(f"prunelab.exercises.{module.name}")
        for name, value in vars(loaded).items():
            if isinstance(value, Exercise):
                found.append(pytest.param(loaded, name, id=f"{module.name}-{name}"))
    assert len(found) >= 8
    return found


def said(call, *arguments):
    """What a call prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        call(*arguments)
    return out.getvalue()


def explode(*arguments):
    raise RuntimeError("boom\nand more")


ODD = [
    "x", b"x", -1, 0, 1, 2.5, math.nan, math.inf, 10**400, True, [], {}, (1, 2), object(),
    np.zeros(3), np.array(["a"]), explode, lambda: 1, PolynomialDecay, ConstantSparsity(0.5, 0),
]  # fmt: skip


@pytest.mark.parametrize(("module", "name"), all_exercises())
def test_no_answer_yet_is_not_wrong(module, name):
    exercise = getattr(module, name)
    assert exercise.name == name
    for nothing in (..., None, {"A": ..., "B": ...}, [..., ...], (...,)):
        assert exercise.verdict(nothing)[0] is None
        assert said(exercise.check, nothing).startswith(f"{name}: … Nothing to check yet")


@pytest.mark.parametrize(("module", "name"), all_exercises())
def test_odd_answers_get_one_line_and_are_wrong(module, name):
    for answer in ODD:
        right, sentence = getattr(module, name).verdict(answer)
        assert right is False, answer
        assert "\n" not in sentence
        assert len(sentence) < 400
        assert said(getattr(module, name).check, answer).count("\n") == 1


@pytest.mark.parametrize(("module", "name"), all_exercises())
def test_two_hints_at_least_and_the_last_is_repeated(module, name):
    exercise = Exercise(**{
        field: getattr(getattr(module, name), f"_{field}") for field in ("hints", "solution")
    }, name=name, judge=lambda answer: (True, "."))  # fmt: skip
    hints = [said(exercise.hint) for _ in range(5)]
    assert len(set(hints)) >= 2
    assert hints[-1] == hints[-2]
    assert hints[0] != hints[1]


@pytest.mark.parametrize(("module", "name"), all_exercises())
def test_the_solution_passes(module, name):
    exercise = getattr(module, name)
    given = {
        "math": math, "comb": math.comb, "np": np, "preflight": preflight,
        "PolynomialDecay": PolynomialDecay,
        "run": dict(n_samples=8000, batch_size=1024, epochs=40),
        "make_moons": make_moons, "DecisionTreeClassifier": DecisionTreeClassifier,
        "cost_complexity_path": cost_complexity_path,
        "t_quantile": t_quantile, "kept_count": kept_count, "replace": dataclasses.replace,
        "magnitude_mask": magnitude_mask,
        "pruned": PLANS["short"].arm("completed_90"),
        "images": 50_000, "batch_size": 256, "target": 0.9,
        "public_schedules": public_schedules,
        "race": timing.race, "break_even": timing.break_even,
    }  # fmt: skip
    before = dict(given)
    said(exercise.solution)  # without a try before, it is shown on the second asking
    exec(said(exercise.solution), given)
    made = {key: given[key] for key in given if given[key] is not before.get(key)}
    del made["__builtins__"]
    verdicts = [exercise.verdict(value)[0] for value in made.values()]
    assert True in verdicts, made


def test_a_judge_cannot_change_the_answer():
    exercise = Exercise("q", lambda answer: (answer.clear() is None, "."), ["a", "b"], "")
    answer = [1, 2]
    exercise.check(answer)
    assert answer == [1, 2]


LIBRARY = ("TypeError", "ValueError", "OverflowError", "float()", "0-dimensional", "convert")


@pytest.mark.parametrize(("module", "name"), all_exercises())
def test_values_of_another_kind_are_told_in_our_own_words(module, name):
    """What a reader's own function raises is theirs, and is told as it is."""
    values = [answer for answer in ODD if not callable(answer)]
    values += [1j, {1, 2}, np.zeros((2, 2)), [[1], [2]], [{"a": 1}], dict.fromkeys("ABCD", 1),
               {"hidden_1": "x", "hidden_2": 0.1, "output": [1]},
               {"neurons": 1, "sparsity": 2, "bits": 3, "packing": 4}]  # fmt: skip
    for answer in values:
        right, sentence = getattr(module, name).verdict(answer)
        assert right is False
        assert not any(word in sentence for word in LIBRARY), (answer, sentence)
