"""The arrays of a fitted scikit-learn tree, checked once, with links to the parents."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.tree import BaseDecisionTree, DecisionTreeClassifier

from prunelab.base.checks import whole

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike
    from scipy.sparse import sparray, spmatrix
    from sklearn.tree import DecisionTreeRegressor

    Tree: TypeAlias = DecisionTreeClassifier | DecisionTreeRegressor
    Features: TypeAlias = ArrayLike | spmatrix | sparray

_EPS = np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class Structure:
    """The arrays of a fitted tree, one entry per node, numbered as in `tree_`.

    `left`, `right`, `parent` hold node ids, -1 where there is none; a parent's id is always below
    its children's. `weight` is the summed sample weight; `value` has shape (nodes, outputs,
    classes): class fractions for a classifier, the predicted number (classes = 1) for a regressor.
    `majority` holds the index of the predicted class of each output (all 0 for a regressor).
    `reached` is False for nodes that the root does not reach; they occur if `children_left` was set
    to -1 by hand, and the tree is read as folded there. `inner` holds the ids of the splits,
    ascending; `leaf` is True for the leaves; `share` is the weight over the root's.
    """

    left: np.ndarray
    right: np.ndarray
    parent: np.ndarray
    weight: np.ndarray
    n_samples: np.ndarray
    impurity: np.ndarray
    value: np.ndarray
    majority: np.ndarray
    is_classifier: bool
    inner: np.ndarray = field(repr=False)
    reached: np.ndarray = field(repr=False)

    @cached_property
    def leaf(self):
        """True for each leaf."""
        return self.reached & (self.left < 0)

    @cached_property
    def share(self):
        """The weight of each node as a fraction of the root's weight."""
        return self.weight / self.weight[0]

    @cached_property
    def rounding(self):
        """Rounding error of a sum over each node's samples, relative to its terms."""
        return (4 + np.sqrt(self.n_samples)) * _EPS

    @property
    def n_leaves(self):
        """The number of leaves."""
        return len(self.inner) + 1

    @property
    def n_nodes(self):
        """The number of nodes."""
        return len(self.left)

    def sum_over_leaves(self, amounts):
        """For each node, the sum of `amounts` over the leaves at or below it."""
        totals = np.where(self.left < 0, amounts, 0).tolist()
        left, right = self.left.tolist(), self.right.tolist()
        for node in reversed(self.inner.tolist()):
            totals[node] = totals[left[node]] + totals[right[node]]
        return np.array(totals)

    def below(self, marked):
        """True for each node that has a marked node above it."""
        hidden = np.zeros(self.n_nodes, dtype=bool)
        for node in self.inner.tolist():
            if marked[node] or hidden[node]:
                hidden[self.left[node]] = hidden[self.right[node]] = True
        return hidden


def read_structure(tree):
    """The `Structure` of a fitted DecisionTree or ExtraTree classifier or regressor."""
    check_fitted(tree)
    arrays = tree.tree_
    left, right = arrays.children_left.copy(), arrays.children_right.copy()
    parent, reached = _linked(left, right)
    inner = np.flatnonzero(reached & (left >= 0))
    weight = arrays.weighted_n_node_samples.copy()
    if not (np.isfinite(weight).all() and weight[reached].min() > 0):
        raise ValueError(
            "tree: some node has no positive, finite sample weight; "
            "refit it with sample weights above 0"
        )
    far = [one for one in (weight[reached].min(), weight[0]) if not 1e-150 < one < 1e150]
    if far and arrays.n_node_samples[0] > 1:
        raise ValueError(
            f"tree: some node has the sample weight {far[0]:.3g}, whose square scikit-learn's fit "
            "loses; refit it with sample_weight divided by its mean"
        )
    value = arrays.value.copy()
    if not np.isfinite(value[reached]).all():
        raise ValueError(
            "tree: some node's value is not finite; refit it on finite y, divided by abs(y).max()"
        )
    return Structure(
        left=left,
        right=right,
        parent=parent,
        weight=weight,
        n_samples=arrays.n_node_samples.copy(),
        impurity=arrays.impurity.copy(),
        value=value,
        majority=value.argmax(axis=2),
        is_classifier=isinstance(tree, DecisionTreeClassifier),
        inner=inner,
        reached=reached,
    )


