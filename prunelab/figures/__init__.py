"""Functions that draw on given matplotlib Axes, one module for each subject; none uses pyplot."""

from prunelab.figures.bets import draw_bets
from prunelab.figures.canvas import draw_curves, new_figure, percent_axis, png_bytes
from prunelab.figures.footprint import draw_break_even, draw_bytes, draw_choices, draw_milliseconds
from prunelab.figures.mask import (
    draw_layer,
    draw_mask,
    draw_mask_losses,
    draw_pixels,
    draw_sensitivity_band,
    draw_weights,
)
from prunelab.figures.plan import (
    draw_arms,
    draw_changes,
    draw_front,
    draw_loss_bands,
)
from prunelab.figures.run import draw_losses, draw_runs
from prunelab.figures.schedule import draw_schedule, draw_survey
from prunelab.figures.search import draw_pareto_front, draw_sampler, draw_sick_curves
from prunelab.figures.tree import draw_errors, draw_fit, draw_regions, draw_tree

__all__ = [
    "draw_arms",
    "draw_bets",
    "draw_break_even",
    "draw_bytes",
    "draw_changes",
    "draw_choices",
    "draw_curves",
    "draw_errors",
    "draw_fit",
    "draw_front",
    "draw_layer",
    "draw_loss_bands",
    "draw_losses",
    "draw_mask",
    "draw_mask_losses",
    "draw_milliseconds",
    "draw_pareto_front",
    "draw_pixels",
    "draw_regions",
    "draw_runs",
    "draw_sampler",
    "draw_schedule",
    "draw_sensitivity_band",
    "draw_sick_curves",
    "draw_survey",
    "draw_tree",
    "draw_weights",
    "new_figure",
    "percent_axis",
    "png_bytes",
]
