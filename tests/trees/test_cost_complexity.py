"""The cost-complexity path, against scikit-learn's refits, brute force, rpart, and paper."""

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    load_linnerud,
    load_wine,
    make_classification,
    make_regression,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

from prunelab.trees import cost_complexity_path, fold
from prunelab.trees.cost_complexity import steps_of
from tests.helpers.hand_grown import classifier, exact_path, random_tree, same_tree, subtrees

IRIS, WINE, CANCER, DIABETES, LINNERUD = (
    load(return_X_y=True)
    for load in (load_iris, load_wine, load_breast_cancer, load_diabetes, load_linnerud)
)
NOISY = make_classification(
    400, 6, n_informative=3, n_redundant=0, n_classes=3, flip_y=0.3, random_state=0
)
LINEAR = make_regression(150, 4, noise=20, random_state=0)
WEIGHTS = np.random.default_rng(0).uniform(0.2, 3, 600)


def _with_gaps(data, share=0.1):
    x = np.array(data[0])
    x[np.random.default_rng(0).random(x.shape) < share] = np.nan
    return x, data[1]


def _tree(**options):
    return DecisionTreeClassifier(random_state=0, **options)


def _regressor(**options):
    return DecisionTreeRegressor(random_state=0, **options)


CASES = {
    "iris": (_tree(), IRIS),
    "iris, entropy: equal alphas that rounding splits": (_tree(criterion="entropy"), IRIS),
    "wine, log loss, best first": (_tree(criterion="log_loss", max_leaf_nodes=12), WINE),
    "breast cancer": (_tree(), CANCER),
    "noise, three classes": (_tree(), NOISY),
    "noise, entropy": (_tree(criterion="entropy"), NOISY),
    "balanced weights": (_tree(class_weight="balanced"), NOISY),
    "missing values": (_tree(), _with_gaps(CANCER)),
    "two labels": (_tree(), (NOISY[0], np.column_stack([NOISY[1], NOISY[1] > 0]))),
    "monotonic": (_tree(monotonic_cst=[1] + [0] * 29), CANCER),
    "regression": (_regressor(), LINEAR),
    "regression, diabetes": (_regressor(min_samples_leaf=3), DIABETES),
    "regression, y of order 1": (_regressor(), (LINEAR[0], LINEAR[1] / LINEAR[1].std())),
    "regression, tiny y": (_regressor(), (LINEAR[0], LINEAR[1] * 1e-6)),
    "regression, small y": (_regressor(), (LINEAR[0], LINEAR[1] / np.abs(LINEAR[1]).max())),
    "regression, monotonic": (_regressor(monotonic_cst=[1, 1, 0, 0]), LINEAR),
    "median": (_regressor(criterion="absolute_error", max_depth=5), LINEAR),
    "poisson": (_regressor(criterion="poisson"), (LINEAR[0], np.exp(LINEAR[1] / 200))),
    "three outputs": (_regressor(), LINNERUD),
    "extra tree": (ExtraTreeRegressor(random_state=0), LINEAR),
}


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("case", CASES)
def test_each_subtree_is_the_refit_at_the_midpoint(case, weighted):
    estimator, (x, y) = CASES[case]
    weight = WEIGHTS[: len(y)] if weighted else None
    path = cost_complexity_path(clone(estimator).fit(x, y, sample_weight=weight))
    alphas = path.ccp_alphas
    scores = path.scores(x, y, sample_weight=weight)
    assert len(path) == len(alphas) == len(path.n_leaves) == len(path.folded) == len(scores) > 2
    for k in _spread(len(path), 40):
        middle = np.sqrt(alphas[k] * alphas[k + 1]) if k + 1 < len(alphas) else 2 * alphas[k]
        refit = clone(estimator).set_params(ccp_alpha=middle).fit(x, y, sample_weight=weight)
        subtree = path.tree(k)
        assert refit.get_n_leaves() == subtree.get_n_leaves() == path.n_leaves[k]
        assert same_tree(subtree, refit)
        assert np.array_equal(subtree.predict(x), refit.predict(x))
        if y.ndim == 1 or y.dtype == float:
            assert scores[k] == pytest.approx(refit.score(x, y, sample_weight=weight), abs=1e-12)


def _spread(length, most):
    return sorted(set(np.linspace(0, length - 1, min(length, most)).astype(int).tolist()))


def test_no_alpha_is_negative_and_none_comes_twice():
    for estimator, (x, y) in CASES.values():
        tree = clone(estimator).fit(x, y)
        for cost in ("impurity", "error"):
            if cost == "error" and estimator.criterion == "absolute_error":
                continue
            if cost == "error" and estimator.monotonic_cst is not None:
                continue  # values that are clipped hold no training error; see test_any_tree.py
            path = cost_complexity_path(tree, cost=cost)
            assert path.ccp_alphas[0] == 0
            assert (np.diff(path.ccp_alphas) > 8e-16 * path.ccp_alphas[1:]).all()
            assert (np.diff(path.n_leaves) < 0).all()
            assert path.n_leaves[-1] == 1
            assert (np.diff(path.risks)[1:] > 0).all()
            assert path.risks[1] >= path.risks[0] >= 0


