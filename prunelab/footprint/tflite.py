"""Convert a network to .tflite files, and run them with LiteRT (formerly TensorFlow Lite).

The converter is TensorFlow's. The interpreter is `ai_edge_litert`'s if that is installed, else
TensorFlow's own `tf.lite.Interpreter`, which later versions will leave out.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from prunelab.base.host import give_back
from prunelab.base.text import first_line
from prunelab.footprint.networks import model_of

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


@lru_cache(maxsize=6)  # each entry keeps its network, too
def convert(network, kind):
    """The bytes of the .tflite file of `network`; kind: a name of KINDS. A few are cached."""
    from prunelab.networks.backend import _silence
    from prunelab.networks.backend import tensorflow as tf

    model = model_of(network)

    def converted(converter):
        converter.optimizations = [getattr(tf.lite.Optimize, f) for f in KINDS[kind].flags]
        return converter.convert()

    with _silence():
        try:
            content = converted(tf.lite.TFLiteConverter.from_keras_model(model))
        except Exception as error:
            if not _loops(model):
                raise ConversionError(f"the converter stopped: {first_line(error)}") from None
            content = _one_row_at_a_time(model, converted)
    give_back()
    return content


def calibrated(network, rows):
    """The bytes of the TFLite file of a `KerasNetwork` with int8 weights and activations.

    rows: `Rows` whose activations set the scales. Inputs and outputs stay float32.
    """
    from prunelab.networks.backend import _silence
    from prunelab.networks.backend import tensorflow as tf

    def examples():
        for at in range(len(rows)):
            yield dict(zip(network.inputs, rows[at : at + 1].arrays, strict=True))

    with _silence():
        try:
            converter = tf.lite.TFLiteConverter.from_keras_model(network.model)
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = examples
            return converter.convert()
        except Exception as error:
            raise ConversionError(f"the converter stopped: {first_line(error)}") from None


def _loops(model):
    """Whether a model has a recurrent layer, whose loop needs a fixed batch size to convert."""
    return any(isinstance(layer, _recurrent()) for layer in model._flatten_layers())


def _recurrent():
    from prunelab.networks.backend import tf_keras

    return tf_keras.layers.RNN


def _one_row_at_a_time(model, converted):
    """The file of a model that takes one row in each call."""
    from prunelab.networks.backend import tensorflow as tf

    specs = {
        tensor.name: tf.TensorSpec((1, *tensor.shape[1:]), tensor.dtype, name=tensor.name)
        for tensor in model.inputs
    }

    @tf.function
    def one_row(**rows):
        given = [rows[tensor.name] for tensor in model.inputs]
        found = model(tf.nest.pack_sequence_as(model.input, given), training=False)
        return dict(zip(model.output_names, tf.nest.flatten(found), strict=True))

    try:
        call = one_row.get_concrete_function(**specs)
        return converted(tf.lite.TFLiteConverter.from_concrete_functions([call], model))
    except Exception as error:
        raise ConversionError(f"the converter stopped: {first_line(error)}") from None


def interpreter_name():
    """Which interpreter runs the files, in words; ImportError if there is none."""
    return _classes()[2]


def runner(content, batch, *, builtin=False, threads=1, names=None, like=None):
    """A function x → predictions [batch, outputs] that runs a .tflite file on `batch` rows.

    x: [batch, inputs]; or, with names, `Rows`. names: (of the inputs, of the outputs) of the model,
    in its order; the order in the file may differ. like: `Rows` that give the inputs' shape where
    the model leaves it open. builtin: use LiteRT's own routines; otherwise XNNPACK runs what it
    can, which is LiteRT's default. A file that takes one row in each call is called row by row.
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
            entries, exits = _ends(interpreter, names)
            singly = names is not None and any(e["shape_signature"][0] != -1 for e in entries)
            rows = 1 if singly else batch
            for at, entry in enumerate(entries):
                sides = entry["shape"][1:] if like is None else like.arrays[at].shape[1:]
                interpreter.resize_tensor_input(entry["index"], (rows, *map(int, sides)))
            interpreter.allocate_tensors()
        except Exception as error:
            raise ConversionError(f"LiteRT refused the file: {first_line(error)}") from None
    sources = [(entry["index"], entry["dtype"]) for entry in entries]
    targets = [exit["index"] for exit in exits]

    def run(x):
        interpreter.set_tensor(sources[0][0], x)
        interpreter.invoke()
        return interpreter.get_tensor(targets[0])

    def run_rows(x):
        for (index, dtype), array in zip(sources, x.arrays, strict=True):
            interpreter.set_tensor(index, array.astype(dtype, copy=False))
        if singly:  # the state of a loop would carry over from row to row
            interpreter.reset_all_variables()
        interpreter.invoke()
        found = [interpreter.get_tensor(index) for index in targets]
        if len(found) == 1:
            return found[0].reshape(rows, -1)
        return np.concatenate([each.reshape(rows, -1) for each in found], axis=1)

    if names is None:
        return run
    if singly:
        return lambda x: np.concatenate([run_rows(x[at : at + 1]) for at in range(len(x))])
    return run_rows


def _ends(interpreter, names):
    """The details of a file's inputs and outputs, in the order of `names`."""
    entries, exits = interpreter.get_input_details(), interpreter.get_output_details()
    if names is None or len(entries) == len(exits) == 1:
        return entries, exits
    called = interpreter.get_signature_runner()
    ends = called.get_input_details(), called.get_output_details()
    return tuple([of[name] for name in own] for of, own in zip(ends, names, strict=True))


def predict(content, x, *, builtin=True, names=None):
    """Predictions of a .tflite file on x, in one batch; x and names as `runner` takes them."""
    rows = np.ascontiguousarray(x, np.float32) if names is None else x
    like = None if names is None else x
    return runner(content, len(x), builtin=builtin, names=names, like=like)(rows)


def _classes():
    """(interpreter class, the kinds of routines it offers, its name)."""
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
