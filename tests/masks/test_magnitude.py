"""prunelab.masks.magnitude against the masks tfmot computes itself."""

import tracemalloc

import numpy as np
import pytest

from prunelab.masks import block_mask, kept_count, magnitude, magnitude_mask, n_of_m_mask, sparsity
from tests.helpers import tfmot_oracle


def arrays(rng, count):
    """Matrices of many shapes; half of them coarse, so that ties and zeros are common."""
    for number in range(count):
        shape = tuple(rng.integers(2, 40, size=2))
        array = rng.normal(size=shape).astype(np.float32)
        yield np.round(array * 2) / 2 if number % 2 else array


def test_magnitude_mask_equals_tfmot_rounding_and_ties_included():
    rng = np.random.default_rng(1)
    targets = [0.0, 0.25, 0.5, 0.75, 0.9, 0.999]
    compared = 0
    for array in arrays(rng, 60):
        for target in [*targets, float(rng.uniform(0, 1))]:
            ours = magnitude_mask(array, target)
            assert ours.dtype == bool
            np.testing.assert_array_equal(ours, tfmot_oracle.mask(array, target))
            compared += 1
    assert compared == 420


def large_arrays(rng):
    """{name: array} whose magnitudes a sample represents well, badly, or not at all."""
    normal = rng.normal(size=(211, 307))
    gone = np.where(rng.random(normal.shape) < 0.7, 0, normal)
    columns = normal * np.exp(rng.normal(size=normal.shape[1]) * 3)
    spread = np.exp(rng.normal(size=normal.shape) * 20)
    sick = normal.copy()
    sick[rng.random(normal.shape) < 0.3] = np.nan
    sick[rng.random(normal.shape) < 0.1] = -np.inf
    odd = np.zeros(60_000)
    odd[: odd.size // 2] = np.arange(odd.size // 2)
    names = {"normal": normal, "zeros": gone, "columns": columns, "spread": spread, "NaN": sick}
    return names | {
        "coarse": np.round(normal * 3) / 3,
        "equal": np.full(50_000, -0.25),
        "half zeros, half rising": odd,
        "transposed": normal.T,
        "one other": np.r_[np.zeros(50_000), 1.0],
    }


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(large_arrays(np.random.default_rng(0))))
def test_the_smallest_kept_weight_is_that_of_a_full_sort(name, kind):
    with np.errstate(over="ignore"):
        weights = large_arrays(np.random.default_rng(5))[name].astype(kind)
    ranked = np.sort(np.abs(weights), axis=None)
    for sparsity_ in (0.0, 1e-5, 0.3, 0.5, 0.5001, 0.69, 0.71, 0.9, 0.98, 1 - 1e-5):
        count = max(round(weights.size * (1 - sparsity_)), 1)
        found = magnitude.smallest_kept(weights, count)
        np.testing.assert_array_equal(found, ranked[-count])
        assert found.dtype == kind


def test_every_rank_of_an_array_just_large_enough_to_be_sampled():
    weights = np.round(np.random.default_rng(8).normal(size=8_300) * 50) / 50
    ranked = np.sort(np.abs(weights))
    for count in range(1, weights.size + 1, 7):
        assert magnitude.smallest_kept(weights, count) == ranked[-count]


@pytest.mark.parametrize("weight", [0.0, -3.5, np.float32(2)])
def test_one_weight_without_an_axis_stays(weight):
    kept = magnitude_mask(np.array(weight), 0.9)
    assert kept.shape == ()
    assert kept.dtype == bool
    assert kept


def test_a_count_of_32_bits_does_not_overflow():
    """TensorFlow passes the count as int32."""
    weights = np.random.default_rng(4).normal(size=2**20).astype(np.float32)
    with np.errstate(all="raise"):
        found = magnitude.smallest_kept(weights, np.int32(1000))
    assert found == magnitude.smallest_kept(weights, 1000) == np.sort(np.abs(weights))[-1000]


def test_equal_weights_are_ranked_as_fast_as_others():
    """By the number of weights that are ranked, not by a clock: `partition` is slow on ties."""
    ranked = []

    class Counted(np.ndarray):
        def partition(self, *args, **options):
            ranked.append(self.size)
            super().partition(*args, **options)

    rng = np.random.default_rng(3)
    for share in (0.0, 0.5, 0.9):
        weights = np.where(rng.random(10**6) < share, 0, rng.normal(size=10**6))
        for sparsity_ in (0.45, 0.5, 0.75, 0.9):
            magnitude.smallest_kept(weights.view(Counted), round(10**6 * (1 - sparsity_)))
    assert len(ranked) >= 6
    assert max(ranked) < 10**5


