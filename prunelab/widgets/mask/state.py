"""What the MaskExplorer derives from a mask: its facts, the words for them, the code to copy.

`math.js` computes the same facts and `words.js` the same words in JavaScript; a test compares them
on random input. The code is made here alone, and sent for each pattern and criterion.
"""

import numpy as np

from prunelab.base.text import percent, short
from prunelab.masks.patterns import GROUP, PATTERNS

_TFMOT = "tfmot.sparsity.keras"


def facts(ranking, sparsity):
    """Counts of the mask at `sparsity`, as a dict of plain numbers.

    kept: weights the mask keeps; live: those of them that are not zero; threshold: see `Ranking`;
    tied: units that stay only because of a tie; forced: whether the last unit stays although the
    count is zero; dead_inputs, dead_neurons: rows and columns without a live weight.
    """
    mask = ranking.mask(sparsity)
    live = mask & (ranking.weights != 0)
    count = ranking.count(sparsity)
    return {
        "kept": int(np.count_nonzero(mask)),
        "live": int(np.count_nonzero(live)),
        "threshold": ranking.threshold(sparsity),
        "tied": ranking.tied(sparsity),
        "forced": count == 1 and _rounds_to_none(ranking.scores.size, sparsity),
        "dead_inputs": int(np.count_nonzero(~live.any(axis=1))),
        "dead_neurons": int(np.count_nonzero(~live.any(axis=0))),
    }


def _rounds_to_none(units, sparsity):
    return bool(np.float32(units) * (np.float32(1) - np.float32(sparsity)) <= 0.5)


def describe(data, state, found):
    """The caption: what stays, the threshold, ties, dead rows and columns, and the measured loss.

    data: what is sent to the page. state: sparsity, pattern, criterion. found: its `facts`.
    """
    size = data["shape"][0] * data["shape"][1]
    words = [_kept_words(size, state, found), _edge_words(data, state, found)]
    unit = PATTERNS[state["pattern"]].unit
    if found["tied"] == 1:
        words.append(f"1 more {unit} is exactly as large and stays too.")
    elif found["tied"]:
        words.append(f"{found['tied']:,} more {unit}s are exactly as large and stay too.")
    if found["forced"]:
        words.append(f"One {unit} always stays.")
    words.append(_dead_words(data["shape"], found))
    words.append(_loss_words(data, state))
    return " ".join(filter(None, words))


def _kept_words(size, state, found):
    zeros, asked = percent(1 - found["live"] / size), percent(state["sparsity"])
    words = f"{found['kept']:,} of {size:,} weights stay: {zeros} zeros"
    if state["pattern"] == GROUP:
        words += ". The pattern 2:4 has no slider: two of every four inputs of a neuron go."
    else:
        words += ", as asked." if zeros == asked else f". Asked: {asked}."
    if found["kept"] != found["live"]:
        words += f" {found['kept'] - found['live']:,} of those that stay are zero already."
    return words


def edge_sentence(pattern, criterion, seed):
    """Where the mask ends, for a pattern and a criterion; with {threshold}, if it has one."""
    if criterion == "random":
        return f"Drawn at random with seed {seed}, so there is no threshold."
    if pattern == GROUP:
        return "Each group of four has a threshold of its own."
    measured = "|w|" if pattern == "unstructured" else "mean |w|"
    unit = PATTERNS[pattern].unit
    article = "An" if unit == "input" else "A"
    sign = "≥" if criterion == "magnitude" else "≤"
    return f"{article} {unit} stays where {measured} {sign} {{threshold}}."


def _edge_words(data, state, found):
    sentence = edge_sentence(state["pattern"], state["criterion"], data["seed"])
    threshold = found["threshold"]
    return sentence.format(threshold="" if threshold is None else short(threshold))


def _dead_words(shape, found):
    counts = zip(("inputs", "neurons"), shape, strict=True)
    dead = [
        f"{found[f'dead_{kind}']:,} of {every:,} {kind}"
        for kind, every in counts
        if found[f"dead_{kind}"]
    ]
    if not dead:
        return "Every input and every neuron keeps at least one weight."
    return f"Without any weight left: {' and '.join(dead)}."


def loss_at(data, state):
    """(asked, realised, loss) of the measured point nearest to the state, or None."""
    losses = data["losses"]
    curve = losses and losses["curves"].get(f"{state['pattern']} {state['criterion']}")
    if not curve:
        return None
    asked = curve["sparsities"]
    at = min(range(len(asked)), key=lambda i: abs(asked[i] - state["sparsity"]))
    return asked[at], curve["realised"][at], curve["losses"][at]


