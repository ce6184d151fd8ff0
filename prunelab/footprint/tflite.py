"""A network in .tflite files, and LiteRT (once TensorFlow Lite) to run them: TensorFlow's, or its
own package's.

The converter is TensorFlow's. The interpreter is `ai_edge_litert`'s where that is installed, else
TensorFlow's own `tf.lite.Interpreter`, which later versions will leave out.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from prunelab.base.host import give_back
from prunelab.footprint.networks import to_model

MISSING = (
    "no LiteRT interpreter is installed: pip install ai-edge-litert, "
    "or use a TensorFlow that still has tf.lite.Interpreter"
)


@dataclass(frozen=True)
class Kind:
    """A kind of .tflite file. contains: what it holds. flags: names in `tf.lite.Optimize`."""

    name: str
    contains: str
    flags: tuple = ()
    int8: bool = False
    sparse: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("tflite", "float32 weights and the graph, as LiteRT maps it into memory"),
        Kind(
            "tflite_sparse",
            "the same with EXPERIMENTAL_SPARSITY: float32 weights that are not 0, or 4 × 1 "
            "blocks of them, and where they are",
            ("EXPERIMENTAL_SPARSITY",),
            sparse=True,
        ),
        Kind(
            "tflite_int8",
            "dynamic-range quantised: weights in 1 byte with a scale, biases float32",
            ("DEFAULT",),
            int8=True,
        ),
        Kind(
            "tflite_int8_sparse",
            "both: 1-byte weights that are not 0, or 1 × 16 blocks of them, and where they are",
            ("DEFAULT", "EXPERIMENTAL_SPARSITY"),
            int8=True,
            sparse=True,
        ),
    )
}


class ConversionError(RuntimeError):
    """The converter or the interpreter stopped; the message is one sentence."""


@lru_cache(maxsize=6)  # each keeps its network, too
def convert(network, kind):
    """The bytes of the .tflite file of `network`; kind: a name of KINDS. The latest are kept."""
    from prunelab.networks.backend import _silence
    from prunelab.networks.backend import tensorflow as tf

    with _silence():
        try:
            converter = tf.lite.TFLiteConverter.from_keras_model(to_model(network))
            converter.optimizations = [getattr(tf.lite.Optimize, f) for f in KINDS[kind].flags]
            content = converter.convert()
        except Exception as error:
            raise ConversionError(f"the converter stopped: {first_line(error)}") from None
    give_back()
    return content


def interpreter_name():
    """Which interpreter runs the files, as words, or ImportError in one sentence."""
    return _classes()[2]


def runner(content, batch, *, builtin=False, threads=1):
    """A function x [batch, inputs] → predictions [batch, outputs] that runs a .tflite file.

    builtin: LiteRT's own routines; else XNNPACK takes what it can, which is LiteRT's default.
    """
    interpreter_class, resolvers, _ = _classes()
    from prunelab.networks.backend import _silence

    resolver = resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES if builtin else resolvers.AUTO
    with _silence():
        try:
            interpreter = interpreter_class(
                model_content=content,
                experimental_op_resolver_type=resolver,
                num_threads=threads,
            )
            entry = interpreter.get_input_details()[0]
            interpreter.resize_tensor_input(entry["index"], (batch, int(entry["shape"][-1])))
            interpreter.allocate_tensors()
        except Exception as error:
            raise ConversionError(f"LiteRT refused the file: {first_line(error)}") from None
    source, target = entry["index"], interpreter.get_output_details()[0]["index"]

    def run(x):
        interpreter.set_tensor(source, x)
        interpreter.invoke()
        return interpreter.get_tensor(target)

    return run


def predict(content, x, *, builtin=True):
    """Predictions of a .tflite file on x, in one batch."""
    return runner(content, len(x), builtin=builtin)(np.ascontiguousarray(x, np.float32))


def first_line(error):
    """What an error says, in one line of at most 160 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:157] + "..."


def _classes():
    """(interpreter class, its kinds of routines, its name)."""
    try:
        from ai_edge_litert import interpreter as litert

        return litert.Interpreter, litert.OpResolverType, "ai-edge-litert"
    except ImportError:
        pass
    from prunelab.networks.backend import tensorflow as tf

    lite = getattr(tf, "lite", None)
    if lite is None or not hasattr(lite, "Interpreter"):
        raise ImportError(MISSING)
    return lite.Interpreter, lite.experimental.OpResolverType, "tf.lite.Interpreter"