def test_scikit_learns_own_path_has_the_same_alphas_once_they_are_merged():
    x, y = NOISY
    tree = _tree().fit(x, y)
    path = cost_complexity_path(tree)
    theirs = tree.cost_complexity_pruning_path(x, y)
    assert (theirs.ccp_alphas[:, None] - path.ccp_alphas == 0).any()
    nearest = np.abs(theirs.ccp_alphas[:, None] - path.ccp_alphas).argmin(axis=1)
    assert np.abs(theirs.ccp_alphas - path.ccp_alphas[nearest]).max() < 1e-9
    assert set(nearest) == set(range(len(path)))
    last = [np.flatnonzero(nearest == k)[-1] for k in range(len(path))]
    assert np.allclose(theirs.impurities[last], path.risks, atol=1e-12)


@pytest.mark.parametrize("cost", ["impurity", "error"])
@pytest.mark.parametrize("seed", range(25))
def test_brute_force_confirms_smallest_optimal_and_nested(seed, cost):
    for regressor in (False, True):
        tree, _, _, _, _ = random_tree(seed, regressor)
        path = cost_complexity_path(tree, cost=cost)
        low = tree.tree_
        node_cost = low.impurity
        if cost == "error" and not regressor:
            node_cost = 1 - low.value[:, 0].max(axis=1)
        risk = node_cost * low.weighted_n_node_samples / low.weighted_n_node_samples[0]
        every = subtrees(tree)
        risks = np.array([risk[list(leaves)].sum() for leaves in every])
        sizes = np.array([len(leaves) for leaves in every])
        alphas = path.ccp_alphas
        previous = None
        for k, alpha in enumerate(alphas):
            upper = alphas[k + 1] if k + 1 < len(alphas) else 2 * alpha + 1
            mine = path.tree(k)
            assert path.risks[k] == pytest.approx(_risk(mine, cost), abs=1e-9)
            for a in (alpha, np.sqrt(alpha * upper), (alpha + upper) / 2):
                totals = risks + a * sizes
                optimal = np.flatnonzero(totals <= totals.min() + 1e-9)
                smallest = optimal[sizes[optimal] == sizes[optimal].min()]
                assert len(smallest) == 1
                best = smallest[0]
                if k == 0 and cost == "impurity":  # what gains nothing stays, as in scikit-learn
                    assert same_tree(mine, tree)
                    assert risks[best] == pytest.approx(path.risks[0], abs=1e-9)
                    continue
                assert sizes[best] == path.n_leaves[k]
                assert same_tree(mine, fold(tree, every[best]))
            nodes = _with_ancestors(tree, every[best])
            assert previous is None or nodes < previous
            previous = nodes


def _risk(tree, cost):
    """The risk of a whole tree, from its leaves."""
    low = tree.tree_
    leaves = low.children_left < 0
    node_cost = low.impurity
    if cost == "error" and hasattr(tree, "classes_"):
        node_cost = 1 - low.value[:, 0].max(axis=1)
    return (node_cost * low.weighted_n_node_samples)[leaves].sum() / low.weighted_n_node_samples[0]


def _with_ancestors(tree, leaves):
    """All nodes of a subtree, given its leaves."""
    parent = {}
    for side in (tree.tree_.children_left, tree.tree_.children_right):
        parent.update({int(child): node for node, child in enumerate(side) if child >= 0})
    found = set()
    for node in leaves:
        while node is not None and node not in found:
            found.add(node)
            node = parent.get(node)
    return found


@pytest.mark.parametrize("cost", ["impurity", "error"])
def test_folding_what_the_path_names_gives_its_subtrees(cost):
    tree = _tree().fit(*NOISY)
    path = cost_complexity_path(tree, cost=cost)
    so_far = []
    for k in range(len(path)):
        so_far += path.folded[k]
        assert same_tree(fold(tree, so_far), path.tree(k))
    assert path.folded[-1] == (0,)
    assert sum(len(nodes) for nodes in path.folded) <= tree.tree_.node_count // 2


# Three splits, and more, that vanish together ------------------------------------------------


def test_three_splits_side_by_side_vanish_in_one_step():
    # Three nodes of 30 against 1 sample each give them apart: one error saved, a Gini gain of
    # 2 · 30 · 1 / 31. The splits above are worth more.
    one = (2, 0.5, (30, 0), (0, 1))
    other = (2, 0.5, (0, 30), (1, 0))
    tree = classifier((0, 0.5, (1, 0.5, one, other), (1, 0.5, one, (0, 400))))
    for cost, gain in (("impurity", 60 / 31), ("error", 1)):
        path = cost_complexity_path(tree, cost=cost)
        assert path.ccp_alphas[1] == pytest.approx(gain / 493)
        assert path.folded[1] == (2, 5, 9)
        assert path.n_leaves.tolist()[:2] == [7, 4]


