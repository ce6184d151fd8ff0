"""The still picture of a TreeExplorer, for where no kernel runs."""

import numpy as np

from prunelab.widgets.tree_state import set_error


def draw_still(figure, nodes, data, folded, points="training"):
    """Draw tree, regions or curve, and errors on an empty Figure, from what the page is sent."""
    from prunelab.figures_errors import draw_errors
    from prunelab.figures_trees import draw_tree

    upper, lower = figure.subfigures(2, 1, height_ratios=(1.35, 1))
    ground = bool(data["shown"])
    panels = upper.subplots(1, 2, width_ratios=(1.45, 1)) if ground else [upper.subplots()]
    leaves = nodes.leaves(folded).tolist()
    title = f"{len(leaves)} of {nodes.n_leaves} leaves"
    draw_tree(
        panels[0], nodes, folded, features=data["features"], title=title, missing=data["missing"]
    )
    if ground:
        _draw_ground(panels[1], nodes, data, folded, points)
    labels = {"train": "training", "val": "validation", "cv": "cross-validated"}
    judged = "val" if "val" in data["totals"] else "train"
    choices = {}
    if data["best"] is not None:
        choices = {"least CV error": data["leaves"][data["best"]]}
        choices["one standard error"] = data["leaves"][data["frugal"]]
    draw_errors(
        lower.subplots(),
        data["leaves"],
        {labels[name]: errors for name, errors in data["errors"].items()},
        spread=data["spread"] or None,
        choices=choices,
        stops=[_stop(data, nodes, judged, **stop) for stop in data["pruners"]],
        now=(len(leaves), [_error(data, nodes, name, folded) for name in data["totals"]]),
        rate=nodes.is_classifier,
    )  # fmt: skip


def _stop(data, nodes, judged, name, folded):
    error = _error(data, nodes, judged, folded)
    return name[0].upper(), len(nodes.leaves(folded)), error


def _error(data, nodes, name, folded):
    return set_error(data, name, nodes.leaves(folded).tolist())


def _draw_ground(ax, nodes, data, folded, points):
    from prunelab.figures_trees import draw_fit, draw_regions

    sample = data["points"]["val" if points == "validation" else "train"]
    names = [data["features"][at] for at in data["shown"]]
    x, target, limits = np.array(sample["at"]).T, np.array(sample["target"]), data["limits"]
    if sample["lacking"]:
        said = f"{sample['lacking']} samples lack a value and are not drawn"
        ax.set_title(said, loc="left", fontsize=8, color="#5a6470")
    if len(names) == 1 and not nodes.is_classifier:
        (feature,) = data["shown"]
        draw_fit(
            ax, nodes, folded, x[:, 0], target, limits=limits[0], name=names[0], feature=feature
        )
        return
    features = tuple(data["shown"])
    if len(names) == 1:  # a row for each class, the samples spread over it
        spread = 0.3 * (2 * ((np.arange(len(target)) * 0.618034) % 1) - 1)
        x, names = np.column_stack([x[:, 0], target + spread]), [*names, "class"]
        limits, features = [*limits, [-0.6, len(data["classes"]) - 0.4]], (*features, -1)
    draw_regions(
        ax, nodes, folded, x, target, limits=limits, names=names, wanted=data["classes"],
        features=features,
    )  # fmt: skip
