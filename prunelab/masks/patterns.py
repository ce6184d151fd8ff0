"""Patterns and criteria of pruning, and one function for every mask the course draws.

A *pattern* is the unit that is pruned as a whole: a weight, a block, a neuron. A *criterion* is the
order in which units are pruned: smallest first, at random, largest first. With the criterion
"magnitude" the masks are those of `prunelab.masks.magnitude`, which equal tfmot's, including
rounding and ties.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prunelab.base.checks import shown, sparsity_fraction, whole
from prunelab.masks.magnitude import (
    checked_matrix,
    count_kept,
    keep_in_groups,
    kept_count,
    lay_blocks,
    pool_blocks,
)


@dataclass(frozen=True)
class Pattern:
    """The unit that is pruned as a whole. `block`: its (inputs, neurons); None for a whole axis.

    A matrix is [inputs, neurons], as Keras holds a Dense kernel. A block is named as tfmot's
    `block_size`: "4x1" is block_size=(4, 1). The other fields are words: `unit` names one unit,
    `label` names the pattern in a table, `where` says how a unit lies in the matrix, and `about`
    says in a sentence what pruning by this pattern does.
    """

    name: str
    block: tuple[int | None, int | None]
    unit: str
    label: str
    where: str
    about: str

    def block_in(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """(rows, columns) of one block in a matrix of this shape; never larger than the matrix."""
        return tuple(
            length if span is None else min(span, length)
            for span, length in zip(self.block, shape, strict=True)
        )


GROUP = "2:4"
LONGEST_ORDER = 10**8  # most weights in a random order, which then takes 0.8 GB
PATTERNS = {
    pattern.name: pattern
    for pattern in (
        Pattern(
            "unstructured", (1, 1), "weight", "single weights",
            "single weights",
            "Each weight stands or falls alone.",
        ),
        Pattern(
            "4x1", (4, 1), "block", "4 × 1 blocks",
            "blocks of four inputs of one neuron",
            "Four consecutive inputs of one neuron go together: tfmot's block_size=(4, 1), "
            "which LiteRT calls 1 × 4.",
        ),
        Pattern(
            "16x1", (16, 1), "block", "16 × 1 blocks",
            "blocks of sixteen inputs of one neuron",
            "Sixteen consecutive inputs of one neuron go together: tfmot's block_size=(16, 1), "
            "which LiteRT calls 1 × 16.",
        ),
        Pattern(
            "1x4", (1, 4), "block", "1 × 4 blocks",
            "blocks of one input of four neurons",
            "One input of four neighbouring neurons goes together: tfmot's block_size=(1, 4).",
        ),
        Pattern(
            "4x4", (4, 4), "block", "4 × 4 blocks",
            "blocks of four inputs of four neurons",
            "Squares of four inputs and four neurons go together: tfmot's block_size=(4, 4).",
        ),
        Pattern(
            GROUP, (4, 1), "group", "2 of 4",
            "two of every four inputs of a neuron",
            "Of every four consecutive inputs of a neuron two go: always half, whatever is asked.",
        ),
        Pattern(
            "neurons", (None, 1), "neuron", "whole neurons",
            "whole neurons, columns of the matrix",
            "A whole neuron goes, all its inputs with it: the layer could really be made smaller.",
        ),
        Pattern(
            "inputs", (1, None), "input", "whole inputs",
            "whole inputs, rows of the matrix",
            "A whole input goes, for every neuron at once.",
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Criterion:
    """The order in which units are pruned. `label`: its name in a legend; `order`: the same in a
    sentence, with the `seed`.
    """

    name: str
    label: str
    order: str


CRITERIA = {
    criterion.name: criterion
    for criterion in (
        Criterion("magnitude", "smallest first", "smallest magnitudes go first"),
        Criterion("random", "random", "drawn at random, seed {seed}"),
        Criterion("largest", "largest first", "largest magnitudes go first"),
    )
}


def pattern_named(pattern, argument="pattern"):
    """The `Pattern` of this name; else an error that lists the valid names."""
    if not isinstance(pattern, str) or pattern not in PATTERNS:
        raise ValueError(f"{argument}={shown(pattern)}: write one of {', '.join(PATTERNS)}")
    return PATTERNS[pattern]


def checked_criterion(criterion, argument="criterion"):
    """`criterion` itself if it is valid; else an error that lists the valid names."""
    if not isinstance(criterion, str) or criterion not in CRITERIA:
        raise ValueError(f"{argument}={shown(criterion)}: write one of {', '.join(CRITERIA)}")
    return criterion


def random_order(size, seed, draw=0):
    """The order in which `size` weights are kept at random: the numbers 0 … size − 1, shuffled.

    The larger a weight's number, the longer the weight is kept. A pattern of fewer units uses the
    first numbers. draw: index of the order; one seed has many. ValueError for more than
    LONGEST_ORDER weights.
    """
    size = whole("size", size, at_least=1, at_most=LONGEST_ORDER)
    seed = whole("seed", seed, at_most=2**32 - 1)
    draw = whole("draw", draw, at_most=2**32 - 1)
    return np.random.default_rng([seed, draw]).permutation(size)


def random_mask(shape, sparsity, seed, draw):
    """A random mask with as many zeros as magnitude pruning would make; True = kept.

    The first weights in the `random_order` of seed and draw are kept.
    """
    size = int(np.prod(shape))
    kept = np.zeros(size, dtype=bool)
    kept[random_order(size, seed, draw)[: kept_count(size, sparsity)]] = True
    return kept.reshape(shape)


@dataclass(frozen=True, eq=False)
class Ranking:
    """A matrix with ranked weights, so that each mask takes one comparison. Made by `rank`.

    scores: one per unit, [grid rows, grid columns]; the units with the highest scores are kept.
    weights: the matrix. pattern, criterion: the arguments of `rank`.
    """

    weights: np.ndarray
    pattern: Pattern
    criterion: str
    scores: np.ndarray

    @cached_property
    def _ordered(self):
        return np.sort(self.scores, axis=None)

    @cached_property
    def _of_groups(self):
        return keep_in_groups(self.scores, 2, 4)

    def count(self, sparsity: float) -> int | None:
        """How many units `sparsity` keeps, ties aside; None for 2:4, whose sparsity is fixed."""
        if self.pattern.name == GROUP:
            return None
        sparsity = sparsity_fraction("sparsity", sparsity)
        return count_kept(self.scores.size, np.float32(sparsity))

    def lowest(self, sparsity):
        """The lowest score that is kept; None for 2:4, where each group has its own."""
        count = self.count(sparsity)
        return None if count is None else self._ordered[self.scores.size - count]

    def threshold(self, sparsity: float) -> float | None:
        """The smallest magnitude kept (of a block: its mean magnitude); None if there is none."""
        lowest = self.lowest(sparsity)
        if lowest is None or self.criterion == "random":
            return None
        return abs(float(lowest))

    def tied(self, sparsity: float) -> int:
        """How many units are kept only because they tie with the threshold."""
        lowest = self.lowest(sparsity)
        count = self.count(sparsity)
        if lowest is None or count is None:
            return 0
        stay = self.scores.size - int(np.searchsorted(self._ordered, lowest))
        return stay - count

    def mask(self, sparsity: float) -> NDArray[np.bool_]:
        """Bool array in the shape of the matrix, True = kept."""
        lowest = self.lowest(sparsity)
        if lowest is None:
            return self._of_groups.copy()
        rows, columns = self.pattern.block_in(self.weights.shape)
        return lay_blocks(self.scores >= lowest, rows, columns, self.weights.shape)


def rank(weights, pattern="unstructured", criterion="magnitude", *, seed=0, draw=0):
    """Rank a matrix [inputs, neurons] for masks of one pattern and criterion: a `Ranking`.

    pattern: a name in PATTERNS. criterion: "magnitude" (the smallest go first), "random", or
    "largest" (the largest go first); a block is ranked by its mean magnitude, as with tfmot's AVG.
    seed, draw: see `random_order`. Raises TypeError or ValueError, in one sentence.
    """
    weights, pattern = checked_matrix(weights), pattern_named(pattern)
    criterion = checked_criterion(criterion)
    block = pattern.block_in(weights.shape)
    grouped = pattern.name == GROUP or block == (1, 1)
    if criterion == "random":
        order = random_order(weights.size, seed, draw)
        grid = weights.shape
        if not grouped:
            grid = tuple(-(-n // b) for n, b in zip(weights.shape, block, strict=True))
        scores = order[: grid[0] * grid[1]].reshape(grid).astype(np.float64)
    else:
        scores = np.abs(weights)
        if not grouped:
            scores = pool_blocks(scores, *block)
        scores = -scores if criterion == "largest" else scores
    return Ranking(weights, pattern, criterion, scores)


def pattern_mask(
    weights: ArrayLike,
    sparsity: float,
    pattern: str = "unstructured",
    criterion: str = "magnitude",
    *,
    seed: int = 0,
) -> NDArray[np.bool_]:
    """The mask of one pattern and criterion: bool array, True = kept. Arguments as `rank`'s.

    `sparsity` is a fraction of units: weights, blocks, neurons or inputs; 2:4 ignores it.

    >>> pattern_mask([[0.1, 0.9], [0.2, 0.8]], 0.5, "neurons").tolist()
    [[False, True], [False, True]]
    >>> pattern_mask([[0.1, 0.9], [0.2, 0.8]], 0.5, criterion="largest").tolist()
    [[True, False], [True, False]]
    """
    return rank(weights, pattern, criterion, seed=seed).mask(sparsity)