def test_a_chain_of_three_splits_vanishes_in_one_step():
    # By errors, each split of the chain saves exactly one error: g = 1/16 at every level, so the
    # root's branch (three errors, four leaves) goes in a single step, and nothing goes before.
    tree = classifier((0, 0.5, (0, 1), (1, 0.5, (0, 1), (2, 0.5, (0, 1), (13, 0)))))
    path = cost_complexity_path(tree, cost="error")
    assert path.ccp_alphas == pytest.approx([0, 1 / 16])
    assert path.n_leaves.tolist() == [4, 1]
    assert path.folded == ((), (0,))


def test_exclusive_or_vanishes_at_once():
    # The first split gains nothing, the two below it 1/4 each: g(root) = (1/2)/3 is the weakest.
    tree = classifier((0, 0.5, (1, 0.5, (5, 0), (0, 5)), (1, 0.5, (0, 5), (5, 0))))
    path = cost_complexity_path(tree)
    assert path.ccp_alphas == pytest.approx([0, 1 / 6])
    assert path.n_leaves.tolist() == [4, 1]


def test_splits_that_gain_nothing_go_by_the_model_of_each_cost():
    # (4, 3) and (4, 3) from (8, 6): no gain by either cost. By errors they are gone at once, as
    # in rpart; by impurity they stay while ccp_alpha is 0, and go above it, as in scikit-learn.
    tree = classifier((0, 0.5, (1, 0.5, (4, 3), (4, 3)), (0, 5)))
    path = cost_complexity_path(tree, cost="error")
    assert path.folded == ((1,), (0,))
    assert path.n_leaves.tolist() == [2, 1]
    path = cost_complexity_path(tree)
    assert path.folded == ((), (1,), (0,))
    assert path.n_leaves.tolist() == [3, 2, 1]
    assert 0 < path.ccp_alphas[1] < 1e-14
    assert [path.index(a) for a in (0, 5e-324, 1e-300, 1e-9)] == [0, 1, 1, 1]
    assert same_tree(path.tree(0), tree)


def test_a_tree_of_nothing_but_worthless_splits_is_its_root_above_0():
    tree = classifier((0, 0.5, (4, 3), (4, 3)))
    path = cost_complexity_path(tree, cost="error")
    assert (path.n_leaves.tolist(), path.ccp_alphas.tolist()) == ([1], [0])
    path = cost_complexity_path(tree)
    assert path.n_leaves.tolist() == [2, 1]
    assert [path.index(a) for a in (0, 5e-324, 1)] == [0, 1, 1]


@pytest.mark.parametrize("seed", range(8))
def test_ties_on_random_integers_hold_together(seed):
    # Counts of a few units make equal gains the rule, and sums of them tie in many orders.
    rng = np.random.default_rng(seed)

    def grow(depth):
        if depth == 0:
            return tuple(int(c) for c in rng.permutation([int(rng.integers(1, 3)), 0]))
        return (depth, 0.5, grow(depth - 1), grow(depth - 1))

    tree = classifier(grow(5))
    low = tree.tree_
    errors = low.weighted_n_node_samples * (1 - low.value[:, 0].max(axis=1))
    total = int(low.weighted_n_node_samples[0])
    path = cost_complexity_path(tree, cost="error")
    alphas, sizes = exact_path(tree, [Fraction(int(e), total) for e in np.round(errors)])
    assert path.ccp_alphas == pytest.approx([float(a) for a in alphas])
    assert path.n_leaves.tolist() == sizes


# Which alphas are one step --------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1.0, 3e7, 1e290])
@pytest.mark.parametrize("seed", range(5))
def test_alphas_as_near_as_their_rounding_are_one_step_and_no_chain_is(seed, scale):
    rng = np.random.default_rng(seed)
    room = np.full(3000, 1e-3 * scale)
    values = scale * rng.uniform(1, 2, 3000)  # a neighbour within the rounding of almost each
    lows, highs = steps_of(values, room)
    assert lows[0] == highs[0] == 0
    assert (highs - lows <= 2.0001e-3 * scale).all()
    assert (np.diff(lows)[1:] > 1.9999e-3 * scale).all()
    step = np.searchsorted(lows, values, side="right") - 1
    assert set(step) == set(range(1, len(lows)))
    assert (values <= highs[step]).all()


def test_equal_alphas_meet_whatever_their_order_and_0_takes_only_rounding():
    room = 1e-15
    values = np.array([0.3, 0.1 + 9e-16, 5e-16, 0.1 - 9e-16, 0.0, 2e-15, 0.1])
    for order in ([0, 1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 6, 2]):
        lows, highs = steps_of(values[order], np.full(7, room))
        assert highs.tolist() == [5e-16, 2e-15, 0.1 + 9e-16, 0.3]
        assert lows.tolist() == [0, 2e-15, 0.1 - 9e-16, 0.3]


