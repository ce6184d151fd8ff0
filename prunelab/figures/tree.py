"""Draw pruned trees on given Axes: the tree, its predictions, errors by size.

Trees are `prunelab.trees.nodes.TreeNodes`, folds are node ids. Each class has its own colour and
marker; folded branches are grey.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter, ScalarFormatter

from prunelab.figures.canvas import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION
from prunelab.figures.text import literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Any

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from prunelab.trees.nodes import TreeNodes

CLASS_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION)
CLASS_MARKERS = ("o", "s", "^", "D")
SCALE = "cividis"
GREY = "#c3c9d1"


@literal
def draw_tree(
    ax: Axes,
    nodes: TreeNodes,
    folded: Collection[int] = (),
    *,
    features: Mapping[int, str] | Sequence[str] | None = None,
    title: str = "",
    span: tuple[float, float] | None = None,
    missing: Collection[int] = (),
) -> None:
    """Draw a tree, with everything below the nodes `folded` in grey.

    nodes: TreeNodes. features: names for the questions, which are written if they fit.
    span: lowest and highest number of a regressor's colours; by default those of its nodes.
    missing: numbers of the features with missing values; their questions say "or missing" if such a
    sample goes left.
    """
    leaf = nodes.leaf_of(folded)
    ids = np.arange(len(nodes))
    lines = np.stack([_places(nodes, nodes.parent[1:]), _places(nodes, ids[1:])], axis=1)
    kept = leaf[nodes.parent[1:]] < 0
    grey: dict[str, Any] = {"colors": GREY, "linewidths": 0.8, "linestyles": ":"}
    ax.add_collection(LineCollection(lines[~kept], label="folded away", **grey))
    ax.add_collection(LineCollection(lines[kept], colors="#555555", linewidths=1.2))
    size = 14 + 150 * np.sqrt(nodes.samples / nodes.samples[0]) * min(1, 25 / len(nodes) ** 0.5 / 5)
    hidden = (leaf >= 0) & (leaf != ids)
    _scatter(ax, _places(nodes, ids[hidden]), s=6, facecolor="white", edgecolor=GREY, zorder=2)
    colours = _colours(nodes, span)
    for marker, kind in _kinds(nodes):
        splits, stops = ids[kind & (leaf < 0)], ids[kind & (leaf == ids)]
        inside = 1 - 0.25 * (1 - colours[splits])
        style: dict[str, Any] = {
            "facecolor": inside,
            "edgecolor": colours[splits],
            "linewidth": 1.2,
        }
        _scatter(ax, _places(nodes, splits), s=size[splits], marker=marker, zorder=3, **style)
        style = {"facecolor": colours[stops], "edgecolor": "white", "linewidth": 0.6}
        _scatter(ax, _places(nodes, stops), s=size[stops], marker=marker, zorder=3, **style)
    taken = np.array(sorted(folded), dtype=int)
    ring: dict[str, Any] = {
        "facecolor": "none",
        "edgecolor": INK,
        "linewidth": 1.4,
        "label": "folded here",
    }
    _scatter(ax, _places(nodes, taken), s=size[taken] + 30, zorder=4, **ring)
    if features is not None:
        _write_questions(ax, nodes, leaf, features, missing)
    ax.set_title(title, loc="left", fontsize=10, color=INK)
    ax.margins(0.04, 0.08)
    ax.axis("off")


def _scatter(ax, points, **style):
    """Points [n, 2] as dots."""
    ax.scatter(*points.T, **style)


@literal
def draw_regions(
    ax: Axes,
    nodes: TreeNodes,
    folded: Collection[int],
    x: np.ndarray,
    target: np.ndarray,
    *,
    limits: Sequence[Sequence[float]],
    names: Sequence[str],
    wanted: Sequence[str] | None = None,
    features: Sequence[int] = (0, 1),
) -> None:
    """Draw what a tree predicts over two features, and samples; wrong ones have a dark edge.

    x: array (samples, 2). target: class indices or numbers. limits: [low, high] for each of the
    two features. names: labels of the features. wanted: labels of the classes. features: the
    features' numbers in the tree.
    """
    boxes, leaf = nodes.boxes(features, limits), nodes.leaf_of(folded)
    span = None
    if not nodes.is_classifier:
        span = (min(target), max(target)) if len(target) else (nodes.value.min(), nodes.value.max())
    leaves = nodes.leaves(folded)
    corners = boxes[leaves][:, [0, 0, 0, 0, 1, 1, 1, 1], [0, 1, 1, 0, 0, 0, 1, 1]]
    corners = corners.reshape(-1, 2, 4).transpose(0, 2, 1)
    shade = 0.22 if nodes.is_classifier else 0.55
    fills = _colours(nodes, span)[leaves]
    fills = PolyCollection(corners, facecolors=fills, alpha=shade, lw=0)
    ax.add_collection(fills)
    target = np.asarray(target)
    said = _predicted(nodes, leaf, x, features)
    for index, colour, marker in _sample_looks(nodes, target, span):
        wrong = nodes.is_classifier & (said[index] != target[index])
        edges = np.where(wrong, INK, "white")
        label = None if wanted is None or not nodes.is_classifier else wanted[target[index][0]]
        style: dict[str, Any] = {
            "c": colour,
            "marker": marker,
            "edgecolors": edges,
            "linewidths": 0.8,
        }
        _scatter(ax, x[index], s=16, label=label, **style)
    ax.set(xlim=limits[0], ylim=limits[1], xlabel=names[0], ylabel=names[1])
    ax.spines[["top", "right"]].set_visible(False)
    if wanted is not None and nodes.is_classifier and len(target):
        ax.legend(
            frameon=False, ncols=4, loc="upper left", bbox_to_anchor=(0, -0.14), fontsize=8,
            handletextpad=0.2,
        )  # fmt: skip


@literal
def draw_fit(
    ax: Axes,
    nodes: TreeNodes,
    folded: Collection[int],
    x: ArrayLike,
    y: ArrayLike,
    *,
    limits: Sequence[float],
    name: str = "x",
    feature: int = 0,
) -> None:
    """Draw the fitted curve of a regressor of one feature, before and after folding, and samples.

    x, y: arrays of one entry a sample; limits: [low, high] of x; feature: its number in the tree.
    """
    boxes = nodes.boxes([feature], [limits])[:, 0, :]
    ax.plot(x, y, "o", color="#8a9099", markersize=3.5, label="samples")
    shown: list[tuple[str, Collection[int], dict[str, Any]]] = [
        ("the full tree", (), {"color": "#8a9099", "linewidth": 0.9}),
        ("the folded tree", folded, {"color": VERMILLION, "linewidth": 2.4}),
    ]
    for label, chosen, style in shown:
        leaves = nodes.leaves(chosen)
        leaves = leaves[np.argsort(boxes[leaves, 0], kind="stable")]
        edges = np.append(boxes[leaves, 0], boxes[leaves[-1], 1])
        values = np.append(nodes.value[leaves], nodes.value[leaves[-1]])
        ax.plot(edges, values, drawstyle="steps-post", label=label, **style)
    ax.set(xlim=limits, xlabel=name, ylabel="y")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8)


def _places(nodes, ids):
    return np.column_stack([nodes.x[ids], -nodes.depth[ids].astype(float)])


def _kinds(nodes):
    """(marker, nodes drawn with it) pairs: one for each class."""
    if not nodes.is_classifier:
        return [("o", np.ones(len(nodes), dtype=bool))]
    return [(marker, nodes.value % 4 == at) for at, marker in enumerate(CLASS_MARKERS)]


def _colours(nodes, span=None):
    """The colour of each node: that of its class, or of its number on a scale over `span`."""
    if nodes.is_classifier:
        palette = np.array([to_rgb(colour) for colour in CLASS_COLOURS])
        return palette[nodes.value % len(palette)]
    return _shades(nodes.value, span or (nodes.value.min(), nodes.value.max()))[:, :3]


def _sample_looks(nodes, target, span):
    if nodes.is_classifier:
        for value in np.unique(target):
            look = CLASS_COLOURS[value % len(CLASS_COLOURS)], CLASS_MARKERS[value % 4]
            yield np.flatnonzero(target == value), *look
        return
    yield np.arange(len(target)), _shades(target, span), "o"


def _shades(values, span):
    from matplotlib import colormaps

    low, high = span
    return colormaps[SCALE]((np.asarray(values) - low) / ((high - low) or 1))


def _predicted(nodes, leaf, x, features):
    """The folded tree's predictions for samples whose columns are the tree's `features`."""
    column = {feature: at for at, feature in enumerate(features)}
    said = []
    for row in np.asarray(x, dtype=np.float32):  # scikit-learn compares in float32
        node = 0
        while leaf[node] < 0:
            at = row[column[nodes.feature[node]]]
            node = (nodes.left if at <= nodes.threshold[node] else nodes.right)[node]
        said.append(nodes.value[node])
    return np.array(said)


def _write_questions(ax, nodes, leaf, features, missing):
    """Write the question of each remaining split, unless a node or another question is too near."""
    room = (nodes.x.max() + 1) / 7
    crowded = nodes.depth.max() > 7
    taken = []
    for node in np.flatnonzero(leaf < 0):
        x, depth = nodes.x[node], nodes.depth[node]
        near = np.abs(nodes.x - x) < 0.6 * room
        if crowded and (near & (nodes.depth == depth - 1)).any():
            continue
        if any(abs(x - a) < room and abs(depth - d) < 1 for a, d in taken):
            continue
        taken.append((x, depth))
        known = np.isinf(nodes.threshold[node])  # the split separates samples with a missing value
        asked = "is known" if known else f"≤ {nodes.threshold[node]:.3g}"
        if nodes.missing_left[node] and nodes.feature[node] in missing:
            asked += " or missing"
        name = features[nodes.feature[node]]
        text = f"{name if len(name) <= LONGEST else f'{name[: LONGEST - 1]}…'} {asked}"
        ax.annotate(
            text, (x, -depth), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=7.5,
            color=INK, zorder=5, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip


LONGEST = 16  # letters of a feature's name above a node
_TICKS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500)


@literal
def draw_errors(
    ax: Axes,
    n_leaves: NDArray[np.int_] | Sequence[int],
    curves: Mapping[str, ArrayLike],
    *,
    spread: ArrayLike | None = None,
    choices: Mapping[str, int] | None = None,
    stops: Iterable[tuple[str, int, float]] = (),
    now: tuple[int, Sequence[float]] | None = None,
    rate: bool = True,
) -> None:
    """Draw errors against the number of leaves (on a log scale).

    n_leaves: sizes of the subtrees. curves: a dict of "training", "validation", "cross-validated"
    to one error for each size; spread: the standard error of the last. choices: a dict from label
    to a size chosen on the curve. stops: (letter, leaves, error) of pruners. now: (leaves, errors)
    of the tree on show. rate: whether errors are shares of wrong samples; otherwise they are
    squared errors.
    """
    styles = {
        "training": (BLUE, "--"),
        "validation": (VERMILLION, "-"),
        "cross-validated": (GREEN, ":"),
    }
    for label, errors in curves.items():
        colour, dash = styles.get(label, (INK, "-."))
        ax.plot(n_leaves, errors, color=colour, linestyle=dash, linewidth=2, label=label)
        if label == "cross-validated" and spread is not None:
            low, high = np.subtract(errors, spread), np.add(errors, spread)
            ax.fill_between(n_leaves, np.maximum(low, 0), high, color=GREEN, alpha=0.13, lw=0)
    for row, (label, size) in enumerate((choices or {}).items()):
        ax.axvline(size, color=GREEN, linewidth=1.2, linestyle=(0, (4, 3)))
        ax.annotate(
            label, (size, 1), xycoords=ax.get_xaxis_transform(), xytext=(3, 3 + 10 * row),
            textcoords="offset points", fontsize=8, color="#00704f",
        )  # fmt: skip
    letters: dict[tuple[int, float], str] = {}  # of all pruners that stop at the same place
    for letter, size, error in stops:
        letters[size, error] = f"{letters.get((size, error), '')} {letter}".strip()
    for place, text in letters.items():
        ax.annotate(
            text, place, xytext=(0, 13), textcoords="offset points", ha="center",
            fontsize=8, fontweight="bold", arrowprops={"arrowstyle": "-", "shrinkB": 0},
            bbox={"boxstyle": f"{'round' if ' ' in text else 'circle'},pad=0.2",
                  "facecolor": "white", "edgecolor": INK},
        )  # fmt: skip
    if now is not None:
        ax.axvline(now[0], color=INK, linewidth=1.5)
        ax.plot([now[0]] * len(now[1]), now[1], "o", color=INK, markersize=6, label="on show")
    _leaf_axis(ax, max(n_leaves))
    ax.set_ylim(bottom=0)
    ax.set_ylabel("share wrong" if rate else "mean squared error")
    if rate:
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    ax.grid(axis="y", color="#dddddd", linewidth=0.8)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8)


def _leaf_axis(ax, most):
    ax.set_xscale("log")
    ax.set_xlim(0.93, max(most, 2) * 1.08)
    ax.xaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if tick <= max(most, 2)]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.set_xlabel("leaves (log scale)")
