"""The runs of the article's experiment, by name: pruned, and its unpruned controls.

A run has two phases. In the first the dense network trains; in the second it trains on, either
pruned by a schedule, or unpruned as a control. Runs that share the first phase are the arms of one
comparison. The named arms are in `CONFIGS`.
"""

from dataclasses import replace

from prunelab.base.checks import shown
from prunelab.experiments.config import ExperimentConfig
from prunelab.experiments.own import Arm
from prunelab.experiments.results import Phase, RunResult, Score
from prunelab.schedules.schedule import PolynomialDecay

__all__ = [
    "CONFIGS",
    "ExperimentConfig",
    "Phase",
    "RunResult",
    "Score",
    "article",
    "article_completed",
    "article_continued",
    "article_control",
    "named",
    "twin",
]

ARTICLE_SCHEDULE = PolynomialDecay(0.0, 0.75, begin_step=1000, end_step=5000)
COMPLETED_SCHEDULE = PolynomialDecay(0.0, 0.75, begin_step=400, end_step=1200)
TWIN = {"data": "twin", "hidden": (128, 128), "batch_size": 128}


def article() -> ExperimentConfig:
    """The article's run: 200 dense epochs, 200 pruned ones whose schedule asks for 5,000 steps."""
    return ExperimentConfig("article", schedule=ARTICLE_SCHEDULE)


def article_completed() -> ExperimentConfig:
    """The same with a schedule that fits the run: 75 % is reached at step 1,200 of 1,600."""
    return ExperimentConfig("article_completed", schedule=COMPLETED_SCHEDULE)


def article_control() -> ExperimentConfig:
    """The same length, compiled again as pruning does, but unpruned."""
    return ExperimentConfig("article_control")


def article_continued() -> ExperimentConfig:
    """The same length, unpruned and not compiled again: Adam keeps its averages."""
    return ExperimentConfig("article_continued", fresh_optimizer=False)


def twin(arm=article):
    """An arm of the article's experiment on the twin, an eighth as large in every direction.

    arm: one of the functions of this module that give the article's arms.
    """
    if not any(arm is known for known in _ARMS):
        raise TypeError(
            f"arm={shown(arm)}: arm must be one of the functions "
            f"{', '.join(known.__name__ for known in _ARMS)}; for a name see known.named"
        )
    config = arm()
    return replace(config, name=config.name.replace("article", "twin"), **TWIN)


_ARMS = (article, article_completed, article_control, article_continued)
CONFIGS = {config.name: config for config in [*(a() for a in _ARMS), *(twin(a) for a in _ARMS)]}


def named(name):
    """The config of this name; an ExperimentConfig or an `Arm` is returned unchanged.

    Raises ValueError, which lists the names, for another name; TypeError for anything else.
    """
    if isinstance(name, ExperimentConfig | Arm):
        return name
    if not isinstance(name, str):
        raise TypeError(
            f"config={shown(name)}: write an ExperimentConfig or a name of {', '.join(CONFIGS)}"
        )
    if name not in CONFIGS:
        raise ValueError(f"config={shown(name)}: the configs are {', '.join(CONFIGS)}")
    return CONFIGS[name]