def _linked(left, right):
    """(parent of each node, whether the root reaches it); corrects `left` and `right` in place.

    A node whose left child is -1 is a leaf, as in scikit-learn's predict.
    """
    count = len(left)
    right[left < 0] = -1
    inner = np.flatnonzero(left >= 0)
    ids = np.concatenate([left[inner], right[inner]])
    above = np.concatenate([inner, inner])
    whole = len(ids) == count - 1  # as fitted: each node but the root is somebody's child
    reached = np.full(count, whole)
    reached[0] = True
    tree = ((ids > above) & (ids < count)).all()
    if not (tree and np.bincount(ids, minlength=1).max() <= 1):
        raise ValueError(
            "tree: its children_left and children_right do not make a tree (each child comes after "
            "its parent and has one), so they were edited by hand; refit it with scikit-learn, and "
            "fold with prunelab.trees.fold(tree, node)"
        )
    if not whole:
        for node in inner.tolist():
            if reached[node]:
                reached[left[node]] = reached[right[node]] = True
        lost = ~reached
        left[lost] = right[lost] = -1
        inner = inner[reached[inner]]
    parent = np.full(count, -1)
    parent[left[inner]] = parent[right[inner]] = inner
    return parent, reached


def check_tree_type(tree, name="tree"):
    """Refuse anything but a scikit-learn decision tree; the error says what to do."""
    if isinstance(tree, BaseDecisionTree):
        return
    kind = type(tree).__name__
    found, hint = f"not {_article(kind)} {kind}", "fit one first"
    if isinstance(tree, type):
        found, hint = f"not the class {tree.__name__}", "make one and fit it first"
        if issubclass(tree, BaseDecisionTree):
            hint = f"call it first: {tree.__name__}()"
    elif hasattr(tree, "node_count"):
        hint = "hand over the estimator, not its tree_"
    elif hasattr(tree, "fit"):
        hint = _way_to_a_tree(tree)
    raise TypeError(
        f"{name} must be a scikit-learn DecisionTreeClassifier or DecisionTreeRegressor, "
        f"{found}; {hint}"
    )


def _article(word):
    """ "a" or "an", as the word is spoken: an SVC, an MLPClassifier, a OneVsRestClassifier."""
    if word.startswith(("One", "Uni", "Use")):
        return "a"
    spelt = word[:2].isupper() or word.startswith("nd")
    return "an" if word[0].upper() in ("AEFHILMNORSX" if spelt else "AEIOU") else "a"


def _way_to_a_tree(model):
    """How to get from another scikit-learn estimator to a tree that can be pruned, in words."""
    kind = type(model).__name__
    boosted = "GradientBoosting" in kind
    known = {"best_estimator_": "search", "steps": "pipeline"}
    called = [word for name, word in known.items() if hasattr(model, name)]
    called = (called or ["forest" if "Forest" in kind or "ExtraTrees" in kind else "model"])[0]
    way, many = _first_tree(model, called, 4)
    if way:
        what = "of an ensemble, hand over one tree" if many else "hand over the tree inside"
        return f"{what}, for example {way}{' (fitted on residuals)' if boosted else ''}"
    if "HistGradientBoosting" in kind:
        return "its trees are of another kind, without impurities; fit a tree on the same data"
    if hasattr(model, "estimators_") or hasattr(model, "best_estimator_"):
        return "it holds no decision tree; fit one on the same data"
    if hasattr(model, "n_estimators") or hasattr(model, "estimators"):
        way = f"{called}.estimators_{'[0, 0]' if boosted else '[0]'}"
        return f"of an ensemble, hand over one tree, once fitted, for example {way}"
    if any(hasattr(model, inner) for inner in ("estimator", "regressor")):
        return "once it is fitted with a tree inside, hand over that tree"
    return "fit a tree on the same data"


def _first_tree(model, way, depth):
    """(expression for a decision tree inside a fitted model, whether there are several)."""
    if isinstance(model, BaseDecisionTree):
        return way, False
    single = ("best_estimator_", "regressor_", "estimator_", "final_estimator_")
    places = [
        (member, f"{way}.{name}{list(at)}", True)
        for name in ("estimators_", "calibrated_classifiers_")
        for at, member in _members(getattr(model, name, ()))
    ]
    places += [(getattr(model, name, None), f"{way}.{name}", False) for name in single]
    if hasattr(model, "steps"):
        places.append((model.steps[-1][-1], f"{way}[-1]", False))
    if type(model).__name__ == "_CalibratedClassifier":
        places.append((model.estimator, f"{way}.estimator", False))
    for inside, there, many in places:
        # An ensemble that is not fitted has a length but no members: compare with None only.
        known = depth and inside is not None
        found, more = _first_tree(inside, there, depth - 1) if known else ("", False)
        if found:
            return found, many or more
    return "", False


def _members(members):
    """Each (place, member) of a list of estimators, or of the array that boosting keeps."""
    if isinstance(members, np.ndarray):
        return list(np.ndenumerate(members))
    return [((at,), member) for at, member in enumerate(members)]


def check_fitted(tree):
    """Refuse anything but a fitted tree."""
    check_tree_type(tree)
    if not hasattr(tree, "tree_"):
        raise NotFittedError(
            f"tree: this {type(tree).__name__} is not fitted yet; call tree.fit(X, y) first"
        )


def check_node(structure, node):
    """`node` as a valid node id of this tree."""
    return whole("node", node, at_most=structure.n_nodes - 1)
