"""Whatever tree a reader brings: any scale or weights, arrays that do not agree."""

import copy
import warnings

import numpy as np
import pytest
from sklearn import ensemble
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.tree._tree import NODE_DTYPE, Tree

from prunelab.trees import (
    cost_complexity_path,
    cross_validate,
    error_based,
    fold,
    minimum_error,
    pessimistic,
    reduced_error,
)
from tests.helpers.hand_grown import exact_path, exact_risks, same_tree

IRIS, CANCER, DIABETES = (
    load(return_X_y=True) for load in (load_iris, load_breast_cancer, load_diabetes)
)
REGRESSIONS = ("squared_error", "poisson", "absolute_error")
CRITERIA = ("gini", "entropy", *REGRESSIONS)
RNG = np.random.default_rng(13)
X = RNG.normal(size=(150, 3))
SKEWED = np.exp(2.5 * X[:, 0] + RNG.normal(size=150))
LABELS = np.digitize(X[:, 0] + RNG.normal(size=150), [-0.5, 0.7])


def _grow(criterion, **options):
    kind = DecisionTreeRegressor if criterion in REGRESSIONS else DecisionTreeClassifier
    return kind(criterion=criterion, random_state=0, **options)


def _target(criterion):
    return SKEWED if criterion in REGRESSIONS else LABELS


def _changed(tree, change):
    """A copy of a fitted tree whose low-level state a function has changed."""
    again, low = copy.copy(tree), tree.tree_
    state = low.__getstate__()
    state = {name: np.copy(part) if name in ("nodes", "values") else part
             for name, part in state.items()}  # fmt: skip
    change(state)
    again.tree_ = Tree(low.n_features, np.asarray(low.n_classes, dtype=np.intp), low.n_outputs)
    again.tree_.__setstate__(state)
    return again


# Any scale, any weights -----------------------------------------------------------------------


def _scaled(tree, c):
    """The tree that a fit to c · y gives where it meets no limit of its own."""
    power = 1 if tree.criterion in ("poisson", "absolute_error") else 2

    def change(state):
        state["values"] *= c
        state["nodes"]["impurity"] *= c**power

    return _changed(tree, change), c**power


@pytest.mark.parametrize("c", [1e-100, 3.7e-9, 1 / SKEWED.max(), 1 / 3, 7.3, 1e9, 1.7e100])
@pytest.mark.parametrize("criterion", REGRESSIONS)
def test_the_path_of_c_times_y_is_c_squared_times_the_path(criterion, c):
    tree = _grow(criterion).fit(X, SKEWED)
    again, unit = _scaled(tree, c)
    plain, scaled = cost_complexity_path(tree), cost_complexity_path(again)
    assert scaled.n_leaves.tolist() == plain.n_leaves.tolist()
    assert scaled.ccp_alphas == pytest.approx(plain.ccp_alphas * unit, rel=1e-9)
    assert scaled.folded == plain.folded


@pytest.mark.parametrize("c", [1e-3, 1 / 3, 7.3, 1e60])
def test_a_refit_on_c_times_y_has_as_many_subtrees(c):
    tree = _grow("squared_error", min_samples_leaf=3)
    plain = cost_complexity_path(clone(tree).fit(X, SKEWED))
    scaled = cost_complexity_path(clone(tree).fit(X, SKEWED * c))
    assert scaled.n_leaves.tolist() == plain.n_leaves.tolist()
    assert scaled.ccp_alphas == pytest.approx(plain.ccp_alphas * c * c, rel=1e-9)


