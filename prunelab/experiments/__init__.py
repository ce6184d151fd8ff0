"""One training run: its settings, data, result and storage."""

from prunelab.experiments.config import ExperimentConfig, one_shot
from prunelab.experiments.named_configs import (
    article,
    article_completed,
    article_continued,
    article_control,
)
from prunelab.experiments.own import Arm, Experiment
from prunelab.experiments.results import RunResult, input_selection
from prunelab.experiments.runs import RunError, load, partial, save

__all__ = [
    "Arm",
    "Experiment",
    "ExperimentConfig",
    "RunError",
    "RunResult",
    "article",
    "article_completed",
    "article_continued",
    "article_control",
    "input_selection",
    "load",
    "one_shot",
    "partial",
    "save",
]
