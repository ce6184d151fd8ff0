"""Collect, once, the values of a tree and its data that the TreeExplorer's page needs.

Also the states the explorer can be in, and the subtrees that would be chosen on a path.
"""

import numpy as np

from prunelab.base.checks import shown, whole
from prunelab.widgets.tree.folds import WAITING, takes_long
from prunelab.widgets.tree.state import PRUNERS, SET_NAMES, cumulated


def crossed_with(trees, path, X, y, cv):  # noqa: N803
    """(the `CrossValidation` given or computed, the `FoldByFold` if computing it takes too long).

    One of them is None; both are without cv.
    """
    if cv is None:
        return None, None
    if isinstance(cv, trees.CrossValidation):
        return checked_cross(path, cv, given=True), None
    from prunelab.trees.cross_validation import FoldByFold

    run = FoldByFold(path.estimator, X, y, cv, cost=path.cost)
    if takes_long(run, X if hasattr(X, "shape") else np.asarray(X)):
        return None, run
    for _ in run.folds:
        pass
    return checked_cross(path, run.result()), None


def checked_cross(path, crossed, given=False):
    """A `CrossValidation` whose path is the tree's own, or an error in one sentence."""
    found = "cv is of another tree; write TreeExplorer(cv.path, …)"
    if not given:
        found = "a refit on X and y gives another tree; hand in its training data, set its"
        found += " random_state, for one fitted with sample weights w write"
        found += " cv=cross_validate(tree, X, y, sample_weight=w), or write cv=None"
    same = len(crossed.path) == len(path) and (crossed.path.n_leaves == path.n_leaves).all()
    near = 1e-9 * path.ccp_alphas[-1]  # alphas have the unit of the risk
    if not same or not np.allclose(crossed.path.ccp_alphas, path.ccp_alphas, atol=near):
        raise ValueError(f"tree: {found}")
    return crossed


def stops_of(trees, path, nodes, X_val, y_val, crossed, pruners, waiting=False):  # noqa: N803
    """Where each pruner would stop, and for each that cannot run, why not."""
    stops, absent = [], {}
    for pruner in pruners:
        name = getattr(pruner, "method", pruner)
        if not isinstance(name, str) or name not in PRUNERS:
            raise ValueError(
                f"pruners holds {name!r}; it may hold the names {', '.join(PRUNERS)} "
                "and what those functions return"
            )
        if name in absent or name in (stop["name"] for stop in stops):
            raise ValueError(f"pruners holds {name} twice; mark one setting of it at a time")
        why = _cannot(name, name is pruner, nodes, X_val, crossed)
        if waiting and name == "cost_complexity":
            why = WAITING
        if why:
            absent[name] = why
            continue
        if name == "cost_complexity":
            folded = one_standard_error_fold(nodes, path, crossed)
        else:
            try:
                result = pruner if name is not pruner else _pruned(trees, name, path, X_val, y_val)
            except ValueError as error:  # this pruner needs counts that the tree does not have
                absent[name] = str(error).removeprefix("tree: ")
                continue
            folded = nodes.topmost(decision.node for decision in result.folded)
        stops.append({"name": name, "folded": list(map(int, folded))})
    return stops, absent


def one_standard_error_fold(nodes, path, crossed):
    """The fold of the subtree chosen by cross-validation."""
    return cumulated(nodes, path.folded)[crossed.one_standard_error.index]


def _cannot(name, by_name, nodes, X_val, crossed):  # noqa: N803
    """Why a pruner cannot run here; empty if it can."""
    if name == "cost_complexity":
        return "needs cv" if crossed is None else ""
    if name == "reduced_error":
        return "needs X_val and y_val" if by_name and X_val is None else ""
    return "" if nodes.is_classifier else "for classifiers only"


def _pruned(trees, name, path, X_val, y_val):  # noqa: N803
    if name == "reduced_error":
        return trees.reduced_error(path.estimator, X_val, y_val)
    return getattr(trees, name)(path.estimator)


AUTO, USUAL_FOLDS = "auto", 10


def _most_folds(nodes, target):
    """The most folds that scikit-learn cuts: of classes, as many as the largest has samples."""
    if nodes.is_classifier:
        return int(np.unique(target, return_counts=True)[1].max())
    return len(target)


MOST_NODES = 1000  # more could not be seen on a screen
MOST_POINTS = 2000