WEIGHTS = {
    "1e-6": np.full(150, 1e-6),
    "1e12": np.full(150, 1e12),
    "uneven": np.random.default_rng(0).uniform(0.2, 3, 150),
    "two of 1e10": np.r_[[1e10, 1e10], np.ones(148)],
    "two of 1e10, uneven": np.r_[[1e10, 1e10], np.random.default_rng(1).uniform(0.2, 3, 148)],
    "over ten powers": np.exp(5 * np.random.default_rng(2).normal(size=150)),
}


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("criterion", CRITERIA)
def test_each_subtree_is_the_refit_at_the_middle_of_its_interval(criterion, weight):
    tree, y, weight = _grow(criterion), _target(criterion), WEIGHTS[weight]
    path = cost_complexity_path(clone(tree).fit(X, y, sample_weight=weight))
    alphas = np.append(path.ccp_alphas, 4 * path.ccp_alphas[-1])
    chosen = set(np.linspace(0, len(path) - 1, 25).astype(int).tolist()) | {0, 1, 2}
    assert len(path) >= 20
    for k in sorted(chosen):
        for middle in (np.sqrt(alphas[k]) * np.sqrt(alphas[k + 1]), alphas[k : k + 2].mean()):
            refit = clone(tree).set_params(ccp_alpha=middle).fit(X, y, sample_weight=weight)
            assert refit.get_n_leaves() == path.n_leaves[path.index(middle)]
            assert path.index(middle) == k or k == 0
            if k % 5 == 0:
                assert same_tree(refit, path.tree(path.index(middle)))


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_weights_over_eighteen_powers_of_ten_leave_the_first_subtrees_sound(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(120, 3)), rng.integers(0, 2, 120)
    weight = 10.0 ** rng.uniform(-6, 12, 120)
    path = cost_complexity_path(_grow("gini").fit(x, y, sample_weight=weight))
    assert len(path) >= 12
    for k in range(1, 7):
        middle = np.sqrt(path.ccp_alphas[k] * path.ccp_alphas[k + 1])
        refit = _grow("gini", ccp_alpha=middle).fit(x, y, sample_weight=weight)
        assert refit.get_n_leaves() == path.n_leaves[k]


def _exact_risks(tree, x, y, weight):
    """The risk of each node from the samples, in long doubles, for entropy and Poisson deviance."""
    weight, y, risks = weight.astype(np.longdouble), y.astype(np.longdouble), []
    for inside in tree.decision_path(x).toarray().T.astype(bool):
        w, t = weight[inside], y[inside]
        if tree.criterion == "entropy":
            ones, zeros = w[t == 1].sum(), w[t == 0].sum()
            part = ones * np.log1p(zeros / ones) if ones else 0
            risks.append((part + (zeros * np.log1p(ones / zeros) if zeros else 0)) / np.log(2))
        else:
            some = t > 0
            mean = (w * t).sum() / w.sum()
            risks.append((w[some] * t[some] * np.log(t[some] / mean)).sum())
    return np.array(risks, dtype=float) / float(weight.sum())


def _weakest_links(tree, risks):
    """(alpha, leaves left) of each fold, the weakest link first: the textbook's loop."""
    left, right = tree.tree_.children_left.copy(), tree.tree_.children_right

    def below(node):
        if left[node] < 0:
            return risks[node], 1
        one, other = below(left[node]), below(right[node])
        return one[0] + other[0], one[1] + other[1]

    def splits(node):
        return [] if left[node] < 0 else [node, *splits(left[node]), *splits(right[node])]

    found = []
    while inner := splits(0):
        links = [((risks[node] - below(node)[0]) / (below(node)[1] - 1), node) for node in inner]
        alpha, node = min(links)
        left[node] = -1
        found.append((max(alpha, found[-1][0] if found else 0), below(0)[1]))
    return found


@pytest.mark.parametrize("seed", [6, 17, 29])
@pytest.mark.parametrize("criterion", ["entropy", "poisson"])
def test_where_weights_make_stored_impurities_nan_the_path_is_that_of_the_samples(criterion, seed):
    rng = np.random.default_rng(seed)
    x, noise = rng.normal(size=(300, 3)), rng.normal(size=300)
    y = (x[:, 0] + x[:, 1] * x[:, 2] + noise > 0) * 1 if criterion == "entropy" else abs(x[:, 0])
    weight = 10.0 ** rng.uniform(-6, 15, 300)
    tree = _grow(criterion, max_depth=7, min_samples_leaf=1).fit(x, y, sample_weight=weight)
    assert not np.isfinite(tree.tree_.impurity).all()
    path, links = cost_complexity_path(tree), _weakest_links(tree, _exact_risks(tree, x, y, weight))
    alphas = np.append(path.ccp_alphas, 4 * path.ccp_alphas[-1])
    compared = 0
    for k in range(1, len(path)):
        middle = np.sqrt(alphas[k]) * np.sqrt(alphas[k + 1])
        if middle > 1e-14:  # below, the loop's differences of risks are rounding
            assert path.n_leaves[k] == [leaves for alpha, leaves in links if alpha <= middle][-1]
            compared += 1
    assert compared >= 8
    if criterion == "entropy":
        error = cost_complexity_path(tree, "error")
        wrong = weight[y != tree.predict(x)].sum() / weight.sum()
        assert error.risks[0] == pytest.approx(wrong, abs=1e-12)


