"""The runtimes: Keras in four ways, NumPy, SciPy's sparse rows, LiteRT in eight ways."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from prunelab.base.checks import shown
from prunelab.footprint import networks, tflite
from prunelab.footprint.formats import names_of
from prunelab.footprint.models.cost import cost
from prunelab.footprint.models.tflite_file import int8_remark
from prunelab.footprint.networks import model_of, n_bytes, n_nonzero, n_weights
from prunelab.masks.network import Network


@dataclass(frozen=True)
class Runtime:
    """label: its name for readers. about: what a call does. make: network, x, threads → a call
    without arguments that returns predictions. read: network → bytes of weights a call must read.
    sparse: whether it multiplies only non-zeros. tensorflow: if TensorFlow runs it, whose number
    of threads is fixed for a process. int8, reference: see `formats.Format`. any_model: whether it
    runs models other than the course's MLP. remark: see `formats.Format`."""

    name: str
    label: str
    about: str
    make: Callable
    read: Callable
    sparse: bool = False
    tensorflow: bool = False
    int8: bool = False
    reference: str | None = None
    any_model: bool = True
    remark: Callable = lambda network: ""

    @property
    def tolerance(self):
        """The largest relative error allowed."""
        return networks.INT8_TOLERANCE if self.int8 else networks.FLOAT_TOLERANCE

    @property
    def dense_float(self):
        """Whether it computes with every weight in float32, as the runtimes to compare with do."""
        return not (self.sparse or self.int8)

    def work(self, network, batch):
        """(bytes of weights, multiplications and additions) that a call needs at least."""
        weights = n_nonzero(network) if self.sparse else multiply_adds(network)
        return self.read(network), 2 * weights * batch


def runtime_named(name):
    """The `Runtime` of this name, or an error in one sentence that lists the names."""
    if not isinstance(name, str) or name not in RUNTIMES:
        raise ValueError(f"runtime={shown(name)}: the runtimes are {', '.join(RUNTIMES)}")
    return RUNTIMES[name]


def runtimes_for(network, names=None):
    """The `Runtime`s of these names; None gives all that can run `network`.

    Raises ValueError, in one sentence, for one that cannot.
    """
    mlp = isinstance(network, Network)
    if names is None:
        return [runtime for runtime in RUNTIMES.values() if mlp or runtime.any_model]
    chosen = [runtime_named(name) for name in ([names] if isinstance(names, str) else names)]
    for runtime in chosen:
        if not (mlp or runtime.any_model):
            raise ValueError(
                f"runtimes: {runtime.name!r} is written for Dense layers with ReLU between them, "
                f"and model is another; leave it out, or see what as_network(model) says"
            )
    return chosen


def multiply_adds(network):
    """Multiply-adds for one row; if some layer cannot be counted, one for each weight."""
    if isinstance(network, Network):
        return n_weights(network)
    counted = cost(network)
    return n_weights(network) if counted.uncounted else counted.multiply_adds


_model = lru_cache(maxsize=2)(model_of)


def _predict(network, x, threads):
    model = _model(network)
    if isinstance(network, Network):
        return lambda: model.predict(x, batch_size=len(x), verbose=0)
    rows = network.packed(x.arrays)
    return lambda: network.flat(model.predict(rows, batch_size=len(x), verbose=0))


def _tensors(network, x):
    """(x as a TensorFlow tensor, function that turns the outputs into an array)."""
    from prunelab.networks.backend import tensorflow as tf

    if isinstance(network, Network):
        return tf.constant(x), lambda outputs: outputs.numpy()
    return network.packed([tf.constant(array) for array in x.arrays]), network.flat


def _call(network, x, threads):
    model, (x, array) = _model(network), _tensors(network, x)
    return lambda: array(model(x, training=False))