# rpart --------------------------------------------------------------------------------------
# rpart 4.1.19 under R 4.2.2 (Debian 12), data set kyphosis of that package (81 children):
#   rpart(Kyphosis ~ Age + Number + Start, data = kyphosis, method = "class",
#         control = rpart.control(cp = 0, minsplit = 2, minbucket = 1, xval = 0))
# fit$frame and fit$splits give the tree (absent, present), fit$cptable the table. Features here
# are Age 0, Number 1, Start 2; where rpart sends large values left, the sides are swapped.
KYPHOSIS_FULL = (
    2, 8.5,
    (0, 11.5,
     (2, 0),
     (2, 5.5,
      (0, 130.5,
       (0, 93, (1, 4.5, (3, 0), (0, 16.5, (0, 1), (0, 45.5, (0, 1), (1, 0)))), (0, 4)),
       (2, 0)),
      (0, 5))),
    (2, 14.5,
     (0, 55,
      (12, 0),
      (0, 98,
       (2, 11, (1, 0), (0, 4)),
       (2, 10.5,
        (0, 172.5, (0, 1), (1, 0)),
        (0, 148.5, (0, 157.5 - 20, (0, 1), (5, 0)), (8, 0))))),
     (29, 0)),
)  # fmt: skip
KYPHOSIS_FULL_TABLE = [  # CP, nsplit, rel error
    (0.1764705882352941, 0, 1.000000000000000),
    (0.1176470588235294, 1, 0.823529411764706),
    (0.0784313725490196, 2, 0.705882352941176),
    (0.0588235294117647, 5, 0.470588235294118),
    (0.0294117647058824, 10, 0.176470588235294),
    (0.0000000000000000, 16, 0.000000000000000),
]
# The same with rpart's defaults, the table printed in many a tutorial. Its last CP, 0.01, is where
# rpart stopped growing, not an alpha of the tree; three splits vanish together at 0.0196.
KYPHOSIS = (2, 8.5, (8, 11), (2, 14.5, (0, 55, (12, 0), (0, 111, (3, 4), (12, 2))), (29, 0)))
KYPHOSIS_TABLE = [
    (0.1764705882352941, 0, 1.000000000000000),
    (0.0196078431372549, 1, 0.823529411764706),
    (0, 4, 0.764705882352941),
]


@pytest.mark.parametrize(
    ("spec", "table"),
    [(KYPHOSIS_FULL, KYPHOSIS_FULL_TABLE), (KYPHOSIS, KYPHOSIS_TABLE)],
    ids=["grown out", "rpart's defaults"],
)
def test_the_error_path_is_rparts_table(spec, table):
    path = cost_complexity_path(classifier(spec), cost="error")
    root_error = 17 / 81
    cp, n_split, relative = (np.array(column, float) for column in zip(*table[::-1], strict=True))
    assert path.risks[-1] == pytest.approx(root_error)
    assert path.n_leaves.tolist() == (n_split + 1).astype(int).tolist()
    assert path.ccp_alphas == pytest.approx(cp * root_error, abs=1e-12)
    assert path.risks == pytest.approx(relative * root_error, abs=1e-12)


# A tree grown out by the same rpart on rounded noise (53 samples, two classes), whose table skips
# the subtree of 7 splits, though it is cheaper than both its neighbours for a while. So it went on
# 19 of 40 such trees; on none was a subtree of ours dearer than rpart's, at any alpha.
NOISE = (
    (0, 1, (0, 2, (8, 0), (0, 5, (0, 10, (2, 0), (0, 21, (0, 42, (3, 0), (0, 85, (1, 0), (0, 2))),
    (0, 1))), (0, 2))), (0, 3, (0, 6, (4, 0), (0, 1)), (0, 7, (0, 14, (2, 0), (0, 29, (0, 58,
    (0, 116, (3, 0), (0, 1)), (0, 117, (2, 0), (0, 3))), (0, 59, (1, 0), (0, 119, (0, 238, (0, 476,
    (2, 0), (0, 953, (1, 0), (0, 2))), (0, 3)), (0, 6))))), (0, 3))))
)  # fmt: skip
NOISE_TABLE = [(1 / 6, 0, 1.0), (1 / 8, 1, 5 / 6), (1 / 24, 2, 17 / 24), (1 / 32, 12, 1 / 4),
               (0, 20, 0.0)]  # fmt: skip


def test_the_path_is_cheaper_than_rparts_table_where_that_skips_a_subtree():
    path = cost_complexity_path(classifier(NOISE), cost="error")
    root_error = 24 / 53
    assert (path.n_leaves - 1).tolist() == [20, 12, 7, 2, 1, 0]
    assert path.ccp_alphas[3] == pytest.approx(root_error * (17 / 24 - 11 / 24) / (7 - 2))
    alpha = 0.045 * root_error  # rpart's row of 2 splits holds from 1/24 to 1/8
    ours = path.risks[path.index(alpha)] + alpha * path.n_leaves[path.index(alpha)]
    theirs = root_error * 17 / 24 + alpha * (2 + 1)
    assert ours < theirs - 0.01
    for cp, n_split, relative in NOISE_TABLE:
        same = path.risks[path.n_leaves == n_split + 1]
        assert same == pytest.approx([relative * root_error]), cp  # rpart's rows are all on it


