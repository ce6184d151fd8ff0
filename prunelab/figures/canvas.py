"""Parts shared by the course's figures: colours, axes, ticks, notes, keys. No pyplot, no state.

The colours are Okabe and Ito's (2008), which readers with colour-blindness can tell apart; what a
colour shows is also shown by a label or a line style.
"""

import io
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    NullFormatter,
    NullLocator,
    PercentFormatter,
)
from numpy.typing import ArrayLike
from PIL import Image

from prunelab.figures.text import literal, shown_literally

INK = "#333333"
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY = "#CC79A7", "#56B4E9"
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


def new_figure(width: float = 8.0, height: float = 4.4) -> Figure:
    """An empty Figure; width and height in inches; made without pyplot."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def png_bytes(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG: without version or date, in 128 colours, a third the size.

    Texts are drawn literally; a letter that is in no font here becomes an empty box.
    """
    figure.set_dpi(100)
    with shown_literally(figure):
        figure.canvas.draw()
    pixels = Image.fromarray(
        np.asarray(cast(FigureCanvasAgg, figure.canvas).buffer_rgba())
    ).convert("RGB")
    buffer = io.BytesIO()
    pixels.quantize(128, dither=Image.Dither.NONE).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


@literal
def draw_curves(
    ax: Axes,
    steps: ArrayLike,
    curves: Mapping[str, ArrayLike],
    *,
    title: str,
) -> None:
    """Draw several curves over the same steps, each in its own colour and dash, with a legend.

    steps: 1-D array. curves: a dict from label to an array of as many fractions in [0, 1].
    """
    for at, (label, values) in enumerate(curves.items()):
        style: dict[str, Any] = {
            "color": PALETTE[at % len(PALETTE)],
            "linestyle": DASHES[at % len(DASHES)],
        }
        ax.plot(steps, values, linewidth=2, label=label, **style)
    percent_axis(ax)
    ax.set(xlabel="training step", ylabel="sparsity, % zeros")
    ax.set_title(title, loc="left", color=INK)
    ax.legend(loc="lower right", frameon=False)


def percents(sparsity):
    return f"{100 * sparsity:.4g} %"


def percent_axis(ax: Axes) -> None:
    """Make the vertical axis show fractions from 0 to 1, labelled in percent."""
    ax.set_ylim(0, 1.02)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    tidy(ax, "y")


def plain_log_axis(axis, narrow=False, wide=False):
    """Ticks at 1, 2 and 5 of each decade, written 0.002 and not 2 × 10⁻³.

    narrow: the axis covers a small range and gets more ticks. wide: ticks at 1 only, for many
    decades.
    """
    subs = (1, 1.2, 1.5, 2, 3, 5, 8) if narrow else (1,) if wide else (1, 2, 5)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def tidy(ax, grid):
    """Remove the top and right frame; add grid lines, of "x", "y" or "both", behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis=grid, color="#dddddd", linewidth=0.8)
    ax.set_axisbelow(True)


def note(ax, text, at, shift, transform=None, **style):
    """Write `text` next to the point `at`, moved by `shift` (x, y) in points."""
    style = {"fontsize": 9, "color": INK, "annotation_clip": False} | style
    ax.annotate(text, at, xycoords=transform or "data", xytext=shift,
                textcoords="offset points", **style)  # fmt: skip


def title_and_key(ax, title):
    """The title, and a legend between it and the plot, where no line is drawn."""
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        key = ax.legend(
            handles, labels, ncols=len(handles), fontsize=8.5, loc="lower left", frameon=False,
            bbox_to_anchor=(-0.02, 0.97), columnspacing=1.2, handlelength=1.7, handletextpad=0.5,
        )  # fmt: skip
        key.set_in_layout(False)  # otherwise a long legend would make the plot narrow
    ax.set_title(title, loc="left", color=INK, pad=24 if handles else 6)
