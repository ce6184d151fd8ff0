"""What a fitted scikit-learn tree holds: its arrays, checked once, with links to the parents."""

from dataclasses import dataclass, field

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.tree import BaseDecisionTree, DecisionTreeClassifier

from prunelab.validate import whole


@dataclass(frozen=True, eq=False)
class Structure:
    """The arrays of a fitted tree, one entry a node, numbered as in `tree_`.

    `left`, `right`, `parent` hold node ids, -1 where there is none; a parent's id is always below
    its children's. `weight` is the summed sample weight; `value` has shape (nodes, outputs,
    classes): class fractions for a classifier, the predicted number (classes = 1) for a regressor.
    `majority` holds the index of the predicted class of each output (all 0 for a regressor).
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
    inner: list = field(repr=False)

    @property
    def n_nodes(self):
        """The number of nodes."""
        return len(self.left)

    def sum_over_leaves(self, amounts):
        """For each node, the sum of `amounts` over the leaves at or below it."""
        totals = np.where(self.left < 0, amounts, 0).tolist()
        left, right = self.left.tolist(), self.right.tolist()
        for node in reversed(self.inner):
            totals[node] = totals[left[node]] + totals[right[node]]
        return np.array(totals)

    def below(self, marked):
        """True for each node that has a marked node above it."""
        hidden = np.zeros(self.n_nodes, dtype=bool)
        for node in self.inner:
            if marked[node] or hidden[node]:
                hidden[self.left[node]] = hidden[self.right[node]] = True
        return hidden


def read_structure(tree):
    """The `Structure` of a fitted DecisionTree or ExtraTree classifier or regressor."""
    check_fitted(tree)
    arrays = tree.tree_
    left, right = arrays.children_left.copy(), arrays.children_right.copy()
    inner = np.flatnonzero(left >= 0)
    parent = np.full(len(left), -1)
    parent[left[inner]] = parent[right[inner]] = inner
    if not (parent[1:] < np.arange(1, len(left))).all():
        raise ValueError("tree: a node is numbered before its parent; refit it with scikit-learn")
    weight = arrays.weighted_n_node_samples.copy()
    if not (np.isfinite(weight).all() and weight.min() > 0):
        raise ValueError(
            "tree: some node has no positive, finite sample weight; "
            "refit it with sample weights above 0"
        )
    value = arrays.value.copy()
    if not np.isfinite(value).all():
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
        inner=inner.tolist(),
    )


def check_tree_type(tree, name="tree"):
    """Turn away all that is not a scikit-learn decision tree, with the way out."""
    if isinstance(tree, BaseDecisionTree):
        return
    if isinstance(tree, type):
        hint = f"call it first: {tree.__name__}()"
    elif hasattr(tree, "estimators") or hasattr(tree, "n_estimators"):
        hint = "of an ensemble, hand over one tree, for example forest.estimators_[0]"
    elif hasattr(tree, "steps") or hasattr(tree, "best_estimator_"):
        hint = "hand over the tree inside, for example pipeline[-1] or search.best_estimator_"
    elif hasattr(tree, "node_count"):
        hint = "hand over the estimator, not its tree_"
    else:
        hint = "fit one first"
    raise TypeError(
        f"{name} must be a scikit-learn DecisionTreeClassifier or DecisionTreeRegressor, "
        f"not a {type(tree).__name__}; {hint}"
    )


def check_fitted(tree):
    """Turn away all that is not a fitted tree."""
    check_tree_type(tree)
    if not hasattr(tree, "tree_"):
        raise NotFittedError(
            f"tree: this {type(tree).__name__} is not fitted yet; call tree.fit(X, y) first"
        )


def check_node(structure, node):
    """`node` as an id of this tree."""
    return whole("node", node, at_most=structure.n_nodes - 1)