# rpart(Mileage ~ Weight, car.test.frame, control = rpart.control(cp = 0, minsplit = 2,
#       minbucket = 1, xval = 0)), same versions; car.test.frame comes with rpart.
MILEAGE = """33 33 37 32 32 26 33 28 25 34 29 35 26 20 27 19 30 33 27 24 26 28 27 23 26 25 24 26 24
25 21 21 23 24 23 27 23 20 21 22 22 22 22 23 23 21 22 21 21 23 23 18 20 18 18 18 19 20 20 19"""
WEIGHT = """2560 2345 1845 2260 2440 2285 2275 2350 2295 1900 2390 2075 2330 3320 2885 3310 2695
2170 2710 2775 2840 2485 2670 2640 2655 3065 2750 2920 2780 2745 3110 2920 2645 2575 2935 2920 2985
3265 2880 2975 3450 3145 3190 3610 2885 3480 3200 2765 3220 3480 3325 3855 3850 3195 3735 3665 3735
3415 3185 3690"""
MILEAGE_TABLE = [  # CP, nsplit, rel error
    (5.95349123346663e-01, 0, 0.9999999999999999),
    (1.34528190170735e-01, 1, 0.4046508766533374),
    (6.94268430226597e-02, 2, 0.2701226864826025),
    (3.44919511945042e-02, 3, 0.2006958434599428),
    (1.84908140152680e-02, 4, 0.1662038922654386),
    (1.57190429700561e-02, 5, 0.1477130782501705),
    (7.97293140572131e-03, 7, 0.1162749923100584),
    (6.92094740079975e-03, 8, 0.1083020609043371),
    (6.22885266071978e-03, 10, 0.0944601661027376),
    (3.78345124577053e-03, 11, 0.0882313134420178),
    (3.69117194709320e-03, 13, 0.0806644109504768),
    (3.63272839126423e-03, 14, 0.0769732390033836),
    (3.32205475238388e-03, 18, 0.0624423254383267),
    (3.15595201476469e-03, 19, 0.0591202706859428),
    (3.13749615502922e-03, 21, 0.0528083666564134),
    (3.01445709012611e-03, 23, 0.0465333743463550),
    (2.97754537065518e-03, 24, 0.0435189172562288),
    (1.96862503844971e-03, 26, 0.0375638265149185),
    (1.93786527222393e-03, 27, 0.0355952014764688),
    (8.30513688095970e-04, 29, 0.0317194709320209),
    (6.56208346149902e-04, 31, 0.0300584435558290),
    (5.53675792063980e-04, 34, 0.0280898185173793),
    (4.92156259612427e-04, 35, 0.0275361427253153),
    (3.69117194709320e-04, 36, 0.0270439864657029),
    (2.46078129806213e-04, 41, 0.0251984004921562),
    (1.23039064903107e-04, 49, 0.0232297754537065),
    (9.84312519224824e-05, 50, 0.0231067363888034),
    (0.00000000000000e00, 51, 0.0230083051368810),
]


def test_the_regression_path_is_rparts_table():
    x, y = (np.array(text.split(), float) for text in (WEIGHT, MILEAGE))
    tree = _regressor().fit(x[:, None], y)
    cp, n_split, relative = (np.array(column) for column in zip(*MILEAGE_TABLE[::-1], strict=True))
    for cost in ("error", "impurity"):
        path = cost_complexity_path(tree, cost=cost)
        leaves = (n_split + 1).astype(int).tolist()
        rows = slice(None)
        if cost == "impurity":  # one split gains nothing, and stays at 0 as in scikit-learn
            assert path.n_leaves[0] == tree.get_n_leaves() == leaves[0] + 1
            assert path.risks[0] == pytest.approx(path.risks[1])
            rows = slice(1, None)
        assert path.n_leaves[rows].tolist() == leaves
        assert path.ccp_alphas[rows] == pytest.approx(cp * y.var(), rel=1e-9, abs=1e-9)
        assert path.risks[rows] == pytest.approx(relative * y.var(), rel=1e-9)


# By hand ------------------------------------------------------------------------------------


def test_numbers_a_reader_can_check_on_paper():
    # 20 samples, root (12, 8). Left (10, 2) splits into (9, 0) and (1, 2); right (2, 6) into
    # (0, 5) and (2, 1). Errors: root 8; left 2, its branch 1; right 2, its branch 1.
    # g(left) = g(right) = (2 - 1)/20 = 0.05; g(root) = (8 - 2)/20/3 = 0.1. After both fold,
    # g(root) = (8 - 4)/20/1 = 0.2.
    tree = classifier((0, 0.5, (1, 0.5, (9, 0), (1, 2)), (1, 0.5, (0, 5), (2, 1))))
    path = cost_complexity_path(tree, cost="error")
    assert path.ccp_alphas == pytest.approx([0, 0.05, 0.2])
    assert path.n_leaves.tolist() == [4, 2, 1]
    assert path.risks == pytest.approx([0.1, 0.2, 0.4])
    assert path.folded == ((), (1, 4), (0,))
    assert [path.index(a) for a in (0, 0.049, 0.06, 0.2001, np.inf)] == [0, 0, 1, 2, 2]


