"""The still picture of a MaskExplorer, for where no kernel runs."""

from prunelab.findings import percent
from prunelab.masking import PATTERNS
from prunelab.widgets.mask_state import ORDERS

HOW_TO = "no losses were measured:\nhand over losses=mask_losses(…)"


def draw_still(figure, explorer):
    """Draw heatmap, histogram and losses on an empty Figure."""
    from prunelab.figures_masks import draw_mask, draw_mask_losses, draw_weights

    heat, side = figure.subfigures(1, 2, width_ratios=(1.1, 1))
    upper, lower = side.subplots(2, 1)
    mask, pattern = explorer.mask, PATTERNS[explorer.pattern]
    order = ORDERS[explorer.criterion].format(seed=explorer.data["seed"])
    figure.suptitle(
        f"{explorer.data['name']}: {percent(explorer.realised_sparsity)} zeros, {pattern.where}, "
        f"{order}",
        x=0.01, ha="left", fontsize=12, color="#333333",
    )  # fmt: skip
    draw_mask(heat.subplots(), explorer.weights, mask, title="what stays")
    alone = explorer.threshold if pattern.name == "unstructured" else None
    draw_weights(upper, explorer.weights, mask, threshold=alone, title="the weights, by value")
    if explorer.losses is None:
        lower.set_axis_off()
        lower.text(0.5, 0.5, HOW_TO, ha="center", va="center", color="#4a5058")
        return
    now = (explorer.criterion, explorer.sparsity)
    title = f"before retraining, {explorer.losses.masked}"
    draw_mask_losses(lower, explorer.losses, explorer.pattern, now=now, title=title)