@pytest.mark.parametrize("heavy", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("criterion", ["gini", "entropy"])
def test_a_class_may_weigh_a_thousand_million_times_another(criterion, heavy):
    y = LABELS > 0
    tree = _grow(criterion, class_weight={0: 1, 1: heavy})
    path = cost_complexity_path(clone(tree).fit(X, y))
    assert len(path) > 8
    for k in range(len(path) - 1):
        middle = np.sqrt(path.ccp_alphas[k] * path.ccp_alphas[k + 1])
        assert clone(tree).set_params(ccp_alpha=middle).fit(X, y).get_n_leaves() == path.n_leaves[k]


def test_two_heavy_samples_leave_the_light_ones_their_alphas():
    x, y = np.arange(10.0)[:, None], np.array([0, 1, 0, 1, 1, 0, 1, 1, 0, 0])
    for heavy in (1e6, 1e8, 1e10, 1e12):
        weight = np.array([heavy] * 2 + [1.0] * 8)
        path = cost_complexity_path(_grow("gini").fit(x, y, sample_weight=weight))
        assert path.n_leaves.tolist() == [7, 5, 4, 3, 2, 1]
        assert path.ccp_alphas[1:5] * heavy == pytest.approx([2 / 5, 8 / 15, 2 / 3, 2], rel=1e-5)


@pytest.mark.parametrize("criterion", CRITERIA[:4])  # a weighted median is another tree
def test_whole_weights_are_repeated_rows(criterion):
    y = np.round(_target(criterion), 2)
    counts = np.random.default_rng(3).integers(1, 5, 150)
    by_weight = cost_complexity_path(_grow(criterion).fit(X, y, sample_weight=counts))
    rows = np.repeat(np.arange(150), counts)
    by_rows = cost_complexity_path(_grow(criterion).fit(X[rows], y[rows]))
    assert by_weight.n_leaves.tolist() == by_rows.n_leaves.tolist()
    assert by_weight.ccp_alphas == pytest.approx(by_rows.ccp_alphas, rel=1e-9, abs=1e-12)
    assert by_weight.risks == pytest.approx(by_rows.risks, abs=1e-12 * by_rows.risks[-1])


@pytest.mark.parametrize("unit", [1, 3, 10**12])
@pytest.mark.parametrize("criterion", ["gini", "squared_error"])
@pytest.mark.parametrize("seed", range(6))
def test_its_alphas_are_the_distinct_ones_of_exact_arithmetic(seed, criterion, unit):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 9, size=(40, 2)).astype(float)
    y = rng.integers(0, 2 if criterion == "gini" else 4, 40)
    weight = unit * rng.integers(1, 4, 40)
    tree = _grow(criterion, max_depth=6).fit(x, y, sample_weight=weight)
    alphas, sizes = exact_path(tree, exact_risks(tree, x, y, weight))
    path = cost_complexity_path(tree)
    above = path.n_leaves > sizes[0]  # subtree 0 keeps what gains nothing, as scikit-learn does
    assert above.sum() <= 1
    start = int(above.sum())
    assert path.n_leaves[start:].tolist() == sizes
    assert path.ccp_alphas[start + 1 :] == pytest.approx([float(a) for a in alphas[1:]], rel=1e-9)


def test_alphas_a_hundred_thousand_millionth_of_the_risk_apart_stay_apart():
    # Pairs of y on levels far apart; within pair i they differ by 1 + i · 1e-7.
    level = np.arange(30) * 100.0
    y = np.sort(np.r_[level, level + 1 + np.arange(30) * 1e-7])
    path = cost_complexity_path(_grow("squared_error").fit(np.arange(60.0)[:, None], y))
    steps = np.diff(path.ccp_alphas)[1:30]
    assert path.n_leaves[:31].tolist() == list(range(60, 29, -1))
    assert (steps / path.risks[-1] < 1e-12).all()


def test_thousands_of_rows_lose_no_subtree():
    x, y = make_classification(20_000, 8, flip_y=0.4, random_state=0)
    tree = _grow("gini", min_samples_leaf=2)
    path = cost_complexity_path(clone(tree).fit(x, y))
    theirs = np.sort(clone(tree).cost_complexity_pruning_path(x, y).ccp_alphas)
    theirs = theirs[theirs > 1e-15]
    distinct = 1 + int((np.diff(theirs) > 1e-12 * theirs[1:]).sum())
    assert len(path) - 1 - path._has_worthless == distinct > 500
    for k in (1, 40, 300):
        middle = np.sqrt(path.ccp_alphas[k] * path.ccp_alphas[k + 1])
        refit = clone(tree).set_params(ccp_alpha=middle).fit(x, y)
        assert same_tree(refit, path.tree(k))


