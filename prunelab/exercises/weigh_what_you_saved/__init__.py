"""The exercises of the chapter on footprints: a limit, four claims, a bisection, a measurement
on the reader's machine, a file to make small."""

from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import in_our_words, judge_numbers
from prunelab.exercises.weigh_what_you_saved.bound import LIMIT_MISTAKES, limit, limit_cases
from prunelab.exercises.weigh_what_you_saved.break_even import judge_break_even, judge_measured
from prunelab.exercises.weigh_what_you_saved.claims import READINGS, claims_table
from prunelab.exercises.weigh_what_you_saved.files import checked_recipe, cook, loss_of, served

__all__ = ["READINGS", "claims_table", "cook", "q1", "q2", "q3", "q4", "q5"]

MOST_BYTES, MOST_LOSS = 500_000, 0.0015
COUNTS = {"A": "training_file", "B": "nonzeros", "C": "transfer", "D": "network"}
LOOKS = {  # at which column, for each claim
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
        right="Which weights stay, and what they are: no codec gets below, on average.",
        look="n · H bits say which weights stay, 32 bits each say what they are; 8 bits a byte.",
    )


def _judge_claims(answer):
    if not isinstance(answer, dict) or not set(answer) <= set(COUNTS):
        return False, "Give the dict with the letters A to D as its keys, a reading for each."
    for letter, right in COUNTS.items():
        said = answer.get(letter, ...)
        if said is ... or said is None:
            return False, f"No reading yet for claim {letter}."
        name = said.strip().lower() if isinstance(said, str) else None
        if name not in READINGS:
            return False, f"The readings to choose from are {', '.join(READINGS)}."
        if name != right:
            return False, f"Look at {letter} again: {LOOKS[letter]}; {name} is {READINGS[name]}."
    return True, "Four tens, and one of them is a smaller network. Ask what was divided by what."


def _judge_even(answer):
    return judge_break_even(answer)  # named here: progress is kept by this chapter's name


def _judge_measured(answer):
    return judge_measured(answer)


def _judge_recipe(answer):
    with in_our_words():
        checked_recipe(answer)
    size, loss = cook(answer)
    said = f"{size / 1000:.0f} kB with a validation MSE of {loss:.2g}"
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
    """What to look at next, by what the recipe has done too much or too little of."""
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
    return "gzip looks for bytes that come again; does your packing have any?"


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
        "Look for the columns that shrink, and then for what the first one started from.",
        "Go through the table by columns: in which of them does each claim shrink ten times?",
        "The network has 8.3 MB. One claim starts above that, one shrinks in no file at all.",
    ],
    """
    ten = {"A": "training_file", "B": "nonzeros", "C": "transfer", "D": "network"}
    """,
    reason="Each claim divides two numbers of the table; they differ in what they compare.",
)
q3 = Exercise(
    "q3",
    _judge_even,
    [
        "The bracket has one end that loses and one that wins, from the first step to the last.",
        "Keep gain(low) at most 1 and gain(high) above 1. If middle wins, which of them moves?",
        "Ask low and high first: low where it wins there, None where high loses. Return high.",
    ],
    """
    def break_even(gain, low, high):
        if gain(low) > 1:
            return low
        if gain(high) <= 1:
            return None
        while high - low > 0.01:
            middle = (low + high) / 2
            if gain(middle) > 1:
                high = middle
            else:
                low = middle
        return high
    """,
    reason="Both ends are asked before the loop, and the end that wins is returned.",
    given="""
    def break_even(gain, low, high):
        while high - low > 0.01:
            middle = (low + high) / 2
            if gain(middle) >= 1:
                low = middle
            else:
                high = middle
        return low
    """,
)
q4 = Exercise(
    "q4",
    _judge_measured,
    [
        "Let the gain keep its rows, and hand it to the bisection of the last exercise.",
        "gain(sparsity) asks race, keeps (sparsity, dense, sparse), and returns dense / sparse.",
        "Hand gain to your break_even, from 0.0 to 0.98; what it returns is among your rows.",
    ],
    """
    raced = []

    def gain(sparsity):
        dense, sparse = race(sparsity)
        raced.append((sparsity, dense, sparse))
        return dense / sparse

    mine = {"break_even": break_even(gain, 0.0, 0.98), "measured": raced}
    """,
    reason="The bisection asks nine races, and what it returns is among the rows that they left.",
)
q5 = Exercise(
    "q5",
    _judge_recipe,
    [
        "Three ways lead there; two round hard: 3 bits and a bitmask, or 4 bits and gzip.",
        "The mask of a bitmask takes 259 kB. How many bits does that leave for 518,400 values?",
        "Or: how many neurons of the second hidden layer does anybody hear? The others weigh, too.",
    ],
    """
    recipe = {"neurons": (1024, 256), "sparsity": 0.75, "bits": 8, "packing": "bitmask"}
    """,
    reason="Without the neurons that nobody hears, a byte a weight is enough.",
    prepare=served,
    patience=6,
    given={"neurons": (1024, 1024), "sparsity": 0.75, "bits": 16, "packing": "bitmask"},
)
