"""Parts of axes that several figures share: ticks, grids, notes, keys. Plain values, no pyplot."""

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from prunelab.figures import INK


def plain_log_axis(axis, narrow=False, wide=False):
    """Ticks at 1, 2 and 5 of each decade, at more where it is narrow: 0.002, not 2 × 10⁻³.

    wide: at 1 alone, for many decades.
    """
    subs = (1, 1.2, 1.5, 2, 3, 5, 8) if narrow else (1,) if wide else (1, 2, 5)
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def tidy(ax, grid):
    """No frame at the top and on the right; grid lines of one axis, "x" or "y", behind it all."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis=grid, color="#dddddd", linewidth=0.8)
    ax.set_axisbelow(True)


def note(ax, text, at, shift, transform=None, **style):
    """Write `text`, `shift` points away from `at`."""
    style = {"fontsize": 9, "color": INK, "annotation_clip": False} | style
    ax.annotate(text, at, xycoords=transform or "data", xytext=shift,
                textcoords="offset points", **style)  # fmt: skip


def title_and_key(ax, title):
    """The title, and between it and the picture, where no line runs, the key."""
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        key = ax.legend(
            handles, labels, ncols=len(handles), fontsize=8.5, loc="lower left", frameon=False,
            bbox_to_anchor=(-0.02, 0.97), columnspacing=1.2, handlelength=1.7, handletextpad=0.5,
        )  # fmt: skip
        key.set_in_layout(False)  # else a long key would make the picture narrow
    ax.set_title(title, loc="left", color=INK, pad=24 if handles else 6)
