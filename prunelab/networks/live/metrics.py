"""The metrics of a reader's compiled model, made again for each network that trains live."""

from dataclasses import dataclass, replace

import numpy as np

from prunelab.base.text import digits
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.backend import tf_keras

KINDS = ("metrics", "weighted_metrics")  # a live run has no sample weights, so both count alike


@dataclass(frozen=True)
class Metrics:
    """What a model's `compile` was given as metrics.

    given: {"metrics": …, "weighted_metrics": …}, for `compile`. outputs: names of the outputs whose
    names Keras has put before those of the metrics in `given`. kind: Keras' class of containers,
    which is not public. left_out: names of metrics that cannot be made again.
    """

    given: dict
    outputs: tuple
    kind: type
    left_out: tuple = ()

    @classmethod
    def of(cls, model):
        """The `Metrics` of a compiled model, or None if it has none."""
        asked = {kind: model._get_compile_args()[kind] for kind in KINDS}
        named = len(model.outputs) > 1 and model.compiled_metrics.built
        outputs = tuple(model.output_names) if named else ()
        found = cls(asked, outputs, type(model.compiled_metrics))
        left_out = []
        for metric in tf.nest.flatten(asked):
            try:
                found._again(metric)
            except Exception:  # a metric of the reader's own may raise anything
                left_out.append(metric.name)
        found = replace(found, left_out=tuple(left_out))
        kept = [each for each in tf.nest.flatten(found._made()) if each is not None]
        return found if kept or left_out else None

    def _made(self):
        """`given` with new metrics; None in the place of one that is left out."""
        return tf.nest.map_structure(self._again_or_none, self.given)

    def _again_or_none(self, metric):
        return None if getattr(metric, "name", None) in self.left_out else self._again(metric)

    def _again(self, metric):
        """A new metric like this one; a name or a function as it is."""
        if not isinstance(metric, tf_keras.metrics.Metric):
            return metric
        config = metric.get_config()
        for output in self.outputs:
            if config["name"].startswith(f"{output}_"):
                config["name"] = config["name"].removeprefix(f"{output}_")
                break
        return type(metric).from_config(config)

    def container(self, output_names):
        """A container of new metrics of Keras: `update_state`, `reset_state`, `metrics`."""
        return self.kind(**self._made(), output_names=list(output_names))

    def names(self, model):
        """The names under which a run of `model` records them, in order."""
        container = self.container(model.output_names)
        container.build(model.output, model.output)
        return tuple(metric.name for metric in container.metrics)


def values_of(container):
    """{name: value} of the metrics that have one finite number; {} for None."""
    found = {}
    for metric in () if container is None else container.metrics:
        result = metric.result()
        several = result if isinstance(result, dict) else {metric.name: result}
        for name, value in several.items():
            if not np.ndim(value) and np.isfinite(value):
                found[name] = digits(float(value))
    return found