def test_every_half_is_rounded_as_tfmot_rounds_it():
    for size in range(1, 130):
        weights = np.arange(1, size + 1, dtype=np.float32)
        for target in (0.5, 0.25, 0.75, 0.125, 0.625, 0.3):
            theirs = tfmot_oracle.mask(weights, target).sum()
            assert kept_count(size, target) == theirs == magnitude_mask(weights, target).sum()


def test_the_article_counts():
    """Zeros of the article's kernels at its realised and its asked sparsity."""
    sizes = (1000 * 1024, 1024 * 1024, 1024)
    assert [n - kept_count(n, 0.28940625) for n in sizes] == [296_352, 303_464, 296]
    assert [n - kept_count(n, 0.75) for n in sizes] == [768_000, 786_432, 768]


@pytest.mark.parametrize("pooling", ["AVG", "MAX"])
@pytest.mark.parametrize("block_size", [(1, 1), (4, 1), (1, 4), (2, 2), (4, 4), (3, 5)])
def test_block_mask_equals_tfmot(block_size, pooling):
    rng = np.random.default_rng(2)
    compared = 0
    for array in arrays(rng, 30):
        blocks = [
            -(-length // block) for length, block in zip(array.shape, block_size, strict=True)
        ]
        if min(blocks) < 2:
            continue  # tfmot itself stops at a single row or column of blocks
        for target in (0.3, 0.5, 0.9):
            ours = block_mask(array, target, block_size, pooling)
            theirs = tfmot_oracle.mask(array, target, block_size, pooling)
            np.testing.assert_array_equal(ours, theirs, err_msg=f"{array.shape} {block_size}")
            compared += 1
    assert compared > 30


def test_whole_columns_are_blocks_too():
    weights = np.array([[1.0, 5.0, 2.0], [1.0, 5.0, 2.0]])
    assert block_mask(weights, 1 / 3, (2, 1)).tolist() == [[False, True, True]] * 2


@pytest.mark.parametrize(("n", "m"), [(2, 4), (1, 4), (3, 4), (1, 2), (4, 8), (2, 3)])
def test_n_of_m_mask_equals_tfmot(n, m):
    rng = np.random.default_rng(3)
    for array in arrays(rng, 40):
        np.testing.assert_array_equal(
            n_of_m_mask(array, n, m), tfmot_oracle.n_of_m_mask(array, n, m)
        )


def test_two_of_four_drops_two_in_each_group_of_inputs():
    mask = n_of_m_mask(np.random.default_rng(0).normal(size=(8, 5)), 2, 4)
    assert (mask.reshape(2, 4, 5).sum(axis=1) == 2).all()


def test_masks_do_not_touch_the_weights():
    weights = np.random.default_rng(4).normal(size=(8, 8))
    before = weights.copy()
    for mask in (magnitude_mask(weights, 0.5), block_mask(weights, 0.5, (2, 2))):
        assert mask.shape == weights.shape
    n_of_m_mask(weights, 2, 4)
    np.testing.assert_array_equal(weights, before)


def test_sparsity_counts_zeros():
    assert sparsity([0.0, 1.0, -0.0, 2.0]) == 0.5
    assert sparsity(np.zeros((3, 3))) == 1.0
    assert sparsity(np.ones((3, 3), bool)) == 0.0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: magnitude_mask([1.0, np.nan], 0.5), "weights hold NaN or infinity"),
        (lambda: magnitude_mask([1.0, np.inf], 0.5), "weights hold NaN or infinity"),
        (lambda: magnitude_mask([], 0.5), "nothing to prune"),
        (lambda: magnitude_mask(["a"], 0.5), "weights=.*array of real numbers"),
        (lambda: magnitude_mask([1.0], 75), "for 75 % write 0.75"),
        (
            lambda: magnitude_mask([1 + 2j], 0.5),
            "must be an array of real numbers",
        ),
        (lambda: block_mask(np.ones(4), 0.5, (2, 2)), "need a matrix"),
        (lambda: block_mask(np.ones((4, 4)), 0.5, 2), "block_size=2: block_size is two whole"),
        (lambda: block_mask(np.ones((4, 4)), 0.5, (0, 2)), r"block_size\[0\]=0"),
        (lambda: block_mask(np.ones((4, 4)), 0.5, (2, 2), "avg"), "pooling='avg': pooling is"),
        (lambda: n_of_m_mask(np.ones((4, 4)), 4, 4), "n=4: n zeros of every m=4"),
        (lambda: n_of_m_mask(np.ones((4, 4)), 0, 4), "n=0: n must be a whole number"),
        (lambda: sparsity([]), "an empty array has no sparsity"),
        (lambda: sparsity([np.nan, 0.0]), "array holds NaN or infinity"),
        (lambda: sparsity(["a"]), "array=.*array of real numbers"),
        (lambda: kept_count(0, 0.5), "size=0: size must be a whole number from 1"),
    ],
)
def test_impossible_input_gets_one_sentence(call, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence) as raised:
        call()
    assert "\n" not in str(raised.value)


