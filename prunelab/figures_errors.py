"""Figures of the errors of pruned trees against their size, on the Axes given."""

import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter, ScalarFormatter

from prunelab.figures import BLUE, GREEN, INK, VERMILLION
from prunelab.figures_text import literal

_TICKS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500)


@literal
def draw_errors(ax, n_leaves, curves, *, spread=None, choices=None, stops=(), now=None, rate=True):
    """Draw errors against the number of leaves (on a log scale).

    n_leaves: sizes of the subtrees. curves: a dict of "training", "validation", "cross-validated"
    to as many errors; spread: the standard error of the last. choices: a dict from label to a size
    chosen on the curve. stops: (letter, leaves, error) of pruners. now: (leaves, errors) on show.
    rate: whether errors are shares of samples, else squares.
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
    for letter, size, error in stops:
        ax.annotate(
            letter, (size, error), xytext=(0, 13), textcoords="offset points", ha="center",
            fontsize=8, fontweight="bold", arrowprops={"arrowstyle": "-", "shrinkB": 0},
            bbox={"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": INK},
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
    ax.set_xlabel("leaves")
