"""Draw training runs: plain values on given Axes. No pyplot."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from prunelab.figures.canvas import (
    DASHES,
    INK,
    PALETTE,
    percent_axis,
    plain_log_axis,
    tidy,
    title_and_key,
)
from prunelab.figures.text import literal

GREY = "#7a7a7a"


@literal
def draw_runs(
    loss_ax: Axes,
    sparsity_ax: Axes,
    runs: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    events: Mapping[int, str],
    title: str,
    first_epoch: int = 1,
) -> None:
    """Draw the validation loss of several runs, and below it their sparsity, epoch by epoch.

    runs: a dict from label to (losses, sparsities), two sequences with one value an epoch; a run
    called "dense" is drawn in grey. events: a dict from epoch to a text, marked by a dotted line.
    first_epoch: where the x axis begins.
    """
    colours = iter(PALETTE)
    for label, (losses, sparsities) in runs.items():
        colour = GREY if label == "dense" else next(colours)
        shown = slice(first_epoch - 1, None)
        epochs = np.arange(1, len(losses) + 1)[shown]
        loss_ax.plot(epochs, losses[shown], linewidth=1.6, color=colour, label=label)
        sparsity_ax.plot(epochs, sparsities[shown], linewidth=1.8, color=colour, label=label)
        loss_ax.annotate(f" {label}\n {losses[-1]:.4f}", (epochs[-1], losses[-1]), va="center",
                         color=colour, annotation_clip=False)  # fmt: skip
    for epoch, what in events.items():
        for ax in (loss_ax, sparsity_ax):
            ax.axvline(epoch, color=INK, linewidth=1, linestyle=":")
        sparsity_ax.annotate(what, (epoch, 0.86), xytext=(3, 0), textcoords="offset points",
                             va="top", fontsize=8, color=INK)  # fmt: skip
    percent_axis(sparsity_ax)
    loss_ax.spines[["top", "right"]].set_visible(False)
    loss_ax.grid(axis="y", color="#dddddd", linewidth=0.8)
    loss_ax.set_yscale("log")
    plain_log_axis(loss_ax.yaxis)
    loss_ax.margins(y=0.12)  # room for the last label of the lowest curve
    loss_ax.set_ylabel("validation MSE (log scale)")
    loss_ax.set_title(title, loc="left", color=INK)
    sparsity_ax.set(xlabel="epoch", ylabel="sparsity, % zeros")


@literal
def draw_losses(ax: Axes, losses: Mapping[str, Sequence[float]], *, title: str) -> None:
    """Draw losses of one training, epoch by epoch, each with its name.

    losses: a dict from name to a sequence with one value above zero an epoch.
    """
    for at, (label, values) in enumerate(losses.items()):
        epochs = np.arange(1, len(values) + 1)
        ax.plot(epochs, values, color=PALETTE[at % len(PALETTE)], label=label, linewidth=2,
                linestyle=DASHES[at % len(DASHES)])  # fmt: skip
    ax.set_yscale("log")
    tidy(ax, "y")
    ax.set(xlabel="epoch", ylabel="MSE (log scale)")
    title_and_key(ax, title)
