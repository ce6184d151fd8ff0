"""The TreeExplorer without a browser: its tree, its words, its picture, its page."""

import base64
import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, export_text

from prunelab import trees
from prunelab.widgets.base import one_module
from prunelab.widgets.tree import TreeExplorer
from prunelab.widgets.tree_state import PRUNERS
from widgets.tree_cases import EVERY, many_features, moons, plane, three_classes, wave


@pytest.fixture
def explorer():
    """Two half-moons, 240 samples to train on and 160 to validate."""
    return moons(cv=4)


@pytest.fixture
def sent(explorer, monkeypatch):
    """The names of the traits that the kernel sends to the browser, message by message."""
    messages = []
    monkeypatch.setattr(explorer, "send_state", lambda key=None: messages.append(_names(key)))
    return messages


def _names(key):
    return {key} if isinstance(key, str) else set(key or ())


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
    assert (made.data["classes"], made.data["features"]) == (["up", "down"], ["east", "north"])


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


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        ("step", 99, ValueError, "step=99"),
        ("step", 1.5, ValueError, "write 1 or 2"),
        ("step", "2", TypeError, "step='2'"),
        ("step", None, TypeError, "set folded instead"),
        ("folded", [999], ValueError, "node=999"),
        ("folded", [-1], ValueError, "node=-1"),
        ("folded", "root", TypeError, "node='root'"),
        ("pruner", "magic", ValueError, "write cost_complexity or reduced_error"),
        ("pruner", 3, ValueError, "pruner=3"),
        ("points", "test", ValueError, "'training' or 'validation'"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(explorer, name, value, error, words):
    before = repr(explorer)
    with pytest.raises(error, match=re.escape(words)) as caught:
        setattr(explorer, name, value)
    assert "\n" not in str(caught.value)
    assert repr(explorer) == before


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


JUNK = [None, "x", [], {}, True, float("nan"), -1, 10**400, 1e308, [0.5], [[1]], ["a"]]


@pytest.mark.parametrize("junk", JUNK, ids=str)
@pytest.mark.parametrize("name", ["step", "folded", "before", "pruner", "points", "data"])
def test_nothing_a_browser_sends_raises(explorer, name, junk):
    data = explorer.data
    explorer.set_state({name: junk})
    assert explorer.data is data
    assert explorer.n_leaves == explorer.tree.get_n_leaves()
    assert explorer.caption


def test_a_cell_moves_all_that_depends_on_it_in_one_message(explorer, sent):
    explorer.pruner = "pessimistic"
    changed = {name for names in sent for name in names}
    assert {"pruner", "folded", "step"} <= changed
    assert "data" not in changed


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
        f"Folding node {right} turns {gone} leaves into one and changes the class of "
        f"{changed} of 240 training samples."
    )


def test_the_whole_tree_has_folded_nothing_yet(explorer):
    assert explorer.caption.startswith("43 leaves of 43: subtree 0 of 21 on the path, ccp_alpha 0.")
    assert "Folding" not in explorer.caption


# ---- picture and page -------------------------------------------------------------------------


@pytest.mark.parametrize("make", EVERY)
def test_the_mimebundle_has_the_view_a_picture_and_the_facts(make):
    explorer = make(cv=4)
    data, _ = explorer._repr_mimebundle_()
    assert data["text/plain"] == repr(explorer)
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    png = data["image/png"]
    png = base64.b64decode(png) if isinstance(png, str) else png
    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        assert picture.size == (960, 720)
        assert len(picture.convert("RGB").getcolors(10**6)) > 20
    assert len(png) < 90_000


def test_the_picture_follows_the_state_and_repeats_byte_for_byte(explorer):
    before = explorer.picture()
    assert before == explorer.picture()
    explorer.step = 5
    on_path = explorer.picture()
    assert on_path != before
    explorer.points = "validation"
    assert explorer.picture() != on_path


def test_save_html_writes_one_page_without_addresses(explorer, tmp_path):
    path = explorer.save_html(tmp_path / "tree.html")
    page = path.read_text(encoding="utf-8")
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert not re.search(r"\b(src|href)=|^import |^export |\{\{", page, re.MULTILINE)
    state = json.loads(re.search(r'id="state">(.*?)</script>', page)[1])
    assert state == json.loads(json.dumps(explorer.page_state()))
    assert ".pl-branches" in page, "the explorer's own style is missing"


def test_names_cannot_break_the_page():
    tree, x, y = _grown()
    evil = "</script><script>alert('x')</script><!--"
    explorer = TreeExplorer(tree, x, y, feature_names=[evil, "b"], class_names=[evil, "no"])
    assert explorer.page().count("<script") == TreeExplorer(tree, x, y).page().count("<script")


def test_the_module_has_no_import_left_and_no_name_twice():
    module = one_module("tree.js")
    assert module == moons(cv=None)._esm
    assert not re.search(r"^import ", module, re.MULTILINE)
    assert re.findall(r"^export .*", module, re.MULTILINE) == ["export default { render };"]
    names = re.findall(r"^(?:async )?(?:function|const|let) (\w+)", module, re.MULTILINE)
    assert len(names) == len(set(names)), "two files declare the same name"


def test_importing_it_brings_no_scikit_learn():
    program = (
        "import sys\nimport prunelab.widgets.tree\n"
        "print(sorted({'tensorflow', 'matplotlib', 'sklearn', 'scipy'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True,
        env=os.environ,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
