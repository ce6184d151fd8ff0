"""Figures of what masks cost before any retraining: measured loss against sparsity. No pyplot."""

from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter, ScalarFormatter

from prunelab.figures import BLUE, DASHES, GREEN, INK, PALETTE
from prunelab.figures_axes import tidy, title_and_key
from prunelab.figures_text import literal

STYLES = {  # criterion: label, colour, dash
    "magnitude": ("smallest first", BLUE, "-"),
    "random": ("random", GREEN, "--"),
    "largest": ("largest first", "#a8487f", ":"),
}


@literal
def draw_mask_losses(ax, losses, pattern="unstructured", *, title, now=None):
    """Draw the measured loss against sparsity, a line a criterion, before any retraining.

    losses: a `prunelab.loss_curves.MaskLosses`. pattern: which of its patterns. now: None, or
    (criterion, sparsity): the measured point nearest to it is marked.
    """
    for curve in losses.curves:
        if curve.pattern != pattern:
            continue
        label, colour, dash = STYLES[curve.criterion]
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
def draw_sensitivity(ax, scan, *, title, names=None):
    """Draw the measured loss against sparsity, a line a layer, each layer masked alone.

    scan: a `prunelab.loss_curves.SensitivityScan`. names: what to call its layers; by default
    kernel 0, kernel 1, … Each label tells the kernel's shape.
    """
    names = [f"kernel {at}" for at in range(len(scan.curves))] if names is None else list(names)
    for at, (name, shape, curve) in enumerate(zip(names, scan.shapes, scan.curves, strict=True)):
        style = {"color": PALETTE[at % len(PALETTE)], "linestyle": DASHES[at % len(DASHES)]}
        label = f"{name}, {shape[0]} × {shape[1]}"
        marker = "_" if len(curve.realised) == 1 else None
        ax.plot(
            curve.realised, curve.losses, linewidth=2, label=label, marker=marker, markersize=14,
            **style,
        )  # fmt: skip
    _levels(ax, scan)
    _loss_axes(ax, scan, f"{scan.measured_on} MSE, one kernel masked")
    title_and_key(ax, title)


def _mark(ax, sparsity, loss, colour):
    ax.axvline(sparsity, color=INK, linewidth=1.2)
    ax.plot([sparsity], [loss], "o", color=colour, markersize=9, markeredgecolor="white")
    right = sparsity > 0.8
    ax.annotate(
        f"{loss:.4g}", (sparsity, loss), xytext=(-9 if right else 9, -14), fontweight="bold",
        textcoords="offset points", ha="right" if right else "left", color=INK,
    )  # fmt: skip


def _levels(ax, measured):
    """The loss with nothing cut, and that of predicting the mean."""
    for value, words, place, va in (
        (measured.dense, "nothing cut", 0.99, "top"),
        (measured.constant, "predicting the mean", 0.01, "bottom"),
    ):
        ax.axhline(value, color="#6b7280", linewidth=1.1, linestyle=":")
        ax.annotate(
            words, (place, value), xycoords=ax.get_yaxis_transform(), xytext=(0, -3 if va == "top"
            else 3), textcoords="offset points", va=va, ha="right" if place > 0.5 else "left",
            fontsize=8.5, color="#4a5058",
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
