"""Draw a search with its front and knee, and runs that went wrong. No pyplot."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator
from numpy.typing import ArrayLike, NDArray

from prunelab.base.checks import real_array
from prunelab.figures.canvas import BLUE, INK, VERMILLION, percent_axis, plain_log_axis, tidy
from prunelab.figures.text import literal

GREY = "#6f7780"
LOSSES = (5e-4, 0.5)  # a training loss below this is that of a network that has memorised its data


@literal
def draw_pareto_front(
    ax: Axes,
    points: ArrayLike,
    front: Iterable[int],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    knee: int | None = None,
    levels: Mapping[str, float] | None = None,
) -> None:
    """Draw trials as dots, the front as a line of larger dots, its knee as a ring.

    points: [n, 2], the two objectives of each complete trial, the first on the y axis, all above 0;
    smaller is better; both axes are logarithmic. front: indices of the trials on it. knee: an
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
    tidy(ax, "both")
    ax.legend(frameon=False, fontsize=9)


@literal
def draw_sampler(ax: Axes, best: ArrayLike, rest: ArrayLike, *, title: str, xlabel: str) -> None:
    """Draw a TPE sampler's view of one setting: the densities of its best and its other trials.

    best, rest: the setting's values in the two groups, all above 0; the axis is logarithmic. Each
    density is a sum of Gaussians, 0.12 decades wide. The sampler prefers values at which the
    density of the best trials is the higher one (Bergstra and others 2011).
    """
    groups = [np.log10(real_array(name, values).astype(np.float64))
              for name, values in (("best", best), ("rest", rest))]  # fmt: skip
    if any(not len(g) or not np.isfinite(g).all() for g in groups):
        raise ValueError("best and rest: one number at least in each, all above 0")
    everything, width = np.concatenate(groups), 0.12
    at = np.linspace(everything.min() - 3 * width, everything.max() + 3 * width, 300)
    high = [np.exp(-0.5 * ((at[:, None] - g) / width) ** 2).mean(axis=1) for g in groups]
    liked = high[0] > high[1]
    ax.fill_between(10**at, 0, high[0], where=liked, color=BLUE, alpha=0.15, linewidth=0,
                    label="likely to be drawn next")  # fmt: skip
    for group, up, colour, marker, dash, label, foot in (
        (groups[0], high[0], BLUE, "o", "-", "the best trials", -0.05),
        (groups[1], high[1], GREY, "s", "--", "the others", -0.11),
    ):
        ax.plot(10**at, up, color=colour, linewidth=1.8, linestyle=dash, label=label)
        ax.plot(10**group, np.full(len(group), foot), marker, color=colour, markersize=4.5,
                alpha=0.7, linestyle="none")  # fmt: skip
    ax.set(xscale="log", xlabel=xlabel, ylabel="density", yticks=[])
    plain_log_axis(ax.xaxis)
    ax.xaxis.set_major_formatter(FuncFormatter(_plain))
    ax.set_title(title, loc="left", color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1.0))


def _draw_steps(ax, across, up):
    """The front as steps: between two of its trials, the error is that of the smaller one."""
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


@literal
def draw_sick_curves(
    axs: NDArray[np.object_], runs: Mapping[str, Any], *, target: float, healthy: Any = None
) -> None:
    """Draw runs side by side: losses on a log scale above, the masks' sparsity below.

    axs: array of Axes, [2, runs]. runs: a dict from title to a run with arrays `steps`, `loss`,
    `validation_loss` and `realised_sparsity`, one number an epoch. target: the sparsity asked for,
    in [0, 1), a dashed line. healthy: a run drawn in grey behind each, or None.
    """
    for at, (title, run) in enumerate(runs.items()):
        top, bottom = axs[0][at], axs[1][at]
        if healthy is not None:
            style = {"color": GREY, "linewidth": 3.2, "alpha": 0.45}
            top.plot(healthy.steps, healthy.validation_loss, label="validation, healthy", **style)
            bottom.plot(healthy.steps, healthy.realised_sparsity, **style)
        top.plot(run.steps, run.validation_loss, color=VERMILLION, lw=1.8, label="validation")
        top.plot(run.steps, run.loss, color=BLUE, lw=1.2, ls=(0, (4, 2)), label="training")
        bottom.plot(run.steps, run.realised_sparsity, color=INK, linewidth=1.8)
        bottom.axhline(target, color=INK, linewidth=1, linestyle=(0, (5, 3)))
        top.set_title(title, loc="left", color=INK, fontweight="bold")
        _label_curves(top, bottom, last=int(run.steps[-1]), leftmost=at == 0)
    axs[1][0].annotate(
        f"asked: {target:.0%}".replace("%", " %"), (0.02, target - 0.02), fontsize=8, va="top",
        xycoords=("axes fraction", "data"), color=INK,
    )  # fmt: skip
    roomy = axs[0][min(1, len(runs) - 1)]
    roomy.legend(frameon=False, fontsize=8, loc="upper right")


def _label_curves(top, bottom, last, leftmost):
    top.set_yscale("log")
    top.set_ylim(*LOSSES)
    plain_log_axis(top.yaxis)
    top.yaxis.set_major_locator(LogLocator(subs=(1,)))
    top.grid(axis="y", color="#dddddd", linewidth=0.8)
    top.spines[["top", "right"]].set_visible(False)
    percent_axis(bottom)
    for ax in (top, bottom):
        ax.set_xlim(0, last * 1.02)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        ax.tick_params(labelleft=leftmost)
    bottom.set_xlabel("training step")
    if leftmost:
        top.set_ylabel("MSE (log scale)")
        bottom.set_ylabel("sparsity, % zeros")
