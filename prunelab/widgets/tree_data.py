"""Gather, once, all that the TreeExplorer's page needs from a tree and its data: plain values."""

import numpy as np

from prunelab.tree_nodes import tree_nodes
from prunelab.widgets.tree_choices import crossed_with, stops_of

MOST_NODES = 1000  # more would be dust on a screen
MOST_POINTS = 2000


def gather(tree, X, y, X_val, y_val, cv, pruners, names):  # noqa: N803
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
    crossed = crossed_with(trees, path, X, y, cv)
    data = _tree_part(tree, nodes, sets) | _names_part(tree, names)
    data |= _path_part(path, sets, crossed)
    data["pruners"], data["absent"] = stops_of(trees, path, nodes, X_val, y_val, crossed, pruners)
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


def _tree_part(tree, nodes, sets):
    data = {name: getattr(nodes, name).tolist() for name in ("left", "right", "parent", "feature")}
    data |= {name: getattr(nodes, name).tolist() for name in ("value", "share")}
    # An infinite threshold parts the samples whose value is missing; JSON knows no infinity.
    data["threshold"] = np.nan_to_num(nodes.threshold).tolist()
    data["x"], data["depth"] = nodes.x.round(4).tolist(), nodes.depth.tolist()
    counts = nodes.is_classifier
    return data | {
        "kind": "classifier" if counts else "regressor",
        "model": type(tree).__name__,
        "measure": "Wrong" if counts else "Mean squared error",
        "samples": sets["train"].passing.tolist(),
        "totals": {name: each.size for name, each in sets.items()},
        "loss": {
            name: (each.loss.astype(int) if counts else each.loss).tolist()
            for name, each in sets.items()
        },
    }


def _names_part(tree, given):
    known = {
        "feature_names": getattr(tree, "feature_names_in_", _numbered(tree.n_features_in_)),
        "class_names": getattr(tree, "classes_", []),
    }
    names = {}
    for argument, usual in known.items():
        chosen = usual if given[argument] is None else list(given[argument])
        if len(chosen) != len(usual):
            raise ValueError(
                f"{argument} has {len(chosen)} names and the tree wants {len(usual)}; "
                "give one each, in the tree's order"
            )
        names[argument] = [str(name) for name in chosen]
    return {"features": names["feature_names"], "classes": names["class_names"]}


def _numbered(count):
    return [f"x{i}" for i in range(count)]


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