def test_below_the_first_alpha_is_the_smallest_best_tree():
    x = [[0, 0], [0, 0], [1, 1], [1, 0], [0, 0], [0, 1], [0, 0], [0, 1]]
    y = [1, 0, 0, 0, 0, 1, 1, 0]
    tree = _grow("gini").fit(x, y)
    path = cost_complexity_path(tree)
    assert same_tree(path.tree(path.index(0)), tree)
    for alpha in (1e-12, 1e-3, 0.046875):
        refit = _grow("gini", ccp_alpha=alpha).fit(x, y)
        assert refit.get_n_leaves() == 2
        assert same_tree(refit, path.tree(path.index(alpha)))
    for alpha in (5e-324, 1e-300):
        assert path.n_leaves[path.index(alpha)] == 2


@pytest.mark.parametrize("seed", range(30))
def test_every_alpha_above_0_is_answered_as_a_refit(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 3, size=(14, 2)), rng.integers(0, 2, 14)
    path = cost_complexity_path(_grow("gini").fit(x, y))
    edges = path.ccp_alphas[path.ccp_alphas > 1e-12]
    for alpha in np.r_[edges[0] * np.array([1e-3, 0.5, 0.999]) if edges.size else [], edges * 1.01]:
        refit = _grow("gini", ccp_alpha=alpha).fit(x, y)
        assert refit.get_n_leaves() == path.n_leaves[path.index(alpha)]


def _chain(y, scale):
    """A tree of y · scale that parts one sample off after the other, grown by hand."""
    n = len(y)
    nodes = np.zeros(2 * n - 1, NODE_DTYPE)
    values = np.empty((2 * n - 1, 1, 1))
    sizes = np.arange(n, 0, -1)
    rest = np.cumsum(y[::-1])[::-1] / sizes
    impurity = (np.cumsum((y * y)[::-1])[::-1] / sizes - rest**2) * scale * scale
    y, rest = y * scale, rest * scale
    for i in range(n):
        if i < n - 1:
            nodes[2 * i] = (2 * i + 1, 2 * i + 2, 0, i + 0.5, impurity[i], n - i, n - i, 0)
        at = min(2 * i + 1, 2 * n - 2)
        nodes[at] = (-1, -1, -2, -2.0, 0.0, 1, 1, 0)
        values[min(2 * i, 2 * n - 2)], values[at] = rest[i], y[i]
    tree = DecisionTreeRegressor().fit([[0.0], [1.0]], [0.0, 1.0])
    tree.tree_ = Tree(1, np.array([1], dtype=np.intp), 1)
    tree.tree_.__setstate__(
        {"max_depth": n - 1, "node_count": 2 * n - 1, "nodes": nodes, "values": values}
    )
    return tree


def test_a_chain_whose_risk_overflows_has_a_path_where_no_alpha_does():
    n = 10_001
    y = np.where(np.arange(n) % 2, 1.6, -1.6) + np.linspace(0, 0.1, n)
    with np.errstate(over="ignore"):
        huge, beyond = _chain(y, 1e154), _chain(y, 1e200)
    assert np.isinf(huge.tree_.impurity[0])
    huge, plain = cost_complexity_path(huge), cost_complexity_path(_chain(y, 1.0))
    assert huge.n_leaves.tolist() == plain.n_leaves.tolist()
    assert len(plain) > 1000
    assert huge.ccp_alphas / 1e154 / 1e154 == pytest.approx(plain.ccp_alphas, rel=1e-9)
    assert not np.isfinite(huge.risks[-1])
    with pytest.raises(ValueError, match=r"refit it on y / abs\(y\).max\(\)"):
        cost_complexity_path(beyond)


def test_a_y_too_small_for_its_squares_is_never_a_silent_choice():
    y = SKEWED / SKEWED.max()
    for criterion in ("absolute_error", "poisson"):
        tree = _grow(criterion).fit(X, y * 1e-150)
        with pytest.raises(ValueError, match=r"refit it on y / abs\(y\).max\(\)"):
            cost_complexity_path(tree)
        with pytest.raises(ValueError, match=r"use y / abs\(y\).max\(\)"):
            cross_validate(_grow(criterion), X, y * 1e-150, 3)
    path = cost_complexity_path(_scaled(_grow("absolute_error").fit(X, y), 1e-200)[0])
    assert len(path) > 20
    for ask in (path.errors, lambda x, y: reduced_error(path.estimator, x, y)):
        with pytest.raises(ValueError, match="squares of that fall below the smallest float"):
            ask(X, y[::-1] * 1e-200)


