"""The Pareto front of points, and where it bends: its knee."""

import numpy as np

from prunelab.validate import real_array


def pareto_front(points):
    """Indices of the points that no other point beats: an int array, by the first coordinate.

    points: [n, objectives], each coordinate the better the smaller it is. A point is beaten by one
    that is nowhere larger and somewhere smaller; equal points are all kept.
    """
    points = _points(points)
    order = np.lexsort(points.T[::-1])  # who beats a point comes before it
    if points.shape[1] == 2:
        return _front_of_two(points, order)
    kept, best = [], np.empty_like(points)
    for i in order:
        others = best[: len(kept)]
        smaller = (others <= points[i]).all(axis=1) & (others < points[i]).any(axis=1)
        if not smaller.any():
            best[len(kept)] = points[i]
            kept.append(i)
    return np.array(kept, dtype=int)


def _front_of_two(points, order):
    """Along the first coordinate, what is lower in the second than all before it, or its equal."""
    kept = []
    for i in order:
        if not kept or points[i, 1] < points[kept[-1], 1] or (points[i] == points[kept[-1]]).all():
            kept.append(i)
    return np.array(kept, dtype=int)


def knee(points):
    """Index of the point of a front where paying more begins to bring little, or None.

    points: [n, 2], the better the smaller, on the scales they are to be judged on. Both axes are
    stretched to [0, 1] between the front's two ends, and the knee is the point furthest below the
    line between these (the kneedle of Satopää et al. 2011, without its smoothing). None where no
    point lies below, as on a straight front or on one of two points.
    """
    points = _points(points)
    if points.shape[1] != 2:
        raise ValueError(f"points has {points.shape[1]} columns: a knee needs two objectives")
    if not len(points):
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    if (high == low).any():
        return None
    gain = 1 - ((points - low) / (high - low)).sum(axis=1)
    best = int(np.argmax(gain))
    return best if gain[best] > 1e-12 else None


def _points(points):
    points = real_array("points", points).astype(np.float64)
    if points.ndim != 2 or not np.isfinite(points).all():
        raise ValueError(
            f"points has shape {points.shape}: it must be [n, objectives], without NaN or infinity"
        )
    return points
