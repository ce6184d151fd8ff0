"""What a search is after, also where it is a number of the reader's own."""

import math

import numpy as np
import pytest

from prunelab.search import SearchError, load, search
from prunelab.search.objectives import from_stored, objectives_of
from tests.helpers.made_search import SPACE, made


def own(candidate, seed, report):
    """What a reader's classifier might measure: the more zeros, the less is right."""
    sparsity = candidate.schedule.final_sparsity
    right = 0.98 - 0.3 * sparsity**4 - 0.02 * abs(math.log10(candidate.learning_rate) + 3)
    return {"val_accuracy": right, "nonzeros": round(1e4 * (1 - sparsity)), "bleu": right * 40}


def go(storage, objectives, n_trials=15, **options):
    return search(SPACE, n_trials, objectives, storage=storage, evaluate=own, **options)


def dominated(results, trial):
    """By the definition, one by one: is some other trial nowhere worse and somewhere better?"""
    mine = trial.values
    return any(
        other.values["val_accuracy"] >= mine["val_accuracy"]
        and other.values["nonzeros"] <= mine["nonzeros"]
        and other.values != mine
        and (other.values["val_accuracy"], other.values["nonzeros"])
        != (mine["val_accuracy"], mine["nonzeros"])
        for other in results.of("complete")
    )


def test_accuracy_is_made_large_and_weights_are_made_few(tmp_path):
    storage = tmp_path / "own.journal"
    results = go(storage, ("val_accuracy", "nonzeros"), 30)
    assert results.objectives == ("val_accuracy", "nonzeros")
    assert results.best.values["val_accuracy"] == max(
        trial.values["val_accuracy"] for trial in results.of("complete")
    )
    for trial in results.of("complete"):
        assert (trial in results.front) != dominated(results, trial)
    assert results.knee in results.front
    assert "val_accuracy" in results.table()
    assert "SearchResults(val_accuracy and nonzeros over" in repr(results)
    again = load(storage)
    assert again.trials == results.trials
    assert again.goals == results.goals
    assert [t.number for t in again.front] == [t.number for t in results.front]


def test_a_dict_says_which_way_and_turns_the_search_around(tmp_path):
    up = go(tmp_path / "up", {"bleu": "maximize"}, 25)
    down = go(tmp_path / "down", {"bleu": "minimize"}, 25)
    first = [t.values["bleu"] for t in up.of("complete")]
    assert up.best.values["bleu"] == max(first)
    assert down.best.values["bleu"] == min(t.values["bleu"] for t in down.of("complete"))
    assert down.best.values["bleu"] < up.best.values["bleu"]
    assert np.mean(first[-5:]) > np.mean([t.values["bleu"] for t in down.of("complete")][-5:])
    with pytest.raises(SearchError, match="objectives"):
        go(tmp_path / "up", {"bleu": "minimize"}, 26)


@pytest.mark.parametrize(("name", "way"), [
    ("val_accuracy", "maximize"), ("acc", "maximize"), ("val_auc", "maximize"),
    ("f1_score", "maximize"), ("val_loss", "minimize"), ("loss", "minimize"),
    ("val_mae", "minimize"), ("latency_ms", "minimize"), ("nonzeros", "minimize"),
    ("validation_mse", "minimize"), ("validation_r2", "maximize"), ("sparsity", "maximize"),
    ("sparsity_hidden_1", "maximize"),
])  # fmt: skip
def test_the_way_is_told_by_the_name(name, way):
    (goal,) = objectives_of(name, own=True)
    assert (goal.name, goal.direction) == (name, way)
    assert from_stored([goal.stored]) == (goal,)


@pytest.mark.parametrize(("objectives", "own", "words"), [
    ((), True, "objectives=(): write one name of a measure, or several, or a dict"),
    ("bleu", True, "objectives='bleu': say which way is better, with a dict: {'bleu': 'maximize'}"),
    ({"bleu": "up"}, True, "objectives['bleu']='up': write 'maximize' or 'minimize'"),
    ({"nonzeros": "maximize"}, True, "objectives['nonzeros']='maximize': a search would minimize"),
    (("loss", "loss"), True, "objectives=('loss', 'loss'): one stands there twice"),
    (("a\nb",), True, "objectives holds 'a\\nb': write a short name on one line"),
    ((3,), True, "objectives holds 3"),
    ("test_accuracy", True, "objectives: a search must not see test_accuracy"),
    ("test_mse", False, "objectives: a search must not see test_mse"),
    ("val_accuracy", False, "measure='val_accuracy': the measures are train_mse"),
])  # fmt: skip
def test_what_is_no_objective_is_refused_in_one_sentence(objectives, own, words):
    with pytest.raises((TypeError, ValueError)) as caught:
        objectives_of(objectives, own=own)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("stored", ["loss", [["loss"]], [["loss", "up"]], [3], [["a", "b", "c"]]])
def test_settings_that_hold_none_are_refused(stored):
    with pytest.raises((TypeError, ValueError)):
        from_stored(stored)


def test_made_measures_are_what_they_were(tmp_path):
    results = search(SPACE, 8, storage=tmp_path / "s", evaluate=made)
    assert [goal.stored for goal in results.goals] == ["validation_mse", "nonzeros"]
    assert [goal.direction for goal in results.goals] == ["minimize", "minimize"]
