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
    a link is (-alpha, node), whose gain, splits and noise come back when alpha falls below its own.
    A node's own alpha is the mean gain over its split and the links stronger than that mean, which
    it swallows. Heaps are merged small into large, so the work grows with nodes · log² nodes,
    whatever the shape.
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
    for node in order[1:]:  # a split goes at the latest with the branch above it
        up = parent[node]
        if alpha[node] > alpha[up]:
            alpha[node], room[node] = alpha[up], room[up]
    return np.array(alpha), np.array(room)


def steps_of(alphas, rooms):
    """Alphas equal up to rounding are one step: (lowest of each step, highest of each step).

    An alpha belongs to the step before it if it is as near to the *first* of that step as the
    rounding of the two allows; so no chain of near neighbours grows into a wide step. The first
    step is that of alpha 0, and reaches as far as the rounding of any split that may gain nothing:
    below that scikit-learn's refit may keep the one and lose the other.
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
