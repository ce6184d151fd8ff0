"""The figure of a front: share of weights gone against error, every run a dot. No pyplot."""

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter

from prunelab.figures import BLUE, INK
from prunelab.figures_arms import CYCLE, check_arms, jittered
from prunelab.figures_axes import note, plain_log_axis, tidy
from prunelab.figures_text import literal
from prunelab.seed_statistics import estimate

MARKERS = ("s", "^", "D", "p", "v")
SHARES = (0, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
FAR = 6  # a level so many times lower than every network is written below, not drawn


@literal
def draw_front(
    ax, arms, *, title, ylabel, control=None, levels=None, lines=(), styles=None, log=True,
    legend=True,
):  # fmt: skip
    """Draw sparsity against error: every run a dot, each arm a marker with its interval.

    arms: a dict from label to (gone, values), each one number a seed; gone is the share of the
    control's weights that are zero, or were never there, in [0, 1). Across, what is left has a
    logarithmic scale; arms of one share stand side by side. control: label of the arm whose mean is
    a line. levels: a dict from label to a value, such as a linear model's; one far below all runs
    is written at the foot. lines: sequences of labels to join. styles: a dict from label to
    (colour, marker). legend: whether the arms' names stand beside the picture.
    """
    check_arms(arms, control)
    styles = styles or {}
    places, half = _side_by_side({label: np.mean(gone) for label, (gone, _) in arms.items()})
    marks = {}
    joined = {label for line in lines for label in line}
    others = [label for label in arms if label not in joined and label != control]
    for label, (_, values) in arms.items():
        colour, marker = styles.get(label) or _own_style(label, others, joined)
        found = estimate(values, log=log)
        _draw_stack(ax, places[label], list(values), found, colour, marker, label)
        marks[label] = (places[label], found.mean)
    for line in lines:
        across, up = np.array(sorted(marks[label] for label in line if label in marks)).T
        colour = styles.get(line[0], (BLUE, "o"))[0]
        ax.plot(across, up, color=colour, linewidth=1.3, alpha=0.7, zorder=1)
    if log:
        ax.set_yscale("log")
        plain_log_axis(ax.yaxis)
    values = np.concatenate([np.asarray(list(values), float) for _, values in arms.values()])
    _draw_levels(ax, arms, control, levels or {}, values, log)
    _label_shares(ax, places.values(), half)
    ax.set_ylabel(ylabel)
    ax.set_title(title, loc="left", color=INK)
    if legend:
        ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1.0))


def _own_style(label, others, joined):
    if label in joined:
        return BLUE, "o"
    if label not in others:
        return INK, "o"
    at = others.index(label)
    return CYCLE[at % len(CYCLE)], MARKERS[(at + at // len(CYCLE)) % len(MARKERS)]


def _draw_stack(ax, x, values, found, colour, marker, label):
    across = jittered(x, len(values), 0.011)
    ax.plot(across, values, "o", color=colour, markersize=3.2, alpha=0.55)
    if found.low is not None:
        ax.plot([x, x], [found.low, found.high], color=colour, linewidth=1.8)
    ax.plot(
        [x], [found.mean], marker, color=colour, markersize=8, markeredgecolor="white", label=label
    )


def _side_by_side(gone):
    """({label: place}, half the widest gap): −log10 of what is left; equals stand in a row."""
    depth = {label: -np.log10(max(1 - share, 1e-6)) for label, share in gone.items()}
    step = 0.028 * max(1.0, *depth.values())
    groups = []
    for label in sorted(depth, key=depth.get):
        if groups and abs(depth[label] - depth[groups[-1][0]]) < 0.03:
            groups[-1].append(label)
        else:
            groups.append([label])
    places = {}
    for group in groups:
        group.sort(key=list(gone).index)
        for at, label in enumerate(group):
            places[label] = depth[group[0]] + step * (at - (len(group) - 1) / 2)
    return places, step


def _draw_levels(ax, arms, control, levels, values, log):
    """The control's mean and other levels as lines; what lies far below is written at the foot."""
    if control is not None:
        found = estimate(arms[control][1], log=log)
        ax.axhline(found.mean, color=INK, linewidth=1.2, linestyle=(0, (6, 4)), zorder=0)
        if found.low is not None:
            ax.axhspan(found.low, found.high, color=INK, alpha=0.06, linewidth=0, zorder=0)
        note(ax, "the control", (0.08, found.mean), (0, 3), ax.get_yaxis_transform())
    far = {label: level for label, level in levels.items() if log and level < values.min() / FAR}
    for label in levels.keys() - far:
        ax.axhline(levels[label], color=INK, linewidth=1.5, linestyle=":", zorder=0)
        at = (0.995, levels[label])
        note(ax, f"{label} {levels[label]:.4g}", at, (0, 3), ax.get_yaxis_transform(), ha="right")
    if far:
        text = ",  ".join(f"{label} {level:.2g}" for label, level in far.items())
        note(ax, f"↓ far below:  {text}", (0.01, 0.015), (0, 2), ax.transAxes)
        low, high = values.min(), values.max()
        ax.set_ylim(low / (high / low) ** 0.16, None)  # room for that line


def _label_shares(ax, places, room):
    low, high = min(places) - room, max(*places, 0.31) + room
    ticks = [(share, -np.log10(1 - share)) for share in SHARES]
    shown = [(share, at) for share, at in ticks if low <= at <= high]
    ax.xaxis.set_major_locator(FixedLocator([at for _, at in shown]))
    names = {round(at, 6): f"{100 * share:.4g} %" for share, at in shown}
    ax.xaxis.set_major_formatter(FuncFormatter(lambda at, _: names.get(round(at, 6), "")))
    ax.set_xlim(low, high)
    ax.set_xlabel("weights gone, % of the control's (log scale of what is left)")
    tidy(ax, "y")
