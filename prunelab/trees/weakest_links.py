"""Weakest links: at which alpha each split of a tree vanishes, and which vanish together.

The weakest link is the node whose branch gains least per split: g(t) = (R(t) - R(branch)) /
(leaves - 1), which is the mean gain over the splits that are still in the branch. Source: Breiman,
Friedman, Olshen, Stone, Classification and Regression Trees (1984), chapter 3.
"""

import heapq

import numpy as np


def vanishing_alphas(structure, split_gain):
    """The alpha at which each split vanishes (infinity for leaves), in one pass up, one down.

    Going up, each node keeps a heap of its branch's links, strongest first; a link is (-alpha,
    gain, splits): what comes back when alpha falls below the link's own. A node's own alpha is the
    mean gain over its split and the links stronger than that mean, which it swallows. Heaps are
    merged small into large, so the work grows with nodes · log² nodes, whatever the shape.
    """
    left, right = structure.left.tolist(), structure.right.tolist()
    gain = split_gain.tolist()
    alpha = [np.inf] * structure.n_nodes
    heaps = [None] * structure.n_nodes
    for node in reversed(structure.inner):
        large, small = heaps[left[node]] or [], heaps[right[node]] or []
        heaps[left[node]] = heaps[right[node]] = None
        if len(large) < len(small):
            large, small = small, large
        for link in small:
            heapq.heappush(large, link)
        total, splits = gain[node], 1
        while large and -large[0][0] > total / splits:
            _, more, count = heapq.heappop(large)
            total, splits = total + more, splits + count
        alpha[node] = total / splits
        heapq.heappush(large, (-alpha[node], total, splits))
        heaps[node] = large
    for node in structure.inner:  # a split goes at the latest with the branch above it
        for child in (left[node], right[node]):
            if left[child] >= 0:
                alpha[child] = min(alpha[child], alpha[node])
    return np.array(alpha)


def steps_of(values, gains):
    """Merge alphas equal up to rounding: (lowest value of each step, alpha of each step).

    The published alpha is the highest of its step, except 0 for the first. A step also swallows
    the one before it where the geometric mean of their alphas would not fall between the two, so
    that a refit at the midpoint is always this path's subtree.
    """
    lows, highs = [0.0], [0.0]
    for value in values.tolist():
        same = max(gains.absolute, 1e-9 * value, gains.rooted * np.sqrt(value))
        if value - highs[-1] > same:
            lows.append(value)
            highs.append(value)
            continue
        if len(highs) > 1:
            highs[-1] = value
        while len(highs) > 2 and np.sqrt(highs[-2]) * np.sqrt(highs[-1]) >= lows[-1]:
            lows.pop()
            del highs[-2]
    return np.array(lows), highs
