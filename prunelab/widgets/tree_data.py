"""Gather, once, all that the TreeExplorer's page needs from a tree and its data: plain values."""

import numpy as np

from prunelab.tree_nodes import tree_nodes
from prunelab.widgets.tree_state import PRUNERS, cumulated

MOST_NODES = 1000  # more would be dust on a screen
MOST_POINTS = 2000


def gather(tree, X, y, X_val, y_val, cv, pruners):  # noqa: N803
    """(path, nodes, data) of a fitted tree, or of its cost-complexity path, and its data."""
    from prunelab import trees  # brings scikit-learn, which the reader's tree has brought already

    path = tree if isinstance(tree, trees.CostComplexityPath) else trees.cost_complexity_path(tree)
    tree = path.estimator
    _check_size(tree)
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val go together: give both or neither")
    nodes = tree_nodes(tree)
    sets = {"train": _Set(path, nodes, X, y, ("X", "y"))}
    if X_val is not None:
        sets["val"] = _Set(path, nodes, X_val, y_val, ("X_val", "y_val"))
    crossed = _crossed(trees, path, X, y, cv)
    data = _tree_part(tree, nodes, sets)
    data |= _path_part(path, sets, crossed)
    data["pruners"], data["absent"] = _stops(trees, path, nodes, X_val, y_val, crossed, pruners)
    return path, nodes, data | _picture_part(tree, nodes, sets)


class _Set:
    """Training or validation data, dropped down the tree once."""

    def __init__(self, path, nodes, X, y, names):  # noqa: N803
        from prunelab.trees.samples import node_losses, read_samples

        structure = path._structure
        samples = read_samples(path.estimator, structure, X, y, names=names)
        self.given = X, y
        self.X, self.leaf, self.target = _columns(X), samples.leaf, samples.target[:, 0]
        self.size = len(samples.leaf)
        with np.errstate(over="ignore"):
            self.loss = node_losses(structure, samples)[:, 0]
        if not np.isfinite(self.loss).all():
            raise ValueError(f"{names[1]} is too large to square; divide it by abs(y).max()")
        self.passing = np.bincount(samples.leaf, minlength=len(nodes))
        for node in range(len(nodes) - 1, 0, -1):
            self.passing[nodes.parent[node]] += self.passing[node]


def _check_size(tree):
    if tree.n_outputs_ > 1:
        raise ValueError(
            f"tree has {tree.n_outputs_} outputs and the explorer shows one; fit one tree an output"
        )
    if tree.tree_.node_count > MOST_NODES:
        raise ValueError(
            f"tree has {tree.tree_.node_count} nodes and the explorer draws at most {MOST_NODES}; "
            "grow a smaller one, for example with max_leaf_nodes=200"
        )


def _columns(X):  # noqa: N803
    X = X.toarray() if hasattr(X, "toarray") else X  # noqa: N806
    return np.asarray(X, dtype=float)


def _crossed(trees, path, X, y, cv):  # noqa: N803
    """The `CrossValidation` given or made, whose path must be the tree's own; None without cv."""
    if cv is None:
        return None
    if not isinstance(cv, trees.CrossValidation):
        crossed = trees.cross_validate(path.estimator, X, y, cv, cost=path.cost)
        found = "a refit on X and y gives another tree; hand in its training data, set its"
        found += " random_state, or write cv=None"
    else:
        crossed, found = cv, "cv is of another tree; write TreeExplorer(cv.path, …)"
    same = len(crossed.path) == len(path) and (crossed.path.n_leaves == path.n_leaves).all()
    if not same or not np.allclose(crossed.path.ccp_alphas, path.ccp_alphas):
        raise ValueError(f"tree: {found}")
    return crossed


