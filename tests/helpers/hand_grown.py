"""Trees grown by hand for the tests, and every pruned subtree of a small tree by brute force."""

import itertools
from fractions import Fraction

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.tree._tree import NODE_DTYPE, Tree


def classifier(spec):
    """A fitted DecisionTreeClassifier: a leaf is its class counts, an inner node is
    (feature, threshold, left, right)."""
    nodes, values = [], []
    _, depth = _grow(spec, nodes, values, 0)
    n_classes = len(values[0])
    tree = DecisionTreeClassifier(random_state=0)
    tree.fit(np.zeros((n_classes, _features(spec))), np.arange(n_classes))
    low = Tree(tree.n_features_in_, np.array([n_classes], dtype=np.intp), 1)
    low.__setstate__(
        {
            "max_depth": depth,
            "node_count": len(nodes),
            "nodes": np.array(nodes, dtype=NODE_DTYPE),
            "values": np.array(values)[:, None, :],
        }
    )
    tree.tree_ = low
    return tree


def _features(spec):
    return 1 + max((f for f in _all_features(spec)), default=0)


def _all_features(spec):
    if _is_leaf(spec):
        return []
    return [spec[0], *_all_features(spec[2]), *_all_features(spec[3])]


def _is_leaf(spec):
    return all(isinstance(item, (int, float)) for item in spec)


def _counts(spec):
    return np.array(spec, float) if _is_leaf(spec) else _counts(spec[2]) + _counts(spec[3])


def _grow(spec, nodes, values, depth):
    me, counts = len(nodes), _counts(spec)
    share = counts / counts.sum()
    nodes.append(None)
    values.append(share)
    links, deepest, feature, threshold = (-1, -1), depth, -2, -2.0
    if not _is_leaf(spec):
        feature, threshold = spec[:2]
        left, left_depth = _grow(spec[2], nodes, values, depth + 1)
        right, right_depth = _grow(spec[3], nodes, values, depth + 1)
        links, deepest = (left, right), max(left_depth, right_depth)
    size = counts.sum()
    nodes[me] = (*links, feature, threshold, 1 - (share**2).sum(), round(size), size, 0)
    return me, deepest


def subtrees(tree):
    """Every pruned subtree, as the tuple of its leaves (ids in the given tree)."""
    left, right = tree.tree_.children_left, tree.tree_.children_right

    def below(node):
        found = [(node,)]
        if left[node] >= 0:
            found += [a + b for a, b in itertools.product(below(left[node]), below(right[node]))]
        return found

    return below(0)


def exact_path(tree, risk):
    """(alphas, leaves) of the path in exact fractions: the textbook's algorithm, ties at once.

    `risk`: the risk of each node as a Fraction. Splits that gain nothing are gone at alpha 0.
    """
    left, right = tree.tree_.children_left.tolist(), tree.tree_.children_right.tolist()
    leaves = {node for node, child in enumerate(left) if child < 0}
    alphas, sizes, stops = [Fraction(0)], [], set(leaves)

    def branches():
        found, below = {}, {}
        for node in reversed(range(len(left))):
            if node in stops:
                below[node] = (1, risk[node])
            else:
                (a, r), (b, s) = below[left[node]], below[right[node]]
                below[node] = (a + b, r + s)
                found[node] = Fraction(risk[node] - r - s, a + b - 1)
        return {node: g for node, g in found.items() if _open(node)}, below[0][0]

    parent = {child: node for side in (left, right) for node, child in enumerate(side)}

    def _open(node):
        while node:
            node = parent[node]
            if node in stops:
                return False
        return True

    while True:
        links, size = branches()
        while links and min(links.values()) <= alphas[-1]:
            stops |= {node for node, g in links.items() if g <= alphas[-1]}
            links, size = branches()
        sizes.append(size)
        if not links:
            return alphas, sizes
        alphas.append(min(links.values()))


def exact_risks(tree, x, y, weight=None):
    """The risk of each node, Gini or squared error, in exact fractions; whole y and weights."""
    weight = [1] * len(y) if weight is None else [int(w) for w in weight]
    total, risks = sum(weight), []
    paths = tree.decision_path(x).toarray().T
    for passes in paths:
        here = [(int(y[i]), weight[i]) for i in np.flatnonzero(passes) if weight[i]]
        size = sum(w for _, w in here)
        if hasattr(tree, "classes_"):
            counts = [sum(w for label, w in here if label == c) for c in tree.classes_.tolist()]
            risks.append(Fraction(size * size - sum(c * c for c in counts), size * total))
        else:
            first = sum(w * v for v, w in here)
            square = sum(w * v * v for v, w in here)
            risks.append(Fraction(size * square - first * first, size * total))
    return risks


def random_tree(seed, regressor=False, max_leaf_nodes=9):
    """A small tree on noisy data, with its data and some validation data."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 60))
    x = rng.integers(0, 6, size=(2 * n, 3)).astype(float)
    if regressor:
        y = np.round(x[:, 0] + rng.normal(size=2 * n), 1)
        tree = DecisionTreeRegressor(max_leaf_nodes=max_leaf_nodes, random_state=seed)
    else:
        y = (x[:, 0] + 3 * rng.normal(size=2 * n)).round().astype(int) % int(rng.integers(2, 5))
        tree = DecisionTreeClassifier(max_leaf_nodes=max_leaf_nodes, random_state=seed)
    return tree.fit(x[:n], y[:n]), x[:n], y[:n], x[n:], y[n:]


def same_tree(one, other):
    """True if two estimators hold the same nodes, field by field, and the same values."""
    a, b = one.tree_.__getstate__(), other.tree_.__getstate__()
    return (
        a["node_count"] == b["node_count"]
        and a["max_depth"] == b["max_depth"]
        and all(np.array_equal(a["nodes"][f], b["nodes"][f]) for f in a["nodes"].dtype.names)
        and np.array_equal(a["values"], b["values"])
    )
