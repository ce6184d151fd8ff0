"""Figures of a plan: arms and their seeds, against a control. Plain values, no pyplot.

Each seed is a dot; means and intervals are those of `plan_statistics`. Rows of arms are in
`figures_arms`, the front in `figures_fronts`; all can be had from here.
"""

from prunelab.figures import DASHES, INK
from prunelab.figures_arms import CYCLE, draw_arms, draw_changes, draw_input_selection
from prunelab.figures_axes import plain_log_axis, tidy
from prunelab.figures_fronts import draw_front
from prunelab.figures_text import literal

__all__ = [
    "draw_arms",
    "draw_changes",
    "draw_front",
    "draw_input_selection",
    "draw_loss_bands",
    "plain_log_axis",
]


@literal
def draw_loss_bands(
    ax, bands, *, title, ylabel="validation MSE (log scale)", control=None, styles=None
):
    """Draw loss against epoch: a line through the middle of the seeds, a band from low to high.

    bands: a dict from label to a `plan_statistics.Band`. Where the second phase begins is a dotted
    line. control: the label to draw in black. styles: a dict from label to (colour, marker); the
    marker is not used here. Curves of one colour differ in their dashes.
    """
    if not bands:
        raise ValueError("bands={}: there is no curve to draw; give at least one")
    used = []
    for at, (label, band) in enumerate(bands.items()):
        own = INK if label == control else CYCLE[at % len(CYCLE)]
        colour = (styles or {}).get(label, (own,))[0]
        style = {"color": colour, "linestyle": DASHES[used.count(colour) % len(DASHES)]}
        used.append(colour)
        ax.plot(band.epochs, band.middle, linewidth=1.8, label=label, **style)
        if None not in band.low:
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
