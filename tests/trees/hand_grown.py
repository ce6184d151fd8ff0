"""Trees grown by hand for the tests, and every pruned subtree of a small tree by brute force."""

import itertools

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
