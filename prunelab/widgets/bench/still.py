"""The picture of a TuningBench for places where no kernel runs: the schedule, or the runs."""

COLOURS = ("#0072B2", "#C85200", "#00805D", "#A8487F", "#8F6A00", "#5B6673")
INK = "#333333"
MOST_CURVES = 6


def draw_still(figure, flight, runs, baseline, promise, measure, alike):
    """Draw the next run's schedule, or the curves and the front of `runs`, on an empty Figure.

    measure: the `Measure` that is drawn; runs without it are left out.
    alike: the numbers of the runs that can be compared, counted from 1; others are left out too.
    """
    runs = [(nth, runs[nth - 1]) for nth in alike if measure.of(runs[nth - 1]) is not None]
    if not runs:
        from prunelab.figures.schedule import draw_schedule  # matplotlib is loaded only for drawing

        draw_schedule(figure.subplots(), flight)
        return
    figure.set_size_inches(10.6, 4.6)  # two charts
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    for nth, run in runs[-MOST_CURVES:]:
        points = [(report.step, measure.of_report(report)) for report in run.history]
        points = [point for point in points if point[1] is not None]
        left.plot(*zip(*points, strict=True), color=_colour(nth), linewidth=1.8, label=run.name)
    scale = "log" if measure.is_loss else "linear"
    left.set(yscale=scale, xlabel="training step", ylabel=measure.axis)
    left.set_title(f"{measure.label}, step by step", loc="left", color=INK, fontsize=11)
    left.legend(frameon=False, fontsize=8)
    for nth, run in runs:
        place = (run.nonzeros, measure.of(run))
        right.plot(*place, "o", color=_colour(nth), markersize=11)
        style = {"ha": "center", "va": "center_baseline", "color": "white", "fontsize": 8}
        right.annotate(str(nth), place, fontweight="bold", **style)
    dense = measure.of_baseline(baseline)
    if dense is not None:
        right.axhline(dense, color=INK, linewidth=1.3, linestyle=(0, (5, 3)))
        right.annotate(
            "dense", (0, dense), xycoords=right.get_yaxis_transform(),
            xytext=(5, 4), textcoords="offset points", fontsize=9, color=INK,
        )  # fmt: skip
    if promise:
        right.axvline(promise, color=COLOURS[0], linewidth=1.3, linestyle=":")
        right.annotate(
            f"promised {promise:,}", (promise, 0.02), xycoords=right.get_xaxis_transform(),
            xytext=(5, 0), textcoords="offset points", fontsize=9, color=COLOURS[0],
        )  # fmt: skip
    right.set(xscale="log", yscale=scale, xlabel="weights left (log scale)")
    right.set_ylabel(measure.axis)
    against = "error" if measure.is_loss else measure.label
    right.set_title(f"{against} against weights left", loc="left", color=INK, fontsize=11)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="y", color="#dddddd", linewidth=0.8)
        if measure.is_share:
            ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g} %")


def _colour(number):
    return COLOURS[(number - 1) % len(COLOURS)]