def _loss_words(data, state):
    losses, point = data["losses"], loss_at(data, state)
    if losses is None:
        return "No loss was measured."
    if point is None:
        return "No loss was measured for this pattern and criterion."
    asked, _, loss = point
    where = "measured here"
    if asked != state["sparsity"] and state["pattern"] != GROUP:
        where = f"measured at {percent(asked)}, the nearest"
    name = losses["measured_on"]
    return (
        f"{name[0].upper()}{name[1:]} MSE {short(loss)}, {where}; "
        f"{short(losses['dense'])} with nothing cut."
    )


def code_for(state, seed, kernel=None):
    """Code for the mask in NumPy and prunelab, and in tfmot if it can make it, given `weights`.

    kernel: the shape of the matrix's kernel, if that has more axes. The code defines
    `mask` (True = kept) and `pruned`.
    """
    code = code_without_sparsity(state["pattern"], state["criterion"], seed, kernel)
    return code.replace("{sparsity}", repr(state["sparsity"]))


def code_without_sparsity(pattern, criterion, seed, kernel=None):
    """The code of `code_for`, with "{sparsity}" where the sparsity stands."""
    code = _code(pattern, criterion, seed, kernel)
    if not kernel:
        return code
    sides = " × ".join(map(str, kernel))
    return f"# weights = kernel.reshape(-1, {kernel[-1]}), of a kernel {sides}\n{code}"


def _code(pattern, criterion, seed, kernel):
    if criterion != "magnitude":
        seeded = f", seed={seed}" if criterion == "random" else ""
        chosen = f'"{pattern}", "{criterion}"{seeded}'
        lines = _called("pattern_mask", f"weights, {{sparsity}}, {chosen}")
        return lines + "# tfmot cannot do this: it always cuts the smallest magnitudes first.\n"
    if pattern == "unstructured":
        return _UNSTRUCTURED + _tfmot("")
    if pattern == GROUP:
        lines = _called("n_of_m_mask", "weights, 2, 4")
        if kernel and len(kernel) != 4:
            return lines + _ONLY_MATRICES
        call = "model, sparsity_m_by_n=(2, 4))  # its schedule is ignored"
        if kernel and kernel[2] % 4:
            call += _GROUPS_APART
        return f"{lines}# In tfmot:\n# model = {_TFMOT}.prune_low_magnitude({call}\n"
    spans = PATTERNS[pattern].block
    lengths = (f"weights.shape[{i}]" if span is None else span for i, span in enumerate(spans))
    block = ", block_size=({}, {})".format(*lengths)
    lines = _called("block_mask", f"weights, {{sparsity}}{block}")
    if None in spans:
        stops = "it stops with an error at a single row or column of blocks"
        return f"{lines}# tfmot cannot do this: {stops}.\n"
    return lines + (_ONLY_MATRICES if kernel else _tfmot(block))


_ONLY_MATRICES = "# tfmot cannot: it takes no blocks in a kernel of so many axes.\n"
_GROUPS_APART = (
    "\n# Its groups are others here: it groups the inputs of each place of a kernel apart."
)
_UNSTRUCTURED = """import numpy as np

from prunelab.masks.magnitude import kept_count

magnitudes = np.abs(weights)
kept = kept_count(weights.size, {sparsity})
threshold = np.sort(magnitudes, axis=None)[-kept]
mask = magnitudes >= threshold  # as prunelab.masks.magnitude_mask(weights, {sparsity}) says
pruned = weights * mask

"""


def _called(name, arguments):
    return (
        f"from prunelab.masks import {name}\n\n"
        f"mask = {name}({arguments})  # True = kept\npruned = weights * mask\n\n"
    )


def _tfmot(block):
    wrapped = "layer" if block else "model"
    only = "  # hidden layers only: tfmot stops with an error at Dense(1)" if block else ""
    return (
        "# In tfmot, while the network trains:\n"
        f"# schedule = {_TFMOT}.ConstantSparsity({{sparsity}}, begin_step=0)\n"
        f"# {wrapped} = {_TFMOT}.prune_low_magnitude(\n"
        f"#     {wrapped}, pruning_schedule=schedule{block}){only}\n"
    )
