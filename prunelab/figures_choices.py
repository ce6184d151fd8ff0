"""Figure of a choice: bytes against error, a marker for each network. Plain values, no pyplot."""

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from prunelab.figures import DASHES, INK, PALETTE
from prunelab.figures_plans import plain_log_axis
from prunelab.figures_text import literal
from prunelab.plan_statistics import estimate

MARKERS = ("o", "s", "^", "D", "p", "v")


@literal
def draw_choices(ax, ways, *, title, ylabel="validation MSE (log scale)", control=None):
    """Draw each way to save as its bytes across and its error up, both logarithmic.

    ways: a dict from label to a list of (bytes, errors, note): one network each, with its error of
    each seed, drawn as the geometric mean with its 95 % interval, and a note beside it. Networks of
    one way are joined. control: (label, errors) of what they are compared with, a dashed line.
    """
    if not ways or not all(ways.values()):
        raise ValueError("ways: there is nothing to draw; give each way one network at least")
    for at, (label, networks) in enumerate(ways.items()):
        colour = PALETTE[at % len(PALETTE)]
        sizes, found = [size for size, _, _ in networks], []
        for size, errors, note in networks:
            found.append(estimate(errors, log=True))
            if found[-1].low is not None:
                ax.plot([size] * 2, [found[-1].low, found[-1].high], color=colour, linewidth=1.2)
            ax.annotate(
                note, (size, found[-1].mean), xytext=(6, 5), textcoords="offset points",
                fontsize=8, color=colour,
            )  # fmt: skip
        means = [each.mean for each in found]
        marker, dashes = MARKERS[at % len(MARKERS)], DASHES[at % len(DASHES)]
        ax.plot(sizes, means, color=colour, linestyle=dashes, linewidth=1, alpha=0.6)
        ax.plot(sizes, means, marker, color=colour, markersize=7, label=label)
    if control is not None:
        name, errors = control
        ax.axhline(estimate(errors, log=True).mean, color=INK, linewidth=1.2, linestyle="--")
        ax.annotate(
            name, (1, estimate(errors, log=True).mean), xycoords=("axes fraction", "data"),
            xytext=(-2, 4), textcoords="offset points", ha="right", fontsize=8, color=INK,
        )  # fmt: skip
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(FuncFormatter(_bytes))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_yscale("log")
    plain_log_axis(ax.yaxis)
    ax.grid(color="#dddddd", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set(xlabel="bytes of the file (log scale)", ylabel=ylabel)
    ax.set_title(title, loc="left", color=INK, fontsize=11)
    ax.legend(frameon=False, fontsize=8)


def _bytes(count, _):
    for unit, size in (("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.3g} bytes"
