"""Figures of training runs: plain values drawn on the Axes given. No pyplot."""

import numpy as np

from prunelab.figures import DASHES, INK, PALETTE, percent_axis


def draw_runs(loss_ax, sparsity_ax, runs, *, phase_end, title):
    """Draw the validation loss of several runs, and below it their sparsity, epoch by epoch.

    runs: a dict from label to (losses, sparsities), two sequences with one value an epoch.
    phase_end: the epoch at which the second phase begins; a dotted line marks it.
    """
    for at, (label, (losses, sparsities)) in enumerate(runs.items()):
        style = {"color": PALETTE[at % len(PALETTE)], "linestyle": DASHES[at % len(DASHES)]}
        epochs = np.arange(1, len(losses) + 1)
        loss_ax.plot(epochs, losses, linewidth=1.6, label=label, **style)
        sparsity_ax.plot(epochs, sparsities, linewidth=1.8, label=label, **style)
    for ax in (loss_ax, sparsity_ax):
        ax.axvline(phase_end, color=INK, linewidth=1, linestyle=":")
    percent_axis(sparsity_ax)
    loss_ax.spines[["top", "right"]].set_visible(False)
    loss_ax.grid(axis="y", color="#dddddd", linewidth=0.8)
    loss_ax.set_yscale("log")
    loss_ax.set_ylabel("validation MSE (log scale)")
    loss_ax.set_title(title, loc="left", color=INK)
    loss_ax.legend(frameon=False, ncols=2)
    sparsity_ax.set(xlabel="epoch", ylabel="sparsity, % zeros")


def draw_dots(ax, values, *, title, xlabel, reference=None):
    """Draw one labelled dot a row, top to bottom; `reference` is (label, value) of a dotted line.

    values: a dict from label to a positive number; the axis is logarithmic.
    """
    labels = list(values)
    rows = np.arange(len(labels))[::-1]
    ax.hlines(rows, min(values.values()) / 2, list(values.values()), color="#cccccc", linewidth=1)
    ax.plot(list(values.values()), rows, "o", color=PALETTE[0], markersize=8)
    for row, value in zip(rows, values.values(), strict=True):
        ax.annotate(f"{value:.2g}", (value, row), xytext=(9, 0), textcoords="offset points",
                    va="center", color=INK)  # fmt: skip
    if reference is not None:
        ax.axvline(reference[1], color=PALETTE[1], linestyle=":", linewidth=1.6)
        ax.annotate(reference[0], (reference[1], len(labels) - 0.5), xytext=(4, 0),
                    textcoords="offset points", color=PALETTE[1], va="center")  # fmt: skip
    ax.set_xscale("log")
    ax.set_xlim(right=4 * max(values.values()))  # room for the last label
    ax.set_yticks(rows, labels)
    ax.set_ylim(-0.6, len(labels) - 0.2)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(xlabel)
    ax.set_title(title, loc="left", color=INK)