# Trees whose arrays do not agree ----------------------------------------------------------------

PRUNERS = (pessimistic, error_based, minimum_error)


def test_children_set_to_minus_1_by_hand_are_a_fold():
    x, y = CANCER
    whole = _grow("gini").fit(x, y)
    low = whole.tree_
    by_hand = copy.deepcopy(whole)
    nodes = [int(low.children_left[low.children_left[0]]), int(low.children_right[0])]
    for node in nodes:
        by_hand.tree_.children_left[node] = by_hand.tree_.children_right[node] = -1
    folded = fold(whole, nodes)
    assert same_tree(fold(by_hand, []), folded)
    for cost in ("impurity", "error"):
        path, wanted = cost_complexity_path(by_hand, cost), cost_complexity_path(folded, cost)
        assert path.n_leaves.tolist() == wanted.n_leaves.tolist()
        assert path.ccp_alphas == pytest.approx(wanted.ccp_alphas, abs=1e-15)
        assert path.risks == pytest.approx(wanted.risks)
        assert path.scores(x, y).tolist() == wanted.scores(x, y).tolist()
        for k in range(len(path)):
            assert same_tree(path.tree(k), wanted.tree(k))
            named = [node for step in path.folded[: k + 1] for node in step]
            assert same_tree(fold(by_hand, named), path.tree(k))
    for prune in (*PRUNERS, lambda tree: reduced_error(tree, x, y)):
        ours, wanted = prune(by_hand), prune(folded)
        assert same_tree(ours.tree, wanted.tree)
        assert len(ours.decisions) == len(wanted.decisions)
        assert [d.as_leaf for d in ours.decisions] == [d.as_leaf for d in wanted.decisions]
    assert cost_complexity_path(folded).risks[-1] == pytest.approx(low.impurity[0])


def test_a_path_does_not_change_when_the_arrays_of_its_tree_do():
    tree = _grow("gini").fit(*IRIS)
    path = cost_complexity_path(tree)
    before = [copy.deepcopy(path.tree(k)) for k in range(len(path))]
    scores = path.scores(*IRIS)
    tree.tree_.children_left[2] = tree.tree_.children_right[2] = -1
    tree.tree_.value[:] = 0
    assert all(same_tree(path.tree(k), tree) for k, tree in enumerate(before))
    assert path.scores(*IRIS).tolist() == scores.tolist()


def test_links_that_make_no_tree_are_refused():
    tree = _grow("gini").fit(*IRIS)
    tree.tree_.children_right[0] = tree.tree_.children_left[0]
    with pytest.raises(ValueError, match=r"do not make a tree.*refit it with scikit-learn"):
        cost_complexity_path(tree)


ENSEMBLES = [
    ensemble.RandomForestClassifier(3, random_state=0),
    ensemble.RandomForestClassifier(3, criterion="entropy", random_state=0),
    ensemble.ExtraTreesClassifier(3, bootstrap=True, random_state=0),
    ensemble.RandomForestRegressor(3, random_state=0),
    ensemble.RandomForestRegressor(3, criterion="absolute_error", max_depth=4, random_state=0),
    ensemble.RandomForestRegressor(3, criterion="poisson", random_state=0),
    ensemble.ExtraTreesRegressor(3, random_state=0),
    ensemble.GradientBoostingClassifier(n_estimators=3, random_state=0),
    ensemble.GradientBoostingClassifier(n_estimators=3, loss="exponential", subsample=0.7),
    ensemble.GradientBoostingRegressor(n_estimators=3, criterion="squared_error"),
    ensemble.GradientBoostingRegressor(n_estimators=3, loss="absolute_error", max_depth=5),
    ensemble.GradientBoostingRegressor(n_estimators=3, loss="huber"),
    ensemble.BaggingClassifier(DecisionTreeClassifier(), 3, max_features=0.5, random_state=0),
    ensemble.AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=3),
    ensemble.AdaBoostRegressor(n_estimators=3, random_state=0),
    ensemble.IsolationForest(n_estimators=3, random_state=0),
]