# One pass over the data ---------------------------------------------------------------------


def test_scores_equal_score_of_each_subtree():
    for estimator, (x, y) in CASES.values():
        if np.ndim(y) == 2 and y.dtype != float:
            continue  # scikit-learn scores no multi-label mix; see below
        half = slice(0, None, 2), slice(1, None, 2)
        tree = clone(estimator).fit(x[half[0]], y[half[0]])
        path = cost_complexity_path(tree)
        weight = WEIGHTS[: len(y)][half[1]]
        for w in (None, weight):
            scores = path.scores(x[half[1]], y[half[1]], sample_weight=w)
            expected = [
                path.tree(k).score(x[half[1]], y[half[1]], sample_weight=w)
                for k in range(len(path))
            ]
            assert scores == pytest.approx(expected, abs=1e-9)
            if w is None and hasattr(tree, "classes_"):
                assert scores.tolist() == expected


def test_errors_are_rates_and_mean_squares():
    tree = _tree(max_depth=5).fit(*NOISY)
    path = cost_complexity_path(tree)
    assert path.errors(*NOISY) == pytest.approx(1 - path.scores(*NOISY))
    path = cost_complexity_path(_regressor(max_depth=4).fit(*LINNERUD))
    x, y = LINNERUD
    expected = [((path.tree(k).predict(x) - y) ** 2).mean() for k in range(len(path))]
    assert path.errors(x, y) == pytest.approx(expected)


def test_several_labels_count_as_right_when_all_are():
    x, y = NOISY
    labels = np.column_stack([y, y > 0])
    path = cost_complexity_path(_tree(max_depth=5).fit(x, labels))
    expected = [(path.tree(k).predict(x) == labels).all(axis=1).mean() for k in range(len(path))]
    assert path.scores(x, labels) == pytest.approx(expected)


def test_the_data_is_dropped_down_the_tree_once(monkeypatch):
    path = cost_complexity_path(_tree().fit(*NOISY))
    calls = []
    real = DecisionTreeClassifier.apply
    monkeypatch.setattr(
        DecisionTreeClassifier, "apply", lambda self, x: calls.append(len(x)) or real(self, x)
    )
    assert len(path.scores(*NOISY)) > 40
    assert calls == [len(NOISY[0])]


def test_a_class_the_tree_never_saw_is_an_error():
    path = cost_complexity_path(_tree().fit([[0], [1]], ["a", "b"]))
    assert path.scores([[0], [1], [1]], ["a", "b", "z"]).tolist() == [2 / 3, 1 / 3]


def test_r2_of_constant_y_and_of_one_sample_as_in_scikit_learn():
    path = cost_complexity_path(_regressor().fit([[0], [1]], [1.0, 3.0]))
    assert path.scores([[0], [0]], [1.0, 1.0]).tolist() == [1, 0]
    assert np.isnan(path.scores([[0]], [1.0])).all()


# The path as an object ----------------------------------------------------------------------


def test_a_path_does_not_change_when_its_estimator_is_refitted():
    tree = _tree().fit(*IRIS)
    path = cost_complexity_path(tree)
    before = copy.deepcopy(path.tree(1))
    tree.set_params(max_depth=1).fit(*CANCER)
    assert same_tree(path.tree(1), before)
    with pytest.raises(ValueError, match="read-only"):
        path.ccp_alphas[0] = 1
    with pytest.raises(AttributeError):
        path.cost = "error"
    assert same_tree(pickle.loads(pickle.dumps(path)).tree(1), before)


def test_repr_states_the_facts():
    text = repr(cost_complexity_path(_tree().fit(*IRIS)))
    assert text.startswith("CostComplexityPath(")
    assert "9 to 1 leaves" in text
    assert "\n" not in text


def test_negative_k_counts_from_the_root():
    path = cost_complexity_path(_tree().fit(*IRIS))
    assert path.tree(-1).get_n_leaves() == 1
    assert same_tree(path.tree(-len(path)), path.tree(0))
    for k, error in ((len(path), ValueError), (-len(path) - 1, ValueError), ("0", TypeError)):
        with pytest.raises(error, match=r"k="):
            path.tree(k)


def test_a_single_leaf_is_a_path_of_one():
    for tree in (_tree().fit([[0], [1]], [1, 1]), _regressor().fit([[0], [1]], [5.0, 5.0])):
        path = cost_complexity_path(tree)
        assert (len(path), path.n_leaves.tolist(), path.folded) == (1, [1], ((),))
        assert path.tree(0).predict([[7]]) == tree.predict([[7]])
        assert path.scores([[0], [1]], tree.predict([[0], [1]])).tolist() == [1]


