"""The still picture of a RunExplorer, for where no kernel runs."""

from prunelab.plan_statistics import band
from prunelab.widgets.run_state import best, reaches, row_of
from prunelab.widgets.run_words import headline

COLOURS = {
    "ink": "#333333",
    "blue": "#0072B2",
    "vermillion": "#C85200",
    "green": "#00805D",
    "purple": "#A8487F",
    "ochre": "#8F6A00",
    "grey": "#6F7780",
}
MARKERS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "pentagon": "p"}
PALE = "#cfd4da"
MOST_CURVES = 5


def draw_still(figure, data, state):
    """Draw the front and a few loss curves on an empty Figure, from what the page is sent."""
    from prunelab.figures_plans import draw_front, draw_loss_bands

    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    figure.suptitle(headline(data, state), x=0.01, ha="left", fontsize=12, color="#333333")
    chosen = [arm for arm in data["arms"] if arm["name"] in state["arms"]]
    networks = [arm for arm in chosen if not arm["linear"]]
    styles = {arm["label"]: _style(data, arm, state["sparsity"]) for arm in networks}
    if not networks:
        for ax in (left, right):
            ax.set_axis_off()
        return
    measure = data["measures"][state["measure"]]
    control = next(arm for arm in data["arms"] if arm["name"] == data["control"])
    families = {}
    for arm in networks:
        families.setdefault(arm["family"], []).append(arm["label"])
    draw_front(
        left,
        {arm["label"]: (_gone(data, arm), arm["values"][state["measure"]]) for arm in networks},
        title="every run, and each arm with its interval",
        ylabel=measure["label"] + (" (log scale)" if measure["log"] else ""),
        control=control["label"] if control in networks else None,
        levels={
            arm["label"]: row_of(data, state["measure"], arm)["mean"]
            for arm in chosen
            if arm["linear"]
        },
        lines=[labels for family, labels in families.items() if family and len(labels) > 1],
        styles=styles,
        log=measure["log"],
        legend=False,
    )
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    which = 1 if state["measure"].startswith("train_") else 0
    loss = ("validation", "training")[which]
    draw_loss_bands(
        right,
        {arm["label"]: _band(data, arm, which) for arm in _few(data, state, networks)},
        title=f"{loss} loss: median and range of the seeds",
        ylabel=f"{loss} loss, MSE (log scale)",
        styles=styles,
    )


def _style(data, arm, sparsity):
    shown = COLOURS[arm["style"]["colour"]] if reaches(data, arm, sparsity) else PALE
    return shown, MARKERS.get(arm["style"]["shape"], "v")


def _gone(data, arm):
    return [1 - count / data["weights"] for count in arm["nonzeros"]]


def _few(data, state, networks):
    """The best, the control, then those that reach the sparsity: as many as can be told apart."""
    row = best(data, state)
    first = [row["arm"] if row else None, data["control"]]

    def rank(arm):
        return arm["name"] not in first, not reaches(data, arm, state["sparsity"])

    order = sorted(networks, key=rank)[:MOST_CURVES]
    return [arm for arm in networks if arm in order]


def _band(data, arm, which):
    curves = [
        data["firsts"][first][which] + second[which]
        for first, second in zip(arm["first"], arm["second"], strict=True)
    ]
    return band(curves, boundary=arm["boundary"])
