"""A TreeExplorer whose folds take long: shown first, the folds after, the same words each time."""

import json
import signal
import threading

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from prunelab.trees import cross_validate
from prunelab.trees.cross_validation import FoldByFold
from prunelab.widgets import TreeExplorer
from prunelab.widgets.tree import folds

X, Y = make_moons(240, noise=0.35, random_state=0)
TREE = DecisionTreeClassifier(random_state=0).fit(X, Y)


@pytest.fixture
def gate(monkeypatch):
    """All folds take long, and none is over before the gate is opened."""
    opened, real = threading.Event(), FoldByFold._each

    def held(self):
        for done in real(self):
            if done:
                assert opened.wait(60)
            yield done

    monkeypatch.setattr(FoldByFold, "_each", held)
    monkeypatch.setattr(folds, "AT_ONCE", 0)
    yield opened
    opened.set()


def _displayed(explorer):
    data, _ = explorer._repr_mimebundle_()
    assert data["image/png"]
    return data["text/plain"]


def test_it_is_shown_before_its_folds_and_then_has_what_it_would_have_had(gate):
    explorer = TreeExplorer(TREE, X, Y, cv=4)
    shown = _displayed(explorer)
    assert shown.endswith("training 0.00 %; 4 folds of cross-validation follow the picture)")
    assert explorer.folding == {"done": 0, "total": 4}
    assert "cv" not in explorer.data["errors"]
    assert explorer.data["absent"]["cost_complexity"] == "waits for its folds"
    explorer.step = 3  # a reader need not wait
    assert explorer.n_leaves == explorer.path.n_leaves[3]
    gate.set()
    explorer._folds.join()
    assert _displayed(explorer).split(";")[-1] == shown.split(";")[-1]
    assert explorer.folding == {}
    folds.AT_ONCE = 10**9
    at_once = TreeExplorer(TREE, X, Y, cv=4, step=3)
    assert at_once._folds is None
    assert explorer.data == at_once.data
    assert repr(explorer) == repr(at_once) == _displayed(explorer)
    assert explorer.caption == at_once.caption
    assert explorer.page_state()["data"] == at_once.page_state()["data"]
    crossed = cross_validate(TREE, X, Y, 4)
    assert np.array_equal(explorer.cross_validation.errors, crossed.errors)
    assert np.array_equal(at_once.cross_validation.errors, crossed.errors)
    explorer.pruner = "cost_complexity"
    assert explorer.n_leaves == crossed.one_standard_error.n_leaves


@pytest.mark.parametrize("ask", ["repr", "caption", "errors", "cross_validation", "page", "pruner"])
def test_who_asks_for_a_value_waits_for_the_folds(gate, ask):
    explorer = TreeExplorer(TREE, X, Y, cv=4)
    threading.Timer(0.05, gate.set).start()
    if ask == "pruner":
        explorer.pruner = "cost_complexity"
        assert explorer.step == explorer.cross_validation.one_standard_error.index
        return
    value = repr(explorer) if ask == "repr" else getattr(explorer, ask)
    value = value() if ask == "page" else value
    assert "cross" in str(value).lower()
    assert "cv" in explorer.data["errors"]


def test_each_fold_moves_the_bar_and_the_data_is_sent_once_more(gate, monkeypatch):
    seen, sent = [], []
    explorer = TreeExplorer(TREE, X, Y, cv=4)
    explorer.observe(lambda change: seen.append(change.new.get("done")), "folding")
    explorer.observe(lambda change: sent.append(change.new), "data")
    gate.set()
    explorer._folds.join()
    assert seen == [1, 2, 3, 4, None]
    assert len(sent) == 1


def test_a_fold_that_fails_is_told_in_words_and_the_rest_goes_on(gate):
    gate.set()
    explorer = TreeExplorer(TREE, X[:120], Y[:120], cv=4)  # a refit on these gives another tree
    assert "a refit on X and y gives another tree" in explorer.caption
    assert "; not cross-validated: a refit on X and y" in repr(explorer)
    assert "\n" not in repr(explorer)
    assert set(explorer.errors) == {"training"}
    assert explorer.folding == {}
    with pytest.raises(RuntimeError, match="no cross-validated error: a refit on X and y"):
        _ = explorer.cross_validation
    with pytest.raises(ValueError, match="it needs the cross-validated error"):
        explorer.pruner = "cost_complexity"
    explorer.step = -1
    assert explorer.n_leaves == 1


def test_folds_that_cannot_be_are_refused_before_the_first_picture(gate):
    for cv, said in ((1, "cv=1"), ([1, 2], "cv gives the fold"), ("five", "cv")):
        with pytest.raises(ValueError, match=said):
            TreeExplorer(TREE, X, Y, cv=cv)
    with pytest.raises(ValueError, match="y has shape"):
        TreeExplorer(TREE, X, Y[:-1], cv=4)


def test_a_closed_explorer_fits_no_further_fold(gate):
    explorer = TreeExplorer(TREE, X, Y, cv=4)
    assert explorer._folds._thread.daemon  # nothing of it outlives the kernel
    explorer.close()
    gate.set()
    explorer._folds.join()
    assert explorer._crossed is None
    assert "cv" not in explorer.data["errors"]


def test_what_takes_long_is_counted_and_not_timed():
    x = np.zeros((1000, 20))
    run = FoldByFold(TREE, x[:, :2], np.arange(1000) % 2, 10)
    assert not folds.takes_long(run, x[:, :2])
    assert not folds.takes_long(run, x)
    assert folds.takes_long(run, np.zeros((1000, 21)))


def test_an_interrupt_of_the_wait_leaves_the_folds_going(gate, interrupts_heard):
    explorer = TreeExplorer(TREE, X, Y, cv=4)
    here = threading.main_thread().ident
    threading.Timer(0.1, signal.pthread_kill, (here, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        _ = explorer.errors
    gate.set()
    assert len(explorer.cross_validation.fold_errors) == 4
    explorer.pruner = "cost_complexity"
    assert explorer.step == explorer.cross_validation.one_standard_error.index


def test_a_fold_that_exits_is_told_as_one_that_fails(gate, monkeypatch):
    def leaves(self):
        raise SystemExit(3)

    monkeypatch.setattr(FoldByFold, "result", leaves)
    gate.set()
    explorer = TreeExplorer(TREE, X, Y, cv=4)
    assert "No cross-validated error: 3." in explorer.caption
    assert explorer.folding == {}


def test_an_explorer_closed_before_its_folds_are_done_says_so(gate):
    explorer = TreeExplorer(TREE, X, Y, cv=4)
    explorer.close()
    explorer.close()
    gate.set()
    with pytest.raises(ValueError, match="it was closed before its folds were done"):
        explorer.pruner = "cost_complexity"
    assert explorer.folding == {}
    assert explorer.caption.count("the explorer was closed before its folds were done") == 1
    with pytest.raises(RuntimeError, match="the explorer was closed before its folds"):
        _ = explorer.cross_validation
    done = TreeExplorer(TREE, X, Y, cv=4)
    errors = done.cross_validation.errors
    done.close()
    assert np.array_equal(done.cross_validation.errors, errors)


def test_a_page_of_huge_errors_holds_no_infinity():
    x = np.linspace(0, 1, 60)[:, None]
    y = 1e120 * (np.sin(9 * x[:, 0]) + 0.3 * np.cos(200 * x[:, 0]))
    explorer = TreeExplorer(DecisionTreeRegressor(max_leaf_nodes=9).fit(x, y), x, y, cv=5)
    assert np.isfinite(explorer.data["spread"]).all()
    assert "Infinity" not in json.dumps(explorer.page_state())
