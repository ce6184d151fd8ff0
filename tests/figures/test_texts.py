"""No text of a still picture runs over another or is cut off, in extreme states.

`tests/browser/test_texts_of_pictures.py` asks the same of the pictures that a page draws.
"""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from prunelab.schedules import PolynomialDecay
from prunelab.widgets import (
    FootprintExplorer,
    MaskExplorer,
    Prediction,
    ScheduleExplorer,
    TreeExplorer,
)
from tests.helpers.picture_texts import amiss

RAMPS = ((0, 0), (800, 803), (1590, 1600), (1600, 1600), (0, 1600), (1000, 5000), (3000, 3000))


@pytest.mark.parametrize(("initial", "final"), [(0.0, 0.75), (0.0, 0.0), (0.99, 0.99), (0.75, 0.0)])
def test_schedules(initial, final):
    """A run of 1,600 steps; its realised sparsity is 0 % in many of them."""
    found = {
        ramp: texts
        for ramp in RAMPS
        if (texts := amiss(ScheduleExplorer(PolynomialDecay(initial, final, *ramp))))
    }
    assert found == {}


@pytest.mark.parametrize("axis", ["steps", "epochs"])
def test_a_schedule_with_long_numbers(axis):
    long = ScheduleExplorer(
        PolynomialDecay(0.0, 0.75, 0, 10**9), n_samples=10**9, batch_size=1, epochs=10**6
    )
    long.axis = axis
    assert amiss(long) == []


def test_a_mask_with_a_long_name():
    name = "a rather long name of a kernel in a block/dense_17/kernel"
    assert amiss(MaskExplorer(np.ones((20, 20)), name=name)) == []


def test_texts_that_lie_on_each_other_are_found():
    class Crossed:
        picture_inches = (4, 2)

        def draw(self, figure):
            ax = figure.subplots()
            ax.set_axis_off()
            for at, words in ((0.1, "one"), (0.12, "other"), (0.6, "apart"), (2.0, "away")):
                ax.text(at, 0.5, words, transform=ax.transAxes).set_in_layout(False)

    assert amiss(Crossed()) == ["cut off: away", "one × other"]


LONG = ["the length of the sepals in centimetres", "the width of the petals, measured twice"]


def test_a_tree_with_long_names():
    rng = np.random.default_rng(0)
    x, kinds = rng.normal(size=(300, 2)), rng.integers(0, 2, 300)
    tree = DecisionTreeClassifier(random_state=0, max_leaf_nodes=9).fit(x, kinds)
    assert amiss(TreeExplorer(tree, x, kinds, cv=3, feature_names=LONG)) == []


@pytest.mark.parametrize("state", [{}, {"pattern": "neurons"}, {"batch": 1024, "threads": 2}])
def test_a_footprint(state):
    assert amiss(FootprintExplorer(**state)) == []


def test_predictions_with_long_names(monkeypatch, tmp_path):
    monkeypatch.setenv("PRUNELAB_PROGRESS", str(tmp_path))
    loss = "validation MSE of the network after its retraining, on rows that it has not seen"
    unit = "milliseconds for each prediction"
    number = Prediction("How long?", low=0, high=1, unit=unit)
    number.lock(0.5, low=0.2, high=0.8)
    number.reveal(2)
    curve = Prediction("How?", x=(0, 1e9), y=(1e-6, 1e6), log=True, xlabel=loss, ylabel=loss)
    assert amiss(number) == amiss(curve) == []
