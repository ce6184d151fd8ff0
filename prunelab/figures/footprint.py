"""Draw bytes, milliseconds and the choice among networks on given Axes. No pyplot."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    NullFormatter,
    NullLocator,
    PercentFormatter,
)
from numpy.typing import ArrayLike

from prunelab.figures.canvas import BLUE, DASHES, INK, PALETTE, VERMILLION, plain_log_axis, tidy
from prunelab.figures.text import literal
from prunelab.plans.statistics import estimate

PURPLE = "#8a6bb0"
ON_WHITE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.6}  # behind a label
# Tick steps; the finest one that leaves room for its labels is used.
FACTORS = ((2, 4, 10, 30, 100), (4, 10, 100), (10, 100, 1000, 10_000), (100, 10_000))
TICK_ROOM = 0.19  # least distance between labels, as a fraction of the axis
LABEL_ROOM = 0.05  # of the axis: near its end, a break-even is written beside its mark


@literal
def draw_bytes(
    ax: Axes, bars: Mapping[str, Mapping[str, Any]], *, dense: float, title: str
) -> None:
    """Draw the bytes of each format against dense weights, with the entropy bound as a line.

    bars: a dict from label to a dict of value (bytes or None), limit (bytes or None) and status
    ("right", "wrong", "failed", "missing" or "unmeasured"). dense: bytes of the dense weights.
    Bars run from the dense line, on a logarithmic axis: to the left what is smaller.
    """
    _draw_bars(ax, bars, dense, bytes_on_axis, ("smaller", "larger"))
    ax.set_title(title, loc="left", color=INK, fontsize=11)
    ax.set_xlabel("bytes against dense float32 weights (log scale)")


@literal
def draw_milliseconds(
    ax: Axes, bars: Mapping[str, Mapping[str, Any]], *, dense: float, title: str
) -> None:
    """Draw the milliseconds of each runtime against dense, with the machine's limit as a line.

    bars: as in `draw_bytes`, in ms; if a bar has low and high, the quartiles are drawn too, and if
    it has dense, it is compared with that value. dense: ms of the fastest dense runtime.
    """
    _draw_bars(ax, bars, dense, lambda value: f"{value:.3g} ms", ("faster", "slower"))
    ax.set_title(title, loc="left", color=INK, fontsize=11)
    ax.set_xlabel("ms a call against the fastest dense runtime (log scale)")


@literal
def draw_break_even(
    ax: Axes,
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    title: str,
    ylabel: str,
    limit: tuple[ArrayLike, ArrayLike] | None = None,
    evens: Mapping[str, float | None] | None = None,
    limit_label: str = "limit",
) -> None:
    """Draw how many times smaller or faster than dense something is, sparsity by sparsity.

    curves: a dict from label to (sparsities, gains), in [0, 1) and above 0; a gain above 1 is an
    improvement. limit: (sparsities, gains) that no gain exceeds, dashed, with the label
    limit_label. evens: a dict from label to the sparsity at which its curve crosses 1, marked
    there; None if it never does.
    """
    if not curves:
        raise ValueError("curves={}: there is nothing to draw; give at least one")
    for at, (label, (sparsities, gains)) in enumerate(curves.items()):
        colour = PALETTE[at % len(PALETTE)]
        even = (evens or {}).get(label)
        _draw_curve(ax, sparsities, gains, even, colour, DASHES[at % len(DASHES)], label)
        if even is not None:
            ax.plot([even], [1], "v", color=colour, markersize=9, markeredgecolor="white", zorder=5)
            right = even > 1 - LABEL_ROOM
            # Beyond the crossing the curve itself is above the line of 1; another may be below it.
            near = [float(np.interp(even + 0.04, np.asarray(x, float), np.asarray(y, float)))
                    for x, y in curves.values()]  # fmt: skip
            below = -29 if any(0.75 < gain < 0.97 for gain in near) else -13
            ax.annotate(
                f"{100 * even:.3g} %", (even, 1), xytext=(-6 if right else 6, below),
                textcoords="offset points", fontsize=9, color=colour,
                ha="right" if right else "left",
            )  # fmt: skip
    if limit is not None:
        ax.plot(*limit, color=INK, linestyle="--", linewidth=1.3, label=limit_label, zorder=1)
    ax.axhline(1, color=INK, linewidth=1.2)
    ax.set_yscale("log")
    _factor_axis(ax.yaxis, *ax.get_ylim())
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    tidy(ax, "both")
    ax.set(xlabel="sparsity", ylabel=ylabel)
    ax.set_title(title, loc="left", color=INK, fontsize=11)
    ax.legend(frameon=False, fontsize=9, loc="upper left")


def _draw_curve(ax, sparsities, gains, even, colour, dashes, label):
    """A dot for each measured gain; the line between the dots passes through the break-even."""
    style = {"color": colour, "linestyle": dashes, "linewidth": 1.8, "marker": "o"}
    points = dict(zip(sparsities, gains, strict=True))
    dots = points if even is None else points | {even: points.get(even, 1)}
    across = sorted(dots)
    measured = [at for at, sparsity in enumerate(across) if sparsity in points]
    line = [dots[sparsity] for sparsity in across]
    ax.plot(across, line, markersize=4.5, markevery=measured, label=label, **style)


def _draw_bars(ax, bars, dense, write, sides):
    if not bars:
        raise ValueError("bars={}: there is nothing to draw; give at least one")
    for row, bar in enumerate(bars.values()):
        against = bar.get("dense") or dense
        if bar["value"] is None or not against:
            _note(ax, row, _status(bar))
            continue
        ratio, right = bar["value"] / against, bar["status"] == "right"
        style = {"color": BLUE if ratio <= 1 else VERMILLION} if right else _WRONG
        ax.barh(row, ratio - 1, left=1, height=0.6, **style)
        _draw_spread(ax, row, bar, against)
        gain = f"{write(bar['value'])}, {_gain(ratio, sides)}"
        _note(ax, row, gain if right else f"{write(bar['value'])}, {_status(bar)}")
    _draw_limit(ax, bars, dense)
    ax.axvline(1, color=INK, linewidth=1.3)
    ax.set_xscale("log")
    low, high = _reach(bars, dense)
    ax.set_xlim(low, high)
    _factor_axis(ax.xaxis, low, high)
    ax.set_yticks(range(len(bars)), list(bars), fontsize=9)
    ax.set_ylim(len(bars) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)


_WRONG = {"facecolor": "none", "edgecolor": PURPLE, "hatch": "////", "linewidth": 1}


def _draw_spread(ax, row, bar, against):
    if bar["status"] == "right" and bar.get("low") is not None:
        ends = np.array([bar["low"], bar["high"]]) / against
        ax.plot(ends, [row, row], color=INK, linewidth=1.3, marker="|", markersize=5)


def _draw_limit(ax, bars, dense):
    """One line from row to row; it is interrupted at rows without a limit."""
    xs, ys = [], []
    for row, bar in enumerate(bars.values()):
        against, limit = bar.get("dense") or dense, bar.get("limit")
        x = limit / against if limit and against else np.nan
        xs += [x, x]
        ys += [row - 0.5, row + 0.5]
    if not np.isnan(xs).all():
        ax.plot(xs, ys, color=INK, linestyle="--", linewidth=1.4, label="limit")


def _reach(bars, dense):
    """The range of the axis: all values, and all finite limits."""
    ratios = [
        bar[name] / (bar.get("dense") or dense)
        for bar in bars.values()
        for name in ("value", "limit")
        if bar.get(name) and (bar.get("dense") or dense)
    ]
    return min([0.5, *ratios]) / 1.3, max([2, *ratios]) * 1.2


def _factor_axis(axis, low, high):
    """Ticks at round factors, few enough for their labels not to overlap."""
    for factors in FACTORS:
        ratios = [ratio for f in factors for ratio in (1 / f, f) if low <= ratio <= high]
        ticks = sorted([*ratios, 1])
        if np.diff(np.log(ticks)).min(initial=np.inf) >= TICK_ROOM * np.log(high / low):
            break
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(_factor))


def _factor(ratio, _):
    if abs(ratio - 1) < 1e-9:
        return "dense"
    return f"÷{1 / ratio:.3g}" if ratio < 1 else f"×{ratio:.3g}"


def _gain(ratio, sides):
    better, worse = sides
    gain = 1 / ratio
    if "1" in (f"{gain:.3g}", f"{ratio:.3g}"):
        return "as dense"
    return f"{gain:.3g} × {better}" if gain > 1 else f"{ratio:.3g} × {worse}"


def _status(bar):
    return {"unmeasured": "not measured"}.get(bar["status"], bar["status"].upper())


def _note(ax, row, text):
    ax.annotate(
        text, (1, row), xycoords=ax.get_yaxis_transform(), xytext=(4, 0),
        textcoords="offset points", va="center", fontsize=8.5, color=INK, annotation_clip=False,
    )  # fmt: skip


MARKERS = ("o", "s", "^", "D", "p", "v")


@literal
def draw_choices(
    ax: Axes,
    ways: Mapping[str, Sequence[tuple[float, Sequence[float], str]]],
    *,
    title: str,
    control: tuple[str, Sequence[float]] | None = None,
) -> None:
    """Draw ways to save memory: bytes on the x axis, error on the y axis, both log.

    ways: a dict from label to a list of (bytes, errors, note), one for each network, with one error
    for each seed. Errors are drawn as the geometric mean with its 95 % interval, with the note
    beside it. Networks of one way are joined by a line. control: (label, errors) to compare with, a
    dashed line.
    """
    if not ways or not all(ways.values()):
        raise ValueError("ways: there is nothing to draw; give each way one network at least")
    for at, (label, networks) in enumerate(ways.items()):
        colour = PALETTE[at % len(PALETTE)]
        sizes, found = [size for size, _, _ in networks], []
        for size, errors, note in networks:
            found.append(estimate(errors, log=True))
            low, high = found[-1].low, found[-1].high
            if low is not None and high is not None:
                ax.plot([size] * 2, [low, high], color=colour, linewidth=1.2)
            ax.annotate(
                note, (size, found[-1].mean), xytext=(-7, -13) if at % 2 else (7, 6),
                textcoords="offset points", ha="right" if at % 2 else "left", fontsize=9,
                color=colour, bbox=ON_WHITE, zorder=2.5,
            )  # fmt: skip
        means = [each.mean for each in found]
        marker, dashes = MARKERS[at % len(MARKERS)], DASHES[at % len(DASHES)]
        ax.plot(sizes, means, color=colour, linestyle=dashes, linewidth=1, alpha=0.6)
        ax.plot(sizes, means, marker, color=colour, markersize=7, label=label, zorder=3)
    if control is not None:
        name, errors = control
        ax.axhline(estimate(errors, log=True).mean, color=INK, linewidth=1.2, linestyle="--")
        ax.annotate(
            name, (0, estimate(errors, log=True).mean), xycoords=("axes fraction", "data"),
            xytext=(4, 4), textcoords="offset points", fontsize=9, color=INK, bbox=ON_WHITE,
        )  # fmt: skip
    ax.margins(x=0.08)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(FuncFormatter(bytes_on_axis))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_yscale("log")
    plain_log_axis(ax.yaxis)
    tidy(ax, "both")
    ax.set(xlabel="bytes of the file (log scale)", ylabel="validation MSE (log scale)")
    ax.set_title(title, loc="left", color=INK, fontsize=11)
    ax.legend(frameon=False, fontsize=9)


def bytes_on_axis(count, _=None):
    """A number of bytes in three digits, as `FuncFormatter` asks for it."""
    for unit, size in (("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.3g} bytes"
