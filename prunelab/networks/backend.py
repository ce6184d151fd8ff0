"""The import of TensorFlow: legacy Keras, without its messages, with a fixed number of threads."""

import os
import sys
import warnings
from contextlib import contextmanager

KERAS_3_LOADED = (
    "TensorFlow's Keras is already Keras 3 in this process, and tensorflow-model-optimization "
    "prunes only Keras 2 models: restart the kernel and import prunelab.networks first"
)


@contextmanager
def _silence():
    """Send file descriptor 2 to the null device: TensorFlow's C++ code writes there in any case."""
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # the process has no standard error, so there is nothing to silence
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def _threads_wanted():
    value = os.environ.get("PRUNELAB_THREADS", "1")
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 1024):
        raise ImportError(
            f"PRUNELAB_THREADS={value!r}: write the number of TensorFlow's threads, 1 or more"
        )
    return int(value)


def _is_keras_3(tensorflow):
    return str(getattr(tensorflow.keras, "__version__", "")).startswith("3")  # 2 has none


def _import():
    threads = _threads_wanted()
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # oneDNN's own allocator never returns memory; the system's does (see `memory`).
    os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")
    if "tensorflow" in sys.modules and _is_keras_3(sys.modules["tensorflow"]):
        raise ImportError(KERAS_3_LOADED)
    with _silence():
        import tensorflow
        import tensorflow_model_optimization
        import tf_keras

        if _is_keras_3(tensorflow):
            raise ImportError(KERAS_3_LOADED)
        threading = tensorflow.config.threading
        try:
            threading.set_intra_op_parallelism_threads(threads)
            threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError:  # TensorFlow is already running: the reader's code has used it
            threads = threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1
        tensorflow.get_logger().setLevel("ERROR")  # hides advice about retracing
        tensorflow.zeros(())  # starts the runtime while standard error is silent
    return tensorflow, tf_keras, tensorflow_model_optimization, threads


tensorflow, tf_keras, tfmot, THREADS = _import()
if _threads_wanted() != THREADS:
    warnings.warn(
        f"TensorFlow had started before, with {THREADS} threads, and trainings repeat bit for bit "
        "only with as many; import prunelab.networks first for one thread",
        stacklevel=2,
    )

# tfmot's public API does not export the wrapper's class, so it is taken from a pruned layer.
PruneLowMagnitude = type(tfmot.sparsity.keras.prune_low_magnitude(tf_keras.layers.Dense(1)))

# The list of layers and cells whose weights tfmot prunes is not exported either.
registry = sys.modules[PruneLowMagnitude.__module__].prune_registry.PruneRegistry
