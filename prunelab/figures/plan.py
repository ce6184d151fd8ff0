"""Draw the results of a plan: arms and their seeds, changes against a control, and the front.

Plain values are drawn on given Axes, without pyplot. Each seed is a dot; means and intervals are
those of `prunelab.plans.statistics`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from prunelab.figures.canvas import BLUE, DASHES, GREEN, INK, VERMILLION, note, plain_log_axis, tidy
from prunelab.figures.text import literal
from prunelab.plans.statistics import Band, Change, estimate

PURPLE, OCHRE, GREY = "#a8487f", "#8f6a00", "#6f7780"
CYCLE = (VERMILLION, GREEN, PURPLE, OCHRE, GREY)


@literal
def draw_arms(
    ax: Axes,
    arms: Mapping[str, Sequence[float]],
    *,
    title: str,
    xlabel: str,
    control: str | None = None,
    log: bool = True,
    styles: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Draw one arm a row: each seed a dot, the mean a tick, the 95 % interval a bar.

    arms: a dict from label to one number a seed, drawn from top to bottom. control: the label of
    the arm whose mean is drawn as a line through all rows. log: whether the axis is logarithmic
    and means are geometric. styles: a dict from label to (colour, marker), see `plans.styles_of`.
    """
    check_arms(arms, control)
    for row, (label, values) in enumerate(arms.items()):
        look = (styles or {}).get(label, (INK if label == control else BLUE, "o"))
        _draw_row(ax, row, list(values), estimate(values, log=log), *look)
    if control is not None:
        level = estimate(arms[control], log=log).mean
        ax.axvline(level, color=INK, linewidth=1.2, linestyle=(0, (6, 4)), zorder=0)
    if log:
        ax.set_xscale("log")
        plain_log_axis(ax.xaxis)
    _label_rows(ax, list(arms))
    ax.set_xlabel(xlabel)
    ax.set_title(title, loc="left", color=INK)


