"""The course's two experiments, as `Experiment`s that take any arm and metric of a reader's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import shown
from prunelab.experiments import data as datasets
from prunelab.experiments.named_configs import CONFIGS
from prunelab.experiments.own import Experiment

if TYPE_CHECKING:
    from tf_keras import Model


def course_experiment(
    name: str = "twin", *, epochs: int = 200, more_epochs: int | None = None
) -> Experiment:
    """The `Experiment` of the article's data and network, or of its twin, an eighth as large.

    name: "twin" or "article". The network, the data and the optimizer are those of the plans of the
    course; the order of the rows is Keras' own, so that a run ends near the stored one and not at
    its bits. All arms by name, and metrics given to `compile`, are those of any `Experiment`.
    """
    if name not in ("twin", "article"):
        raise ValueError(f"name={shown(name)}: write 'twin' or 'article'")
    config = CONFIGS[name]

    def build(seed: int) -> Model:
        from prunelab.networks import build, compile

        model = build(config.n_features, config.hidden, seed=seed)
        compile(model, config.learning_rate)
        return model

    def data(seed: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        rows = datasets.load(config.data, seed)
        pairs = (rows.x_train, rows.y_train), (rows.x_val, rows.y_val), rows.open_test()
        return tuple((np.asarray(x, "float32"), np.asarray(y, "float32")) for x, y in pairs)

    return Experiment(
        name, build, data, epochs, more_epochs=more_epochs, batch_size=config.batch_size
    )
