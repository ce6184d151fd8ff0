"""Figures of arms, one a row: each seed a dot, the mean, its interval. Plain values, no pyplot."""

import numpy as np

from prunelab.figures import BLUE, GREEN, INK, VERMILLION
from prunelab.figures_axes import note, plain_log_axis, tidy
from prunelab.figures_text import literal
from prunelab.seed_statistics import estimate

PURPLE, OCHRE, GREY = "#a8487f", "#8f6a00", "#6f7780"
CYCLE = (VERMILLION, GREEN, PURPLE, OCHRE, GREY)


@literal
def draw_arms(ax, arms, *, title, xlabel, control=None, log=True, references=None):
    """Draw one arm a row: each seed a dot, the mean a tick, the 95 % interval a bar.

    arms: a dict from label to one number a seed, drawn from top to bottom. control: the label of
    the row whose mean is carried through all others as a line. log: whether the axis is
    logarithmic, means geometric. references: a dict from label to a value, each a dotted line.
    """
    check_arms(arms, control)
    for row, (label, values) in enumerate(arms.items()):
        colour = INK if label == control else BLUE
        _draw_row(ax, row, list(values), estimate(values, log=log), colour)
    if control is not None:
        level = estimate(arms[control], log=log).mean
        ax.axvline(level, color=INK, linewidth=1.2, linestyle=(0, (6, 4)), zorder=0)
    for label, value in (references or {}).items():
        ax.axvline(value, color=VERMILLION, linewidth=1.6, linestyle=":", zorder=0)
        note(ax, label, (value, -0.72), (4, 0), color="#a84300")
    if log:
        ax.set_xscale("log")
        plain_log_axis(ax.xaxis)
    _label_rows(ax, list(arms))
    ax.set_xlabel(xlabel)
    ax.set_title(title, loc="left", color=INK)


@literal
def draw_changes(ax, changes, *, title, xlabel, control="the control"):
    """Draw how arms differ from their control, seed by seed, with the mean and its interval.

    changes: a dict from label to a `plan_statistics.Change`; ratios on a logarithmic axis around 1
    where they are ratios, else differences around 0. On the right: in how many seeds the arm lies
    on the side of its mean.
    """
    if not changes:
        raise ValueError("changes={}: there is no arm to draw; give at least one")
    log = next(iter(changes.values())).estimate.log
    neutral = 1.0 if log else 0.0
    for row, (label, change) in enumerate(changes.items()):
        if change.estimate.log != log:
            raise ValueError(f"changes: {label!r} mixes ratios and differences; draw them apart")
        _draw_row(ax, row, list(change.changes), change.estimate, BLUE)
        side = "lower" if change.estimate.mean < neutral else "higher"
        side = "equal" if change.estimate.mean == neutral else side
        ax.annotate(
            f"{side} in {change.agree} of {len(change.changes)}", (1.01, row),
            xycoords=("axes fraction", "data"), va="center", fontsize=9, color=INK,
        )  # fmt: skip
    ax.axvline(neutral, color=INK, linewidth=1.2, linestyle=(0, (6, 4)), zorder=0)
    note(ax, f"as {control}", (neutral, -0.72), (4, 0))
    if log:
        ax.set_xscale("log")
        low, high = ax.get_xlim()
        plain_log_axis(ax.xaxis, narrow=high < 4 * low)
    _label_rows(ax, list(changes))
    ax.set_xlabel(xlabel)
    ax.set_title(title, loc="left", color=INK)


@literal
def draw_input_selection(ax, arms, *, title, control=None):
    """Draw how well each arm's first kernel tells the inputs that matter: ROC AUC, 0.5 is a guess.

    arms: a dict from label to one AUC a seed.
    """
    draw_arms(
        ax, arms, title=title, xlabel="ROC AUC of the inputs, ranked by the norm of their weights",
        control=control, log=False, references={"a guess": 0.5},
    )  # fmt: skip


def check_arms(arms, control):
    """ValueError where there is no arm, or no such control."""
    if not arms:
        raise ValueError("arms={}: there is no arm to draw; give at least one")
    if control is not None and control not in arms:
        raise ValueError(f"control={control!r}: it is not among the arms {', '.join(arms)}")


def _draw_row(ax, row, values, found, colour):
    ax.plot(values, jittered(row, len(values), 0.16), "o", color=colour, markersize=4.5, alpha=0.5)
    if found.low is not None:
        ax.plot([found.low, found.high], [row, row], color=colour, linewidth=2.4)
    ax.plot([found.mean], [row], "|", color=colour, markersize=17, markeredgewidth=2.4)


def jittered(place, count, wide):
    """`count` places side by side, so that dots of one height do not hide each other."""
    return place + wide * (np.arange(count) % 3 - 1)


def _label_rows(ax, labels):
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -1.0)
    tidy(ax, "x")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
