"""Figures of a search: every trial, the front of what no other trial beats, its knee. No pyplot."""

import numpy as np
from matplotlib.ticker import FuncFormatter

from prunelab.figures import BLUE, INK, VERMILLION
from prunelab.figures_plans import plain_log_axis
from prunelab.validate import real_array

GREY = "#6f7780"


def draw_pareto_front(ax, points, front, *, title, xlabel, ylabel, knee=None, levels=None):
    """Draw trials as dots, the front among them as a line of larger ones, its knee as a ring.

    points: [n, 2], the two objectives of each complete trial, the first upwards, both above 0 and
    the better the smaller; both axes are logarithmic. front: indices of the trials on it. knee: an
    index, or None. levels: a dict from label to a value of the first objective, such as the dense
    network's, drawn as a dotted line.
    """
    points = _checked(points)
    front = [int(i) for i in front]
    if not front or not set(front) <= set(range(len(points))):
        raise ValueError(f"front={front}: it must be indices of the {len(points)} points")
    if knee is not None and knee not in front:
        raise ValueError(f"knee={knee}: it must be one of the front {front}")
    up, across = points.T
    others = sorted(set(range(len(points))) - set(front))
    ax.plot(across[others], up[others], "o", color=GREY, markersize=4, alpha=0.6,
            label="beaten by another trial")  # fmt: skip
    ordered = sorted(front, key=lambda i: (across[i], up[i]))
    _draw_steps(ax, across[ordered], up[ordered])
    ax.plot(across[ordered], up[ordered], "o", color=BLUE, markersize=6.5, markeredgecolor="white",
            label="the front: beaten by none")  # fmt: skip
    if knee is not None:
        ax.plot(across[knee], up[knee], "o", markersize=13, markerfacecolor="none",
                markeredgecolor=VERMILLION, markeredgewidth=2, label="its knee")  # fmt: skip
    for label, level in (levels or {}).items():
        ax.axhline(level, color=INK, linewidth=1.4, linestyle=":", zorder=0)
        ax.annotate(label, (0.995, level), xycoords=ax.get_yaxis_transform(), xytext=(0, 3),
                    textcoords="offset points", ha="right", fontsize=9, color=INK)  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    for axis in (ax.xaxis, ax.yaxis):
        plain_log_axis(axis)
        axis.set_major_formatter(FuncFormatter(_plain))
    ax.set_title(title, loc="left", color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#dddddd", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.legend(frameon=False, fontsize=9)


def _draw_steps(ax, across, up):
    """What the front promises: between two of its trials, the error of the smaller one."""
    ax.step(across, up, where="post", color=BLUE, linewidth=1.4, alpha=0.7, zorder=1)


def _plain(value, _):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _checked(points):
    points = real_array("points", points).astype(np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"points has shape {points.shape}: it must be [trials, 2], one at least")
    if not (np.isfinite(points).all() and points.min() > 0):
        raise ValueError("points holds a number that is not above 0: its axes are logarithmic")
    return points