@literal
def draw_changes(
    ax: Axes,
    changes: Mapping[str, Change],
    *,
    title: str,
    xlabel: str,
    control: str = "the control",
    styles: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Draw how arms differ from their control, seed by seed, with the mean and its interval.

    changes: a dict from label to a `plans.statistics.Change`. Ratios are drawn on a logarithmic
    axis around 1, differences around 0. On the right: the number of seeds in which the arm lies on
    the same side as its mean. styles: a dict from label to (colour, marker).
    """
    if not changes:
        raise ValueError("changes={}: there is no arm to draw; give at least one")
    log = next(iter(changes.values())).estimate.log
    neutral = 1.0 if log else 0.0
    for row, (label, change) in enumerate(changes.items()):
        if change.estimate.log != log:
            raise ValueError(f"changes: {label!r} mixes ratios and differences; draw them apart")
        look = (styles or {}).get(label, (BLUE, "o"))
        _draw_row(ax, row, list(change.changes), change.estimate, *look)
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


def check_arms(arms, control):
    """ValueError if there is no arm, or no arm called `control`."""
    if not arms:
        raise ValueError("arms={}: there is no arm to draw; give at least one")
    if control is not None and control not in arms:
        raise ValueError(f"control={control!r}: it is not among the arms {', '.join(arms)}")


def _draw_row(ax, row, values, found, colour, marker):
    across = jittered(row, len(values), 0.16)
    ax.plot(values, across, marker, color=colour, markersize=4.5, alpha=0.5, linestyle="none")
    if found.low is not None:
        ax.plot([found.low, found.high], [row, row], color=colour, linewidth=2.4)
    ax.plot([found.mean], [row], "|", color=colour, markersize=17, markeredgewidth=2.4)


def jittered(place, count, wide):
    """`count` positions side by side, so that dots of equal value do not hide each other."""
    return place + wide * (np.arange(count) % 3 - 1)


def _label_rows(ax, labels):
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -1.0)
    tidy(ax, "x")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


MIDDLES = ("mean", "median")
MARKERS = ("s", "^", "D", "p", "v")
SHARES = (0, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
FAR = 6  # a level this many times below every network is written at the foot, not drawn


@literal
def draw_front(
    ax: Axes,
    arms: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    title: str,
    ylabel: str,
    control: str | None = None,
    levels: Mapping[str, float] | None = None,
    lines: Sequence[Sequence[str]] = (),
    styles: Mapping[str, tuple[str, str]] | None = None,
    log: bool = True,
    legend: bool = True,
    middle: str = "mean",
) -> None:
    """Draw sparsity against error: a dot for every run, a marker with its interval for every arm.

    arms: a dict from label to (gone, values), each one number a seed; gone is the share of the
    control's weights that are zero, or were never built, in [0, 1). The x axis shows the share
    left, on a logarithmic scale; arms with equal shares stand side by side. control: label of the
    arm whose mean is a line. levels: a dict from label to a value, such as a linear model's; one
    far below all runs is written at the foot. lines: sequences of labels to join. styles: a dict
    from label to (colour, marker). legend: whether the arms' names are listed beside the plot; arms
    joined by a line are one entry. middle: what the markers show, "mean" with its interval, or
    "median" without, for seeds that form two groups.
    """
    check_arms(arms, control)
    if middle not in MIDDLES:
        raise ValueError(f"middle={middle!r}: write 'mean' or 'median'")
    styles = styles or {}
    places, half = _side_by_side({label: np.mean(gone) for label, (gone, _) in arms.items()})
    marks = {}
    joined = {label for line in lines for label in line}
    others = [label for label in arms if label not in joined and label != control]
    for label, (_, values) in arms.items():
        colour, marker = styles.get(label) or _own_style(label, others, joined)
        found = estimate(values, log=log)
        if middle == "median":
            found = replace(found, mean=float(np.median(values)), low=None, high=None)
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
        ax.legend(
            *_legend(ax, lines, styles), frameon=False, fontsize=9, loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
        )  # fmt: skip


def _legend(ax, lines, styles):
    """Handles and labels; arms of a line with the same style share one entry."""
    handles, labels = ax.get_legend_handles_labels()
    for line in lines:
        here = [label for label in labels if label in line]
        if len(here) > 1 and len({styles.get(label) for label in here}) == 1:
            first = labels.index(here[0])
            kept = [at for at, label in enumerate(labels) if label not in here[1:]]
            labels[first] = _named_together(here)
            handles, labels = [handles[at] for at in kept], [labels[at] for at in kept]
    return handles, labels


def _named_together(labels):
    """Shorten labels: "pruned to 50 %", "pruned to 75 %" become "pruned to 50, 75 %"."""
    words = [label.split() for label in labels]
    starts, ends = (
        next((at for at, each in enumerate(zip(*rows, strict=False)) if len(set(each)) > 1), 0)
        for rows in (words, [row[::-1] for row in words])
    )
    inner = [" ".join(row[starts : len(row) - ends]) for row in words]
    end = words[0][len(words[0]) - ends :]
    return " ".join([*words[0][:starts], ", ".join(inner), *end])


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
    """({label: place}, half the widest gap); −log10 of the share left; equals are spread."""
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
    """The control's mean and other levels as lines; a level far below is written at the foot."""
    if control is not None:
        found = estimate(arms[control][1], log=log)
        ax.axhline(found.mean, color=INK, linewidth=1.2, linestyle=(0, (6, 4)), zorder=0)
        if found.low is not None:
            ax.axhspan(found.low, found.high, color=INK, alpha=0.06, linewidth=0, zorder=0)
        note(ax, "the control", (0.08, found.mean), (0, 3), ax.get_yaxis_transform())
    far = {label: level for label, level in levels.items() if log and level < values.min() / FAR}
    for label, level in levels.items():
        if label in far:
            continue
        ax.axhline(level, color=INK, linewidth=1.5, linestyle=":", zorder=0)
        at = (0.995, level)
        note(ax, f"{label} {level:.4g}", at, (0, 3), ax.get_yaxis_transform(), ha="right")
    if far:
        text = ",  ".join(f"{label} {level:.2g}" for label, level in far.items())
        note(ax, f"↓ far below:  {text}", (0.01, 0.015), (0, 2), ax.transAxes)
        low, high = values.min(), values.max()
        ax.set_ylim(low / (high / low) ** 0.16, None)  # room for that text


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


__all__ = [
    "draw_arms",
    "draw_changes",
    "draw_front",
    "draw_loss_bands",
    "plain_log_axis",
]


@literal
def draw_loss_bands(
    ax: Axes,
    bands: Mapping[str, Band],
    *,
    title: str,
    ylabel: str = "validation MSE (log scale)",
    control: str | None = None,
    styles: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Draw loss against epoch: a line through the middle of the seeds, a band from low to high.

    bands: a dict from label to a `plans.statistics.Band`. A dotted line marks the beginning of the
    second phase. control: the label to draw in black. styles: a dict from label to (colour,
    marker); the marker is not used here. Curves of the same colour have different dashes.
    """
    if not bands:
        raise ValueError("bands={}: there is no curve to draw; give at least one")
    used: list[str] = []
    for at, (label, band) in enumerate(bands.items()):
        own = INK if label == control else CYCLE[at % len(CYCLE)]
        colour = (styles or {}).get(label, (own,))[0]
        style: dict[str, Any] = {
            "color": colour,
            "linestyle": DASHES[used.count(colour) % len(DASHES)],
        }
        used.append(colour)
        ax.plot(band.epochs, band.middle, linewidth=1.8, label=label, **style)
        ax.fill_between(band.epochs, band.low, band.high, color=colour, alpha=0.15, linewidth=0)
    longest = max(len(band.epochs) for band in bands.values())
    for boundary in {b.boundary for b in bands.values() if 0 < b.boundary < len(b.epochs)}:
        ax.axvline(boundary + 0.5, color=INK, linewidth=1, linestyle=":")
        ax.annotate(
            "second phase", (boundary + 0.5, 1), xycoords=("data", "axes fraction"), xytext=(4, -3),
            textcoords="offset points", va="top", fontsize=9, color=INK,
        )  # fmt: skip
    ax.set_yscale("log")
    plain_log_axis(ax.yaxis)
    ax.set_xlim(1, longest)
    tidy(ax, "y")
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.set_title(title, loc="left", color=INK)
    ax.legend(frameon=False, fontsize=9)
