"""Minimum-error pruning, against numbers on paper and a slow recursion."""

from fractions import Fraction

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.tree import DecisionTreeClassifier

from prunelab.trees import error_based, fold, minimum_error, pessimistic
from tests.helpers.hand_grown import classifier, random_tree, same_tree


def test_laplace_is_m_equal_to_the_classes_with_a_uniform_prior():
    # Bratko's programme (Prolog Programming for Artificial Intelligence, chapter on learning)
    # estimates (N - n + K - 1)/(N + K). For two classes: (4, 2) has 3/8 = 0.375; its children
    # (3, 2) and (1, 0) have 3/7 and 1/3, backed up (5 · 3/7 + 1/3)/6 = 0.4127: fold. (1, 2) has
    # 2/5; its children (1, 1) and (0, 1) have 1/2 and 1/3, backed up 0.4444: fold. A split of
    # (1, 1) into (1, 0) and (0, 1) backs up 1/3 against 1/2: keep.
    for children, leaf, branch in (
        (((3, 2), (1, 0)), 3 / 8, (5 * 3 / 7 + 1 / 3) / 6),
        (((1, 1), (0, 1)), 2 / 5, (2 / 2 + 1 / 3) / 3),
        (((1, 0), (0, 1)), 1 / 2, 1 / 3),
    ):
        tree = classifier((0, 0.5, *children))
        (decision,) = minimum_error(tree, m=2, prior="uniform").decisions
        assert decision.as_leaf == pytest.approx(leaf)
        assert decision.as_branch == pytest.approx(branch)
        assert decision.folds == (leaf < branch)


def test_m_estimate_on_paper():
    # Priors (12/20, 8/20), m = 5. Leaf (9, 1): 1 - (9 + 5 · 0.6)/15 = 0.2; leaf (3, 7):
    # 1 - (7 + 5 · 0.4)/15 = 0.4; branch 0.3. Root: 1 - (12 + 3)/25 = 0.4. Keep.
    (decision,) = minimum_error(classifier((0, 0.5, (9, 1), (3, 7))), m=5).decisions
    assert (decision.as_leaf, decision.as_branch) == pytest.approx((0.4, 0.3))
    assert not decision.folds


def _slow(tree, m, prior, node=0):
    low = tree.tree_
    n, share = low.weighted_n_node_samples[node], low.value[node, 0]
    c = share.argmax()
    leaf = 1 - (n * share[c] + m * prior[c]) / (n + m)
    if low.children_left[node] < 0:
        return leaf, []
    parts = [(_slow(tree, m, prior, child), low.weighted_n_node_samples[child])
             for child in (low.children_left[node], low.children_right[node])]  # fmt: skip
    branch = sum(part[0] * size for part, size in parts) / n
    if leaf <= branch + 1e-12:
        return leaf, [node]
    return branch, parts[0][0][1] + parts[1][0][1]


@pytest.mark.parametrize("seed", range(30))
def test_an_independent_recursion_folds_the_same_nodes(seed):
    tree = random_tree(seed, max_leaf_nodes=30)[0]
    k = len(tree.classes_)
    for m, given, prior in (
        (0, None, tree.tree_.value[0, 0]),
        (2, None, tree.tree_.value[0, 0]),
        (k, "uniform", np.full(k, 1 / k)),
        (7.5, [1.0] + [0.0] * (k - 1), np.eye(k)[0]),
    ):
        result = minimum_error(tree, m, prior=given)
        expected = _slow(tree, m, prior)[1]
        assert [d.node for d in result.folded] == sorted(expected)
        assert same_tree(result.tree, fold(tree, expected))


def test_no_prior_weight_keeps_every_split_that_helps():
    tree = classifier((0, 0.5, (1, 0.5, (5, 0), (0, 1)), (1, 0.5, (0, 5), (0, 2))))
    assert [d.node for d in minimum_error(tree, m=0).folded] == [4]


def test_a_large_m_prunes_more():
    x, y = load_breast_cancer(return_X_y=True)
    tree = DecisionTreeClassifier(random_state=0).fit(x, y)
    sizes = [minimum_error(tree, m).tree.get_n_leaves() for m in (0, 2, 10, 50, 10_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"m": -1}, ValueError, "m=-1"),
        ({"m": "two"}, TypeError, "m='two'"),
        ({"m": float("inf")}, ValueError, "m=inf"),
        ({"prior": "laplace"}, ValueError, "prior='laplace'"),
        ({"prior": [1.0]}, ValueError, "2 probabilities"),
        ({"prior": [0.5, 0.6]}, ValueError, "sum to 1"),
        ({"prior": [1.5, -0.5]}, ValueError, "sum to 1"),
    ],
)
def test_wrong_arguments_get_one_sentence(arguments, error, said):
    with pytest.raises(error, match=said) as caught:
        minimum_error(classifier((0, 0.5, (1, 0), (0, 1))), **arguments)
    assert "\n" not in str(caught.value)


def test_a_decision_reads_as_plain_numbers():
    tree = classifier((0, 0.5, (6, 0), (0, 1.5, (9, 0), (0, 1))))
    for result in (minimum_error(tree), error_based(tree), pessimistic(tree)):
        assert "np." not in repr(result.decisions)


def _exact(tree, x, y, weight):
    """For each inner node: its m-estimate (m = 2), that of its branch, its training errors."""
    low, through = tree.tree_, tree.decision_path(x).toarray().astype(bool)
    counts = [[sum(int(w) for w in weight[at & (y == c)]) for c in (0, 1)] for at in through.T]
    best, found = {}, {}
    for node in reversed(range(low.node_count)):
        total, most = sum(counts[node]), int(counts[node][1] > counts[node][0])
        prior = Fraction(counts[0][most], sum(counts[0]))
        leaf = best[node] = total * (1 - (counts[node][most] + 2 * prior) / (total + 2))
        if low.children_left[node] >= 0:
            branch = best[low.children_left[node]] + best[low.children_right[node]]
            best[node] = min(leaf, branch)
            found[node] = leaf / total, branch / total, total - counts[node][most]
    return found


@pytest.mark.parametrize("seed", range(8))
def test_three_heavy_samples_leave_the_light_ones_their_errors(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 5, (24, 2)).astype(float), rng.integers(0, 2, 24)
    weight = np.r_[[10**12] * 3, rng.integers(1, 4, 21)]
    tree = DecisionTreeClassifier(random_state=0).fit(x, y, sample_weight=weight)
    exact = _exact(tree, x, y, weight)
    for one in minimum_error(tree).decisions:
        leaf, branch, _ = exact[one.node]
        assert one.as_leaf == pytest.approx(float(leaf), rel=1e-6)
        assert one.as_branch == pytest.approx(float(branch), rel=1e-6)
        assert one.folds == (leaf <= branch) or abs(leaf - branch) < 1e-9 * branch
    for one in pessimistic(tree).decisions:
        assert one.as_leaf == pytest.approx(exact[one.node][2] + 0.5, rel=1e-6)
