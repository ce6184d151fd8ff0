"""What the TreeExplorer derives from a fold: leaves, errors, samples that change, and the words.

Works on the plain values that are sent to the browser. `math.js` computes the same in JavaScript,
and a test compares the two on random folds.
"""

from prunelab.base.text import percent, short

PRUNERS = ("cost_complexity", "reduced_error", "pessimistic", "error_based", "minimum_error")
SET_NAMES = {"train": "training", "val": "validation"}


def cumulated(nodes, folds):
    """The fold of each subtree of a path, from the nodes folded at each step."""
    marked, found = (), []
    for step in folds:
        marked = nodes.topmost((*marked, *step))
        found.append(marked)
    return found


def set_error(data, name, leaves):
    """The error of the leaves on "train" or "val": share of wrong samples, or mean of squares."""
    total = 0
    for leaf in leaves:
        total += data["loss"][name][leaf]
    return total / data["totals"][name]


def moved(data, nodes, before, folded):
    """How many training samples change class (or prediction), and by how much on average."""
    old, new = nodes.leaf_of(before), nodes.leaf_of(folded)
    value, samples = data["value"], data["samples"]
    count, distance = 0, 0.0
    for node in range(len(nodes)):
        if nodes.left[node] < 0 and value[old[node]] != value[new[node]]:
            count += samples[node]
            distance += samples[node] * abs(value[old[node]] - value[new[node]])
    return count, distance / count if count else 0.0


def error_words(data, error):
    """An error as text: 12.50 %, or a mean of squares in four digits."""
    return percent(error) if data["kind"] == "classifier" else short(error)


def describe(data, nodes, folded, before, step):
    """The caption: size, place on the path, errors, and what the last fold changed."""
    leaves = nodes.leaves(folded).tolist()
    where = "not on the path"
    if step is not None:
        where = f"subtree {step} of {len(data['alphas']) - 1} on the path"
        where += f", ccp_alpha {short(data['alphas'][step])}"
    words = [f"{_counted(len(leaves))} of {nodes.n_leaves}: {where}."]
    parts = [
        f"{label} {error_words(data, set_error(data, name, leaves))}"
        for name, label in SET_NAMES.items()
        if name in data["totals"]
    ]
    if step is not None and data["errors"].get("cv"):
        spread = error_words(data, data["spread"][step])
        parts.append(f"cross-validated {error_words(data, data['errors']['cv'][step])} ± {spread}")
    words.append(f"{data['measure']}: {', '.join(parts)}.")
    words.append(_last_fold(data, nodes, folded, before))
    return " ".join(filter(None, words))


def _last_fold(data, nodes, folded, before):
    """What changed from one fold to the next, in a sentence; empty if nothing did."""
    if folded == before:
        return ""
    new, gone = sorted(set(folded) - set(before)), sorted(set(before) - set(folded))
    grows = len(nodes.leaves(folded)) - len(nodes.leaves(before))
    if grows < 0 and nodes.topmost((*folded, *before)) == folded:
        was = _counted(len(new) - grows)
        what = f"Folding node {new[0]} turns {was} into one"
        if len(new) > 1:
            what = f"Folding {len(new)} branches turns {was} into {len(new)}"
    elif grows > 0 and nodes.topmost((*folded, *before)) == before and len(gone) == 1:
        what = f"Unfolding node {gone[0]} brings {_counted(grows)} back"
    else:
        old = len(nodes.leaves(before))
        what = f"The last change goes from {_counted(old)} to {old + grows}"
    count, distance = moved(data, nodes, before, folded)
    whom = f"{count} of {data['totals']['train']} training samples"
    if data["kind"] == "classifier":
        if not count:
            return f"{what}; no training sample changes its predicted class."
        return f"{what} and changes the predicted class of {whom}."
    by = f", by {short(distance)} on average" if count else ""
    return f"{what} and moves the prediction of {whom}{by}."


def _counted(count):
    return f"{count} {'leaf' if count == 1 else 'leaves'}"
