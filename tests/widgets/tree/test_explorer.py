"""The TreeExplorer without a browser: its tree, its words, its picture, its page."""

import json
import re
import tracemalloc

import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, export_text

from prunelab import trees
from prunelab.figures import new_figure
from prunelab.trees.nodes import tree_nodes
from prunelab.widgets import TreeExplorer
from prunelab.widgets.tree.state import PRUNERS
from tests.helpers.node import run_module
from tests.helpers.tree_cases import EVERY, many_features, moons, plane, three_classes, wave


@pytest.fixture
def explorer():
    """Two half-moons, 240 samples to train on and 160 to validate."""
    return moons(cv=4)


def _data(n=60, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    return x, (x[:, 0] + rng.normal(size=n) > 0).astype(int)


def _grown(**options):
    x, y = _data()
    return DecisionTreeClassifier(random_state=0, **options).fit(x, y), x, y


# ---- the tree on show -------------------------------------------------------------------------


@pytest.mark.parametrize("make", EVERY)
def test_every_step_shows_the_subtree_of_the_path(make):
    explorer = make(cv=None)
    for k in range(0, len(explorer.path), 4):
        explorer.step = k
        assert export_text(explorer.tree) == export_text(explorer.path.tree(k))
        assert explorer.n_leaves == explorer.path.n_leaves[k] == explorer.tree.get_n_leaves()
        assert explorer.ccp_alpha == explorer.path.ccp_alphas[k]


def test_errors_are_scikit_learns_and_cross_validates(explorer):
    crossed = trees.cross_validate(explorer.path.estimator, *explorer.given["train"], cv=4)
    for step in (0, 5, len(explorer.path) - 1):
        explorer.step = step
        x, y = explorer.given["train"]
        x_val, y_val = explorer.given["val"]
        assert explorer.errors == {
            "training": pytest.approx(1 - explorer.tree.score(x, y)),
            "validation": pytest.approx(1 - explorer.tree.score(x_val, y_val)),
            "cross-validated": crossed.errors[step],
        }
    explorer.folded = [3]
    assert set(explorer.errors) == {"training", "validation"}


def test_folding_by_hand_leaves_the_path_and_comes_back_to_it(explorer):
    left = int(explorer.path.estimator.tree_.children_left[0])
    explorer.toggle(left)
    assert (explorer.folded, explorer.step, explorer.ccp_alpha) == ((left,), None, None)
    wanted = trees.fold(explorer.path.estimator, left)
    assert export_text(explorer.tree) == export_text(wanted)
    explorer.toggle(0)
    assert explorer.step == len(explorer.path) - 1
    explorer.toggle(0)
    assert (explorer.folded, explorer.step) == ((), 0)


def test_a_hidden_node_grows_back_alone(explorer):
    nodes = explorer.path.estimator.tree_
    deep = int(nodes.children_left[nodes.children_right[0]])
    explorer.folded = 0
    explorer.toggle(deep)
    assert explorer.n_leaves == 3
    assert export_text(explorer.tree) == export_text(
        trees.fold(
            explorer.path.estimator,
            [nodes.children_left[0], deep, nodes.children_right[nodes.children_right[0]]],
        )
    )


def test_folded_is_kept_sorted_without_leaves_repeats_and_nested_nodes(explorer):
    arrays = explorer.path.estimator.tree_
    left, right = int(arrays.children_left[0]), int(arrays.children_right[0])
    leaf = int(np.flatnonzero(arrays.children_left < 0)[0])
    below = int(arrays.children_left[right])
    explorer.folded = np.array([right, below, left, left, leaf])
    assert explorer.folded == (left, right)
    assert all(type(node) is int for node in explorer.folded)


def test_a_pruner_shows_its_own_tree():
    explorer = moons()
    x_val, y_val = explorer.given["val"]
    tree = explorer.path.estimator
    wanted = {
        "cost_complexity": trees.cross_validate(tree, *explorer.given["train"]).tree,
        "reduced_error": trees.reduced_error(tree, x_val, y_val).tree,
        "pessimistic": trees.pessimistic(tree).tree,
        "error_based": trees.error_based(tree).tree,
        "minimum_error": trees.minimum_error(tree).tree,
    }
    assert tuple(wanted) == PRUNERS
    for name, pruned in wanted.items():
        explorer.pruner = name
        assert export_text(explorer.tree) == export_text(pruned), name
        assert explorer.before == ()
    explorer.toggle(0)
    assert explorer.pruner == ""


def test_a_pruner_of_other_settings_can_be_handed_over(explorer):
    tree, train = explorer.path.estimator, explorer.given["train"]
    harsh = trees.minimum_error(tree, m=30)
    made = TreeExplorer(tree, *train, cv=None, pruners=[harsh, "pessimistic"])
    made.pruner = "minimum_error"
    assert made.n_leaves == harsh.tree.get_n_leaves()
    assert made.n_leaves < trees.minimum_error(tree).tree.get_n_leaves()


def test_it_takes_a_path_a_cross_validation_and_names(explorer):
    tree, (x, y) = explorer.path.estimator, explorer.given["train"]
    crossed = trees.cross_validate(tree, x, y, cv=4)
    made = TreeExplorer(
        crossed.path, x, y, cv=crossed, step=-1, class_names=["up", "down"],
        feature_names=["east", "north"],
    )  # fmt: skip
    assert made.step == len(crossed.path) - 1
    assert made.data["errors"]["cv"] == crossed.errors.tolist()
    assert made.data["best"] == crossed.best.index
    assert (made.data["classes"], made.data["features"]) == (
        ["up", "down"],
        {0: "east", 1: "north"},
    )


def test_what_cannot_run_says_why():
    assert three_classes(cv=None).data["absent"] == {
        "cost_complexity": "needs cv",
        "reduced_error": "needs X_val and y_val",
    }
    assert set(wave().data["absent"]) == {"pessimistic", "error_based", "minimum_error"}
    assert {"cost_complexity", "reduced_error"} == {s["name"] for s in wave().data["pruners"]}


def test_the_given_tree_is_untouched(explorer):
    before = export_text(explorer.path.estimator)
    explorer.step = 9
    explorer.toggle(0)
    assert explorer.tree.get_n_leaves() < explorer.path.n_leaves[0]
    assert export_text(explorer.path.estimator) == before


# ---- odd trees --------------------------------------------------------------------------------


def test_a_lone_leaf_missing_values_and_words_as_classes_can_be_shown():
    x, y = _data()
    gaps = x.copy()
    gaps[::7, 0] = np.nan
    for tree, data in (
        (DecisionTreeClassifier(random_state=0).fit(x, np.zeros(60)), (x, np.zeros(60))),
        (DecisionTreeRegressor().fit(x, np.ones(60)), (x, np.ones(60))),
        (DecisionTreeClassifier(random_state=0).fit(gaps, y), (gaps, y)),
        (DecisionTreeClassifier(random_state=0).fit(x[:, :1], y), (x[:, :1], y)),
    ):
        explorer = TreeExplorer(tree, *data, cv=3)
        explorer.step = -1
        assert explorer.picture().startswith(b"\x89PNG")
        json.loads(re.search(r'id="state">(.*?)</script>', explorer.page())[1])
        assert explorer.caption


def test_a_tree_that_uses_two_of_many_features_has_a_picture_of_them():
    x, y = _data()
    wide = np.column_stack([np.zeros(60), x[:, 1], np.zeros(60), x[:, 0]])
    tree = DecisionTreeClassifier(random_state=0).fit(wide, y)
    assert TreeExplorer(tree, wide, y).data["shown"] == [1, 3]
    assert many_features().data["shown"] == []


def test_many_samples_are_thinned_evenly():
    x, y = _data(5000)
    tree = DecisionTreeClassifier(max_leaf_nodes=9, random_state=0).fit(x, y)
    explorer = TreeExplorer(tree, x, y, cv=None)
    assert 1000 < len(explorer.data["points"]["train"]["leaf"]) <= 2000
    assert explorer.data["totals"] == {"train": 5000}


# ---- what it refuses --------------------------------------------------------------------------

REFUSED = {
    "forest": (TypeError, "hand over one tree", lambda t, x, y: (RandomForestClassifier(), x, y)),
    "unfitted": (NotFittedError, r"call tree\.fit", lambda t, x, y: (type(t)(), x, y)),
    "columns": (ValueError, "2 columns", lambda t, x, y: (t, x[:, :1], y)),
    "rows": (ValueError, "y has shape", lambda t, x, y: (t, x, y[:-1])),
    "classes": (ValueError, "none of the classes", lambda t, x, y: (t, x, y + 7)),
    "half": (ValueError, "give both or neither", lambda t, x, y: (t, x, y, x)),
    "validation": (ValueError, "X_val has shape", lambda t, x, y: (t, x, y, x[:, :1], y)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_impossible_data_is_refused_in_one_sentence(case):
    error, words, arguments = REFUSED[case]
    with pytest.raises(error, match=words) as caught:
        TreeExplorer(*arguments(*_grown()))
    assert "\n" not in str(caught.value)


def test_several_outputs_large_trees_and_strange_options_are_refused():
    tree, x, y = _grown()
    two = np.column_stack([y, 1 - y])
    with pytest.raises(ValueError, match="2 outputs and the explorer shows one"):
        TreeExplorer(DecisionTreeClassifier().fit(x, two), x, two)
    rng = np.random.default_rng(0)
    noise, labels = rng.normal(size=(3000, 2)), rng.integers(0, 2, 3000)
    with pytest.raises(ValueError, match=r"draws at most 1000; grow a smaller one"):
        TreeExplorer(DecisionTreeClassifier().fit(noise, labels), noise, labels)
    with pytest.raises(ValueError, match="pruners holds 'magic'"):
        TreeExplorer(tree, x, y, pruners=["magic"])
    with pytest.raises(ValueError, match="pruners holds pessimistic twice"):
        TreeExplorer(tree, x, y, pruners=["pessimistic", "pessimistic"])
    with pytest.raises(ValueError, match="feature_names has 1 names and the tree wants 2"):
        TreeExplorer(tree, x, y, feature_names=["x"])
    with pytest.raises(ValueError, match="cv is of another tree"):
        TreeExplorer(tree, x, y, cv=trees.cross_validate(_grown(max_depth=2)[0], x, y, 3))
    with pytest.raises(ValueError, match="a refit on X and y gives another tree"):
        TreeExplorer(tree, x[::2], y[::2], cv=3)


def test_validation_samples_need_validation_data():
    with pytest.raises(ValueError, match="hand over X_val and y_val"):
        plane(points="validation")
    with pytest.raises(ValueError, match="it needs X_val and y_val"):
        plane().pruner = "reduced_error"


# ---- what a browser sends ---------------------------------------------------------------------


def test_what_a_browser_sends_is_taken_and_not_answered(explorer, sent):
    left = int(explorer.path.estimator.tree_.children_left[0])
    explorer.set_state({"folded": [left], "before": [], "step": None})
    assert (explorer.folded, explorer.step, explorer.before) == ((left,), None, ())
    explorer.set_state({"folded": [0], "before": [left], "step": len(explorer.path) - 1})
    assert (explorer.folded, explorer.step, explorer.before) == (
        (0,),
        len(explorer.path) - 1,
        (left,),
    )
    explorer.set_state({"points": "validation"})
    assert explorer.points == "validation"
    assert sent == []


def test_a_step_or_a_pruner_alone_moves_the_rest(explorer):
    explorer.set_state({"step": 4})
    assert explorer.n_leaves == explorer.path.n_leaves[4]
    explorer.set_state({"pruner": "pessimistic"})
    assert explorer.tree.get_n_leaves() == explorer.n_leaves != explorer.path.n_leaves[4]


def test_a_step_that_contradicts_the_fold_gives_way(explorer):
    explorer.set_state({"folded": [0], "step": 3})
    assert explorer.step == len(explorer.path) - 1


# ---- what it says -----------------------------------------------------------------------------


def test_repr_states_the_facts_in_one_line(explorer):
    explorer.step = 3
    x, y = explorer.given["train"]
    wrong = 100 * (explorer.tree.predict(x) != y).mean()
    assert repr(explorer).startswith(
        f"TreeExplorer({explorer.tree.get_n_leaves()} of 43 leaves, step 3 of 21, ccp_alpha="
    )
    assert f"; wrong: training {wrong:.2f} %, validation " in repr(explorer)
    explorer.folded = [int(explorer.path.estimator.tree_.children_left[0])]
    assert "folded by hand; wrong: training" in repr(explorer)
    assert "cross-validated" not in repr(explorer)
    assert "mean squared error: training 0.0" in repr(wave(cv=4))
    assert "\n" not in repr(wave(cv=4))


def test_the_caption_counts_the_samples_that_change_class(explorer):
    x, _ = explorer.given["train"]
    before = explorer.tree.predict(x)
    right = int(explorer.path.estimator.tree_.children_right[0])
    leaves = explorer.n_leaves
    explorer.toggle(right)
    changed = (explorer.tree.predict(x) != before).sum()
    gone = leaves - explorer.n_leaves + 1
    assert changed > 0
    assert explorer.caption.endswith(
        f"Folding node {right} turns {gone} leaves into one and changes the predicted class of "
        f"{changed} of 240 training samples."
    )


def test_the_whole_tree_has_folded_nothing_yet(explorer):
    assert explorer.caption.startswith("43 leaves of 43: subtree 0 of 21 on the path, ccp_alpha 0.")
    assert "Folding" not in explorer.caption


# ---- picture and page -------------------------------------------------------------------------


def test_names_cannot_break_the_page():
    tree, x, y = _grown()
    evil = "</script><script>alert('x')</script><!--"
    explorer = TreeExplorer(tree, x, y, feature_names=[evil, "b"], class_names=[evil, "no"])
    assert explorer.page().count("<script") == TreeExplorer(tree, x, y).page().count("<script")


# ---- what is missing, weighted, or cut off by hand ----------------------------------------------


def _gaps(n=150):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 2))
    y = (x[:, 0] + rng.normal(size=n) > 0).astype(int)
    x[rng.random(x.shape) < 0.2] = np.nan
    return x, y


@pytest.mark.parametrize("kind", [DecisionTreeClassifier, DecisionTreeRegressor])
def test_samples_that_lack_a_coordinate_are_counted_and_their_way_is_shown(kind, tmp_path):
    x, y = _gaps()
    tree = kind(random_state=0, max_depth=4).fit(x, y)
    explorer = TreeExplorer(tree, x, y, x[:40], y[:40], cv=None)
    gone = np.isnan(x).any(axis=1)
    assert len(explorer.data["points"]["train"]["leaf"]) == 150 - gone.sum()
    said = f"{gone.sum()} of 150 training samples lack a value of x0 or x1 and are not drawn."
    assert said in explorer.caption
    assert f"{gone[:40].sum()} of 40 validation samples lack" in explorer.caption
    assert 'goes left where the question says "or missing", else right.' in explorer.caption
    script = (
        'import { question } from "widgets/tree/words.js";\n'
        "answer(given.left.map((_, node) => question(given, node, 3)));\n"
    )
    asked = run_module(tmp_path, script, explorer.data)
    low = tree.tree_
    for node in np.flatnonzero((low.children_left >= 0) & np.isfinite(low.threshold)):
        step = tree.decision_path(np.full((1, 2), np.nan)).indices
        assert asked[node].endswith(" or missing") == bool(low.missing_go_to_left[node])
        if node == 0:
            assert (low.children_left[0] in step) == asked[0].endswith(" or missing")
    figure = new_figure(8, 4)
    explorer.draw(figure)
    texts = [text.get_text() for sub in figure.subfigs for ax in sub.axes for text in ax.texts]
    texts += [ax.get_title(loc="left") for sub in figure.subfigs for ax in sub.axes]
    assert any("or missing" in text for text in texts)
    assert f"{gone.sum()} samples lack a value and are not drawn" in texts
    whole = TreeExplorer(_grown()[0], *_data(), cv=None)
    assert "missing" not in whole.caption
    assert whole.data["notes"] == []


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", [DecisionTreeClassifier, DecisionTreeRegressor])
def test_a_column_of_nothing_but_missing_values_has_no_axis(kind):
    x, y = _data()
    empty = np.column_stack([x[:, 0], np.full(60, np.nan)])
    for data, shown in ((empty, [0]), (empty[:, 1:], [])):
        explorer = TreeExplorer(kind(random_state=0, max_depth=3).fit(data, y), data, y, cv=None)
        assert explorer.data["shown"] == shown
        assert "holds no value, so it has no axis." in explorer.caption
        assert explorer.picture().startswith(b"\x89PNG")
    apart = x.copy()
    apart[::2, 0] = apart[1::2, 1] = np.nan  # no sample has both
    explorer = TreeExplorer(kind(random_state=0, max_depth=3).fit(apart, y), apart, y, cv=None)
    assert "60 of 60 training samples lack a value" in explorer.caption
    assert explorer.picture().startswith(b"\x89PNG")


def test_a_sparse_x_is_shown_as_the_dense_one_and_may_be_too_wide_to_be_one():
    x = sparse.random(300, 4, 0.5, "csr", rng=np.random.default_rng(0))
    y = (x[:, [1]].toarray().ravel() > 0.3) + 0
    tree = DecisionTreeClassifier(random_state=0, max_depth=3).fit(x, y)
    same = [TreeExplorer(tree, data, y, x, y, cv=None).data for data in (x, x.toarray())]
    assert same[0] == same[1]
    wide = sparse.hstack([x, sparse.csr_array((300, 10**6))], "csr")  # dense: 2.4 GB
    tree = DecisionTreeClassifier(random_state=0, max_depth=1).fit(wide, y)
    tracemalloc.start()
    explorer = TreeExplorer(tree, wide, y, cv=None)
    assert tracemalloc.get_traced_memory()[1] < 200e6
    tracemalloc.stop()
    assert (explorer.data["shown"], explorer.data["features"]) == ([1], {1: "x1"})


def test_a_weighted_tree_hears_of_the_way_that_works_and_the_way_works():
    x, y = _data()
    weight = np.random.default_rng(0).uniform(0.1, 3, 60)
    tree = DecisionTreeClassifier(random_state=0).fit(x, y, sample_weight=weight)
    with pytest.raises(ValueError, match=r"cv=cross_validate\(tree, X, y, sample_weight=w\)"):
        TreeExplorer(tree, x, y, cv=3)
    crossed = trees.cross_validate(tree, x, y, 3, sample_weight=weight)
    explorer = TreeExplorer(tree, x, y, cv=crossed)
    assert explorer.errors["cross-validated"] == crossed.errors[0]
    assert "The cross-validated error counts samples by their weights" in explorer.caption
    light = DecisionTreeClassifier(random_state=0).fit(x, y, sample_weight=weight * 1e-6)
    assert (
        "refit it with weights" in TreeExplorer(light, x, y, cv=None).data["absent"]["pessimistic"]
    )


def test_a_tree_cut_by_hand_is_shown_without_what_hangs_on_nothing():
    tree, x, y = _grown()
    whole = trees.fold(tree, [])
    node = int(tree.tree_.children_left[0])
    tree.tree_.children_left[node] = tree.tree_.children_right[node] = -1
    explorer = TreeExplorer(tree, x, y, cv=None)
    wanted = trees.fold(whole, node)
    assert export_text(explorer.tree) == export_text(wanted)
    assert explorer.n_leaves == wanted.get_n_leaves() == explorer._nodes.n_leaves
    with pytest.raises(ValueError, match=r"draw prunelab.trees.fold\(tree, \[\]\)"):
        tree_nodes(tree)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pruners": 5}, "pruners=5: give a list"),
        ({"feature_names": 0.5}, "feature_names=0.5: give a list of 2 names"),
        ({"class_names": "ab"}, "class_names='ab': give a list of 2 names"),
    ],
)
def test_what_is_no_list_gets_one_sentence(options, said):
    tree, x, y = _grown()
    with pytest.raises(TypeError, match=re.escape(said)):
        TreeExplorer(tree, x, y, cv=None, **options)
    alone = TreeExplorer(tree, x, y, cv=None, pruners="pessimistic")
    assert [stop["name"] for stop in alone.data["pruners"]] == ["pessimistic"]
    alone.folded = np.array(0)
    assert alone.n_leaves == 1


@pytest.mark.parametrize(
    ("tree", "y", "folds"),
    [
        (DecisionTreeRegressor(random_state=0), [0.0, 1, 2, 3, 4, 5], 6),
        (DecisionTreeClassifier(random_state=0), [0, 0, 0, 0, 1, 1], 4),
        (DecisionTreeClassifier(random_state=0), [0, 0, 0, 0, 0, 0], 6),
        (DecisionTreeClassifier(random_state=0), [0, 1, 2, 3, 4, 5], 0),
    ],
)
@pytest.mark.filterwarnings("ignore:The least populated class")
def test_the_usual_folds_are_as_many_as_few_samples_allow(tree, y, folds):
    x = np.arange(6.0)[:, None]
    explorer = TreeExplorer(tree.fit(x, y), x, y)
    crossed = explorer.cross_validation
    assert (0 if crossed is None else len(crossed.fold_errors)) == folds
    assert ("too few samples for two folds" in explorer.caption) == (not folds)
    if folds:
        expected = trees.cross_validate(tree, x, y, cv=folds)
        assert crossed.errors.tolist() == expected.errors.tolist()
    with pytest.raises(ValueError, match="10"):
        TreeExplorer(tree, x, y, cv=10)
