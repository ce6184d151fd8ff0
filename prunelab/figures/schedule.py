import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from prunelab.figures.canvas import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    VERMILLION,
    percent_axis,
    percents,
)
from prunelab.figures.text import literal
from prunelab.schedules.flight import Preflight

MOST_DOTS = 40  # more dots would merge into a line
_MARKERS = (("v", VERMILLION), ("s", ORANGE), ("D", PURPLE), ("^", BLUE))  # of misses
WIDEST_TITLE = 78  # letters in a row
WIDEST_KEY = 63  # letters of the labels that fit into one row
ROOM = 200  # points, about, from 0 to 100 %
HALF = 9  # points of two lines above their middle: lower, they would reach the axis' numbers
MOST_TREADS = 1000  # more than a picture has pixels


@literal
def draw_schedule(ax: Axes, flight: Preflight, *, axis: str = "steps") -> None:
    """Draw what a schedule does in a run: the formula, the masks' sparsity, the end of the run.

    flight: a `prunelab.schedules.Preflight`. axis: "steps" or "epochs", the unit of the lower axis;
    the other unit is on top if the run is given in epochs.
    """
    schedule, total = flight.schedule, flight.total_steps
    reach = horizon(total, schedule.end_step)
    updates = schedule.update_range(total)
    ax.set_xlim(0, reach)
    _draw_wall(ax, total, reach)
    _draw_formula(ax, schedule, total, reach)
    _draw_masks(ax, schedule, updates, total)
    _draw_outcome(ax, flight, total, reach)
    percent_axis(ax)
    ax.set_ylabel("sparsity, % zeros")
    _label_steps(ax, flight.steps_per_epoch, axis)
    title = textwrap.fill(schedule_title(schedule, total), WIDEST_TITLE)
    ax.set_title(title, loc="left", color=INK, fontsize=11)
    handles, labels = ax.get_legend_handles_labels()
    handles.append(Patch(facecolor="#eeeeee", edgecolor="#d4d4d4", label="after training"))
    ncols = 4 if len("".join(labels)) < WIDEST_KEY else 2
    ax.legend(
        handles=handles, ncols=ncols, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16)
    )


def schedule_title(schedule, total_steps):
    """The schedule and its run in one line."""
    start = getattr(schedule, "initial_sparsity", schedule.final_sparsity)
    ramp = f"{percents(start)} → {percents(schedule.final_sparsity)}"
    end = schedule.end_step if schedule.end_step >= 0 else "the end"
    power = f", power {schedule.power:g}" if hasattr(schedule, "power") else ""
    return (
        f"{ramp}, step {schedule.begin_step} to {end}{power}, every {schedule.frequency} steps; "
        f"the run has {total_steps}"
    )


def horizon(total_steps, end_step):
    """The end of the x axis: beyond the run and the schedule, at a round number of steps."""
    needed = max(1.25 * total_steps, 1.04 * end_step)
    unit = 10.0 ** np.floor(np.log10(needed)) / 4
    return int(np.ceil(np.ceil(needed / unit) * unit))


def _draw_wall(ax, total, reach):
    ax.axvspan(total, reach, facecolor="#eeeeee", linewidth=0)
    ax.axvline(total, color=INK, linewidth=2.5)
    ax.annotate(
        f"training ends\nat step {total}", (total, 1.0), xytext=(6, -2),
        textcoords="offset points", va="top", fontsize=9, color=INK,
        bbox={"facecolor": "#eeeeee", "edgecolor": "none", "pad": 1.5},
    )  # fmt: skip


def _draw_formula(ax, schedule, total, reach):
    last = schedule.end_step if schedule.end_step >= 0 else reach
    ramp = np.linspace(schedule.begin_step, last, 200)
    steps = np.unique(np.concatenate([[0, total, reach], ramp[ramp <= reach]]))
    values = schedule.sparsity(steps)
    inside = steps <= total
    ax.plot(steps[inside], values[inside], color=BLUE, linewidth=1.8, label="the formula")
    ax.plot(steps[steps >= total], values[steps >= total], color=BLUE, linewidth=1.2, alpha=0.55)


def _draw_masks(ax, schedule, updates, total):
    """The masks' sparsity as a staircase, and a dot at each mask update (thinned if many)."""
    treads = _thinned(updates, MOST_TREADS)
    held = schedule.sparsity(treads)
    steps = np.concatenate([[0], treads, [total]])
    values = np.concatenate([[0.0], held, held[-1:] if held.size else [0.0]])
    stairs = {"color": VERMILLION, "linewidth": 2, "label": "what the masks hold"}
    ax.plot(steps, values, drawstyle="steps-post", **stairs)
    ax.fill_between(steps, values, step="post", color=VERMILLION, alpha=0.12, linewidth=0)
    stride = _stride(updates, MOST_DOTS)
    label = "a mask update" if stride == 1 else f"a mask update (one in {stride} drawn)"
    dots = _thinned(updates, MOST_DOTS)
    style = {"color": VERMILLION, "markeredgecolor": "white", "markersize": 6, "label": label}
    ax.plot(dots, schedule.sparsity(dots), "o", **style)