def sorted_groups(weights, n, m):
    """The mask by a stable sort of each group, written out."""
    kept = np.ones(weights.shape, bool)
    for row in range(0, len(weights), m):
        for column in range(weights.shape[1]):
            group = np.abs(weights[row : row + m, column]).tolist() + [-1.0] * m
            order = sorted(range(m), key=lambda i: -group[i])
            for i in order[m - n :]:
                if row + i < len(weights):
                    kept[row + i, column] = False
    return kept


def test_masks_of_groups_are_the_same_in_any_pieces(monkeypatch):
    rng = np.random.default_rng(3)
    for _ in range(60):
        weights = rng.normal(size=rng.integers(1, 30, size=2)).round(rng.integers(0, 3))
        m = int(rng.integers(2, 24))
        n = int(rng.integers(1, m))
        wanted = sorted_groups(weights, n, m)
        for chunk in (2**20, 50, 1):
            monkeypatch.setattr(magnitude, "CHUNK", chunk)
            np.testing.assert_array_equal(n_of_m_mask(weights, n, m), wanted)
            np.testing.assert_array_equal(n_of_m_mask(np.asfortranarray(weights), n, m), wanted)


def test_a_short_group_is_not_filled_up_in_memory():
    """Of 3 inputs in a group of 4096 the zeros that fill it up go first, then the smallest."""
    weights = np.random.default_rng(5).normal(size=(3, 200_000)).astype(np.float32)
    assert n_of_m_mask(weights, 4093, 4096).all()
    kept = n_of_m_mask(weights, 4095, 4096)
    assert (kept.sum(axis=0) == 1).all()
    assert (np.abs(weights).argmax(axis=0) == kept.argmax(axis=0)).all()


@pytest.mark.parametrize(("mask", "most"), [(lambda w: n_of_m_mask(w, 2, 4), 1.0),
                                            (lambda w: magnitude_mask(w, 0.75), 1.75)])  # fmt: skip
def test_a_mask_needs_little_more_room_than_itself(mask, most):
    """In bytes of the weights: 2:4 a quarter for the mask and its pieces, magnitude a copy."""
    weights = np.random.default_rng(0).normal(size=(4096, 2048)).astype(np.float32)
    tracemalloc.start()
    mask(weights)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < most * weights.nbytes


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("block_size", [(4, 1), (1, 4), (2, 2), (8, 8), (3, 5)])
def test_blocks_whose_sum_is_beyond_their_type_are_ranked_all_the_same(dtype, block_size):
    rng = np.random.default_rng(0)
    small = rng.normal(size=(12, 16)).astype(dtype)
    most = np.log2(np.finfo(dtype).max) - np.log2(np.abs(small).max())
    huge = np.ldexp(small, int(most))  # the same digits at the end of the type's range
    with np.errstate(all="raise", under="ignore"):
        assert np.array_equal(block_mask(huge, 0.5, block_size), block_mask(small, 0.5, block_size))


def test_a_block_of_the_largest_numbers_there_are_is_kept_before_others():
    weights = np.full((4, 4), np.finfo(np.float32).max, np.float32)
    weights[:, 2:] = 1
    assert block_mask(weights, 0.5, (2, 2)).tolist() == [[True, True, False, False]] * 4


@pytest.mark.parametrize(
    "mask", [lambda w: magnitude_mask(w, 0.5), lambda w: block_mask(w, 0.5, (1, 2)),
             lambda w: n_of_m_mask(w, 1, 2), sparsity]
)  # fmt: skip
def test_a_masked_array_is_refused_where_it_hides_a_number_and_read_where_not(mask):
    weights = np.ma.array([[1.0, 0.0], [3.0, 4.0]], mask=[[True, False], [False, False]])
    with pytest.raises(ValueError, match="is a masked array that hides 1 of its 4 numbers"):
        mask(weights)
    plain = weights.filled(0.0)
    assert np.array_equal(mask(np.ma.array(plain, mask=False)), mask(plain))
