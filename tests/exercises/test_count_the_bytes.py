"""What the exercises on bytes are judged by: held to the package, and to sums by hand."""

import math

import numpy as np
import pytest

from prunelab import footprint
from prunelab.exercises import count_the_bytes as count
from prunelab.exercises import functions
from prunelab.exercises.count_the_bytes import bound, claims, files
from prunelab.masks import Network
from tests.exercises.answers import count_the_bytes as answers


def small():
    random = np.random.default_rng(3)
    kernels = [random.normal(size=shape) for shape in ((13, 9), (9, 5), (5, 1))]
    for kernel in kernels:
        kernel[random.random(kernel.shape) < 0.6] = 0
    kernels[1][:, 2] = 0
    return Network([(kernel, random.normal(size=kernel.shape[1])) for kernel in kernels])


# ---- the limit ----------------------------------------------------------------------------------


def test_the_limit_is_the_bound_of_the_package():
    for n, zeros in ((400, 300), (1000, 0), (64, 63)):
        kernel = np.ones(n, np.float32)
        kernel[:zeros] = 0
        network = Network([(kernel.reshape(n, 1), np.zeros(1, np.float32))])
        found = bound.limit(n, zeros / n)
        assert math.ceil(found + 4) == footprint.entropy_bound(network)  # one bias


def test_no_slip_of_the_limit_gives_the_right_bytes_and_each_is_named():
    cases = bound.limit_cases()
    for mistake, sentence in bound.LIMIT_MISTAKES:
        assert not all(functions.same(mistake(*a), bound.limit(*a)) for _, a in cases)
        assert count.q1.verdict(mistake) == (False, sentence)


# ---- the claims ---------------------------------------------------------------------------------


def ratios(claim):
    quantities = (claim.file, claim.memory, claim.nonzeros, claim.products)
    return [before / after for before, after in quantities]


def test_each_claim_has_its_ten_where_the_answer_says():
    made = {claim.letter: ratios(claim) for claim in claims.claims()}
    ten = pytest.approx(10, rel=0.01)
    assert list(made) == list(count.COUNTS) == list("ABCD")
    assert made["A"] == [ten, 1, 1, 1]
    assert made["B"] == [1, 1, ten, 1]
    assert made["C"][0] == ten
    assert (made["C"][1], made["C"][3]) == (1, 1)
    assert made["D"] == [ten] * 4
    assert set(count.COUNTS.values()) == set(claims.READINGS) - {"bits"}


def test_the_file_of_training_is_the_measured_one_and_five_networks_large():
    before, after = claims.claims()[0].file
    rows = [row for row in footprint.load().sizes if row.format == "wrapped"]
    assert before in {row.bytes for row in rows}
    assert before == pytest.approx(5 * 4 * 2_075_649, rel=0.01)
    assert after == 2 * 2_075_649


def test_the_table_of_claims_is_four_lines_that_fit():
    head, *lines = claims.claims_table().splitlines()
    assert [line[0] for line in lines] == list("ABCD")
    assert max(map(len, [head, *lines])) <= 90
    for name in ("file", "memory", "not 0", "multiplications"):
        assert all("→" in line[head.index(name) :] for line in lines)


# ---- the file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("packing", files.PACKINGS)
@pytest.mark.parametrize("bits", files.BITS)
def test_what_is_read_is_what_was_written(bits, packing):
    network = small()
    again = files.read(files.write(network, bits, packing))
    for kernel, kept, bias, same in zip(
        network.kernels, again.kernels, network.biases, again.biases, strict=True
    ):
        assert np.array_equal(bias, same)
        assert not kept[kernel == 0].any()
        if bits == 32:
            assert np.array_equal(kernel, kept)
        elif bits == 16:
            assert np.array_equal(kernel.astype(np.float16), kept)
        else:
            step = np.abs(kernel).max(axis=0) / (2 ** (bits - 1) - 1)
            assert np.all(np.abs(kernel - kept) <= step / 2 + 1e-6)
            assert np.allclose(np.abs(kept).max(axis=0), np.abs(kernel).max(axis=0))


@pytest.mark.parametrize("bits", files.BITS)
def test_a_file_has_as_many_bytes_as_counted_by_hand(bits):
    network = small()
    units, sizes = 9 + 5 + 1, (13 * 9, 9 * 5, 5)
    scales = 0 if bits >= 16 else 4 * units
    dense = sum(-(-size * bits // 8) for size in sizes)
    head = 3 + 4 * 4
    assert len(files.write(network, bits, "dense")) == head + 4 * units + scales + dense
    again = files.read(files.write(network, bits, "bitmask"))
    kept = [np.count_nonzero(kernel) for kernel in again.kernels]
    packed = sum(-(-many * bits // 8) for many in kept) + sum(-(-size // 8) for size in sizes)
    assert len(files.write(network, bits, "bitmask")) == head + 4 * units + scales + packed


def test_the_network_as_it_is_has_the_bytes_and_the_loss_of_its_run():
    size, loss = files.cook(files.AS_IT_IS)
    assert size == 4 * 2_075_649 + 19
    assert loss == pytest.approx(footprint.stored_run().val.mse, rel=1e-5)


def test_the_loss_of_one_part_is_that_of_the_file():
    for part, value in (("bits", 4), ("sparsity", 0.8), ("neurons", (900, 300))):
        alone = files.AS_IT_IS | {part: value}
        assert files.loss_of(alone, part) == pytest.approx(files.cook(alone)[1])


def test_whoever_nobody_hears_costs_bytes_and_nothing_else():
    whole = files.cook(answers.recipe((1024, 1024)))
    heard = files.cook(answers.recipe((1024, 256)))
    assert heard[1] == pytest.approx(whole[1], rel=1e-4)
    assert heard[0] < 0.65 * whole[0]
    assert footprint.shape_of(footprint.remove_neurons(footprint.stored_network()))[2] == 256