@pytest.mark.parametrize("model", ENSEMBLES, ids=lambda model: type(model).__name__)
def test_one_tree_of_any_ensemble_has_its_path(model):
    x, y = CANCER
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        tree = np.ravel(clone(model).fit(x, y).estimators_)[0]
    path, low = cost_complexity_path(tree), tree.tree_
    risk = low.impurity * low.weighted_n_node_samples / low.weighted_n_node_samples[0]
    assert path.risks[-1] == pytest.approx(low.impurity[0])
    assert path.risks[0] == pytest.approx(risk[low.children_left < 0].sum(), abs=1e-12)
    for k in range(0, len(path), 3):  # each subtree's risk, from what the fit has stored
        mine = path.tree(k).tree_
        risk = mine.impurity * mine.weighted_n_node_samples / mine.weighted_n_node_samples[0]
        assert path.risks[k] == pytest.approx(risk[mine.children_left < 0].sum(), abs=1e-10)
        assert mine.node_count == 2 * path.n_leaves[k] - 1


@pytest.mark.parametrize("criterion", ["gini", "squared_error"])
def test_values_written_after_the_fit_leave_the_path_of_the_impurities(criterion):
    y = _target(criterion)
    tree = _grow(criterion, max_depth=4).fit(X, y)
    plain = cost_complexity_path(tree)
    low = tree.tree_
    shrunk = copy.deepcopy(tree)
    shrunk.tree_.value[:] = 0.5 * low.value + 0.5 * low.value[0]
    ours = cost_complexity_path(shrunk)
    assert ours.n_leaves.tolist() == plain.n_leaves.tolist()
    assert ours.ccp_alphas == pytest.approx(plain.ccp_alphas, abs=1e-10)
    with pytest.raises(ValueError, match=r"cost='error' needs the .*set by boosting"):
        cost_complexity_path(shrunk, "error")
    leaf = int(np.flatnonzero(low.children_left < 0)[0])
    one = copy.deepcopy(tree)
    one.tree_.value[leaf] = one.tree_.value[leaf, :, ::-1] + (0 if criterion == "gini" else 1)
    assert cost_complexity_path(one).n_leaves.tolist() == plain.n_leaves.tolist()
    with pytest.raises(ValueError, match="cost='error' needs"):
        cost_complexity_path(one, "error")


def test_clipped_values_of_a_monotonic_tree_are_no_counts_and_no_means():
    x, y = CANCER
    limits = [0] * 10 + [1] * 10 + [0] * 10
    tree = _grow("gini", monotonic_cst=limits).fit(x, 1 - y)
    for prune in PRUNERS:
        with pytest.raises(
            ValueError, match=r"its monotonic_cst clips them.*reduced_error"
        ) as caught:
            prune(tree)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="cost='error' needs the class fractions"):
        cost_complexity_path(tree, "error")
    assert len(cost_complexity_path(tree)) > 3
    slight = _grow("gini", monotonic_cst=[0] * 29 + [1], max_depth=2).fit(x, 1 - y)
    plain = _grow("gini", max_depth=2).fit(x, 1 - y)
    if np.array_equal(slight.tree_.value, plain.tree_.value):  # nothing had to be clipped
        assert same_tree(minimum_error(slight).tree, minimum_error(plain).tree)
    x, y = DIABETES
    limits = [0, 0, 1, 1, 0, 0, -1, 0, 1, 0]
    tree = _grow("squared_error", max_leaf_nodes=50, monotonic_cst=limits).fit(x, y)
    with pytest.raises(ValueError, match=r"monotonic_cst clips them.*path.errors\(X, y\)"):
        cost_complexity_path(tree, "error")
    path = cost_complexity_path(tree)
    assert path.errors(x, y)[0] == pytest.approx(((tree.predict(x) - y) ** 2).mean())