def _function(network, x, threads):
    from prunelab.networks.backend import tensorflow as tf

    model, (x, array) = _model(network), _tensors(network, x)
    compiled = tf.function(lambda rows: model(rows, training=False))
    specs = tf.nest.map_structure(lambda each: tf.TensorSpec(each.shape, each.dtype), x)
    compiled = compiled.get_concrete_function(specs)
    return lambda: array(compiled(x))


def _numpy(network, x, threads):
    return lambda: network.forward(x)


def _csr(network, x, threads):
    """Activations are columns, so that each layer is a sparse matrix times a dense one."""
    from scipy.sparse import csr_array

    kernels = [csr_array(np.ascontiguousarray(kernel.T)) for kernel in network.kernels]
    single = len(x) == 1  # SciPy has a special kernel for one column
    biases = [bias if single else bias[:, None] for bias in network.biases]

    def run():
        activations = x[0] if single else np.ascontiguousarray(x.T)
        for at, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
            activations = kernel @ activations + bias
            if at < len(kernels) - 1:
                np.maximum(activations, 0, out=activations)
        return activations.reshape(1, -1) if single else activations.T

    return run


def _litert(kind, builtin, network, x, threads):
    content = tflite.convert(network, kind)
    names = names_of(network)
    options = {"builtin": builtin, "threads": threads, "names": names}
    run = tflite.runner(content, len(x), **options, like=None if names is None else x)
    return lambda: run(x)


def _all_weights(network):
    return n_bytes(network)


def _csr_bytes(network):
    return 8 * n_nonzero(network)


def _file_bytes(kind, network):
    return len(tflite.convert(network, kind))


def _int8(kind, network):
    return int8_remark(network.kernels, tflite.convert(network, kind))


_LITERT = {
    "tflite": ("litert", "LiteRT"),
    "tflite_sparse": ("litert_sparse", "LiteRT sparse"),
    "tflite_int8": ("litert_int8", "LiteRT int8"),
    "tflite_int8_sparse": ("litert_int8_sparse", "LiteRT int8 sparse"),
}


def _of_litert(kind, builtin):
    name, label = _LITERT[kind]
    end, words = ("builtin", "its own routines") if builtin else ("xnnpack", "XNNPACK")
    int8, sparse = tflite.KINDS[kind].int8, tflite.KINDS[kind].sparse
    return Runtime(
        f"{name}_{end}",
        f"{label}, {words}",
        f"LiteRT runs the file {kind!r} with {words}, the rows copied in and predictions out",
        partial(_litert, kind, builtin),
        partial(_file_bytes, kind) if sparse else (n_weights if int8 else _all_weights),
        sparse=sparse,
        int8=int8,
        reference="litert_int8_builtin" if int8 and sparse else None,
        **({"remark": partial(_int8, kind)} if int8 else {}),
    )


RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        Runtime(
            "keras_predict",
            "model.predict(x)",
            "Keras' loop over batches, here of one: callbacks, an iterator, then the arithmetic",
            _predict,
            _all_weights,
            tensorflow=True,
        ),
        Runtime(
            "keras_call",
            "model(x)",
            "each layer called from Python, one operation after another",
            _call,
            _all_weights,
            tensorflow=True,
        ),
        Runtime(
            "tf_function",
            "tf.function",
            "the whole network as one graph, traced before",
            _function,
            _all_weights,
            tensorflow=True,
        ),
        Runtime(
            "numpy",
            "NumPy",
            "x @ kernel + bias, by BLAS",
            _numpy,
            _all_weights,
            any_model=False,
        ),
        Runtime(
            "scipy_csr",
            "SciPy CSR",
            "rows that hold only the weights that are not 0, times a matrix; always one thread",
            _csr,
            _csr_bytes,
            sparse=True,
            any_model=False,
        ),
        *(_of_litert(kind, builtin) for kind in tflite.KINDS for builtin in (False, True)),
    )
}
# The fastest of these on the unpruned network is what every row is compared with.
DENSE_RUNTIMES = ("tf_function", "numpy", "litert_xnnpack")
