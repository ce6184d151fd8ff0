"""Data for a pruner: checked, and sorted into the leaves once for all subtrees."""

from dataclasses import dataclass

import numpy as np

from prunelab.base.checks import real_array, refuse_hidden, shown


@dataclass(frozen=True, eq=False)
class Samples:
    """Checked samples: the leaf each falls into, its target, its weight.

    `target` has shape (samples, outputs): class indices (-1 for a class the tree has never seen)
    or numbers.
    """

    leaf: np.ndarray
    target: np.ndarray
    weight: np.ndarray


def read_samples(
    tree,
    structure,
    X,  # noqa: N803
    y,
    sample_weight=None,
    names=("X", "y"),
    strict=True,
    checked=False,
):
    """The `Samples` of data for a fitted tree; `strict` requires at least one class the tree knows.

    `checked`: X is already a finite float32 array.
    """
    x_name, y_name = names
    n_samples = _count(tree, X, x_name)
    target = as_array(y_name, y)
    outputs = structure.value.shape[1]
    if target.shape == (n_samples,) and outputs == 1:
        target = target.reshape(-1, 1)
    if target.shape != (n_samples, outputs):
        wanted = f"({n_samples},)" if outputs == 1 else f"({n_samples}, {outputs})"
        raise ValueError(
            f"{y_name} has shape {target.shape}; for {x_name} with {n_samples} rows and this tree "
            f"it must have shape {wanted}"
        )
    encode = _class_indices if structure.is_classifier else _numbers
    target = encode(tree, target, y_name, strict)
    leaf = tree.tree_.apply(X) if checked else tree.apply(X)
    return Samples(leaf, target, weights(sample_weight, n_samples))


def as_array(name, values):
    """`values` as an array; an error for complex numbers or rows of different lengths."""
    refuse_hidden(name, values)
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} has rows of different lengths; make them equal") from None
    if array.dtype.kind == "c":
        raise ValueError(f"{name} holds complex numbers, which a tree cannot take; use {name}.real")
    return array


def _count(tree, X, name):  # noqa: N803
    refuse_hidden(name, X)
    shape = X.shape if hasattr(X, "shape") else as_array(name, X).shape
    if len(shape) != 2 or shape[1] != tree.n_features_in_ or shape[0] == 0:
        raise ValueError(
            f"{name} has shape {tuple(shape)}; this tree wants at least one row and "
            f"{tree.n_features_in_} columns, as in its fit"
        )
    return shape[0]


def check_labels(name, labels):
    """Refuse missing labels: scikit-learn refuses them, and they are not a class."""
    if labels.dtype.kind in "fcO":
        missing = sum(label is None or label != label for label in labels.ravel().tolist())
        if missing:
            raise ValueError(
                f"{name} holds {missing} missing labels (NaN or None); drop those rows"
            )


def distinct(name, labels):
    """`np.unique` of labels, with inverse indices; an error if labels cannot be compared."""
    try:
        return np.unique(labels, return_inverse=True)
    except TypeError:
        raise ValueError(
            f"{name} mixes labels of several kinds, for example text and numbers; "
            f"encode {name} as in the fit"
        ) from None


def _class_indices(tree, target, name, strict):
    check_labels(name, target)
    classes = tree.classes_ if target.shape[1] > 1 else [tree.classes_]
    columns = []
    for column, known in zip(target.T, classes, strict=True):
        place = {label: index for index, label in enumerate(np.asarray(known).tolist())}
        labels, where = distinct(name, column)
        found = np.array([place.get(label, -1) for label in labels.tolist()], dtype=int)
        if strict and (found < 0).all():
            raise ValueError(
                f"{name} holds none of the classes this tree knows: it has "
                f"{labels[:3].tolist()}, the tree {np.asarray(known)[:3].tolist()}; "
                f"encode {name} as in the fit"
            )
        if strict and (found < 0).any() and _are_codes(known):
            _refuse_codes(name, labels[found < 0], known)
        columns.append(found[where.reshape(-1)])
    return np.column_stack(columns)


def _are_codes(known):
    """Whether a tree's classes are 0, 1, 2, …, as an ensemble numbers those of its labels."""
    known = np.asarray(known)
    return known.dtype.kind in "iuf" and np.array_equal(known, np.arange(len(known)))


