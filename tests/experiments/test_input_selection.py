"""Which inputs a kernel picks: against counts made by hand and scikit-learn's own measures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from prunelab.experiments import input_selection
from prunelab.experiments.results import InputSelection

KERNEL = np.array([[0, 3, 4], [0, 0, 0], [1, 0, 0], [0, 0, -2], [0, 0, 0]], dtype=np.float32)
# norms                 5          0          1          2           0


def test_counts_made_by_hand():
    found = input_selection(KERNEL, [2.0, -1.0, 0.0, 0.0, 0.0])
    assert found.auc == pytest.approx(3.5 / 6)
    assert found == InputSelection(
        surviving=3, precision=1 / 3, recall=1 / 2, auc=found.auc, precision_at_k=1 / 2
    )


def test_perfect_and_worst():
    coef = [1, 0, 1, 1, 0]
    assert input_selection(KERNEL, coef) == InputSelection(3, 1.0, 1.0, 1.0, 1.0)
    worst = input_selection(KERNEL, [0, 1, 0, 0, 1])
    assert worst == InputSelection(3, 0.0, 0.0, 0.0, 0.0)


def test_nothing_survives_nothing_is_found():
    found = input_selection(np.zeros((3, 2)), [1.0, 0.0, 0.0])
    assert found.surviving == found.precision == found.recall == 0
    assert found.auc == 0.5


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(1, 5), st.floats(0, 1))
def test_as_scikit_learn_measures(seed, inputs, units, zeros):
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=(inputs, units)) * (rng.random((inputs, units)) >= zeros)
    coef = rng.normal(size=inputs) * (rng.permutation(inputs) < rng.integers(1, inputs))
    matters, norms = coef != 0, np.sqrt((kernel**2).sum(axis=1))
    found, survives = input_selection(kernel, coef), (kernel != 0).any(axis=1)
    assert found.surviving == survives.sum()
    assert found.precision == pytest.approx(precision_score(matters, survives, zero_division=0))
    assert found.recall == pytest.approx(recall_score(matters, survives))
    assert found.auc == pytest.approx(roc_auc_score(matters, norms))
    k = matters.sum()
    if len(np.unique(norms)) == inputs:
        assert found.precision_at_k == pytest.approx(matters[norms.argsort()[-k:]].mean())


def test_a_tiny_weight_is_a_weight():
    kernel = np.zeros((3, 1), dtype=np.float32)
    kernel[1] = np.float32(1e-30)  # its square is 0 in float32
    assert input_selection(kernel, [0, 1, 0]).recall == 1


@pytest.mark.parametrize(
    ("kernel", "coef", "error", "words"),
    [
        (KERNEL, [1, 0, 0, 0], ValueError, r"kernel has shape \(5, 3\) and coef \(4,\)"),
        (KERNEL[0], [1, 0, 0], ValueError, r"kernel has shape \(3,\)"),
        (KERNEL, [[1], [0], [0], [0], [0]], ValueError, "are needed"),
        (KERNEL, np.zeros(5), ValueError, "0 of 5 inputs matter"),
        (KERNEL, np.ones(5), ValueError, "5 of 5 inputs matter"),
        ("kernel", np.ones(5), TypeError, "kernel='kernel'"),
        (KERNEL, None, TypeError, "coef=None"),
    ],
)
def test_impossible_input_is_refused_in_one_sentence(kernel, coef, error, words):
    with pytest.raises(error, match=words) as caught:
        input_selection(kernel, coef)
    assert "\n" not in str(caught.value)
