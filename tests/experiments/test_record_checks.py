"""Records that contradict their own config, with a digest made anew, as a careful forger would."""

import copy
import json
import math
import random
from pathlib import Path

import pytest

from prunelab import plans
from prunelab.base.checks import check_texts
from prunelab.experiments import RunResult
from prunelab.plans.baselines import LinearResult
from tests.helpers.made_plans import made_plan, made_results
from tests.helpers.stored_json import put

COURSE = Path(__file__).resolve().parents[2] / "course"
RESULTS = made_results()
PRUNED = next(r for r in RESULTS.runs if r.config.name == "completed_75" and r.seed == 0)
CONTROL = next(r for r in RESULTS.runs if r.config.name == "control" and r.seed == 0)
EARLY = next(r for r in RESULTS.runs if r.config.name == "early_stopping")
CUT = next(r for r in RESULTS.runs if r.config.name == "cut_only")
SIZES = PRUNED.config.kernel_sizes


def values_of(result):
    return json.loads(json.dumps(result.to_dict()))


def test_what_was_run_is_believed():
    for result in RESULTS.runs:
        assert RunResult.from_dict(values_of(result)) == result
    for name in ("full", "short", "blocks", "knobs"):
        assert plans.load(name, COURSE / "runs").runs
    other = made_results(made_plan(seeds=range(5)), seed=7)
    assert [RunResult.from_dict(values_of(r)) for r in other.runs] == list(other.runs)


def longer(name, by):
    """A phase of so many epochs more or fewer, otherwise as it should be."""

    def change(values):
        phase = values[name]
        for column in (phase, phase["zeros"]):
            for key, counts in column.items():
                if isinstance(counts, list):
                    column[key] = (counts * 3)[: len(counts) + by]
        phase["steps"] = len(phase["loss"]) * 8
        phase["seconds"] = 1.0 if phase["loss"] else 0

    return change


def both(*changes):
    def change(values):
        for each in changes:
            each(values)

    return change


def zeros(name, count):
    """So many zeros at the end, in both places."""
    return both(put("zeros", name, value=count), put("second", "zeros", name, -1, value=count))


