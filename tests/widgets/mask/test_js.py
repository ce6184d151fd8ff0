"""The MaskExplorer's JavaScript says what Python says: random matrices, through Node."""

import random

import numpy as np
import pytest

from prunelab.base.text import percent, short
from prunelab.masks import PATTERNS, magnitude, mask_losses
from prunelab.masks.patterns import CRITERIA, random_order, rank
from prunelab.widgets.mask.data import as_text, gather
from prunelab.widgets.mask.state import code_for, describe, facts, loss_at
from prunelab.widgets.shared.numbers import settled
from tests.helpers.node import run_module

MATRICES = 60
SCRIPT = """
import {
  factsOf, keptCount, lossAt, lowestScore, rankingOf, unpacked,
} from "widgets/mask/math.js";
import { describeMask, maskCode } from "widgets/mask/words.js";
import { fourDigits, percentOf, settledNumber } from "widgets/shared/numbers.js";

answer({
  counts: given.counts.map(([units, sparsity]) => keptCount(units, sparsity)),
  settled: given.typed.map(([value, current]) => settledNumber("sparsity", value, current)),
  numbers: given.numbers.map((value) => [percentOf(value), fourDigits(value)]),
  masks: given.matrices.map(({ data, states }) => {
    const matrix = unpacked(data);
    return states.map((state) => {
      const ranking = rankingOf(matrix, state.pattern, state.criterion);
      const found = factsOf(matrix, ranking, state.sparsity);
      const lowest = lowestScore(ranking, state.sparsity);
      return {
        found, mask: Array.from(ranking.perWeight, (score) => Number(score >= lowest)).join(""),
        caption: describeMask(data, state, found), code: maskCode(data, state),
        loss: lossAt(data, state),
      };
    });
  }),
});
"""


def _matrix(rng, at):
    """Matrices of many shapes: fine and coarse (ties, zeros), one row, one column, one weight."""
    shape = [(1, 1), (1, 9), (13, 1), (4, 4), (5, 7)][at] if at < 5 else rng.integers(1, 41, 2)
    matrix = rng.normal(size=tuple(shape)) * 10.0 ** rng.integers(-6, 4)
    if at % 3 == 0:
        matrix = np.round(matrix / np.abs(matrix).max() * 3) / 3
    if at % 7 == 0:
        matrix *= rng.random(matrix.shape) < 0.5
    return matrix.astype(np.float32)


def _losses(rng, matrix, seed):
    """Losses measured on a small network around the matrix, on a grid of a few sparsities."""
    columns = matrix.shape[1]
    layers = [matrix, np.zeros(columns), rng.normal(size=(columns, 1)), np.zeros(1)]
    x, y = rng.normal(size=(6, len(matrix))), rng.normal(size=6)
    names = [name for name in PATTERNS if rng.random() < 0.6] or ["2:4"]
    grid = [0.0, 0.25, 0.5, 0.9]
    return mask_losses(layers, x, y, layer=0, sparsities=grid, patterns=names, seed=seed, draws=2)


def _states(rng):
    for pattern in PATTERNS:
        for criterion in CRITERIA:
            for sparsity in (rng.choice([0.0, 0.25, 0.375, 0.5, 0.75, 0.9, 0.99]), rng.random()):
                yield {"sparsity": sparsity, "pattern": pattern, "criterion": criterion}


def _typed(rng):
    value = rng.choice([rng.random(), -rng.random(), 75, 1, 0, 1.5, 1e20, 12.25, None, "a", True])
    return value, rng.choice([0.0, 0.75, rng.random()])


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """What Python was given, and what JavaScript answered."""
    rng, python = np.random.default_rng(20261122), random.Random(20261122)
    matrices, given = [], []
    for at in range(MATRICES):
        matrix, seed = _matrix(rng, at), at % 4
        losses = None if at % 4 == 0 else _losses(rng, matrix, seed)
        states = list(_states(python))
        matrices.append((matrix, states))
        given.append(
            {"data": as_text(gather(matrix, losses, seed, f"matrix {at}")), "states": states}
        )
    sizes = [*range(1, 130), 1024, 16_000, 1_024_000, 2**22]
    counts = [(n, s) for n in sizes for s in (0.5, 0.25, 0.3, 0.999, 0.99999999, python.random())]
    numbers = [0.0, 1.0, 0.28940625, *(python.random() ** 9 for _ in range(300))]
    typed = [_typed(python) for _ in range(200)]
    question = {"matrices": given, "counts": counts, "numbers": numbers, "typed": typed}
    answer = run_module(tmp_path_factory.mktemp("node"), SCRIPT, question)
    return matrices, question, answer


