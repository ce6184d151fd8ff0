"""Build, train, prune and strip the network: the only door to TensorFlow and tfmot.

Import this before anything touches `tf.keras`: it chooses legacy Keras (`TF_USE_LEGACY_KERAS=1`),
the only one whose models tfmot can prune, and silences TensorFlow's messages. The import takes
about twelve seconds.

TensorFlow runs with one thread, or with PRUNELAB_THREADS: the same seed and number of threads give
the same bits on one machine; another number of threads changes the last digits.
"""

from prunelab.base.bars import EpochBar
from prunelab.networks.backend import THREADS, tf_keras, tfmot
from prunelab.networks.experiment import (
    DensePhase,
    first_phase,
    run,
    second_phase,
    train_dense,
)
from prunelab.networks.live.trainers import live_course, live_trainer, train_live
from prunelab.networks.models import (
    build,
    evaluate,
    kernels,
    prune,
    remask,
    sparsities,
    strip,
    to_tfmot,
    zeros,
)
from prunelab.networks.sensitivities import Sensitivity, SensitivityRow, sensitivity
from prunelab.networks.training import batches, compile, train

__all__ = [
    "THREADS",
    "DensePhase",
    "EpochBar",
    "Sensitivity",
    "SensitivityRow",
    "batches",
    "build",
    "compile",
    "evaluate",
    "first_phase",
    "kernels",
    "live_course",
    "live_trainer",
    "prune",
    "remask",
    "run",
    "second_phase",
    "sensitivity",
    "sparsities",
    "strip",
    "tf_keras",
    "tfmot",
    "to_tfmot",
    "train",
    "train_dense",
    "train_live",
    "zeros",
]