def test_labels_that_an_ensemble_has_numbered_are_refused_and_the_codes_taken():
    x, y = IRIS
    for model in (
        ensemble.RandomForestClassifier(2, random_state=0),
        ensemble.BaggingClassifier(DecisionTreeClassifier(), 2, random_state=0),
    ):
        forest = clone(model).fit(x, y + 1)
        tree = forest.estimators_[0]
        path = cost_complexity_path(tree)
        for ask in (path.scores, path.errors, lambda x, y, t=tree: reduced_error(t, x, y)):
            with pytest.raises(ValueError, match=r"holds the label 3.*searchsorted") as caught:
                ask(x, y + 1)
            assert "\n" not in str(caught.value)
        assert path.scores(x, np.searchsorted(forest.classes_, y + 1))[0] > 0.9
        assert path.scores(x, y)[0] > 0.9


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ensemble.HistGradientBoostingClassifier(max_iter=2).fit(*IRIS),
         "not a HistGradientBoostingClassifier; its trees are of another kind"),
        (lambda: MultiOutputClassifier(DecisionTreeClassifier()).fit(IRIS[0], np.c_[IRIS[1]]),
         r"not a MultiOutputClassifier; .*model\.estimators_\[0\]"),
        (lambda: DecisionTreeClassifier, r"the class DecisionTreeClassifier; call it first"),
        (lambda: ensemble.RandomForestRegressor, "the class RandomForestRegressor; make one"),
        (lambda: ensemble.ExtraTreesClassifier(2), r"not an ExtraTreesClassifier; .*estimators_"),
        (lambda: ensemble.GradientBoostingRegressor(n_estimators=2).fit(*IRIS),
         r"model\.estimators_\[0, 0\]"),
        (lambda: ensemble.VotingClassifier([("a", LogisticRegression(C=1e-3)),
                                            ("b", DecisionTreeClassifier())]).fit(*IRIS),
         r"model\.estimators_\[1\]"),
        (lambda: make_pipeline(ensemble.RandomForestClassifier(2)), "not a Pipeline; "),
        (lambda: make_pipeline(ensemble.BaggingClassifier(n_estimators=2)).fit(*IRIS),
         r"pipeline\[-1\]\.estimators_\[0\]"),
        (lambda: ensemble.BaggingClassifier(LogisticRegression(), 2).fit(*IRIS),
         "holds no decision tree"),
        (lambda: GridSearchCV(make_pipeline(DecisionTreeClassifier()), {}).fit(*IRIS),
         r"search\.best_estimator_\[-1\]"),
        (lambda: LogisticRegression(), "not a LogisticRegression; fit a tree on the same data"),
        (lambda: 5, "not an int; fit one first"),
    ],
)  # fmt: skip
def test_what_is_no_tree_hears_where_one_is(make, said):
    with pytest.raises(TypeError, match=said) as caught:
        cost_complexity_path(make())
    assert "\n" not in str(caught.value)
    assert "fit one first" not in str(caught.value) or "int" in said


# Choosing among them ----------------------------------------------------------------------------


@pytest.mark.parametrize("cost", ["impurity", "error"])
def test_class_weights_choose_as_the_same_sample_weights_do(cost):
    x, y = CANCER
    by_class = cross_validate(_grow("gini", class_weight={0: 10, 1: 1}), x, y, 5, cost=cost)
    weight = np.where(y == 0, 10.0, 1.0)
    by_sample = cross_validate(_grow("gini"), x, y, 5, cost=cost, sample_weight=weight)
    assert np.array_equal(by_class.fold_errors, by_sample.fold_errors)
    assert by_class.best.index == by_sample.best.index
    assert by_class.weighted
    assert not cross_validate(_grow("gini"), x, y, 5).weighted
    both = cross_validate(
        _grow("gini", class_weight={0: 10}), x, y, 5, sample_weight=np.arange(569) + 1.0
    )
    same = cross_validate(_grow("gini"), x, y, 5, sample_weight=weight * (np.arange(569) + 1))
    assert both.errors == pytest.approx(same.errors)


def test_class_weights_of_several_outputs_multiply():
    x, y = X, np.column_stack([LABELS > 0, LABELS > 1]).astype(int)
    two = _grow("gini", class_weight=[{0: 1, 1: 3}, {0: 2, 1: 1}], max_depth=5)
    weight = np.where(y[:, 0], 3.0, 1.0) * np.where(y[:, 1], 1.0, 2.0)
    folds = [(np.arange(75), np.arange(75, 150)), (np.arange(75, 150), np.arange(75))]
    ours = cross_validate(two, x, y, folds)
    same = cross_validate(_grow("gini", max_depth=5), x, y, folds, sample_weight=weight)
    assert ours.errors == pytest.approx(same.errors)


def test_a_fold_of_no_weight_has_no_error():
    weight = np.r_[np.zeros(50), np.ones(100)]
    folds = [(np.arange(50, 150), np.arange(50)), (np.arange(50), np.arange(50, 150))]
    with pytest.raises(ValueError, match="all have weight 0"):
        cross_validate(_grow("gini"), X, LABELS, folds, sample_weight=weight)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("criterion", CRITERIA)