IMPOSSIBLE = {
    "more zeros than weights": zeros("hidden_1", SIZES["hidden_1"] + 1),
    "an epoch with more zeros than weights": put(
        "second", "zeros", "hidden_2", 2, value=SIZES["hidden_2"] + 1
    ),
    "zeros that the last epoch does not have": put("zeros", "hidden_1", value=7),
    "a sparsity that the schedule never asks for": zeros("hidden_1", SIZES["hidden_1"] // 2),
    "no zeros where all was pruned": both(*(zeros(name, 0) for name in SIZES)),
    "layers of another network": both(
        lambda values: values["second"]["zeros"].update(
            other=values["second"]["zeros"].pop("hidden_1")
        )
    ),
    "a layer more": lambda values: values["second"]["zeros"].update(
        other=values["second"]["zeros"]["hidden_1"]
    ),
    "no count of zeros at all": put("second", "zeros", value={}),
    "zeros before anything was pruned": lambda values: values["dense"].update(
        zeros=values["second"]["zeros"]
    ),
    "an epoch too few": longer("dense", -1),
    "an epoch too many": longer("second", 1),
    "no second phase": longer("second", -6),
    "a single epoch": longer("dense", -5),
    "fewer steps than its epochs": put("second", "steps", value=7),
    "more steps than its epochs": put("dense", "steps", value=8 * 6 + 1),
    "no error and yet unexplained": put("val", value={"mse": 0.0, "r2": -1e300}),
    "an error and all explained": put("train", value={"mse": 0.5, "r2": 1.0}),
    "no error in the test, and none explained": put("test", value={"mse": 0.0, "r2": 0.0}),
    "two variances of the same rows": put("val", "r2", value=0.5),
    "a loss below zero": put("dense", "loss", 0, value=-1.0),
    "a digest that is none": put("data_digest", value="x"),
    "a digest in capitals": put("data_digest", value="A" * 64),
    "a digest that is a number": put("data_digest", value=3),
    "codes for a terminal": put("provenance", "python", value="3.11\x1b[31m"),
    "codes for a terminal in a name": put("provenance", value={"a\x1b]0;x\x07": 1}),
    "codes deep inside": put("provenance", "packages", "numpy", value=["2", "\x9b31m"]),
    "a line more": put("provenance", "machine", value="x86\nroot: all is well"),
    "more inputs than there are": put("inputs", "surviving", value=126),
    "a loss that is no number": put("dense", "loss", 0, value=math.nan),
}


@pytest.mark.parametrize("kind", IMPOSSIBLE)
def test_what_cannot_have_been_is_refused_in_one_sentence(kind):
    values = values_of(PRUNED)
    IMPOSSIBLE[kind](values)
    with pytest.raises((ValueError, TypeError)) as caught:
        RunResult.from_dict(values)
    words = str(caught.value)
    assert "\n" not in words
    assert len(words) < 300
    assert words.isprintable()


def test_a_control_has_no_zeros_and_a_cut_has_its_own():
    values = values_of(CONTROL)
    values["zeros"]["hidden_1"] = SIZES["hidden_1"] // 4
    with pytest.raises(ValueError, match=r"zeros: .* where its config leaves 0"):
        RunResult.from_dict(values)
    values = values_of(CUT)
    values["zeros"]["hidden_1"] = 0
    with pytest.raises(ValueError, match=r"^zeros: 0 in hidden_1, where its config leaves "):
        RunResult.from_dict(values)


def test_a_shake_may_leave_what_no_gradient_reaches_and_no_more():
    values = values_of(CONTROL)
    values["config"]["shake"] = 0.75
    for share, holds in ((0.0, True), (0.5, True), (0.7, True), (0.8, False)):
        values["zeros"] = {name: int(size * share) for name, size in SIZES.items()}
        if holds:
            assert RunResult.from_dict(values).config.shake == 0.75
        else:
            with pytest.raises(ValueError, match="where its config leaves"):
                RunResult.from_dict(values)


def test_zeros_do_not_come_and_go_between_two_epochs():
    values = values_of(PRUNED)
    counted, size = values["second"]["zeros"]["hidden_1"], SIZES["hidden_1"]
    room = 16 + size // 1000  # some may be 0 by themselves for a while
    counted[1] = counted[0] - room - 1
    with pytest.raises(ValueError, match=r"zeros in hidden_1 are gone after epoch 2, and its sch"):
        RunResult.from_dict(values)
    counted[1] += 1
    assert RunResult.from_dict(values).second.zeros["hidden_1"][1] == counted[1]


def test_a_weight_that_is_zero_by_itself_is_no_forgery():
    values = values_of(CONTROL)
    values["zeros"]["hidden_1"] = 2
    assert RunResult.from_dict(values).zeros["hidden_1"] == 2


@pytest.mark.parametrize("by", range(-12, 3))
def test_early_stopping_may_end_early_and_no_later(by):
    values, most = values_of(EARLY), EARLY.config.more_epochs
    longer("second", most + by - len(values["second"]["loss"]))(values)
    if EARLY.config.patience <= most + by <= most:
        assert len(RunResult.from_dict(values).second.loss) == most + by
    else:
        with pytest.raises(ValueError, match="second"):
            RunResult.from_dict(values)


def test_any_number_turned_far_is_seen_where_the_config_fixes_it():
    """Steps, zeros and the number of epochs: whatever else they are, the record is refused."""
    rng, values = random.Random(3), values_of(PRUNED)
    for _ in range(200):
        wrong = copy.deepcopy(values)
        name = rng.choice(list(SIZES))
        place = rng.choice(["steps", "zeros", "last"])
        if place == "steps":
            wrong[rng.choice(["dense", "second"])]["steps"] += rng.choice([-8, -1, 1, 8, 999])
        elif place == "zeros":
            wrong["zeros"][name] = max(wrong["zeros"][name] + rng.choice([-99, -1, 1, 99]), 0)
        else:
            wrong["second"]["zeros"][name][-1] += rng.choice([1, 50])
        if wrong == values:
            continue
        with pytest.raises(ValueError):  # noqa: PT011 (each names its own field)
            RunResult.from_dict(wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"data_digest": "x"}, {"test": {"mse": 0.0, "r2": -5.0}}, {"model": "ridge\x1b"}],
)
def test_a_linear_fit_is_held_to_the_same(wrong):
    values = json.loads(json.dumps(RESULTS.linear[0].to_dict()))
    assert LinearResult.from_dict(values) == RESULTS.linear[0]
    with pytest.raises(ValueError):  # noqa: PT011
        LinearResult.from_dict(values | wrong)


def test_words_in_any_script_are_no_codes():
    check_texts("provenance", {"name": "剪枝 – é ✂", "list": ["a b", {"c": 1.5}], "none": None})
    check_texts("note", "one line and a\ttab, \u05e9\u05dc\u05d5\u05dd")
    for hidden in ("\x1b[2J", "fdp.\u202e", "\u2066x", "\u200b=1"):  # a terminal would obey them
        with pytest.raises(ValueError, match="control characters"):
            check_texts("note", ["fine", {"key": f"a{hidden}b"}])