def _stride(updates, most):
    return -(-len(updates) // most) or 1


def _thinned(updates, most):
    """At most `most` evenly chosen updates, including the last, as an array of steps."""
    return np.array(sorted({*updates[:: _stride(updates, most)], *updates[-1:]}), dtype=np.int64)


def _draw_outcome(ax, flight, total, reach):
    """Sparsity asked for and realised, as two lines to the right edge, and the gap between them."""
    asked, realised = flight.schedule.final_sparsity, flight.realised_sparsity
    ax.axhline(asked, color=INK, linewidth=1.4, linestyle=(0, (5, 3)))
    ax.plot([total, reach], [realised, realised], color=VERMILLION, linewidth=2)
    same = f"{asked:.4f}" == f"{realised:.4f}"
    apart = abs(asked - realised) > 0.07
    text = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points", "fontsize": 9}
    text |= {"fontweight": "bold", "annotation_clip": False}
    if same:
        ax.annotate(
            f"as asked\n{realised:.2%}".replace("%", " %"), (1, asked),
            xytext=(6, max(HALF - ROOM * asked, 0)),
            va="center", color="#007A59", **text,
        )  # fmt: skip
        return
    shift = 0 if apart else 11 if asked > realised else -11
    low = min(asked, realised)
    lift = max(HALF + abs(shift) - ROOM * low, 0)
    for name, value, color, offset in (
        ("asked", asked, INK, shift), ("realised", realised, "#B34F00", -shift),
    ):  # fmt: skip
        ax.annotate(
            f"{name}\n{value:.2%}".replace("%", " %"), (1, value),
            xytext=(6, offset + (lift if value == low or not apart else 0)),
            va="center", color=color, **text,
        )  # fmt: skip
    if apart:
        at = total + 0.5 * (reach - total)
        ax.annotate("", (at, asked), (at, realised), arrowprops={"arrowstyle": "<->", "color": INK})
        ax.annotate(
            f"{100 * abs(asked - realised):.2f}\npoints", (at, (asked + realised) / 2),
            xytext=(6, 0), textcoords="offset points", va="center", fontsize=9, color=INK,
            bbox={"facecolor": "#eeeeee", "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip


def _label_steps(ax, steps_per_epoch, axis):
    """Label one axis in steps and the other in epochs, `axis` below; steps alone without epochs."""
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    if steps_per_epoch is None:
        ax.set_xlabel("training step")
        return
    to_epochs = (lambda step: step / steps_per_epoch, lambda epoch: epoch * steps_per_epoch)
    edge, other = ("bottom", "top") if axis == "steps" else ("top", "bottom")
    ax.set_xlabel("training step")
    ax.xaxis.set_label_position(edge)
    ax.xaxis.set_ticks_position(edge)
    epochs = ax.secondary_xaxis(other, functions=to_epochs)
    epochs.spines[other].set_visible(False)
    epochs.set_xlabel(f"epoch ({steps_per_epoch} steps each)")
    epochs.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    epochs.xaxis.set_major_formatter(FuncFormatter(lambda epoch, _: f"{epoch:g}"))


@literal
def draw_survey(
    ax: Axes, asked: Sequence[float], realised: Sequence[float], reasons: Sequence[str | None]
) -> None:
    """Draw many schedules side by side: the sparsity each asks for, and the one its run ends with.

    asked, realised: sparsities, one for each schedule. reasons: why it misses its target, or None
    if it does not. Those that miss by most are on the left, from asked (a bar) down to realised (a
    dot).
    """
    gaps = np.asarray(asked, dtype=float) - np.asarray(realised, dtype=float)
    order = np.argsort(-gaps, kind="stable")
    looks: dict[str | None, tuple[str, str]] = {None: ("o", GREEN)}
    for reason in (reasons[at] for at in order):
        if reason not in looks:
            looks[reason] = _MARKERS[(len(looks) - 1) % len(_MARKERS)]
    for place, at in enumerate(order):
        marker, colour = looks[reasons[at]]
        ax.plot([place, place], [realised[at], asked[at]], color=colour, linewidth=1.4)
        ax.plot([place - 0.35, place + 0.35], [asked[at]] * 2, color=INK, linewidth=1.6)
        ax.plot([place], [realised[at]], marker, color=colour, markersize=6, clip_on=False)
    count = {reason: list(reasons).count(reason) for reason in looks}
    handles = [Line2D([], [], color=INK, linewidth=1.6, label="asked")]
    handles += [
        Line2D([], [], color=colour, marker=marker, linewidth=1.4,
               label=f"{'reaches it' if reason is None else reason} ({count[reason]})")
        for reason, (marker, colour) in sorted(looks.items(), key=lambda item: item[0] or "~")
        if count[reason]
    ]  # fmt: skip
    percent_axis(ax)
    ax.set_xlim(-1, len(order))
    ax.set_xticks([])
    ax.set(ylabel="sparsity, % zeros", xlabel="schedules, those that miss most first")
    missed = sum(reason is not None for reason in reasons)
    ax.set_title(f"{len(order)} schedules in their own runs: {missed} miss their target",
                 loc="left", color=INK, fontsize=11)  # fmt: skip
    ax.legend(
        handles=handles, ncols=3, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1)
    )