def test_a_standard_error_over_samples_is_that_of_all_that_was_left_out(criterion, weighted):
    y = _target(criterion) / (1e3 if criterion in REGRESSIONS else 1)
    y = y.astype(float) if criterion in REGRESSIONS else y
    weight = WEIGHTS["uneven"] if weighted else None
    tree = _grow(criterion, min_samples_leaf=4)
    folds = [(np.flatnonzero(np.arange(150) % 4 != i), np.flatnonzero(np.arange(150) % 4 == i))
             for i in range(4)]  # fmt: skip
    options = {"sample_weight": weight, "standard_error": "samples"}
    ours = cross_validate(tree, X, y, folds, **options)
    assert (ours.over, cross_validate(tree, X, y, folds).over) == ("samples", "folds")
    assert repr(ours).endswith("leaves, over samples)")
    for k in (0, len(ours.path) // 2, len(ours.path) - 1):
        losses, w = np.empty(150), np.ones(150) if weight is None else weight
        for train, test in folds:
            path = cost_complexity_path(
                clone(tree).fit(X[train], y[train], sample_weight=w[train] if weighted else None)
            )
            said = path.tree(path.index(ours.ccp_alphas[k])).predict(X[test])
            away = said - y[test]
            losses[test] = away**2 if criterion in REGRESSIONS else away != 0
        error = np.average(losses, weights=w)
        # rpart's (xval.c), in which weights are counts: whole ones give that of repeated rows.
        spread = np.sqrt((w * (losses - error) ** 2).sum()) / w.sum()
        assert ours.errors[k] == pytest.approx(error)
        assert ours.standard_errors[k] == pytest.approx(spread)
        if not weighted:  # rpart's: √(variance / n)
            assert spread == pytest.approx(np.sqrt(losses.var() / 150))


def test_what_the_standard_error_is_over_is_one_of_two():
    with pytest.raises(ValueError, match="standard_error='rpart': write 'folds' or 'samples'"):
        cross_validate(_grow("gini"), X, LABELS, 3, standard_error="rpart")


@pytest.mark.parametrize("criterion", ["gini", "squared_error"])
def test_whole_weights_have_the_standard_error_over_samples_of_repeated_rows(criterion):
    y = np.round(_target(criterion) / 10, 3) if criterion in REGRESSIONS else LABELS
    counts, fold = np.random.default_rng(5).integers(1, 6, 150), np.arange(150) % 3
    rows = np.repeat(np.arange(150), counts)
    tree = _grow(criterion, max_depth=3)

    def crossed(x, y, fold, weight=None):
        cut = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]
        return cross_validate(tree, x, y, cut, sample_weight=weight, standard_error="samples")

    by_weight, by_rows = crossed(X, y, fold, counts), crossed(X[rows], y[rows], fold[rows])
    assert by_weight.errors == pytest.approx(by_rows.errors)
    assert by_weight.standard_errors == pytest.approx(by_rows.standard_errors)
    fourfold = crossed(X, y, fold, 4 * counts)
    assert fourfold.standard_errors == pytest.approx(by_weight.standard_errors / 2)


@pytest.mark.parametrize("weight", [1e-200, 1e-170, 1e-90, 1e90, 1e155])
def test_weights_whose_squares_a_fit_loses_are_refused_and_divided_by_their_mean_taken(weight):
    uneven = WEIGHTS["uneven"] * weight
    for criterion in ("gini", "squared_error"):
        y = _target(criterion)
        with pytest.raises(ValueError, match="divide sample_weight by its mean") as said:
            cross_validate(_grow(criterion), X, y, 3, sample_weight=uneven)
        assert "\n" not in str(said.value)
        assert cross_validate(_grow(criterion), X, y, 3, sample_weight=uneven / uneven.mean())
    if weight in (1e-170, 1e155):
        tree = _grow("gini").fit(X, LABELS, sample_weight=uneven)
        with pytest.raises(ValueError, match="sample_weight divided by its mean"):
            cost_complexity_path(tree)


def test_labels_that_do_not_compare_and_complex_targets_get_one_sentence():
    mixed = np.array([1, "a"] * 75, dtype=object)
    for y, said in ((mixed, "y mixes labels of several kinds"), (LABELS + 1j, "use y.real")):
        for criterion in ("gini", "squared_error") if y is not mixed else ("gini",):
            with pytest.raises(ValueError, match=said) as caught:
                cross_validate(_grow(criterion), X, y, 3)
            assert "\n" not in str(caught.value)
    with pytest.raises(TypeError, match="ccp_alpha"):
        cost_complexity_path(_grow("gini").fit(X, LABELS)).index(np.array([0.1, 0.2]))
