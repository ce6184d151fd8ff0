"""What would be chosen on a path: by cross-validation, and by each of the five pruners."""

import numpy as np

from prunelab.widgets.tree_folds import WAITING, takes_long
from prunelab.widgets.tree_state import PRUNERS, cumulated


def crossed_with(trees, path, X, y, cv):  # noqa: N803
    """(the `CrossValidation` given or made, the `FoldByFold` that takes too long to do at once).

    One of them is None, and both are without cv.
    """
    if cv is None:
        return None, None
    if isinstance(cv, trees.CrossValidation):
        return checked_cross(path, cv, given=True), None
    from prunelab.trees.validation import FoldByFold

    run = FoldByFold(path.estimator, X, y, cv, cost=path.cost)
    if takes_long(run, X if hasattr(X, "shape") else np.asarray(X)):
        return None, run
    for _ in run.folds:
        pass
    return checked_cross(path, run.result()), None


def checked_cross(path, crossed, given=False):
    """A `CrossValidation` whose path is the tree's own, or one sentence."""
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
    """Where each pruner would stop, and why each of those that cannot run cannot."""
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
            folded = frugal_fold(nodes, path, crossed)
        else:
            try:
                result = pruner if name is not pruner else _pruned(trees, name, path, X_val, y_val)
            except ValueError as error:  # this tree does not hold what that pruner counts
                absent[name] = str(error).removeprefix("tree: ")
                continue
            folded = nodes.topmost(decision.node for decision in result.folded)
        stops.append({"name": name, "folded": list(map(int, folded))})
    return stops, absent


def frugal_fold(nodes, path, crossed):
    """The fold of the subtree that cross-validation chooses."""
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