@pytest.mark.parametrize("cost", ["gini", None, 1, ["error"]])
def test_a_wrong_cost_gets_one_sentence(cost):
    with pytest.raises(ValueError, match="cost must be 'impurity' or 'error'"):
        cost_complexity_path(_tree().fit(*IRIS), cost=cost)


def test_the_error_of_a_median_tree_is_not_known():
    tree = _regressor(criterion="absolute_error", max_depth=2).fit(*LINEAR)
    with pytest.raises(ValueError, match="use cost='impurity'"):
        cost_complexity_path(tree, cost="error")


@pytest.mark.parametrize(
    ("x", "y", "weight", "said"),
    [
        (np.zeros((3, 5)), [0, 1, 2], None, "X has shape.*4 columns"),
        (np.zeros(4), [0], None, "X has shape"),
        (np.zeros((0, 4)), [], None, "at least one row"),
        (np.zeros((3, 4)), [0, 1], None, "y has shape"),
        (np.zeros((2, 4)), [[0, 1], [0, 1]], None, "y has shape"),
        (np.zeros((2, 4)), ["setosa", "virginica"], None, "none of the classes"),
        (np.zeros((2, 4)), [0, 1], [1], "sample_weight has shape"),
        (np.zeros((2, 4)), [0, 1], [1, -1], "sample_weight must be finite"),
        (np.zeros((2, 4)), [0, 1], [0, 0], "sample_weight must be finite"),
    ],
)
def test_mismatched_data_gets_one_sentence(x, y, weight, said):
    path = cost_complexity_path(_tree().fit(*IRIS))
    for ask in (path.scores, path.errors):
        with pytest.raises(ValueError, match=said) as caught:
            ask(x, y, sample_weight=weight)
        assert "\n" not in str(caught.value)


def test_a_regressor_wants_finite_numbers():
    path = cost_complexity_path(_regressor().fit(*DIABETES))
    x = DIABETES[0][:2]
    with pytest.raises(ValueError, match="NaN or infinity"):
        path.scores(x, [1, np.nan])
    with pytest.raises(ValueError, match="must hold numbers"):
        path.scores(x, ["low", "high"])


# Numbers that break scikit-learn's own path -------------------------------------------------


def _wave(seed=0, n=300):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    return x, x[:, 0] + rng.normal(size=n)


@pytest.mark.parametrize("offset", [2.0**10, -(2.0**13)])
def test_an_offset_moves_no_alpha_where_the_fit_survives_it(offset):
    x, y = _wave()
    y = np.round(y * 64) / 64  # exact beside the offset
    plain = cost_complexity_path(_regressor(max_leaf_nodes=40).fit(x, y))
    moved = cost_complexity_path(_regressor(max_leaf_nodes=40).fit(x, y + offset))
    assert moved.n_leaves.tolist() == plain.n_leaves.tolist()
    assert moved.ccp_alphas == pytest.approx(plain.ccp_alphas, rel=1e-5)


def test_alphas_come_from_the_node_means_even_where_impurities_are_noise():
    x, y = _wave()
    tree = _regressor().fit(x, y + 1e7)
    assert tree.tree_.impurity.min() <= 0  # scikit-learn's, already spoilt
    path = cost_complexity_path(tree)
    low = tree.tree_
    mean, weight = low.value[:, 0, 0] - 1e7, low.weighted_n_node_samples / len(y)
    for k in _spread(len(path), 12):
        shown = path.tree(k)
        leaves = np.unique(shown.apply(x))
        scatter = np.sum(
            shown.tree_.weighted_n_node_samples[leaves]
            / len(y)
            * (shown.tree_.value[leaves, 0, 0] - 1e7 - mean[0]) ** 2
        )
        rest = np.sum(weight[low.children_left < 0] * (mean[low.children_left < 0] - mean[0]) ** 2)
        if k == 0:
            base = rest - scatter
        assert base <= rest - scatter + 1e-6
    assert len(path) > 50
    assert np.isnan(path.risks).all()  # said, not made up


@pytest.mark.parametrize(
    ("criterion", "offset", "height"), [("squared_error", 1e9, 1e5), ("absolute_error", 0, 1e10)]
)
def test_equal_alphas_that_rounding_splits_are_one_step(criterion, offset, height):
    # Twelve pairs on twelve levels; within each pair y differs by the same 80.1.
    level = height * np.sqrt(np.arange(12))
    y = offset + np.sort(np.concatenate([level, level + 80.1]))
    tree = _regressor(criterion=criterion).fit(np.arange(24)[:, None], y)
    own = tree.cost_complexity_pruning_path(np.arange(24)[:, None], y).ccp_alphas
    assert np.ptp(own[1:13]) > 1e-9  # scikit-learn's, all of one size in exact arithmetic
    assert cost_complexity_path(tree).n_leaves.tolist()[:2] == [24, 12]