def gather(tree, X, y, X_val, y_val, cv, pruners, names):  # noqa: N803
    """(path, nodes, data, crossed, run) of a fitted tree, or of its path, and its data.

    crossed: the `CrossValidation`; run: the `FoldByFold` that still has to be run; or None.
    """
    from prunelab import trees  # imports scikit-learn, which the reader's tree has already imported
    from prunelab.trees.nodes import tree_nodes

    path = tree if isinstance(tree, trees.CostComplexityPath) else trees.cost_complexity_path(tree)
    if not path._structure.reached.all():  # nodes cut off by hand
        path = trees.cost_complexity_path(path.tree(0), path.cost)
    tree = path.estimator
    _check_size(tree)
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val go together: give both or neither")
    nodes = tree_nodes(tree)
    sets = {"train": _Set(path, nodes, X, y, ("X", "y"))}
    if X_val is not None:
        sets["val"] = _Set(path, nodes, X_val, y_val, ("X_val", "y_val"))
    too_few = False
    if isinstance(cv, str) and cv == AUTO:
        folds = min(USUAL_FOLDS, _most_folds(nodes, sets["train"].target))
        too_few = folds < 2
        cv = None if too_few else folds
    crossed, run = crossed_with(trees, path, X, y, cv)
    data = _tree_part(tree, nodes, sets) | _names_part(tree, nodes, names)
    data["missing"] = [
        at for at in _asked(tree, nodes) if any(each.lacks(at) for each in sets.values())
    ]
    data |= _path_part(path, sets)
    data["pruners"], data["absent"] = stops_of(
        trees, path, nodes, X_val, y_val, crossed, pruners, run is not None
    )
    data |= _picture_part(tree, nodes, sets)
    data["notes"] = _notes(data, nodes, sets)
    if too_few:
        data["notes"].append("No cross-validated error: there are too few samples for two folds.")
    if crossed is not None:
        data |= crossed_part(data, crossed)
    return path, nodes, data, crossed, run


def crossed_part(data, crossed):
    """The part of a tree's data that a `CrossValidation` changes."""
    notes = list(data["notes"])
    if crossed.weighted:
        notes.append(
            "The cross-validated error counts samples by their weights, the others do not."
        )
    return {
        "errors": data["errors"] | {"cv": crossed.errors.tolist()},
        "spread": crossed.standard_errors.tolist(),
        "best": crossed.best.index,
        "frugal": crossed.one_standard_error.index,
        "notes": notes,
    }


class _Set:
    """Training or validation data, with each sample's path through the tree computed once."""

    def __init__(self, path, nodes, X, y, names):  # noqa: N803
        from prunelab.trees.samples import node_losses, read_samples

        structure = path._structure
        samples = read_samples(path.estimator, structure, X, y, names=names)
        self.given = X, y
        # One column at a time, since a sparse X may not fit into memory as a dense array.
        self._X = X.tocsc() if hasattr(X, "tocsc") else np.asarray(X)
        self.leaf, self.target = samples.leaf, samples.target[:, 0]
        self.size = len(samples.leaf)
        with np.errstate(over="ignore"):
            self.loss = node_losses(structure, samples)[:, 0]
        if not np.isfinite(self.loss).all():
            raise ValueError(f"{names[1]} is too large to square; divide it by abs(y).max()")
        self.passing = np.bincount(samples.leaf, minlength=len(nodes))
        for node in range(len(nodes) - 1, 0, -1):
            self.passing[nodes.parent[node]] += self.passing[node]

    def column(self, feature):
        """The values of one feature, NaN for missing values."""
        column = self._X[:, [feature]]
        column = column.toarray() if hasattr(column, "toarray") else column
        return column.ravel().astype(float)

    def lacks(self, feature):
        """Whether the feature is missing in some sample."""
        return bool(np.isnan(self.column(feature)).any())

    def has(self, feature):
        """Whether some sample has a value of the feature."""
        return bool(np.isfinite(self.column(feature)).any())


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


def _tree_part(tree, nodes, sets):
    data = {name: getattr(nodes, name).tolist() for name in ("left", "right", "parent", "feature")}
    data |= {name: getattr(nodes, name).tolist() for name in ("value", "share")}
    # An infinite threshold separates samples with a missing value; JSON has no infinity.
    data["threshold"] = np.nan_to_num(nodes.threshold).tolist()
    data["missing_left"] = nodes.missing_left.astype(int).tolist()
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


def _names_part(tree, nodes, given):
    """Names of the classes, and of the features on show, by number."""
    known = {
        "feature_names": getattr(tree, "feature_names_in_", _numbered(tree.n_features_in_)),
        "class_names": getattr(tree, "classes_", []),
    }
    names = {}
    for argument, usual in known.items():
        chosen = usual if given[argument] is None else given[argument]
        if isinstance(chosen, (str, bytes)) or np.ndim(chosen) != 1:
            raise TypeError(f"{argument}={shown(chosen)}: give a list of {len(usual)} names")
        chosen = list(chosen)
        if len(chosen) != len(usual):
            raise ValueError(
                f"{argument} has {len(chosen)} names and the tree wants {len(usual)}; "
                "give one each, in the tree's order"
            )
        names[argument] = chosen
    return {
        "features": {at: str(names["feature_names"][at]) for at in _asked(tree, nodes)},
        "classes": [str(name) for name in names["class_names"]],
    }


def _numbered(count):
    return [f"x{i}" for i in range(count)]


def _path_part(path, sets):
    return {
        "alphas": path.ccp_alphas.tolist(),
        "leaves": path.n_leaves.tolist(),
        "folds": [list(map(int, step)) for step in path.folded],
        "errors": {name: path.errors(*each.given).tolist() for name, each in sets.items()},
        "spread": [],
        "best": None,
        "frugal": None,
    }


