"""The still picture of a TuningBench, for where no kernel runs."""

COLOURS = ("#0072B2", "#C85200", "#00805D", "#A8487F", "#8F6A00", "#5B6673")
INK = "#333333"
MOST_CURVES = 6


def still_png(flight, runs, baseline, promise):
    """The next run's schedule, and the losses and the front of `runs`, as the bytes of a PNG."""
    from prunelab import figures  # matplotlib costs 0.3 s: only who draws pays for it

    if not runs:
        figure = figures.new_figure(8.0, 4.4)
        figures.draw_schedule(figure.subplots(), flight)
        return figures.png_bytes(figure)
    figure = figures.new_figure(10.6, 4.6)
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    newest = list(enumerate(runs, start=1))[-MOST_CURVES:]
    for number, run in newest:
        losses = [report.validation_loss for report in run.history]
        steps = [report.step for report in run.history]
        left.plot(steps, losses, color=_colour(number), linewidth=1.8, label=run.name)
    left.set(yscale="log", xlabel="training step", ylabel="validation loss, MSE (log scale)")
    left.set_title("validation loss, step by step", loc="left", color=INK, fontsize=11)
    left.legend(frameon=False, fontsize=8)
    for number, run in enumerate(runs, start=1):
        place = (run.nonzeros, run.validation_loss)
        right.plot(*place, "o", color=_colour(number), markersize=11)
        style = {"ha": "center", "va": "center_baseline", "color": "white", "fontsize": 8}
        right.annotate(str(number), place, fontweight="bold", **style)
    if baseline:
        right.axhline(baseline["loss"], color=INK, linewidth=1.3, linestyle=(0, (5, 3)))
        right.annotate(
            "dense", (0, baseline["loss"]), xycoords=right.get_yaxis_transform(),
            xytext=(5, 4), textcoords="offset points", fontsize=9, color=INK,
        )  # fmt: skip
    if promise:
        right.axvline(promise, color=COLOURS[0], linewidth=1.3, linestyle=":")
        right.annotate(
            f"promised {promise:,}", (promise, 0.02), xycoords=right.get_xaxis_transform(),
            xytext=(5, 0), textcoords="offset points", fontsize=9, color=COLOURS[0],
        )  # fmt: skip
    right.set(xscale="log", yscale="log", xlabel="weights left (log scale)")
    right.set_ylabel("validation loss, MSE (log scale)")
    right.set_title("error against weights left", loc="left", color=INK, fontsize=11)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="y", color="#dddddd", linewidth=0.8)
    return figures.png_bytes(figure)


def _colour(number):
    return COLOURS[(number - 1) % len(COLOURS)]
