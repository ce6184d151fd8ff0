"""Cost-complexity pruning: the nested subtrees that minimise risk + alpha · leaves.

At some alpha a branch is worth no more than a leaf; the branch with the lowest such alpha, the
weakest link, is folded first.
Source: Breiman, Friedman, Olshen, Stone, Classification and Regression Trees (1984), chapter 3.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import number, whole
from prunelab.trees.folding import folded_estimator, snapshot
from prunelab.trees.gains import split_gains
from prunelab.trees.samples import loss_unit, node_losses, node_moments, read_samples, unscaled
from prunelab.trees.structure import Structure, read_structure

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from prunelab.trees.structure import Features, Tree

_EPS = np.finfo(float).eps


def vanishing_alphas(structure, split_gain, noise):
    """(alpha at which each split vanishes, its rounding error); infinity and 0 for leaves.

    One pass up the tree, one down. On the way up, each node keeps a heap of the links in its
    branch, strongest first. A link is (-alpha, node). A node starts from the gain of its own split.
    While the mean gain per split is below the alpha of the strongest link, that link is removed
    from the heap and its gain, splits and noise are added. The final mean is the node's alpha. The
    smaller heap is merged into the larger, so the work grows with nodes · log² nodes for any shape
    of tree.
    """
    left, right = structure.left.tolist(), structure.right.tolist()
    gain, slip, size = split_gain.tolist(), noise.tolist(), [1] * structure.n_nodes
    leaf = structure.left < 0
    alpha = np.where(leaf, np.inf, split_gain).tolist()
    room = np.where(leaf, 0, noise + 5 * _EPS * split_gain).tolist()
    heaps = [None] * structure.n_nodes
    order = structure.inner.tolist()
    for node in reversed(order):
        large, small = heaps[left[node]], heaps[right[node]]
        heaps[left[node]] = heaps[right[node]] = None
        if large is None or (small is not None and len(large) < len(small)):
            large, small = small, large
        if large is None:  # two leaves
            heaps[node] = [(-gain[node], node)]
            continue
        if small is not None:
            for link in small:
                heapq.heappush(large, link)
        total, splits = gain[node], 1
        if large and -large[0][0] > total:
            rounded = slip[node]
            while large and -large[0][0] > total / splits:
                link = heapq.heappop(large)[1]
                total, splits = total + gain[link], splits + size[link]
                rounded += slip[link]
            gain[node], size[node], slip[node] = total, splits, rounded
            alpha[node] = total / splits
            room[node] = rounded / splits + (4 + splits**0.5) * _EPS * alpha[node]
        heapq.heappush(large, (-alpha[node], node))
        heaps[node] = large
    parent = structure.parent.tolist()
    for node in order[1:]:  # a split vanishes at the latest with the branch above it
        up = parent[node]
        if alpha[node] > alpha[up]:
            alpha[node], room[node] = alpha[up], room[up]
    return np.array(alpha), np.array(room)


def steps_of(alphas, rooms):
    """Group alphas that are equal up to rounding: (lowest of each step, highest of each step).

    An alpha belongs to the step before it if it is as near to the *first* of that step as the
    rounding of the two allows; so a chain of near neighbours cannot grow into a wide step. The
    first step begins at alpha 0 and ends at the largest rounding error of a split that may gain
    nothing: below it, scikit-learn's refit may keep one such split and drop another.
    """
    order = np.argsort(alphas, kind="stable")
    nothing = alphas <= rooms
    reach = float((alphas + rooms)[nothing].max(initial=0.0))
    lows, highs, near = [0.0], [0.0], 0.0
    for value, room in zip(alphas[order].tolist(), rooms[order].tolist(), strict=True):
        first = len(lows) == 1
        if value > max(reach, room) if first else value - lows[-1] > near + room:
            lows.append(value)
            highs.append(value)
            near = room
        else:
            highs[-1] = value
    return np.array(lows), np.array(highs)


@dataclass(frozen=True, eq=False, repr=False)
class CostComplexityPath:
    """The subtrees of one fitted tree, from the largest (index 0) to the root alone.

    Subtree k is the smallest that minimises risk + alpha · leaves for every alpha from
    `ccp_alphas[k]` up to the next; scikit-learn grows the same tree when refitted with a
    `ccp_alpha` between the two. `ccp_alphas[0]` is 0.

    Some splits gain nothing. They occur in ordinary data, and with weights, since rounding lets
    scikit-learn split pure nodes. Under cost="impurity" they stay in subtree 0, because
    scikit-learn prunes nothing at `ccp_alpha=0`. They are folded in subtree 1, which is best for
    every alpha above 0; `ccp_alphas[1]` is then the size of scikit-learn's rounding errors. Under
    cost="error" they are folded in subtree 0, as in the textbook and in rpart.

    If y has an offset far above its spread, scikit-learn's refit subtracts rounded squares of it,
    and at some alphas keeps or folds other splits. The path here has no such error, since it is
    computed from differences of means.

    Attributes: `ccp_alphas`, `n_leaves`, `risks`: arrays with one entry per subtree. `risks` is NaN
    if the fitted tree does not hold them: a large offset in y has made scikit-learn's stored
    impurities inaccurate, or cost="error" is used for a tree grown with Poisson deviance. A risk is
    infinity if it exceeds the largest float and no alpha does. `folded`: for each subtree, the ids
    of the nodes that become leaves at that step, numbered as in the given tree.
    """

    estimator: Tree
    cost: str
    ccp_alphas: np.ndarray
    n_leaves: np.ndarray
    risks: np.ndarray
    folded: tuple[tuple[int, ...], ...]
    _structure: Structure = field(repr=False)
    _first: np.ndarray = field(repr=False)
    _last: np.ndarray = field(repr=False)
    _has_worthless: bool = field(repr=False)  # subtree 1 is subtree 0 without splits of no gain

    def __len__(self) -> int:
        return len(self.ccp_alphas)

    def __repr__(self) -> str:
        return (
            f"CostComplexityPath({len(self)} subtrees, {self.n_leaves[0]} to 1 leaves, "
            f"ccp_alphas 0 to {self.ccp_alphas[-1]:.4g}, cost={self.cost!r})"
        )

    def tree(self, k: int) -> Tree:
        """Subtree k as a separate fitted estimator; k = -1 is the root alone, as in a list."""
        k = self._subtree(k)
        leaves = (self._first <= k) & (k < self._last) & (self._structure.left >= 0)
        return folded_estimator(self.estimator, self._structure, np.flatnonzero(leaves))

    def index(self, ccp_alpha: float) -> int:
        """The index of the subtree that is best at `ccp_alpha` (0 or more; infinity allowed)."""
        if not (isinstance(ccp_alpha, Real) and ccp_alpha == np.inf):
            ccp_alpha = number("ccp_alpha", ccp_alpha, at_least=0)
        return int(self._indices(ccp_alpha))

    def _indices(self, ccp_alphas):
        """`index` of each of an array of alphas."""
        index = np.searchsorted(self.ccp_alphas, ccp_alphas, side="right") - 1
        return np.maximum(index, self._has_worthless & (np.asarray(ccp_alphas) > 0))

    def scores(
        self,
        X: Features,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """`score(X, y)` of every subtree, in one pass over the data.

        Accuracy for a classifier (with several outputs, all must be right), R² for a regressor (NaN
        on a single sample). Returns an array with one entry per subtree.
        """
        samples = self._samples(X, y, sample_weight)
        if self._structure.is_classifier:
            total = samples.weight.sum()
            return (total - self._subtree_losses(samples)[:, 0]) / total
        return self._r2(samples)

    def errors(
        self,
        X: Features,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """The error of every subtree, in one pass: the rate of misclassified samples, or the
        mean squared error (averaged over outputs)."""
        return self._errors(self._samples(X, y, sample_weight))

    def _samples(self, X, y, sample_weight):  # noqa: N803
        return read_samples(self.estimator, self._structure, X, y, sample_weight)

    def _moments(self, samples, unit):
        """`node_moments` of every subtree: shape (subtrees, 2)."""
        return self._summed(node_moments(self._structure, samples, unit))

    def _errors(self, samples):
        unit = loss_unit(self._structure, samples)
        losses = np.maximum(self._subtree_losses(samples, unit), 0)
        return unscaled((losses / samples.weight.sum()).mean(axis=1), unit)

    def _subtree_losses(self, samples, unit=1.0):
        """Losses, shape (subtrees, outputs): each subtree's sum of its leaves' losses."""
        return self._summed(node_losses(self._structure, samples, unit))

    def _summed(self, amounts):
        """Sums over the leaves of each subtree, of amounts of shape (nodes, columns)."""
        return np.column_stack([self._running(column) for column in amounts.T])

    def _running(self, amounts):
        """`_summed` for one column: a running sum, recomputed where it has lost precision.

        Precision is lost where the sum falls far below its earlier values: small amounts that were
        rounded off beside a huge one are still missing when the huge one has been subtracted.
        """
        ever, size = self._first < self._last, len(self) + 1
        steps = np.bincount(self._first[ever], amounts[ever], size)
        steps -= np.bincount(self._last[ever], amounts[ever], size)
        sums, start = np.cumsum(steps)[:-1], 0
        while True:
            peak = np.maximum.accumulate(sums[start:])
            fallen = sums[start:] < 1e-8 * peak
            if not fallen.any():
                return sums
            start += int(fallen.argmax())
            sums[start] = amounts[(self._first <= start) & (start < self._last)].sum()
            sums[start + 1 :] = sums[start] + np.cumsum(steps[start + 1 : -1])

    def _r2(self, samples):
        """R² as scikit-learn defines it, also for constant y."""
        if len(samples.leaf) < 2:
            return np.full(len(self), np.nan)
        unit = loss_unit(self._structure, samples)
        losses = np.maximum(self._subtree_losses(samples, unit), 0)
        mean = np.average(samples.target, axis=0, weights=samples.weight)
        away = (samples.target - mean) / unit
        spread = (samples.weight[:, None] * away * away).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            r2 = np.where(losses == 0, 1.0, np.where(spread == 0, 0.0, 1 - losses / spread))
        return r2.mean(axis=1)

    def _subtree(self, k):
        shown = whole("k", k, at_least=-len(self), at_most=len(self) - 1)
        return shown % len(self)


def cost_complexity_path(tree: Tree, cost: str = "impurity") -> CostComplexityPath:
    """The cost-complexity path of one fitted tree, without refitting.

    Parameters
    ----------
    tree : fitted DecisionTreeClassifier or DecisionTreeRegressor (ExtraTree too)
    cost : "impurity", scikit-learn's, in the tree's own criterion; or "error", the textbook's and
        rpart's: the misclassification rate (averaged over outputs), the mean squared error for a
        regressor

    Alphas that are equal up to rounding form one step: those that differ from the first alpha of
    the step by no more than the rounding error of their gains. That error is derived from the
    numbers that were added and subtracted, so it has the unit of the risk. The alphas for c · y are
    c² times those for y, and integer sample weights give the path of repeated rows.

    A tree whose children were set to -1 by hand is read as folded there. If the node values are not
    the means of the training targets (boosting, monotonic constraints, values changed later), the
    path under cost="impurity" uses the stored impurities, which are still correct, and cost="error"
    is refused. The subtrees predict the values that the tree holds at their leaves.
    """
    structure = read_structure(tree)
    gains = split_gains(tree, structure, cost)
    inner = structure.inner
    vanish, rooms = vanishing_alphas(structure, gains.split, gains.noise)
    starts, alphas = steps_of(vanish[inner], rooms[inner])
    # The step at which each split is folded; "never" for the leaves and above the root.
    gone = np.searchsorted(starts, vanish, side="right") - 1
    worthless = cost == "impurity" and bool((gone[inner] == 0).any())
    if worthless:
        gone += 1
        alphas = np.insert(alphas, 1, _least(alphas, gains.refit_noise[inner[gone[inner] == 1]]))
    alphas[0] = 0
    last = np.where(structure.parent < 0, len(alphas), gone[structure.parent])
    first = np.where(structure.left < 0, 0, gone)
    last[~structure.reached] = 0
    tops = inner[first[inner] < last[inner]]
    ends = np.cumsum(np.bincount(first[tops], minlength=len(alphas))).tolist()
    tops = tops[np.argsort(first[tops], kind="stable")].tolist()
    lost = np.bincount(gone[inner], minlength=len(alphas))
    risen = np.bincount(gone[inner], gains.split[inner], minlength=len(alphas))
    with np.errstate(over="ignore", under="ignore"):
        alphas = np.ldexp(alphas, gains.exponent)
        risks = np.ldexp(gains.full_risk + np.cumsum(risen), gains.exponent)
        total = np.ldexp(risen.sum(), gains.exponent)
    _refuse_overflow(structure, alphas, total)
    path = CostComplexityPath(
        estimator=snapshot(tree),
        cost=cost,
        ccp_alphas=alphas,
        n_leaves=structure.n_leaves - np.cumsum(lost),
        risks=risks,
        folded=tuple(tuple(tops[a:b]) for a, b in zip([0, *ends], ends, strict=False)),
        _structure=structure,
        _first=first,
        _last=last,
        _has_worthless=worthless,
    )
    for array in (path.ccp_alphas, path.n_leaves, path.risks):
        array.setflags(write=False)
    return path


def _least(alphas, noise):
    """The alpha to publish for splits that gain nothing: the size of a refit's rounding errors.

    Below it scikit-learn may keep some of them. It stays below the next alpha.
    """
    reach = max(float(noise.max()), alphas[0])
    return min(reach, alphas[1] / 2) if len(alphas) > 1 else reach


def _refuse_overflow(structure, alphas, total):
    """Refuse alphas beyond the largest float, and trees whose fit has overflowed in scikit-learn.

    The sum of all gains is the root's risk. No alpha needs it, so it may overflow.
    """
    lost = np.isnan(structure.impurity[structure.reached]).any() and not np.isfinite(total)
    if lost or not np.isfinite(alphas).all():
        largest = np.abs(structure.value[structure.reached]).max()
        raise ValueError(
            f"tree: its values reach {largest:.3g}, and their squares exceed the largest float; "
            "refit it on y / abs(y).max()"
        )
