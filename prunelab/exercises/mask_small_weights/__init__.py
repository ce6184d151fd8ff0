"""The exercises of the chapter on masks: find the threshold, explain, mend, spread a budget."""

import numpy as np

from prunelab.base.checks import shown, sparsity_fraction
from prunelab.base.text import percent
from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import (
    apart,
    call_all,
    in_our_words,
    judge_letter,
    judge_numbers,
    percent_apart,
    single,
)
from prunelab.exercises.mask_small_weights.network import LAYERS, fresh_rows, small_network
from prunelab.exercises.mask_small_weights.threshold import MISTAKES, arrays, threshold_of
from prunelab.masks.magnitude import kept_count, magnitude_mask
from prunelab.masks.network import Network, mean_squared_error

ASKED = 0.75  # as a fraction of all kernel weights of the small network
SHARE = 0.2  # as a fraction of the loss with the same sparsity in every kernel


def _judge_threshold(answer):
    return judge_numbers(
        answer,
        arrays(),
        threshold_of,
        MISTAKES,
        right="It rounds as tfmot does and keeps at least one weight, on arrays you had not seen.",
        look="count how many stay, sort the magnitudes, and take the smallest of those.",
    )


def _judge_ties(answer):
    replies = {
        "a": "Rounding moves the count by half a weight at most; here over a hundred are missing.",
        "b": "Only while it trains, and here nothing happens after the mask is put on.",
        "d": "Zeros are the smallest magnitudes there are: they go first, and count as zeros.",
        "e": "The mask looks at magnitudes, and a sign is no part of them.",
    }
    reason = "With few different magnitudes, many share the threshold's, and all stay."
    return judge_letter(answer, "c", reason, replies)


def _judge_cut(answer):
    cases = arrays()
    tied = np.array([0.5, -0.5, 0.5, 0.2, -0.1, 0.5])
    cases.append(("six weights, four of them tied, at sparsity 0.5", (tied, 0.5)))
    given, sentence = call_all(answer, cases)
    if sentence:
        return False, sentence
    for (words, (weights, sparsity)), value in zip(cases, given, strict=True):
        mistake = _mistake_in_cut(weights, sparsity, value)
        if mistake:
            return False, f"On {words} {mistake}"
    return True, "It ranks sizes, keeps the threshold and its ties, and leaves its input alone."


def _mistake_in_cut(weights, sparsity, given):
    """What is wrong with `given` as the masked weights, or None."""
    if not isinstance(given, np.ndarray) or given.dtype.kind not in "biuf":
        return f"it returns {shown(given)}; the masked weights should come back, as an array."
    if given.shape != weights.shape:
        return f"it returns shape {given.shape}; the weights have {weights.shape}."
    right = magnitude_mask(weights, sparsity)
    if np.array_equal(given, right):
        return "it returns the mask; multiply the weights with it."
    kept = given != 0
    if not np.allclose(given[kept], weights[kept], rtol=1e-6, atol=0):
        return "weights that stay have changed; they should keep size and sign."
    if np.array_equal(kept, right):
        return None
    gone, stays = np.abs(weights[~kept]), np.abs(weights[kept])
    if gone.size and stays.size and gone.max() > stays.min():
        most, least = float(gone.max()), float(stays.min())
        goes, one = apart(most, least, "{:.2g}"), apart(least, most, "{:.2g}")
        return f"a weight of size {goes} goes and one of {one} stays."
    count = f"{stays.size} of {weights.size} weights stay"
    if stays.size > right.sum():
        return f"{count}, which is too many."
    if stays.size == kept_count(weights.size, sparsity):
        return f"{count}, but one that goes is as large as one that stays; ties stay together."
    return f"{count}, which is too few; does the threshold itself stay?"


def _measure(sparsities):
    """(fraction of zeros in all kernels, loss on fresh rows) of the masked small network."""
    layers, _, _ = small_network()
    network, (x, y) = Network(layers), fresh_rows()
    kernels = {
        at: kernel * magnitude_mask(kernel, sparsities[name])
        for at, (name, kernel) in enumerate(zip(LAYERS, network.kernels, strict=True))
    }
    left = sum(np.count_nonzero(kernel) for kernel in kernels.values())
    size = sum(kernel.size for kernel in kernels.values())
    return 1 - left / size, mean_squared_error(network.forward(x, kernels=kernels), y[:, None])


