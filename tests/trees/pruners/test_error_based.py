"""C4.5's estimate, against what C4.5 printed; its pruning, against Quinlan's example."""

import math

import numpy as np
import pytest
from scipy.stats import beta

from prunelab.trees import error_based, error_based_estimate, fold
from tests.helpers.hand_grown import classifier, random_tree, same_tree

# (errors, samples, pessimistic error rate in %) as printed by "C4.5 [release 8] rule generator"
# with -v 2 on Quinlan's golf data, 15 June 2000: D. Hamilton's course notes, University of Regina,
# CS 831, dtrees/c4.5/golf.r2 (columns Err, Used, Pess).
GOLF_RULES_LOG = [
    (0, 2, 50.0),
    (1, 5, 45.4),
    (3, 5, 81.9),
    (5, 14, 48.5),
    (0, 3, 37.0),
    (5, 9, 71.5),
    (2, 5, 64.8),
    (0, 4, 29.3),
    (3, 6, 71.1),
    (2, 8, 43.4),
]
# (samples, errors, predicted errors) at the leaves of the simplified tree for the 1984 votes, and
# the totals C4.5 printed below it: Quinlan, C4.5: Programs for Machine Learning (1993), chapter 1:
# democrat (168.0/2.6), republican (123.0/13.9), (3.0/1.1), (4.0/2.2), (2.0/1.0);
# 13 errors of 300 on the training data, estimate 6.9 %.
VOTE_LEAVES = [(168, 1, 2.6), (123, 11, 13.9), (3, 0, 1.1), (4, 1, 2.2), (2, 0, 1.0)]
# (samples, predicted errors) at the error-free leaves of trees printed by YaDT 2.2.0, Ruggieri's
# implementation of C4.5, whose confusion matrix on the training data shows no error.
YADT_PURE_LEAVES = [(50, 1.4), (24, 1.3), (3, 1.1), (4, 1.2), (5, 1.2), (2, 1.0), (41, 1.4)]


@pytest.mark.parametrize(("errors", "samples", "percent"), GOLF_RULES_LOG)
def test_the_log_of_c45_on_golf_comes_out(errors, samples, percent):
    assert f"{100 * error_based_estimate(errors, samples) / samples:.1f}" == f"{percent:.1f}"


def test_the_printed_vote_tree_comes_out():
    samples, errors, printed = zip(*VOTE_LEAVES, strict=True)
    predicted = error_based_estimate(np.array(errors), np.array(samples))
    assert [f"{p:.1f}" for p in predicted] == [f"{p:.1f}" for p in printed]
    assert (sum(errors), sum(samples)) == (13, 300)
    assert abs(100 * predicted.sum() / 300 - 6.9) <= 0.05


@pytest.mark.parametrize(("samples", "printed"), YADT_PURE_LEAVES)
def test_pure_leaves_printed_by_yadt_come_out(samples, printed):
    assert f"{error_based_estimate(0, samples):.1f}" == f"{printed:.1f}"


def test_quinlans_upper_limits_for_pure_leaves_are_exact():
    # C4.5 (1993), section 4.2: U25%(0,6) = 0.206, U25%(0,9) = 0.143, U25%(0,1) = 0.750.
    for n, printed in ((6, 0.206), (9, 0.143), (1, 0.750)):
        assert round(error_based_estimate(0, n) / n, 3) == printed
        assert error_based_estimate(0, n) / n == pytest.approx(beta.ppf(0.75, 1, n))


def test_the_approximation_is_not_the_exact_binomial():
    # The book prints U25%(1,16) = 0.157 and 16 · 0.157 = 2.512; the exact limit is 0.160.
    assert f"{error_based_estimate(1, 16) / 16:.3f}" == "0.157"
    assert f"{beta.ppf(0.75, 2, 15):.3f}" == "0.160"
    assert beta.cdf(beta.ppf(0.75, 2, 15), 2, 15) == pytest.approx(0.75)


def _as_the_program_does(n, e, cf):
    """stats.c, read line by line and written out again for one leaf."""
    levels = [0, 0.001, 0.005, 0.01, 0.05, 0.10, 0.20, 0.40, 1.00]
    deviates = [4.0, 3.09, 2.58, 2.33, 1.65, 1.28, 0.84, 0.25, 0.00]
    i = next(i for i, level in enumerate(levels) if cf <= level)
    step = (cf - levels[i - 1]) / (levels[i] - levels[i - 1])
    c = (deviates[i - 1] + (deviates[i] - deviates[i - 1]) * step) ** 2
    base = n * (1 - math.exp(math.log(cf) / n))
    if e < 1e-6:
        return base
    if e < 0.9999:
        return base + e * (_as_the_program_does(n, 1.0, cf) - base)
    if e + 0.5 >= n:
        return 0.67 * (n - e)
    p = (e + 0.5 + c / 2 + math.sqrt(c * ((e + 0.5) * (1 - (e + 0.5) / n) + c / 4))) / (n + c)
    return n * p - e


@pytest.mark.parametrize("confidence", [0.0005, 0.001, 0.01, 0.1, 0.2, 0.25, 0.4, 0.7, 1.0])
def test_every_branch_of_the_programs_arithmetic(confidence):
    rng = np.random.default_rng(0)
    samples = np.concatenate([np.arange(1, 40), rng.uniform(0.3, 500, 200)])
    for share in (0, 1e-8, 0.3, 0.999, 1):
        for errors in (share * samples, np.minimum(share, samples), np.minimum(3.5, samples)):
            expected = [
                e + _as_the_program_does(n, e, confidence)
                for n, e in zip(samples, errors, strict=True)
            ]
            assert error_based_estimate(errors, samples, confidence) == pytest.approx(expected)