@pytest.fixture(scope="module")
def masks(compared):
    """(matrix, data, state, JavaScript's answer) of each state."""
    matrices, question, answer = compared
    found = [
        (matrix, given["data"], state, said)
        for (matrix, states), given, answers in zip(
            matrices, question["matrices"], answer["masks"], strict=True
        )
        for state, said in zip(states, answers, strict=True)
    ]
    assert len(found) == MATRICES * len(PATTERNS) * len(CRITERIA) * 2
    return found


def test_masks_are_pythons_bit_for_bit(masks):
    for matrix, data, state, said in masks:
        ranking = rank(matrix, state["pattern"], state["criterion"], seed=data["seed"])
        mask = ranking.mask(state["sparsity"])
        assert said["mask"] == "".join("01"[kept] for kept in mask.ravel().tolist()), state


def test_masks_by_magnitude_are_those_of_magnitude_itself(masks):
    compared = 0
    for matrix, _, state, said in masks:
        if state["criterion"] != "magnitude":
            continue
        rows, columns = matrix.shape
        blocks = {"4x1": (4, 1), "16x1": (16, 1), "1x4": (1, 4), "4x4": (4, 4)}
        blocks |= {"neurons": (rows, 1), "inputs": (1, columns)}
        if state["pattern"] == "unstructured":
            mask = magnitude.magnitude_mask(matrix, state["sparsity"])
        elif state["pattern"] == "2:4":
            mask = magnitude.n_of_m_mask(matrix, 2, 4)
        else:
            mask = magnitude.block_mask(matrix, state["sparsity"], blocks[state["pattern"]])
        assert said["mask"] == "".join("01"[kept] for kept in mask.ravel().tolist()), state
        compared += 1
    assert compared == MATRICES * len(PATTERNS) * 2


def test_facts_agree_exactly(masks):
    names = {"dead_inputs": "deadInputs", "dead_neurons": "deadNeurons"}
    met = {"tied": 0, "forced": 0, "dead_inputs": 0, "zeros kept": 0}
    for matrix, data, state, said in masks:
        ranking = rank(matrix, state["pattern"], state["criterion"], seed=data["seed"])
        found = facts(ranking, state["sparsity"])
        assert {name: said["found"][names.get(name, name)] for name in found} == found, state
        for name in met:
            met[name] += found["kept"] != found["live"] if name == "zeros kept" else found[name] > 0
    assert all(count > 20 for count in met.values()), met


def test_captions_and_code_agree_to_the_letter(masks):
    for matrix, data, state, said in masks:
        ranking = rank(matrix, state["pattern"], state["criterion"], seed=data["seed"])
        assert said["caption"] == describe(data, state, facts(ranking, state["sparsity"]))
        assert said["code"] == code_for(state, data["seed"])


def test_the_nearest_measured_loss_agrees(masks):
    measured = 0
    for _, data, state, said in masks:
        point = loss_at(data, state)
        assert (said["loss"] and tuple(said["loss"].values())) == point
        measured += point is not None
    assert measured > 300


def test_counts_are_tfmots_in_every_half(compared):
    _, question, answer = compared
    wanted = [magnitude.kept_count(units, sparsity) for units, sparsity in question["counts"]]
    assert answer["counts"] == wanted


def test_numbers_are_written_as_python_writes_them(compared):
    _, question, answer = compared
    assert answer["numbers"] == [[percent(n), short(n)] for n in question["numbers"]]


def test_clamping_agrees(compared):
    _, question, answer = compared
    for (value, current), (sparsity, notice) in zip(
        question["typed"], answer["settled"], strict=True
    ):
        assert ({"sparsity": sparsity}, notice) == settled(
            {"sparsity": current}, {"sparsity": value}
        )
    assert sum(bool(notice) for _, notice in answer["settled"]) > 20


ORDERS = """
import { permutation } from "widgets/mask/random.js";
import { unpacked } from "widgets/mask/math.js";

const bytes = Uint8Array.from([0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 128, 191]);
answer({
  orders: given.map(({ size, random }) => Array.from(permutation(size, random))),
  viewed: Array.from(unpacked({ shape: [1, 3], weights: new DataView(bytes.buffer, 4) }).weights),
});
"""


def test_the_random_order_is_numpys_though_it_is_not_sent(tmp_path):
    sizes = [(1, 0), (2, 1), (3, 2), (480, 2**32 - 1), (70_001, 7), (200_000, 123)]
    given = []
    for size, seed in sizes:
        random_part = gather(np.zeros((1, size), np.float32), None, seed, "w")["random"]
        given.append({"size": size, "random": random_part})
    said = run_module(tmp_path, ORDERS, given)
    for (size, seed), order in zip(sizes, said["orders"], strict=True):
        assert order == random_order(size, seed).tolist(), (size, seed)
    assert said["viewed"] == [1, 2, -1]  # as a notebook sends them: bytes somewhere in a buffer
