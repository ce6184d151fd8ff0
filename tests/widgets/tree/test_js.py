"""The TreeExplorer's JavaScript says what Python and scikit-learn say, on random folds."""

import random

import numpy as np
import pytest

from prunelab.base.text import short
from prunelab.trees import fold
from prunelab.widgets.tree import state
from prunelab.widgets.tree.state import cumulated, describe, moved, set_error
from tests.helpers.node import run_module
from tests.helpers.tree_cases import EVERY

FOLDS = 40  # of each explorer
SCRIPT = """
import * as math from "widgets/tree/math.js";
import { fourDigits, percentOf } from "widgets/shared/numbers.js";

answer(given.explorers.map(({ data, cases }) => ({
  path: math.pathFolds(data),
  boxes: data.shown.length ? math.boxesOf(data) : [],
  cases: cases.map(({ folded, before, step, node, many }) => ({
    topmost: math.topmost(data, many),
    leafOf: math.leafOf(data, folded),
    leaves: math.leavesOf(data, folded),
    toggled: math.toggled(data, folded, node),
    errors: Object.fromEntries(Object.keys(data.totals).map((name) =>
      [name, math.setError(data, name, math.leavesOf(data, folded))])),
    moved: math.moved(data, before, folded),
    caption: math.describe(data, { folded, before, step }),
  })),
})).concat([
  given.numbers.map(fourDigits),
  given.numbers.map((number) => percentOf(Math.abs(number) % 1)),
]));
"""


def _numbers(rng):
    powers = [rng.uniform(-1, 1) * 10.0 ** rng.randrange(-12, 13) for _ in range(400)]
    ties = [1000.5, 1001.5, 0.5, 100050.0, 999999.9, 0.00099995, 1e-5, 1e6, 123456789.0]
    return [*powers, *ties, 0, 0.0, 1, 12, 1234567]


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Triples of explorer, its cases and JavaScript's answer; then numbers and their words."""
    rng = random.Random(20260802)
    explorers = [make(cv=4) for make in EVERY]
    given = []
    for explorer in explorers:
        nodes, cases, folded = explorer._nodes, [], ()
        folds = cumulated(nodes, explorer.path.folded)
        for _ in range(FOLDS):
            node = rng.randrange(len(nodes))
            many = rng.sample(range(len(nodes)), rng.randrange(min(6, len(nodes))))
            before = folded
            folded = rng.choice([nodes.toggled(folded, node), rng.choice(folds), folded])
            folded = rng.choice([folded, nodes.topmost(many)])
            step = folds.index(folded) if folded in folds else None
            cases.append(
                {"folded": folded, "before": before, "step": step, "node": node, "many": many}
            )
        given.append({"data": explorer.data, "cases": cases})
    numbers = _numbers(rng)
    *answers, shorts, percents = run_module(
        tmp_path_factory.mktemp("node"), SCRIPT, {"explorers": given, "numbers": numbers}
    )
    assert len(answers) == len(EVERY)
    triples = [
        (explorer, one["cases"], answer)
        for explorer, one, answer in zip(explorers, given, answers, strict=True)
    ]
    return triples, list(zip(numbers, shorts, percents, strict=True))


def _each(compared):
    for explorer, cases, answer in compared[0]:
        assert len(answer["cases"]) == len(cases) == FOLDS
        for case, found in zip(cases, answer["cases"], strict=True):
            yield explorer, case, found


def test_folds_leaves_and_clicks_agree(compared):
    seen = set()
    for explorer, case, found in _each(compared):
        nodes = explorer._nodes
        assert tuple(found["topmost"]) == nodes.topmost(case["many"])
        assert found["leafOf"] == nodes.leaf_of(case["folded"]).tolist()
        assert found["leaves"] == nodes.leaves(case["folded"]).tolist()
        assert tuple(found["toggled"]) == nodes.toggled(case["folded"], case["node"])
        leaf = found["leafOf"][case["node"]]
        seen.add("split" if leaf < 0 else "leaf" if leaf == case["node"] else "gone")
    assert seen == {"split", "leaf", "gone"}


