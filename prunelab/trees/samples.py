"""Data handed to a pruner: checked, and dropped down the tree once for all its subtrees."""

from dataclasses import dataclass

import numpy as np

from prunelab.validate import real_array


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
    """The `Samples` of data for a fitted tree; `strict` also wants one class the tree knows.

    `checked` says that X is a finite array of float32 already.
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
    """`values` as an array; one sentence where their rows are of different lengths."""
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} has rows of different lengths; make them equal") from None


def _count(tree, X, name):  # noqa: N803
    shape = X.shape if hasattr(X, "shape") else as_array(name, X).shape
    if len(shape) != 2 or shape[1] != tree.n_features_in_ or shape[0] == 0:
        raise ValueError(
            f"{name} has shape {tuple(shape)}; this tree wants at least one row and "
            f"{tree.n_features_in_} columns, as in its fit"
        )
    return shape[0]


def check_labels(name, labels):
    """Turn away labels that are missing: scikit-learn refuses them, and they are no class."""
    if labels.dtype.kind in "fcO":
        missing = sum(label is None or label != label for label in labels.ravel().tolist())
        if missing:
            raise ValueError(
                f"{name} holds {missing} missing labels (NaN or None); drop those rows"
            )


def _class_indices(tree, target, name, strict):
    check_labels(name, target)
    classes = tree.classes_ if target.shape[1] > 1 else [tree.classes_]
    columns = []
    for column, known in zip(target.T, classes, strict=True):
        place = {label: index for index, label in enumerate(np.asarray(known).tolist())}
        try:
            labels, where = np.unique(column, return_inverse=True)
        except TypeError:
            raise ValueError(
                f"{name} mixes labels of several kinds, for example text and numbers; "
                f"encode {name} as in the fit"
            ) from None
        found = np.array([place.get(label, -1) for label in labels.tolist()], dtype=int)
        if strict and (found < 0).all():
            raise ValueError(
                f"{name} holds none of the classes this tree knows: it has "
                f"{labels[:3].tolist()}, the tree {np.asarray(known)[:3].tolist()}; "
                f"encode {name} as in the fit"
            )
        columns.append(found[where.reshape(-1)])
    return np.column_stack(columns)


def _numbers(tree, target, name, strict):
    try:
        target = target.astype(float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers for a regressor, not {target.dtype}") from None
    if not np.isfinite(target).all():
        raise ValueError(f"{name} holds NaN or infinity; drop those rows")
    return target


def weights(sample_weight, n_samples):
    """Checked sample weights; ones where there are none."""
    if sample_weight is None:
        return np.ones(n_samples)
    weight = real_array("sample_weight", sample_weight).astype(float)
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight has shape {weight.shape}; it must have one entry a row: ({n_samples},)"
        )
    if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.sum() > 0):
        raise ValueError("sample_weight must be finite, not negative, and above 0 somewhere")
    return weight


def node_losses(structure, samples, unit=1.0):
    """The loss each node would have as a leaf, over the samples that pass it.

    Shape (nodes, 1) for a classifier: summed weight of the wrong samples, where a sample of
    several outputs is right only if all are. Shape (nodes, outputs) for a regressor: squared
    errors, in units of `unit` squared (so that a huge y does not overflow). Each sample climbs
    once from its leaf to the root: the cost is that of one prediction, however many subtrees are
    asked about.
    """
    rows, nodes = np.arange(len(samples.leaf)), samples.leaf
    width = 1 if structure.is_classifier else samples.target.shape[1]
    totals = np.zeros((structure.n_nodes, width))
    value = structure.value[:, :, 0]
    while rows.size:
        if structure.is_classifier:
            wrong = (structure.majority[nodes] != samples.target[rows]).any(axis=1)
            losses = (samples.weight[rows] * wrong)[:, None]
        else:
            away = (samples.target[rows] - value[nodes]) / unit
            losses = samples.weight[rows][:, None] * away * away
        for output in range(width):
            totals[:, output] += np.bincount(nodes, losses[:, output], structure.n_nodes)
        nodes = structure.parent[nodes]
        climbs = nodes >= 0
        if not climbs.all():
            rows, nodes = rows[climbs], nodes[climbs]
    return totals


def unscaled(losses, unit):
    """Losses in units of `unit` squared as they are; one sentence where that overflows."""
    with np.errstate(over="ignore"):
        losses = losses * unit * unit
    if not np.isfinite(losses).all():
        raise ValueError(
            f"y lies up to {unit:.2g} from the tree's values, and squares of that exceed the "
            "largest float; refit and score on y / abs(y).max()"
        )
    return losses


def loss_unit(structure, samples):
    """A power of two near the largest distance of a target from the root's value; 1 for classes."""
    if structure.is_classifier:
        return 1.0
    away = np.abs(samples.target / 2 - structure.value[0, :, 0] / 2).max()
    return float(np.ldexp(1.0, int(np.frexp(away)[1])))
