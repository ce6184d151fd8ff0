"""Weakest links: at which alpha each split of a tree vanishes, and which vanish together.

The weakest link is the node whose branch gains least per split: g(t) = (R(t) - R(branch)) /
(leaves - 1), which is the mean gain over the splits that are still in the branch. Source: Breiman,
Friedman, Olshen, Stone, Classification and Regression Trees (1984), chapter 3.
"""

import heapq

import numpy as np

_EPS = np.finfo(float).eps


def vanishing_alphas(structure, split_gain, noise):
    """(the alpha at which each split vanishes, its rounding): infinity and 0 for leaves.

    One pass up, one down. Going up, each node keeps a heap of its branch's links, strongest first;
    a link is (-alpha, gain, splits, noise): what comes back when alpha falls below the link's own.
    A node's own alpha is the mean gain over its split and the links stronger than that mean, which
    it swallows. Heaps are merged small into large, so the work grows with nodes · log² nodes,
    whatever the shape.
    """
    left, right = structure.left.tolist(), structure.right.tolist()
    gain, slip = split_gain.tolist(), noise.tolist()
    alpha, room = [np.inf] * structure.n_nodes, [0.0] * structure.n_nodes
    heaps = [None] * structure.n_nodes
    order = structure.inner.tolist()
    for node in reversed(order):
        large, small = heaps[left[node]] or [], heaps[right[node]] or []
        heaps[left[node]] = heaps[right[node]] = None
        if len(large) < len(small):
            large, small = small, large
        for link in small:
            heapq.heappush(large, link)
        total, splits, rounded = gain[node], 1, slip[node]
        while large and -large[0][0] > total / splits:
            _, more, count, also = heapq.heappop(large)
            total, splits, rounded = total + more, splits + count, rounded + also
        alpha[node] = total / splits
        room[node] = rounded / splits + (4 + splits**0.5) * _EPS * alpha[node]
        heapq.heappush(large, (-alpha[node], total, splits, rounded))
        heaps[node] = large
    for node in order:  # a split goes at the latest with the branch above it
        for child in (left[node], right[node]):
            if left[child] >= 0 and alpha[child] > alpha[node]:
                alpha[child], room[child] = alpha[node], room[node]
    return np.array(alpha), np.array(room)


def steps_of(alphas, rooms):
    """Alphas equal up to rounding are one step: (lowest of each step, highest of each step).

    An alpha belongs to the step before it if it is as near to the *first* of that step as the
    rounding of the two allows; so no chain of near neighbours grows into a wide step. The first
    step is that of alpha 0.
    """
    order = np.argsort(alphas, kind="stable")
    lows, highs, near = [0.0], [0.0], 0.0
    for value, room in zip(alphas[order].tolist(), rooms[order].tolist(), strict=True):
        if value - lows[-1] > near + room:
            lows.append(value)
            highs.append(value)
            near = room
        else:
            highs[-1] = value
    return np.array(lows), np.array(highs)