def _tree_part(tree, nodes, sets):
    names = getattr(tree, "feature_names_in_", [f"x{i}" for i in range(tree.n_features_in_)])
    data = {name: getattr(nodes, name).tolist() for name in ("left", "right", "parent", "feature")}
    data |= {name: getattr(nodes, name).tolist() for name in ("threshold", "value", "share")}
    data["x"], data["depth"] = nodes.x.round(4).tolist(), nodes.depth.tolist()
    counts = nodes.is_classifier
    return data | {
        "kind": "classifier" if counts else "regressor",
        "model": type(tree).__name__,
        "measure": "Wrong" if counts else "Mean squared error",
        "features": [str(name) for name in names],
        "classes": [str(name) for name in getattr(tree, "classes_", [])],
        "samples": sets["train"].passing.tolist(),
        "totals": {name: each.size for name, each in sets.items()},
        "loss": {
            name: (each.loss.astype(int) if counts else each.loss).tolist()
            for name, each in sets.items()
        },
    }


def _path_part(path, sets, crossed):
    errors = {name: path.errors(*each.given).tolist() for name, each in sets.items()}
    part = {
        "alphas": path.ccp_alphas.tolist(),
        "leaves": path.n_leaves.tolist(),
        "folds": [list(map(int, step)) for step in path.folded],
        "errors": errors,
        "spread": [],
        "best": None,
        "frugal": None,
    }
    if crossed is not None:
        errors["cv"] = crossed.errors.tolist()
        part["spread"] = crossed.standard_errors.tolist()
        part["best"], part["frugal"] = crossed.best.index, crossed.one_standard_error.index
    return part


def _stops(trees, path, nodes, X_val, y_val, crossed, pruners):  # noqa: N803
    """Where each pruner would stop, and why each of those that cannot run cannot."""
    stops, absent = [], {}
    for pruner in pruners:
        name = getattr(pruner, "method", pruner)
        if not isinstance(name, str) or name not in PRUNERS:
            raise ValueError(
                f"pruners holds {name!r}; it may hold the names {', '.join(PRUNERS)} "
                "and what those functions return"
            )
        if name == "cost_complexity":
            if crossed is None:
                absent[name] = "needs cv"
                continue
            at = crossed.one_standard_error.index
            folded = cumulated(nodes, path.folded)[at]
        elif name == "reduced_error" and X_val is None and name is pruner:
            absent[name] = "needs X_val and y_val"
            continue
        elif not nodes.is_classifier and name != "reduced_error":
            absent[name] = "for classifiers only"
            continue
        else:
            result = pruner if name is not pruner else _pruned(trees, name, path, X_val, y_val)
            folded = nodes.topmost(decision.node for decision in result.folded)
        stops.append({"name": name, "folded": list(map(int, folded))})
    return stops, absent


def _pruned(trees, name, path, X_val, y_val):  # noqa: N803
    if name == "reduced_error":
        return trees.reduced_error(path.estimator, X_val, y_val)
    return getattr(trees, name)(path.estimator)


def _picture_part(tree, nodes, sets):
    """Which features span the picture beside the tree, its limits and its points."""
    used = sorted({int(at) for at in nodes.feature[nodes.left >= 0]})
    shown = list(range(tree.n_features_in_)) if tree.n_features_in_ <= 2 else used
    if not 1 <= len(shown) <= 2:
        return {"shown": [], "used": len(used), "limits": [], "points": {}, "span": [0.0, 1.0]}
    every = np.concatenate([each.X[:, shown] for each in sets.values()])
    targets = np.concatenate([each.target for each in sets.values()])
    return {
        "shown": shown,
        "used": len(used),
        "limits": [_padded(column) for column in every.T],
        "span": _padded(targets) if not nodes.is_classifier else [0.0, 1.0],
        "points": {name: _points(each, shown) for name, each in sets.items()},
    }


def _padded(column):
    column = column[np.isfinite(column)]
    low, high = (column.min(), column.max()) if column.size else (0.0, 1.0)
    room = 0.05 * (high - low) or max(abs(low), 1.0) * 0.5
    return [float(low - room), float(high + room)]


def _points(each, shown):
    """At most `MOST_POINTS` samples, evenly taken; samples that lack a value have no place."""
    here = np.flatnonzero(np.isfinite(each.X[:, shown]).all(axis=1))
    here = here[:: -(-len(here) // MOST_POINTS) or 1]
    return {
        "at": [[float(f"{v:.6g}") for v in each.X[here, column]] for column in shown],
        "target": each.target[here].tolist(),
        "leaf": each.leaf[here].tolist(),
    }