def test_a_huge_offset_is_never_a_silent_path_of_one():
    x, _ = _wave()
    for offset in (1e8, -1e8, 1e9, 1e12):
        for seed in range(5):
            tree = _regressor(max_depth=3).fit(x, offset + _wave(seed)[1])
            if tree.get_n_leaves() == 1:
                with pytest.raises(ValueError, match=r"refit it on y - y.mean\(\)"):
                    cost_complexity_path(tree)
            else:
                assert len(cost_complexity_path(tree)) > 1


def test_a_tiny_spread_is_never_a_silent_path_of_one():
    x, y = _wave()
    with pytest.raises(ValueError, match=r"use \(y - y.mean\(\)\) / y.std\(\)"):
        cost_complexity_path(_regressor().fit(x, y * 1e-100))


@pytest.mark.parametrize("scale", [1e150, 1e153, 1e154, 1e155, 1e160, 1e200, 1e300])
def test_huge_y_gives_the_path_or_one_sentence_and_never_a_crash(scale):
    # At 1e153 and more scikit-learn's impurities overflow; at 1e154 its own path kills the process.
    x, y = _wave()
    with np.errstate(all="ignore"):
        tree = _regressor().fit(x, y * scale)
    if scale > 1e153:
        with pytest.raises(ValueError, match=r"refit it on y / abs\(y\).max\(\)"):
            cost_complexity_path(tree)
        return
    path = cost_complexity_path(tree)
    again = copy.deepcopy(tree)  # the same tree for y · 1e10, as far as its values tell
    state = again.tree_.__getstate__()
    state["values"] = state["values"] / (scale / 1e10)
    state["nodes"]["impurity"] = np.nan
    again.tree_.__setstate__(state)
    plain = cost_complexity_path(again)
    assert path.n_leaves.tolist() == plain.n_leaves.tolist()
    expected = plain.ccp_alphas * (scale / 1e10) * (scale / 1e10)
    assert path.ccp_alphas == pytest.approx(expected, rel=1e-9)
    assert path.scores(x, y * scale) == pytest.approx(plain.scores(x, y * 1e10))


@pytest.mark.parametrize("power", [-4, 10, 300])
def test_a_power_of_two_on_y_scales_every_alpha_exactly(power):
    x, y = _wave()
    plain = cost_complexity_path(_regressor(max_leaf_nodes=30).fit(x, y))
    scaled = cost_complexity_path(_regressor(max_leaf_nodes=30).fit(x, np.ldexp(y, power)))
    assert scaled.n_leaves.tolist() == plain.n_leaves.tolist()
    assert np.array_equal(scaled.ccp_alphas, np.ldexp(plain.ccp_alphas, 2 * power))


def test_errors_beyond_the_largest_float_get_one_sentence():
    x, y = _wave()
    path = cost_complexity_path(_regressor(criterion="absolute_error").fit(x, y * 1e200))
    assert path.scores(x, y * 1e200)[0] == 1
    with pytest.raises(ValueError, match=r"refit and score on y / abs\(y\).max\(\)"):
        path.errors(x, y * 1e200)


def test_impurities_that_overflowed_under_another_criterion_get_one_sentence():
    tree = _regressor(monotonic_cst=[1, 0, 0], max_depth=3)
    x, y = _wave()
    with np.errstate(all="ignore"):
        tree.fit(x, y * 1e200)
    with pytest.raises(ValueError, match=r"refit it on \(y - y.mean\(\)\) / y.std\(\)"):
        cost_complexity_path(tree)


def test_a_long_thin_tree_takes_no_quadratic_time():
    # A chain of 20 000 splits; each fold of the naive algorithm would walk all of it.
    n = 20_000
    x = np.arange(n, dtype=np.float32)[:, None]
    y = 1.001 ** np.arange(n)
    tree = _regressor(max_leaf_nodes=n // 2).fit(x, y)
    path = cost_complexity_path(tree)
    assert path.n_leaves[-1] == 1
    assert (np.diff(path.ccp_alphas) > 0).all()


@pytest.mark.parametrize("huge", [1e7, 1e9, 1e12])
def test_errors_behind_a_huge_one_that_a_fold_ends_are_not_lost(huge):
    x = np.arange(40.0)[:, None]
    y = np.where(x[:, 0] < 20, 0.0, 1.0) + 0.1 * np.sin(5 * x[:, 0])
    weight = np.ones(40)
    y[30], weight[30] = huge, 1 / huge**1.5
    tree = DecisionTreeRegressor(random_state=0, min_samples_leaf=1).fit(x, y, weight)
    path = cost_complexity_path(tree)
    errors = path.errors(x + 0.2, np.where(x[:, 0] < 20, 0.1, 0.9))
    for k in range(len(path)):
        said = path.tree(k).predict(x + 0.2)
        expected = np.mean((said - np.where(x[:, 0] < 20, 0.1, 0.9)) ** 2)
        assert errors[k] == pytest.approx(expected, rel=1e-6)
    assert errors.min() < 1e-8 * errors.max()
