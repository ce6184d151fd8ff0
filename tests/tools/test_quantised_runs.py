"""Networks trained for int8: what the stored runs say, and tfmot's scheme after one epoch."""

import numpy as np
import pytest

from prunelab import networks
from prunelab.base.json_files import load_record
from prunelab.experiments import data
from prunelab.masks import magnitude_mask
from tools.quantised_runs import (
    ARMS,
    PRUNED,
    SEEDS,
    TARGET,
    converted,
    stored_zeros,
    trained,
    with_activations,
)

SHAPES = ((125, 128), (128, 128))


@pytest.fixture(scope="module")
def start():
    model = networks.build(125, (128, 128), seed=3)
    for name in PRUNED:
        layer = model.get_layer(name)
        kernel = layer.kernel.numpy()
        layer.kernel.assign(kernel * magnitude_mask(kernel, 0.75))
    return model


def test_every_arm_and_seed_is_stored_and_zeros_stay_where_they_should():
    record = load_record(TARGET)
    rows = {(row["arm"], row["seed"]): row for row in record["rows"]}
    assert sorted(rows) == sorted((arm, seed) for arm in ARMS for seed in SEEDS)
    assert record["arms"] == ARMS
    for (arm, _), row in rows.items():
        kept = arm in ("rounded", "masked", "preserving")
        # Rounding to int8 adds zeros, and removes none.
        assert row["zeros"] >= 0.75 if kept else row["zeros"] < 0.5, row
        assert 0 < row["int8_mse"] < 0.1


def test_a_relu_as_activation_computes_the_same(start):
    rows = data.twin(3).x_val.astype(np.float32)
    copy = with_activations(start)
    assert len(copy.layers) == 3
    np.testing.assert_array_equal(copy(rows).numpy(), start(rows).numpy())


def test_zeros_are_preserved_by_the_scheme_only_with_the_relu_in_the_layer(start):
    rows = data.twin(3)
    found = {
        arm: stored_zeros(converted(trained(start, arm, 3, epochs=1), rows), SHAPES)
        for arm in ("rounded", "aware", "preserving", "preserving_apart")
    }
    sizes = [inputs * units for inputs, units in SHAPES]
    for arm, zeros in found.items():
        for count, size in zip(zeros, sizes, strict=True):
            assert (count >= 0.75 * size) is (arm in ("rounded", "preserving")), (arm, zeros)


def test_a_kernel_that_is_not_in_the_file_is_named(start):
    content = converted(start, data.twin(3))
    with pytest.raises(ValueError, match="0 int8 kernels of 7 × 3"):
        stored_zeros(content, [(3, 7)])