def _refuse_codes(name, unknown, known):
    """Refuse labels such as 1, 2, 3 for a forest's tree with codes 0, 1, 2: most seem to fit."""
    raise ValueError(
        f"{name} holds the label {shown(unknown.tolist()[0])}, which is none of the classes this "
        f"tree knows, 0 to {len(known) - 1}; a tree of an ensemble numbers the labels: hand over "
        f"np.searchsorted(forest.classes_, {name}), or, if the label is new, drop its rows"
    )


def _numbers(tree, target, name, strict):
    try:
        target = target.astype(float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers for a regressor, not {target.dtype}") from None
    if not np.isfinite(target).all():
        raise ValueError(f"{name} holds NaN or infinity; drop those rows")
    return target


def weights(sample_weight, n_samples, name="sample_weight"):
    """Checked sample weights; ones if `sample_weight` is None."""
    if sample_weight is None:
        return np.ones(n_samples)
    weight = real_array(name, sample_weight).astype(float)
    if weight.shape != (n_samples,):
        raise ValueError(
            f"{name} has shape {weight.shape}; it must have one entry a row: ({n_samples},)"
        )
    with np.errstate(over="ignore"):
        total = weight.sum()
    if not (np.isfinite(weight).all() and (weight >= 0).all() and total > 0):
        raise ValueError(f"{name} must be finite, not negative, and not zero everywhere")
    if not np.isfinite(total):
        raise ValueError(f"{name} sums to more than the largest float; divide it by its maximum")
    return weight


def node_losses(structure, samples, unit=1.0):
    """The loss each node would have as a leaf, over the samples that pass it.

    Shape (nodes, 1) for a classifier: summed weight of the wrong samples, where a sample of
    several outputs is right only if all are. Shape (nodes, outputs) for a regressor: squared
    errors, in units of `unit` squared (so that a huge y does not overflow).
    """
    weight = samples.weight[:, None]
    return _climbed(structure, samples, unit, lambda rows, losses: weight[rows] * losses)


def node_moments(structure, samples, unit=1.0):
    """Sums of w · loss and w · loss² over the samples that pass each node, taken as a leaf.

    The loss of a sample is 1 or 0 for a classifier, the mean over outputs of the squared errors for
    a regressor, in units of `unit` squared; w is its weight. Shape (nodes, 2).
    """

    def moments(rows, losses):
        loss = losses.mean(axis=1)
        weighted = samples.weight[rows] * loss
        return np.column_stack([weighted, weighted * loss])

    return _climbed(structure, samples, unit, moments)


def _climbed(structure, samples, unit, columns):
    """Sums of `columns(rows, losses)` over the samples that pass each node, taken as a leaf.

    Each sample is followed once from its leaf to the root: the cost is that of one prediction, for
    any number of subtrees.
    """
    rows, nodes, totals = np.arange(len(samples.leaf)), samples.leaf, None
    value = structure.value[:, :, 0]
    while rows.size:
        if structure.is_classifier:
            wrong = (structure.majority[nodes] != samples.target[rows]).any(axis=1)
            losses = wrong[:, None].astype(float)
        else:
            away = (samples.target[rows] - value[nodes]) / unit
            losses = away * away
        losses = columns(rows, losses)
        if totals is None:
            totals = np.zeros((structure.n_nodes, losses.shape[1]))
        for total, column in zip(totals.T, losses.T, strict=True):
            total += np.bincount(nodes, column, structure.n_nodes)
        nodes = structure.parent[nodes]
        climbs = nodes >= 0
        if not climbs.all():
            rows, nodes = rows[climbs], nodes[climbs]
    return totals


def unscaled(losses, unit):
    """Losses in units of `unit` squared, converted to y's unit; an error if no float holds them."""
    beyond = "exceed the largest float"
    with np.errstate(over="ignore", under="ignore"):
        scaled = losses * unit * unit
        if unit < 1 and (scaled[losses > 0] < np.finfo(float).tiny).any():
            beyond = "fall below the smallest float"
    if not np.isfinite(scaled).all() or "below" in beyond:
        raise ValueError(
            f"y lies up to {unit:.2g} from the tree's values, and squares of that {beyond}; "
            "refit and score on y / abs(y).max()"
        )
    return scaled


def loss_unit(structure, samples):
    """A power of two near the largest distance of a target from the root's value; 1 for classes."""
    if structure.is_classifier:
        return 1.0
    away = np.abs(samples.target / 2 - structure.value[0, :, 0] / 2).max()
    return float(np.ldexp(1.0, int(np.frexp(away)[1])))
