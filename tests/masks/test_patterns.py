"""prunelab.masks.patterns against prunelab.masks.magnitude, and against plain counting."""

import numpy as np
import pytest

from prunelab.masks import (
    PATTERNS,
    block_mask,
    kept_count,
    magnitude_mask,
    n_of_m_mask,
    pattern_mask,
)
from prunelab.masks.patterns import CRITERIA, GROUP, random_order, rank


def _matrices(count):
    """Matrices of many shapes; half of them coarse, so that ties and zeros are common."""
    rng = np.random.default_rng(5)
    for number in range(count):
        matrix = rng.normal(size=tuple(rng.integers(1, 40, 2))).astype(np.float32)
        yield np.round(matrix * 2) / 2 if number % 2 else matrix, float(rng.uniform())


BY_MAGNITUDE = {
    "unstructured": magnitude_mask,
    "4x1": lambda weights, sparsity: block_mask(weights, sparsity, (4, 1)),
    "16x1": lambda weights, sparsity: block_mask(weights, sparsity, (16, 1)),
    "1x4": lambda weights, sparsity: block_mask(weights, sparsity, (1, 4)),
    "4x4": lambda weights, sparsity: block_mask(weights, sparsity, (4, 4)),
    "2:4": lambda weights, _: n_of_m_mask(weights, 2, 4),
    "neurons": lambda weights, sparsity: block_mask(weights, sparsity, (len(weights), 1)),
    "inputs": lambda weights, sparsity: block_mask(weights, sparsity, (1, weights.shape[1])),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_by_magnitude_a_mask_is_that_of_magnitude(pattern):
    for matrix, sparsity in _matrices(60):
        wanted = BY_MAGNITUDE[pattern](matrix, sparsity)
        np.testing.assert_array_equal(pattern_mask(matrix, sparsity, pattern), wanted)


def test_largest_first_keeps_the_smallest():
    rng = np.random.default_rng(0)
    for _ in range(20):
        matrix = rng.permutation(60).reshape(6, 10) - 30.5
        kept = pattern_mask(matrix, 0.7, criterion="largest")
        assert kept.sum() == 18
        assert np.abs(matrix[kept]).max() < np.abs(matrix[~kept]).min()


def test_largest_first_takes_whole_units_and_two_of_four():
    matrix = np.array([[1.0, 9, 2], [1, 9, 2], [3, 9, 2], [4, 9, 2], [5, 9, 2]])
    columns = pattern_mask(matrix, 1 / 3, "neurons", "largest")
    assert columns[0].tolist() == [True, False, True]
    groups = pattern_mask(matrix, 0.9, GROUP, "largest")
    assert groups[:, 0].tolist() == [True, True, False, False, True]
    assert groups[:, 1].tolist() == [True, True, False, False, True], "among equals the first"


@pytest.mark.parametrize("pattern", [name for name in PATTERNS if name != GROUP])
def test_a_random_mask_keeps_the_same_count_of_units_whatever_the_weights(pattern):
    for matrix, sparsity in _matrices(30):
        block = PATTERNS[pattern].block_in(matrix.shape)
        units = -(-matrix.shape[0] // block[0]) * -(-matrix.shape[1] // block[1])
        ranking = rank(matrix, pattern, "random", seed=3)
        assert (ranking.scores >= ranking.lowest(sparsity)).sum() == kept_count(units, sparsity)
        other = pattern_mask(np.ones_like(matrix), sparsity, pattern, "random", seed=3)
        np.testing.assert_array_equal(ranking.mask(sparsity), other)


def test_random_masks_are_nested_and_differ_by_seed_and_draw():
    weights = np.ones((20, 20))
    ranking = rank(weights, criterion="random", seed=1)
    masks = [ranking.mask(sparsity) for sparsity in (0.9, 0.5, 0.1)]
    assert (masks[0] <= masks[1]).all()
    assert (masks[1] <= masks[2]).all()
    others = [rank(weights, criterion="random", seed=s, draw=d) for s, d in ((2, 0), (1, 1))]
    for other in others:
        assert 40 < (other.mask(0.5) & masks[1]).sum() < 160
    np.testing.assert_array_equal(random_order(9, 1), random_order(9, 1))
    assert sorted(random_order(9, 1)) == list(range(9))


def test_random_two_of_four_leaves_two_in_each_group_and_a_short_group_whole():
    mask = pattern_mask(np.ones((10, 50)), 0.9, GROUP, "random", seed=0)
    assert (mask[:8].reshape(2, 4, 50).sum(axis=1) == 2).all()
    assert mask[8:].all(), "two rows are left over: what fills the group up goes first"
    assert 0.3 < mask[0].mean() < 0.7


def test_threshold_ties_and_counts_are_told():
    matrix = np.array([[1.0, 2, 2, 2], [3, 4, 5, 6]])
    ranking = rank(matrix)
    assert (ranking.count(0.25), ranking.threshold(0.25), ranking.tied(0.25)) == (6, 2.0, 1)
    assert ranking.mask(0.25).sum() == 7
    largest = rank(matrix, criterion="largest")
    assert (largest.threshold(0.75), largest.tied(0.75)) == (2.0, 2)
    for loose in (rank(matrix, GROUP), rank(matrix, criterion="random")):
        assert loose.threshold(0.5) is None
        assert loose.tied(0.5) == 0
    assert rank(matrix, GROUP).count(0.5) is None
    assert rank(matrix, "neurons").threshold(0.5) == 3.5


def test_a_ranking_hands_out_masks_of_its_own():
    for pattern in PATTERNS:
        for criterion in CRITERIA:
            ranking = rank(np.arange(16.0).reshape(4, 4), pattern, criterion)
            mask = ranking.mask(0.5)
            mask[:] = False
            assert ranking.mask(0.5).any()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: pattern_mask(np.ones(4), 0.5), "need a matrix"),
        (lambda: pattern_mask(np.ones((2, 2)), 50), "for 50 % write 0.5"),
        (lambda: pattern_mask(np.ones((2, 2)), 0.5, "2x2"), "pattern='2x2': write one of unstruc"),
        (lambda: pattern_mask(np.ones((2, 2)), 0.5, (4, 1)), r"pattern=\(4, 1\): write one of"),
        (lambda: pattern_mask(np.ones((2, 2)), 0.5, criterion="small"), "magnitude, random, large"),
        (lambda: pattern_mask([[np.nan, 1.0]], 0.5), "NaN or infinity"),
        (lambda: rank(np.ones((2, 2)), criterion="random", seed=-1), "seed=-1"),
        (lambda: rank(np.ones((2, 2)), criterion="random", seed="a"), "seed='a'"),
        (lambda: random_order(0, 1), "size=0"),
        (lambda: random_order(10**8 + 1, 1), "size=100000001: size must be .* to 100_000_000"),
        (lambda: random_order(2**40, 1), "size=1099511627776"),
    ],
)
def test_impossible_input_gets_one_sentence(call, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence) as raised:
        call()
    assert "\n" not in str(raised.value)