def _judge_budget(answer):
    if not isinstance(answer, dict) or set(answer) != set(LAYERS):
        return False, f"Give a dict with a sparsity for each of {', '.join(LAYERS)}."
    with in_our_words():
        asked = {name: sparsity_fraction(name, single(answer[name])) for name in LAYERS}
    zeros, loss = _measure(asked)
    if zeros < ASKED:
        if sum(asked.values()) / len(asked) >= ASKED:
            return False, (
                f"75 % is the mean over layers; of all weights only {percent_apart(zeros, ASKED)} "
                "are zeros, for the layers differ in size."
            )
        return (
            False,
            f"Only {percent_apart(zeros, ASKED)} of all kernel weights are zeros; 75 % are asked.",
        )
    _, same_everywhere = _measure(dict.fromkeys(LAYERS, ASKED))
    said = f"{percent(zeros)} zeros, and {apart(loss / same_everywhere, SHARE)} of the loss"
    if loss <= SHARE * same_everywhere:
        return True, f"{said} that the same 75 % everywhere costs, on rows you had not seen."
    if len(set(asked.values())) == 1:
        return False, "That is the same sparsity everywhere; which layer costs the most to cut?"
    alone = {name: _measure(dict.fromkeys(LAYERS, 0.0) | {name: asked[name]})[1] for name in LAYERS}
    worst = max(alone, key=alone.get)
    dense = _measure(dict.fromkeys(LAYERS, 0.0))[1]
    return False, (
        f"{said} of 75 % everywhere; {SHARE:g} or less is asked. Your cut of {worst} alone "
        f"takes the loss from {dense:.2f} to {alone[worst]:.2f}."
    )


q1 = Exercise(
    "q1",
    _judge_threshold,
    [
        "Count how many weights stay. The threshold is the smallest of those.",
        "How many stay? max(round(n · (1 − s)), 1), with n = weights.size.",
        "Sort np.abs(weights) with axis=None; the weights that stay are at its end.",
    ],
    """
    def threshold(weights, sparsity):
        kept = max(round(weights.size * (1 - sparsity)), 1)
        return np.sort(np.abs(weights), axis=None)[-kept]
    """,
    reason="What stays is the largest magnitudes, so the smallest of those is the threshold.",
)
q2 = Exercise(
    "q2",
    _judge_ties,
    [
        "Count how many weights share the magnitude at which the cut would have to fall.",
        "How many different magnitudes does the kernel have, and how many weights?",
        "Count the weights whose magnitude is the threshold's. What does the mask do with them?",
    ],
    'cause = "c"',
    reason="Weights as large as the threshold all stay, and there are many of that size.",
)
q3 = Exercise(
    "q3",
    _judge_cut,
    [
        "Run it on its example. Which two of the four weights are the largest in size?",
        "0.9 and -0.8 should stay. Look at what is sorted, and at <= in place of <.",
        "Rank np.abs(weights), keep what is >= threshold, and let np.where make a new array.",
    ],
    """
    def cut(weights, sparsity):
        kept = max(round(weights.size * (1 - sparsity)), 1)
        threshold = np.sort(np.abs(weights), axis=None)[-kept]
        return np.where(np.abs(weights) >= threshold, weights, 0)
    """,
    reason="A weight is ranked by its size; its sign has nothing to do with it.",
    given="""
    def cut(weights, sparsity):
        kept = max(round(weights.size * (1 - sparsity)), 1)
        threshold = np.sort(weights, axis=None)[-kept]
        weights[weights <= threshold] = 0
        return weights
    """,
)
q4 = Exercise(
    "q4",
    _judge_budget,
    [
        "Which layer is large and costs little to cut, and which is small and costs much?",
        "Read the scan above: one row barely rises, and one rises from the first quarter on.",
        "The output layer holds 16 of 5,136 weights: leave it whole. hidden_1 can lose over 80 %.",
    ],
    'budget = {"hidden_1": 0.86, "hidden_2": 0.35, "output": 0.0}',
    reason="The zeros go where most of the weights are and where the error grows least.",
    prepare=small_network,
)