def _picture_part(tree, nodes, sets):
    """The features of the picture beside the tree, its limits and its points."""
    used = np.unique(nodes.feature[nodes.left >= 0])
    # A column with only missing values has no axis.
    seen = [at for at in _asked(tree, nodes) if any(each.has(at) for each in sets.values())]
    if not 1 <= len(seen) <= 2:
        return {"shown": [], "used": len(used), "limits": [], "points": {}, "span": [0.0, 1.0]}
    columns = {name: np.array([each.column(at) for at in seen]) for name, each in sets.items()}
    every = np.concatenate(list(columns.values()), axis=1)
    targets = np.concatenate([each.target for each in sets.values()])
    return {
        "shown": seen,
        "used": len(used),
        "limits": [_padded(column) for column in every],
        "span": _padded(targets) if not nodes.is_classifier else [0.0, 1.0],
        "points": {name: _points(each, columns[name]) for name, each in sets.items()},
    }


def _asked(tree, nodes):
    """The features that may be shown: those in the questions, or all if there are one or two."""
    if tree.n_features_in_ <= 2:
        return list(range(tree.n_features_in_))
    return np.unique(nodes.feature[nodes.left >= 0]).tolist()


def _padded(column):
    column = column[np.isfinite(column)]
    low, high = (column.min(), column.max()) if column.size else (0.0, 1.0)
    room = 0.05 * (high - low) or max(abs(low), 1.0) * 0.5
    return [float(low - room), float(high + room)]


def _points(each, columns):
    """At most `MOST_POINTS` samples, evenly chosen; samples with missing values are left out."""
    here = np.flatnonzero(np.isfinite(columns).all(axis=0))
    lacking = each.size - len(here)
    here = here[:: -(-len(here) // MOST_POINTS) or 1]
    return {
        "at": [[float(f"{v:.6g}") for v in column[here]] for column in columns],
        "target": each.target[here].tolist(),
        "leaf": each.leaf[here].tolist(),
        "lacking": lacking,
    }


def _notes(data, nodes, sets):
    """What the pictures leave out, in sentences."""
    notes = []
    names = " or ".join(data["features"][at] for at in data["shown"])
    for name, points in data["points"].items():
        if points["lacking"]:
            whose = f"{points['lacking']} of {sets[name].size} {SET_NAMES[name]} samples"
            notes.append(f"{whose} lack a value of {names} and are not drawn.")
    if len(data["features"]) <= 2:
        lost = [at for at in data["missing"] if not any(each.has(at) for each in sets.values())]
        notes += [f"{data['features'][at]} holds no value, so it has no axis." for at in lost]
    asks = nodes.feature[nodes.left >= 0]
    if np.isin(asks, data["missing"]).any():
        notes.append('A missing value goes left where the question says "or missing", else right.')
    return notes


class TreeStates:
    """The states of one tree: its path, its pruners' stops, its sets of samples.

    nodes: TreeNodes; steps: for each subtree of the path, the nodes folded at that step; data:
    the result of `gather`.
    """

    def __init__(self, nodes, steps, data):
        self._nodes = nodes
        self._on_path = cumulated(nodes, steps)
        self._index = {folded: k for k, folded in enumerate(self._on_path)}
        self._stops = {stop["name"]: tuple(stop["folded"]) for stop in data["pruners"]}
        self._absent = data["absent"]
        self._validated = "val" in data["totals"]

    def step_of(self, folded):
        """The subtree of the path that has this fold; None if there is none."""
        return self._index.get(folded)

    def at_step(self, step):
        """The state of a subtree on the path, and of the one before it."""
        before = self._on_path[max(step - 1, 0)]
        return {"folded": self._on_path[step], "before": before, "step": step, "pruner": ""}

    def at_pruner(self, name):
        """The state where a pruner stops, against the whole tree."""
        folded = self._stops[name]
        return {"folded": folded, "before": (), "step": self.step_of(folded), "pruner": name}

    def clean(self, name, value, nowhere=False):
        """The value in the form of trait `name`; `nowhere` allows a step of None, off the path.

        Raises TypeError or ValueError in one sentence for impossible values.
        """
        if name in ("folded", "before"):
            from prunelab.trees.nodes import checked_fold

            return checked_fold(self._nodes, value)
        if name == "pruner":
            return self._checked_pruner(value)
        if name == "points":
            return self._checked_points(value)
        return None if value is None and nowhere else self._checked_step(value)

    def _checked_step(self, step):
        if step is None:
            raise TypeError("step=None: write the number of a subtree, or set folded instead")
        last = len(self._on_path) - 1
        return whole("step", step, at_least=-last - 1, at_most=last) % (last + 1)

    def _checked_pruner(self, name):
        if name == "" or (isinstance(name, str) and name in self._stops):
            return name
        why = self._absent.get(name) if isinstance(name, str) else None
        known = " or ".join(self._stops) or "nothing, there is none"
        raise ValueError(f"pruner={name!r}: {f'it {why}' if why else f'write {known}'}")

    def _checked_points(self, value):
        if not isinstance(value, str) or value not in SET_NAMES.values():
            raise ValueError(f"points={value!r}: write 'training' or 'validation'")
        if value == "validation" and not self._validated:
            raise ValueError("points='validation': there are none; hand over X_val and y_val")
        return value
