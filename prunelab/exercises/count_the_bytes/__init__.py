"""The exercises of the chapter on bytes: a bound, four claims, a file to make small."""

from prunelab.exercises.count_the_bytes.bound import LIMIT_MISTAKES, limit, limit_cases
from prunelab.exercises.count_the_bytes.claims import READINGS, claims_table
from prunelab.exercises.count_the_bytes.files import checked_recipe, cook, loss_of, served
from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import apart, in_our_words, judge_numbers, one_name

__all__ = ["READINGS", "claims_table", "cook", "q1", "q2", "q3"]

MOST_BYTES, MOST_LOSS = 500_000, 0.0015
COUNTS = {"A": "training_file", "B": "nonzeros", "C": "transfer", "D": "network"}
LOOKS = {  # the column of the table to look at, for each claim
    "A": "only its file shrinks, and it was larger than the network's 8.3 MB before",
    "B": "its file has as many bytes as before",
    "C": "its file shrinks, its memory does not",
    "D": "all four of its columns shrink",
}


def _judge_limit(answer):
    return judge_numbers(
        answer,
        limit_cases(),
        limit,
        LIMIT_MISTAKES,
        right="Which weights stay, and their values: no codec needs less on average.",
        look="n · H bits say which weights stay, 32 bits each say what they are; 8 bits a byte.",
    )


def _judge_claims(answer):
    if not isinstance(answer, dict) or not set(answer) <= set(COUNTS):
        return False, "Give the dict with the letters A to D as its keys, a reading for each."
    for letter, right in COUNTS.items():
        said = answer.get(letter, ...)
        if said is ... or said is None:
            return False, f"No reading yet for claim {letter}."
        name = one_name(said)
        if name not in READINGS:
            return False, f"The readings to choose from are {', '.join(READINGS)}."
        if name != right:
            return False, f"Look at {letter} again: {LOOKS[letter]}; {name} is {READINGS[name]}."
    return True, "Four times ten, and only one is a smaller network. Ask what was divided by what."


def _judge_recipe(answer):
    with in_our_words():
        checked_recipe(answer)
    size, loss = cook(answer)
    kilobytes = apart(size / 1000, MOST_BYTES / 1000, "{:.0f}")
    said = f"{kilobytes} kB with a validation MSE of {apart(loss, MOST_LOSS, '{:.2g}')}"
    if size <= MOST_BYTES and loss <= MOST_LOSS:
        return True, f"{said}: weighed, read back and evaluated. The whole network has 8.3 MB."
    missed = [
        words
        for words, misses in (
            (f"above {MOST_BYTES // 1000} kB", size > MOST_BYTES),
            (f"an MSE above {MOST_LOSS:g}", loss > MOST_LOSS),
        )
        if misses
    ]
    return False, f"{said}: {' and '.join(missed)}. {_advice(answer, size, loss)}"


def _advice(recipe, size, loss):
    """A hint from what the recipe has done too much or too little of."""
    if loss > MOST_LOSS:
        alone = {part: loss_of(recipe, part) for part in ("neurons", "sparsity", "bits")}
        worst = max(alone, key=alone.get)
        return f"With {worst} alone it is {alone[worst]:.2g}; nothing was trained again."
    if recipe["packing"] == "dense":
        return "Dense, every 0 is stored like any other weight."
    if recipe["bits"] >= 16:
        return "What would fewer bits a value cost?"
    if recipe["packing"] == "bitmask":
        return "Count: one bit a weight for the mask, and your bits for each of the values."
    return "gzip saves where bytes repeat: with fewer bits a value, do they?"


q1 = Exercise(
    "q1",
    _judge_limit,
    [
        "Two parts, which weights stay and which values they have, and a division by eight.",
        "p = 1 − sparsity stays. H = −p · log₂ p − (1 − p) · log₂(1 − p); without zeros H is 0.",
        "n · (H + 32 · p) are bits. Sum over p and 1 − p, and leave out what is 0.",
    ],
    """
    def least_bytes(n, sparsity):
        p = 1 - sparsity
        which = -sum(q * np.log2(q) for q in (p, 1 - p) if q > 0)
        return n * (which + 32 * p) / 8
    """,
    reason="The mask costs H bits a weight, each value that stays 32; without zeros H is 0.",
)
q2 = Exercise(
    "q2",
    _judge_claims,
    [
        "See which columns shrink in each line, and from which number the file started.",
        "For each claim: in which columns is the second number a tenth of the first?",
        "The network has 8.3 MB. One claim starts above that, one shrinks in no file at all.",
    ],
    """
    ten = {"A": "training_file", "B": "nonzeros", "C": "transfer", "D": "network"}
    """,
    reason="Each claim divides two numbers of the table; they differ in what they compare.",
)
q3 = Exercise(
    "q3",
    _judge_recipe,
    [
        "Three ways reach it; two use few bits: 3 bits and a bitmask, or 4 bits and gzip.",
        "The mask of a bitmask takes 259 kB. How many bits does that leave for 518,400 values?",
        "Or: how many neurons of the second hidden layer reach the output? Remove the others.",
    ],
    """
    recipe = {"neurons": (1024, 256), "sparsity": 0.75, "bits": 8, "packing": "bitmask"}
    """,
    reason="Without the neurons that never reach the output, a byte a weight is enough.",
    prepare=served,
    patience=6,
    given={"neurons": (1024, 1024), "sparsity": 0.75, "bits": 16, "packing": "bitmask"},
)
