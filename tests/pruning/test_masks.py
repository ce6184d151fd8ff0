"""The masks are tfmot's: on 10,000 tensors, on the host and in a graph."""

import keras
import numpy as np
import pytest

from prunelab.pruning.attached import bits
from prunelab.pruning.kernels import Kernel
from prunelab.pruning.ranking import Group
from prunelab.schedules import ConstantSparsity, PolynomialDecay

BACKEND = keras.backend.backend()
BLOCKS = ((4, 1), (1, 4), (2, 3), (4, 4))
GROUPS = ((2, 4), (1, 2), (3, 5))
SPARSITIES = (0.0, 1e-6, 0.01, 0.1, 0.25, 0.3, 0.5, 0.6, 0.75, 0.9, 0.95, 0.99, 0.999999)


class Shaped:
    """What a group asks of a kernel."""

    def __init__(self, shape):
        self.shape = shape


def tensor(rng, shape):
    """Random weights, of the kinds that make ranking hard: ties, zeros, tiny and huge numbers."""
    weights = rng.normal(size=shape).astype("float32")
    kind = rng.integers(6)
    if kind == 1:
        weights = np.round(weights * 4) / 4
    elif kind == 2:
        weights[rng.random(shape) < 0.3] = 0
    elif kind == 3:
        weights *= np.float32(1e-30)
    elif kind == 4:
        weights = np.sign(weights)
    elif kind == 5:
        weights = (weights * np.exp(5 * rng.normal(size=shape))).astype("float32")
    return weights


def group(shapes, sparsity, **options):
    schedule = ConstantSparsity(float(sparsity), begin_step=0)
    return Group(tuple(map(Shaped, shapes)), schedule, **options)


def oracle():
    pytest.importorskip("tensorflow_model_optimization", reason="compared with tfmot in make test")
    from tests.helpers import tfmot_oracle

    return tfmot_oracle


def cases(count, seed):
    """(rng, weights, sparsity) of random matrices; a few shapes, or tfmot traces for each."""
    rng = np.random.default_rng(seed)
    shapes = [(1, 1), (7, 3), (16, 8), (5, 1), (13, 9), (40, 25)]
    for _ in range(count):
        shape = shapes[rng.integers(len(shapes))]
        chosen = rng.choice(SPARSITIES) if rng.random() < 0.5 else rng.random()
        yield rng, tensor(rng, shape), min(chosen, 0.999999)


def test_single_weights_as_tfmot_on_7000_tensors():
    tfmot = oracle()
    for _, weights, sparsity in cases(7000, 0):
        (ours,) = group([weights.shape], sparsity).masks(100, weights)
        theirs = tfmot.compiled_mask(weights.shape)(weights, sparsity)
        assert np.array_equal(ours, theirs)


def test_blocks_as_tfmot_on_2000_tensors():
    tfmot = oracle()
    for rng, weights, sparsity in cases(2000, 1):
        weights = tensor(rng, (13, 9))  # of a single row or column of blocks tfmot stops
        block, pooling = BLOCKS[rng.integers(len(BLOCKS))], str(rng.choice(["AVG", "MAX"]))
        (ours,) = group([weights.shape], sparsity, block=block, pooling=pooling).masks(100, weights)
        theirs = tfmot.compiled_mask(weights.shape, block, pooling)(weights, sparsity)
        assert np.array_equal(ours, theirs)


def test_n_of_m_as_tfmot_on_1000_tensors():
    tfmot = oracle()
    for rng, _, _ in cases(1000, 2):
        weights = tensor(rng, ((40, 25), (13, 9), (2, 3, 9, 4))[rng.integers(3)])
        n, m = GROUPS[rng.integers(len(GROUPS))]
        (ours,) = group([weights.shape], 0.5, n_of_m=(n, m)).masks(1, weights)
        assert np.array_equal(ours, tfmot.compiled_n_of_m(weights.shape, n, m)(weights))


@pytest.mark.skipif(BACKEND == "torch", reason="PyTorch has no graph of ours: all is on the host")
@pytest.mark.parametrize(
    "options",
    [{}, {"joint": True}, {"block": (4, 1)}, {"block": (3, 2), "pooling": "MAX"}],
    ids=["layer", "global", "blocks", "largest of blocks"],
)
def test_in_a_graph_the_masks_are_those_of_the_host(options):
    rng = np.random.default_rng(3)
    shapes = [(13, 9), (40, 25)]
    schedule = PolynomialDecay(0.0, 0.9, begin_step=2, end_step=20, frequency=3)
    ranked = Group(tuple(map(Shaped, shapes)), schedule, **options)

    def of_graph(step, *weights):
        return ranked.masks_in_graph(step, weights, bits)

    if BACKEND == "jax":
        import jax

        graph = jax.jit(of_graph)
    else:
        import tensorflow as tf

        graph = tf.function(of_graph, jit_compile=True)
    for step in range(2, 21, 3):
        for _ in range(6):
            weights = [tensor(rng, shape) for shape in shapes]
            wanted = ranked.masks(step, *weights)
            tensors = map(keras.ops.convert_to_tensor, [np.int32(step), *weights])
            for ours, host in zip(graph(*tensors), wanted, strict=True):
                np.testing.assert_array_equal(np.asarray(ours), host)


def test_one_threshold_for_all_kernels_keeps_the_largest_of_all():
    rng = np.random.default_rng(4)
    weights = [rng.normal(size=(20, 30)).astype("float32"), rng.normal(size=50) * 0.01]
    together = group([w.shape for w in weights], 0.5, joint=True)
    masks = together.masks(100, *weights)
    kept = np.concatenate([np.abs(w[m]) for w, m in zip(weights, masks, strict=True)])
    dropped = np.concatenate([np.abs(w[~m]) for w, m in zip(weights, masks, strict=True)])
    assert len(kept) == len(dropped) == 325
    assert kept.min() > dropped.max()
    assert masks[1].sum() < 5


def test_a_kernel_says_its_size():
    kernel = Kernel("dense/kernel", "dense", Shaped((3, 4)))
    assert (kernel.shape, kernel.size) == ((3, 4), 12)


@pytest.mark.parametrize(
    ("schedule", "last", "steps"),
    [
        (PolynomialDecay(0, 0.5, 4, 12, frequency=4), None, [4, 8, 12]),
        (PolynomialDecay(0, 0.5, 0, 9, frequency=4), None, [4, 8]),
        (PolynomialDecay(0, 0.5, 4, 12, frequency=4), 9, [4, 8]),
        (ConstantSparsity(0.5, 0, frequency=5), None, [5, 10, 15]),
        (ConstantSparsity(0.5, 2, 6, frequency=2), None, [2, 4, 6]),
    ],
)
def test_masks_are_due_when_the_schedule_says(schedule, last, steps):
    ranked = Group((), schedule)
    assert [step for step in range(1, 18) if ranked.due(step, last)] == steps
    if last is None:
        assert steps == list(schedule.update_range(17))
