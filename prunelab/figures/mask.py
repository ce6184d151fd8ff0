"""Draw masks: which weights stay, which are cut, and the loss before retraining.

Plain values are drawn on given Axes, without pyplot.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Patch
from matplotlib.ticker import (
    LogLocator,
    MaxNLocator,
    NullFormatter,
    PercentFormatter,
    ScalarFormatter,
)
from numpy.typing import ArrayLike

from prunelab.figures.canvas import (
    BLUE,
    DASHES,
    GREEN,
    INK,
    PALETTE,
    VERMILLION,
    tidy,
    title_and_key,
)
from prunelab.figures.text import literal
from prunelab.masks.losses import MaskLosses, SensitivityScan
from prunelab.masks.patterns import CRITERIA

# The box behind a label, so that no line crosses the text.
_CLEAR = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.2}
STYLES = {"magnitude": (BLUE, "-"), "random": (GREEN, "--"), "largest": ("#a8487f", ":")}


@literal
def draw_mask_losses(
    ax: Axes,
    losses: MaskLosses,
    pattern: str = "unstructured",
    *,
    title: str,
    now: tuple[str, float] | None = None,
) -> None:
    """Draw the measured loss against sparsity, one line for each criterion, before any retraining.

    losses: a `prunelab.masks.losses.MaskLosses`. pattern: which of its patterns. now: None, or
    (criterion, sparsity): the nearest measured point is marked.
    """
    for curve in losses.curves:
        if curve.pattern != pattern:
            continue
        label, (colour, dash) = CRITERIA[curve.criterion].label, STYLES[curve.criterion]
        if curve.criterion == "random" and losses.draws > 1:
            label = f"random, {losses.draws} draws"
            ax.fill_between(curve.realised, curve.low, curve.high, color=colour, alpha=0.15, lw=0)
        marker = "_" if len(curve.realised) == 1 else None
        ax.plot(
            curve.realised, curve.losses, color=colour, linestyle=dash, linewidth=2, label=label,
            marker=marker, markersize=14, markeredgewidth=2.5,
        )  # fmt: skip
        if now is not None and now[0] == curve.criterion:
            at = curve.nearest(now[1])
            _mark(ax, curve.realised[at], curve.losses[at], colour)
    _levels(ax, losses)
    _loss_axes(ax, losses, f"{losses.measured_on} MSE")
    title_and_key(ax, title)


@literal
def draw_sensitivity_band(
    ax: Axes, scans: Sequence[SensitivityScan], *, title: str, names: Iterable[str] | None = None
) -> None:
    """Draw loss over unmasked loss for each layer masked alone, over several seeds.

    scans: one for each seed, all with the same sparsities. The line is the median, the band is
    between the lowest and the highest seed. names: labels for the layers; by default kernel 0,
    kernel 1, …
    """
    first = scans[0]
    names = [f"kernel {at}" for at in range(len(first.curves))] if names is None else list(names)
    for at, name in enumerate(names):
        colour, grid = PALETTE[at % len(PALETTE)], first.curves[at].sparsities
        ratios = np.array([np.divide(scan.curves[at].losses, scan.dense) for scan in scans])
        ax.fill_between(grid, ratios.min(axis=0), ratios.max(axis=0), color=colour, alpha=0.15,
                        linewidth=0)  # fmt: skip
        ax.plot(grid, np.median(ratios, axis=0), color=colour, linewidth=2, label=name,
                linestyle=DASHES[at % len(DASHES)])  # fmt: skip
    ax.axhline(1.0, color="#6b7280", linewidth=1.1, linestyle=":")
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
    ax.yaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_minor_formatter(NullFormatter())
    tidy(ax, "y")
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    ylabel = f"{first.measured_on} MSE,\ntimes the unmasked one (log scale)"
    ax.set(xlabel="sparsity, % zeros", ylabel=ylabel)
    title_and_key(ax, title)


@literal
def draw_pixels(ax: Axes, values: ArrayLike, *, title: str, most: float | None = None) -> None:
    """Draw one number a pixel of a square picture, dark for large values, with the number in it.

    values: [pixels], row by row, or [side, side]; such as the weights that each input has left.
    most: the value drawn darkest, so that several pictures can share a scale; None for the largest.
    Raises ValueError if the pixels do not form a square.
    """
    values = np.asarray(values, dtype=float)
    side = round(values.size**0.5)
    if not values.size or side * side != values.size:
        raise ValueError(f"values has {values.size} numbers: a square picture has 4, 9, 16, …")
    picture, most = values.reshape(side, side), float(values.max() if most is None else most)
    ax.imshow(picture, cmap="Greys", vmin=0, vmax=1.15 * most or 1)
    for (row, column), value in np.ndenumerate(picture):
        ax.annotate(f"{value:g}", (column, row), ha="center", va="center", fontsize=7,
                    color="white" if value > 0.6 * most else INK)  # fmt: skip
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(title, loc="left", color=INK, fontsize=10)


def _mark(ax, sparsity, loss, colour):
    ax.axvline(sparsity, color=INK, linewidth=1.2)
    ax.plot([sparsity], [loss], "o", color=colour, markersize=9, markeredgecolor="white")
    left = sparsity < 0.2
    ax.annotate(  # above the curve, which rises
        f"{loss:.4g}", (sparsity, loss), xytext=(9 if left else -9, 8), fontweight="bold",
        textcoords="offset points", ha="left" if left else "right", color=INK, bbox=_CLEAR,
        zorder=6,
    )  # fmt: skip


def _levels(ax, measured):
    """Draw two levels: the loss without pruning, and that of predicting the mean."""
    for value, words in (
        (measured.dense, "nothing\ncut"),
        (measured.constant, "predicting\nthe mean"),
    ):
        ax.axhline(value, color="#6b7280", linewidth=1.1, linestyle=":")
        ax.annotate(  # beside the axes, where no curve is drawn
            words, (1, value), xycoords=ax.get_yaxis_transform(), xytext=(4, 0),
            textcoords="offset points", va="center", ha="left", fontsize=8.5, color="#4a5058",
        )  # fmt: skip


def _loss_axes(ax, measured, label):
    values = [value for curve in measured.curves for value in (*curve.low, *curve.high)]
    values += [measured.dense, measured.constant]
    log = min(values) > 0 and max(values) / min(values) >= 1.5
    if log:
        ax.set_yscale("log")
        ax.set_ylim(min(values) * 0.85, max(values) * 1.15)
        subs = (1, 2, 5) if max(values) / min(values) > 20 else (1, 2, 3, 5, 7)
        ax.yaxis.set_major_locator(LogLocator(subs=subs))
        ax.yaxis.set_major_formatter(ScalarFormatter())
        ax.yaxis.set_minor_formatter(NullFormatter())
    else:
        ax.set_ylim(0, 1.08 * max(values) or 1)
    tidy(ax, "y")
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    ax.set(xlabel="sparsity, % zeros", ylabel=f"{label} (log scale)" if log else label)


__all__ = [
    "draw_layer",
    "draw_mask",
    "draw_mask_losses",
    "draw_pixels",
    "draw_sensitivity_band",
    "draw_weights",
    "pooled_shares",
]

MOST_PIXELS = 600  # a side of the heatmap; larger matrices are pooled
CUT = "#eef0f3"
SIGNED = LinearSegmentedColormap.from_list(
    "signed", ["#005a8f", "#9cc7e6", "#f2b48f", "#b04a00"], N=16
)
SHARES = LinearSegmentedColormap.from_list("shares", [CUT, "#005a8f"], N=24)
BINS = 61  # odd, so that the middle one holds the weights around zero


@literal
def draw_mask(ax: Axes, weights: ArrayLike, mask: ArrayLike, *, title: str) -> None:
    """Draw which weights of a matrix stay: a square for each weight, coloured by sign and size.

    weights, mask: 2-D arrays [inputs, neurons]. A side longer than 600 is pooled: a square then
    shows the share of its weights that stay, and the label below says how many weights it covers.
    """
    weights, mask = np.asarray(weights), np.asarray(mask, dtype=bool)
    rows, columns = mask.shape
    pool = -(-max(rows, columns) // MOST_PIXELS)
    if pool == 1:
        reach = 3 * float(np.sqrt(np.mean(np.square(weights, dtype=np.float64)))) or 1.0
        # The scale starts at 0.08, so that even the smallest kept weight is coloured.
        strength = np.sign(weights) * (0.08 + 0.92 * np.clip(np.abs(weights) / reach, 0, 1))
        picture, limits, colours = np.where(mask, strength, np.nan), (-1, 1), SIGNED
    else:
        picture, limits, colours = pooled_shares(mask, pool), (0, 1), SHARES
    colours = colours.with_extremes(bad=CUT)
    ax.imshow(
        picture, cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="nearest",
        extent=(0, columns, rows, 0), aspect="equal" if 1 / 8 < rows / columns < 8 else "auto",
    )  # fmt: skip
    note = "" if pool == 1 else f"; a pixel is {pool} × {pool} weights"
    ax.set(xlabel=f"neurons{note}", ylabel="inputs")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_title(title, loc="left", color=INK)
    if pool == 1:
        ax.legend(
            handles=[
                Patch(color="#b04a00", label="positive"), Patch(color="#005a8f", label="negative"),
                Patch(facecolor=CUT, edgecolor="#c9ced5", label="cut"),
            ],
            ncols=3, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.13),
        )  # fmt: skip


def pooled_shares(mask, pool):
    """The share of True in each `pool` × `pool` square of a mask; edge squares are smaller."""
    rows, columns = mask.shape
    starts = np.arange(0, rows, pool), np.arange(0, columns, pool)
    counts = np.add.reduceat(np.add.reduceat(mask.astype(int), starts[0], 0), starts[1], 1)
    sizes = np.outer(*(np.diff([*at, n]) for at, n in zip(starts, mask.shape, strict=True)))
    return counts / sizes


@literal
def draw_weights(
    ax: Axes,
    weights: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    title: str,
    threshold: float | None = None,
) -> None:
    """Draw a stacked histogram of the weights: kept weights below, cut weights on top.

    weights: numbers of any shape. mask: bools of that shape, or None if nothing is cut.
    threshold: a magnitude to mark on both sides of zero, or None.
    """
    weights = np.asarray(weights, dtype=np.float64).ravel()
    mask = np.ones(weights.size, bool) if mask is None else np.asarray(mask, bool).ravel()
    reach = float(np.abs(weights).max()) or 1.0
    edges = np.linspace(-reach, reach, BINS + 1)
    every, kept = (np.histogram(chosen, edges)[0] for chosen in (weights, weights[mask]))
    centres, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    cut = f"cut ({np.count_nonzero(~mask):,})"
    ax.bar(centres, kept, width, color=BLUE, label=f"stays ({np.count_nonzero(mask):,})")
    ax.bar(
        centres, every - kept, width, bottom=kept, facecolor="#e6e9ed", edgecolor="#8b939d",
        hatch="////", linewidth=0, label=cut,
    )  # fmt: skip
    if threshold is not None:
        for sign in (-1, 1):
            label = f"|w| = {threshold:.4g}" if sign > 0 else None
            style: dict[str, Any] = {
                "color": VERMILLION,
                "linestyle": (0, (5, 2)),
                "linewidth": 1.8,
            }
            ax.axvline(sign * threshold, label=label, **style)
    tidy(ax, "y")
    ax.set_ylim(0, 1.06 * max(every))
    ax.set(xlabel="weight w", ylabel="weights in a bin")
    title_and_key(ax, title)


@literal
def draw_layer(ax: Axes, weights: ArrayLike, mask: ArrayLike, *, title: str) -> None:
    """Draw a layer as a network: inputs on the left, neurons on the right, a line for each weight.

    weights: a small matrix [inputs, neurons]. mask: bools of its shape. A kept weight is a line,
    thicker for larger magnitudes, coloured by its sign as in `draw_mask`; a cut weight is faint and
    dotted. A neuron or an input without any weight left is hollow.
    """
    weights, mask = np.asarray(weights, dtype=np.float64), np.asarray(mask, bool)
    left, right = (np.linspace(0.95, 0.05, count) for count in weights.shape)
    most = float(np.abs(weights).max()) or 1.0
    for (row, column), weight in np.ndenumerate(weights):
        style: dict[str, Any] = {"color": "#c9ced5", "linewidth": 0.9, "linestyle": ":"}
        if mask[row, column]:
            colour = "#b04a00" if weight > 0 else "#005a8f"
            style = {"color": colour, "linewidth": 0.6 + 3.4 * abs(weight) / most}
        ax.plot([0, 1], [left[row], right[column]], zorder=1 + mask[row, column], **style)
    for place, heights, alive in ((0, left, mask.any(axis=1)), (1, right, mask.any(axis=0))):
        ax.scatter(
            np.full(len(heights), place), heights, s=150, zorder=3, edgecolors=INK, linewidths=1.3,
            facecolors=np.where(alive, "#d8dde3", "#ffffff"),
        )  # fmt: skip
    ax.set(xlim=(-0.12, 1.12), ylim=(0, 1), xticks=[0, 1], yticks=[])
    ax.set_xticklabels(["inputs", "neurons"])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(title, loc="left", color=INK)
