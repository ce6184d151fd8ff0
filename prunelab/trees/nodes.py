"""A fitted decision tree as plain arrays, and folding on them; for figures and explorers.

Reads scikit-learn's trees without importing scikit-learn. A *fold* is given by node ids as in
`tree.tree_`: the branch below each becomes one leaf.
"""

from dataclasses import dataclass

import numpy as np

from prunelab.base.checks import shown, whole


@dataclass(frozen=True, eq=False)
class TreeNodes:
    """Arrays with one entry per node, numbered as in `tree_`; an id of -1 means no node.

    `value` is the index of the majority class, or the mean for a regressor; `share` the part of
    the node's training weight that is of that class (1 for a regressor). `x` and `depth` place
    the node in a tidy drawing: neighbours of one depth are at least 1 apart. `missing_left` is True
    if a sample with a missing value goes left, else it goes right.
    """

    left: np.ndarray
    right: np.ndarray
    parent: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    samples: np.ndarray
    value: np.ndarray
    share: np.ndarray
    x: np.ndarray
    depth: np.ndarray
    missing_left: np.ndarray
    is_classifier: bool

    def __len__(self):
        return len(self.left)

    @property
    def n_leaves(self):
        """The number of leaves before anything is folded."""
        return (len(self) + 1) // 2

    def topmost(self, nodes):
        """`nodes` without leaves, repeats and nodes below another one, as a sorted tuple."""
        marked = set(nodes)
        return tuple(
            sorted(n for n in marked if self.left[n] >= 0 and marked.isdisjoint(self.above(n)))
        )

    def above(self, node):
        """The ids on the way from the parent of `node` to the root."""
        found = []
        while (node := int(self.parent[node])) >= 0:
            found.append(node)
        return found

    def leaf_of(self, folded):
        """For each node, the leaf that it is or lies below; -1 for splits that remain."""
        leaf, stop = np.full(len(self), -1), set(folded)
        for node in range(len(self)):  # a parent's id is below its children's
            up = self.parent[node]
            if up >= 0 and leaf[up] >= 0:
                leaf[node] = leaf[up]
            elif self.left[node] < 0 or node in stop:
                leaf[node] = node
        return leaf

    def leaves(self, folded):
        """The ids of the leaves once `folded` are folded, ascending."""
        leaf = self.leaf_of(folded)
        return np.flatnonzero(leaf == np.arange(len(self)))

    def toggled(self, folded, node):
        """The folded nodes after a reader clicks `node`: a branch folds, a folded branch unfolds.

        A node hidden below a fold is shown again: only the splits on the way to it unfold. A click
        on an original leaf changes nothing.
        """
        leaf = int(self.leaf_of(folded)[node])
        kept = set(folded)
        if leaf < 0:
            return self.topmost(kept | {node})
        if leaf != node:
            way = [node, *self.above(node)]
            way = way[: way.index(leaf)]
            beside = {int(side[up]) for up in (*way[1:], leaf) for side in (self.left, self.right)}
            return self.topmost((kept - {leaf}) | (beside - set(way[1:])))
        return self.topmost(kept - {node})

    def boxes(self, features, limits):
        """The box of each node in the plane (or line) of `features`: shape (nodes, features, 2)."""
        box = np.empty((len(self), len(features), 2))
        box[0] = limits
        for node in np.flatnonzero(self.left >= 0):
            box[self.left[node]] = box[self.right[node]] = box[node]
            if self.feature[node] in features:
                at = list(features).index(self.feature[node])
                low, high = box[node, at]
                cut = min(max(self.threshold[node], low), high)
                box[self.left[node], at, 1] = box[self.right[node], at, 0] = cut
        return box


def tree_nodes(tree):
    """The `TreeNodes` of a fitted scikit-learn decision tree of one output.

    Raises TypeError for anything but a fitted tree. Raises ValueError for a tree of several
    outputs, or with nodes that have no parent, which occur if `children_left` was set to -1 by
    hand: such nodes are not in the drawing.
    """
    arrays = getattr(tree, "tree_", None)
    if not hasattr(arrays, "children_left"):
        raise TypeError(
            f"tree={shown(tree)}: tree must be a fitted scikit-learn decision tree; call its "
            "fit(X, y) first, or hand over one tree of an ensemble, such as forest.estimators_[0]"
        )
    if arrays.n_outputs > 1:
        raise ValueError(f"tree has {arrays.n_outputs} outputs; fit one tree an output")
    left, right = arrays.children_left.copy(), arrays.children_right.copy()
    if ((left >= 0) & (right < 0)).any():
        raise ValueError(
            "tree: some node has one child, so its children were edited by hand; "
            "fold with prunelab.trees.fold(tree, node)"
        )
    parent = np.full(len(left), -1)
    inner = np.flatnonzero(left >= 0)
    if 2 * len(inner) + 1 != len(left):
        raise ValueError(
            f"tree: {len(left) - 2 * len(inner) - 1} of its nodes hang on no other, as after "
            "children_left was set to -1; draw prunelab.trees.fold(tree, []), which leaves them out"
        )
    parent[left[inner]] = parent[right[inner]] = inner
    value, is_classifier = arrays.value[:, 0, :], hasattr(tree, "classes_")
    x, depth = tidy_layout(left, right)
    return TreeNodes(
        left=left,
        right=right,
        parent=parent,
        feature=arrays.feature.copy(),
        threshold=arrays.threshold.copy(),
        samples=arrays.n_node_samples.copy(),
        value=value.argmax(axis=1) if is_classifier else value[:, 0].copy(),
        share=value.max(axis=1) if is_classifier else np.ones(len(left)),
        x=x,
        depth=depth,
        missing_left=np.asarray(arrays.missing_go_to_left, dtype=bool),
        is_classifier=is_classifier,
    )


def tidy_layout(left, right):
    """Positions (x, depth) of nodes: parents midway above their children, branches close together.

    Neighbours of one depth are at least 1 apart. Source: Reingold and Tilford, Tidier drawings of
    trees, IEEE Transactions on Software Engineering 7 (1981).
    """
    count = len(left)
    half = np.zeros(count)  # horizontal distance from a node to its children
    outline = [None] * count  # lowest and highest x at each depth below, relative to the node
    for node in range(count - 1, -1, -1):
        if left[node] < 0:
            outline[node] = [(0.0, 0.0)]
            continue
        ours, theirs = outline[left[node]], outline[right[node]]
        apart = 1 + max(a[1] - b[0] for a, b in zip(ours, theirs, strict=False))
        half[node] = aside = apart / 2
        merged = [(a[0] - aside, b[1] + aside) for a, b in zip(ours, theirs, strict=False)]
        rest, shift = (ours, -aside) if len(ours) > len(theirs) else (theirs, aside)
        merged += [(low + shift, high + shift) for low, high in rest[len(merged) :]]
        outline[node] = [(0.0, 0.0), *merged]
        outline[left[node]] = outline[right[node]] = None
    x, depth = np.zeros(count), np.zeros(count, dtype=int)
    for node in range(count):
        for child, side in ((left[node], -1), (right[node], 1)):
            if child >= 0:
                x[child], depth[child] = x[node] + side * half[node], depth[node] + 1
    return x - x.min(), depth


def checked_fold(nodes, folded):
    """`folded` as a sorted tuple of node ids of this tree, leaves and nested folds left out."""
    if isinstance(folded, (str, bytes)) or not hasattr(folded, "__iter__") or np.ndim(folded) == 0:
        folded = [folded]
    return nodes.topmost(whole("node", node, at_most=len(nodes) - 1) for node in folded)