def test_scalars_arrays_and_no_samples():
    assert isinstance(error_based_estimate(1, 16), float)
    assert error_based_estimate([0, 1], [[6], [9]]).shape == (2, 2)
    assert error_based_estimate(0, 0) == 0
    assert error_based_estimate(4, 4) == 4
    assert error_based_estimate(np.int64(1), np.float32(16)) == error_based_estimate(1, 16)


@pytest.mark.parametrize(
    ("errors", "samples", "confidence", "error", "said"),
    [
        (2, 1, 0.25, ValueError, "errors=2 exceeds samples=1"),
        (-1, 1, 0.25, ValueError, "errors=-1"),
        (0, float("nan"), 0.25, ValueError, "samples=nan"),
        ("one", 1, 0.25, TypeError, "errors='one'"),
        (0, 1, 0, ValueError, "confidence=0.*above 0"),
        (0, 1, 25, ValueError, "for 25 % write 0.25"),
        (0, 1, 200, ValueError, "confidence=200"),
        (0, 1, np.int64(25), ValueError, "confidence=25: .* for 25 % write 0.25"),
        (None, 1, 0.25, TypeError, "errors=None"),
        ("1", 3, 0.25, TypeError, "errors='1'"),
        (1 + 1j, 3, 0.25, TypeError, "errors="),
        (10**400, 10**401, 0.25, TypeError, "errors=1000"),
        ([1, 2], [3, 4, 5], 0.25, ValueError, r"errors has shape \(2,\) and samples \(3,\)"),
        (0, 1, "25%", TypeError, "confidence='25%'"),
        (0, 1, True, TypeError, "confidence=True"),
    ],
)
def test_wrong_arguments_get_one_sentence(errors, samples, confidence, error, said):
    with pytest.raises(error, match=said) as caught:
        error_based_estimate(errors, samples, confidence)
    assert "\n" not in str(caught.value)
    if confidence != 0.25:
        with pytest.raises(error, match=said):
            error_based(classifier((0, 0.5, (1, 0), (0, 1))), confidence)


def test_quinlans_branch_of_the_vote_tree_is_folded():
    # Section 4.2: education spending n: democrat (6), y: democrat (9), u: republican (1).
    # 3.273 errors are predicted for the three leaves, 16 · 0.157 = 2.512 for the leaf democrat.
    tree = classifier((0, 0.5, (6, 0), (0, 1.5, (9, 0), (0, 1))))
    result = error_based(tree)
    lower, root = result.decisions
    assert (lower.node, lower.folds) == (2, False)
    assert lower.as_branch == pytest.approx(9 * 0.143 + 0.750, abs=5e-3)
    assert root.as_branch == pytest.approx(3.273, abs=5e-3)
    assert root.as_leaf == pytest.approx(2.512, abs=8e-3)
    assert (root.node, root.folds, root.allowance) == (0, True, 0.1)
    assert [d.node for d in result.folded] == [0]
    assert result.tree.get_n_leaves() == 1


def test_a_tenth_of_an_error_of_slack():
    # prune.c folds where leaf ≤ branch + 0.1. (30, 1) and (30, 2) against (60, 3):
    leaf = error_based_estimate(3, 63)
    branch = error_based_estimate(1, 31) + error_based_estimate(2, 32)
    assert leaf < branch
    tree = classifier((0, 0.5, (30, 1), (30, 2)))
    assert error_based(tree).tree.get_n_leaves() == 1
    for counts in [((a, b), (c, d)) for a in range(5) for b in range(5)
                   for c in range(5) for d in range(5) if a + b and c + d]:  # fmt: skip
        result = error_based(classifier((0, 0.5, *counts)))
        (a, b), (c, d) = counts
        leaf = error_based_estimate(min(a + c, b + d), a + b + c + d)
        branch = error_based_estimate(min(a, b), a + b) + error_based_estimate(min(c, d), c + d)
        assert len(result.folded) == (leaf <= branch + 0.1 + 1e-9)


def _slow(tree, confidence, node=0):
    """(predicted errors, nodes that become leaves), by recursion as in prune.c."""
    low = tree.tree_
    n = low.weighted_n_node_samples[node]
    e = round(n * (1 - low.value[node, 0].max()), 9)
    leaf = e + _as_the_program_does(n, e, confidence)
    if low.children_left[node] < 0:
        return leaf, []
    parts = [
        _slow(tree, confidence, c) for c in (low.children_left[node], low.children_right[node])
    ]
    branch = parts[0][0] + parts[1][0]
    if leaf <= branch + 0.1:
        return leaf, [node]
    return branch, parts[0][1] + parts[1][1]


@pytest.mark.parametrize("seed", range(30))
def test_an_independent_recursion_folds_the_same_nodes(seed):
    tree = random_tree(seed, max_leaf_nodes=30)[0]
    for confidence in (0.01, 0.25, 0.8):
        result = error_based(tree, confidence)
        expected = _slow(tree, confidence)[1]
        assert [d.node for d in result.folded] == sorted(expected)
        assert same_tree(result.tree, fold(tree, expected))