def test_errors_are_those_of_the_estimator(compared):
    """The error in the browser against scikit-learn's own predictions of the folded tree."""
    for explorer, case, found in _each(compared):
        tree = fold(explorer.path.estimator, case["folded"])
        assert len(found["leaves"]) == tree.get_n_leaves()
        for name, (x, y) in explorer.given.items():
            away = tree.predict(x) != y
            if explorer.data["kind"] == "regressor":
                away = (tree.predict(x) - y) ** 2
            assert found["errors"][name] == pytest.approx(away.mean(), rel=1e-9, abs=1e-12)
            assert found["errors"][name] == set_error(explorer.data, name, found["leaves"])


def test_samples_that_change_are_those_whose_prediction_changes(compared):
    changes = 0
    for explorer, case, found in _each(compared):
        count, distance = found["moved"]
        assert (count, distance) == moved(
            explorer.data, explorer._nodes, case["before"], case["folded"]
        )
        x, _ = explorer.given["train"]
        trees = (fold(explorer.path.estimator, case[name]) for name in ("before", "folded"))
        old, new = (tree.predict(x) for tree in trees)
        assert count == (old != new).sum()
        if explorer.data["kind"] == "regressor" and count:
            assert distance == pytest.approx(np.abs(old - new)[old != new].mean())
        changes += count > 0
    assert changes > FOLDS


def test_the_path_is_the_cost_complexity_path(compared):
    for explorer, _, answer in compared[0]:
        assert len(answer["path"]) == len(explorer.path)
        for k, folded in enumerate(answer["path"]):
            tree = fold(explorer.path.estimator, folded)
            wanted = explorer.path.tree(k)
            np.testing.assert_array_equal(tree.tree_.threshold, wanted.tree_.threshold)
            assert tree.get_n_leaves() == explorer.path.n_leaves[k]


def test_boxes_hold_the_samples_that_the_tree_sends_there(compared):
    """Random places in the plane: the box they lie in predicts what scikit-learn predicts."""
    rng = np.random.default_rng(5)
    drawn = 0
    for explorer, cases, answer in compared[0]:
        shown = explorer.data["shown"]
        if not shown:
            continue
        limits = np.array(explorer.data["limits"])
        places = rng.uniform(limits[:, 0], limits[:, 1], (300, len(shown))).astype(np.float32)
        boxes = np.array(answer["boxes"])
        for case in cases[::10]:
            tree = fold(explorer.path.estimator, case["folded"])
            leaves = np.array(explorer._nodes.leaves(case["folded"]))
            inside = (places[:, None] > boxes[leaves, :, 0]) & (
                places[:, None] <= boxes[leaves, :, 1]
            )
            assert (inside.all(axis=2).sum(axis=1) == 1).all()
            leaf = leaves[inside.all(axis=2).argmax(axis=1)]
            said = np.array(explorer.data["value"])[leaf]
            if explorer.data["kind"] == "classifier":
                said = tree.classes_[said]
            np.testing.assert_array_equal(said, tree.predict(places))
            drawn += 1
    assert drawn == 4 * FOLDS // 10


def test_captions_agree_to_the_letter(compared):
    sentences = set()
    for explorer, case, found in _each(compared):
        wanted = describe(
            explorer.data, explorer._nodes, case["folded"], case["before"], case["step"]
        )
        assert found["caption"] == wanted
        sentences.update(
            start
            for start in ("Folding node", "branches turns", "Unfolding node", "The last change")
            if start in wanted
        )
    assert len(sentences) == 4, "the random folds do not meet every sentence"


def test_numbers_are_written_alike(compared):
    for number, found, share in compared[1]:
        assert found == short(number)
        assert share == state.percent(abs(number) % 1)
        assert float(found) == pytest.approx(number, rel=5.001e-4, abs=0)
