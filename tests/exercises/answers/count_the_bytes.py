"""Right answers and known mistakes of the chapter on bytes."""

import math
import sys

import numpy as np
from scipy.stats import entropy

from prunelab.exercises import count_the_bytes as count
from tests.exercises.answers.common import Column

# ---- the limit ----------------------------------------------------------------------------------


def by_scipy(n, sparsity):
    return n * (entropy([sparsity, 1 - sparsity], base=2) + 32 * (1 - sparsity)) / 8


def by_cases(n, sparsity):
    p = 1 - sparsity
    if p == 1:
        return 4 * n
    return n / 8 * (-p * math.log2(p) - sparsity * math.log2(sparsity) + 32 * p)


def bound(which=1, values=32, of=lambda s: 1 - s, log=np.log2, unit=8, each=True):
    """An answer: n · (which · H + values · p) / unit, with parts that can be turned."""

    def least_bytes(n, sparsity):
        p = of(sparsity)
        news = -sum(q * log(q) for q in (p, 1 - p) if q > 0)
        return (n if each else 1) * (which * news + values * p) / unit

    return least_bytes


def without_the_other_half(n, sparsity):
    p = 1 - sparsity
    return n * (-p * np.log2(p) + 32 * p) / 8


def with_a_plus(n, sparsity):
    return bound(which=-1)(n, sparsity)


def without_an_exception(n, sparsity):
    p = np.float64(1 - sparsity)
    return n * (-p * np.log2(p) - (1 - p) * np.log2(1 - p) + 32 * p) / 8


def by_math_log2(n, sparsity):
    p = 1 - sparsity
    return n * (-p * math.log2(p) - (1 - p) * math.log2(1 - p) + 32 * p) / 8


# ---- the claims ---------------------------------------------------------------------------------


def ten(a="training_file", b="nonzeros", c="transfer", d="network"):
    return {"A": a, "B": b, "C": c, "D": d}


# ---- the file -----------------------------------------------------------------------------------


def recipe(neurons=(1024, 1024), sparsity=0.75, bits=8, packing="bitmask", **more):
    made = {"neurons": neurons, "sparsity": sparsity, "bits": bits, "packing": packing}
    return made | more


RIGHT = [
    (count.q1, [by_scipy, by_cases, bound(), lambda n, s: np.float64(by_cases(n, s))]),
    (count.q2, [ten(), ten(" Training_File", d="NETWORK\n"), dict(reversed(ten().items())),
                    ten("Training file", c=["transfer"])]),
    (count.q3, [
        recipe((1024, 256)), recipe(bits=3), recipe(bits=4, packing="gzip"),
        recipe([1024, 300], 0.0, np.int64(6)), recipe(np.array([1024, 256])),
        recipe(Column([1024, 256]), [0.75]), recipe((1000, 256), 0.76, 4),
    ]),
]  # fmt: skip

WRONG = [
    (count.q1, lambda n, s: n * (by_cases(1, s) - 4 * (1 - s) + 4 * s), "the one that goes"),
    (count.q1, lambda n, s: 4 * n * (1 - s), "the values alone"),
    (count.q1, bound(values=0), "their values are missing"),
    (count.q1, bound(unit=1), "eight of them are a byte"),
    (count.q1, bound(values=4), "a value takes 4 bytes, which are 32 bits"),
    (count.q1, bound(values=256), "a value takes 32 bits, which are 4 bytes"),
    (count.q1, bound(log=np.log), "the natural logarithm"),
    (count.q1, bound(log=np.log10), "bits want base 2"),
    (count.q1, lambda n, s: n / 8 + 4 * n * (1 - s), "That is the bitmask"),
    (count.q1, bound(each=False), "the limit of one weight"),
    (count.q1, without_the_other_half, "have their part of H too"),
    (count.q1, with_a_plus, "both parts of H have a minus"),
    (count.q1, bound(of=lambda s: 1 - s / 100), "not 0.75 %"),
    (count.q1, lambda n, s: 4 * n / by_cases(n, s), "how many times smaller"),
    (count.q1, bound(values=64), "not 64"),
    (count.q1, bound(values=8), "nothing is quantised"),
    (count.q1, without_an_exception, "sparsity 0 it returns np.float64(nan)"),
    (count.q1, by_math_log2, "sparsity 0 it raises ValueError: math domain error"),
    (count.q1, lambda n, s: math.ceil(by_cases(n, s)), "do not round"),
    (count.q1, lambda n, s: by_cases(n, s) + 8, "not right yet"),
    (count.q1, lambda n, s: (by_cases(n, s), 4 * n), "one number should come back"),
    (count.q1, lambda n: 4 * n, "raises TypeError"),
    (count.q1, lambda n, s: sys.exit("bye"), "raises SystemExit: bye"),
    (count.q1, 2_284_000, "Give the function"),
    (count.q2, ten(a="network"), "larger than the network's 8.3 MB"),
    (count.q2, ten(a="bits"), "Look at A again"),
    (count.q2, ten(b="network"), "its file has as many bytes as before"),
    (count.q2, ten(b="transfer"), "transfer is the file alone"),
    (count.q2, ten(c="network"), "its memory does not"),
    (count.q2, ten(c="nonzeros"), "each 0 still has its four bytes"),
    (count.q2, ten(d="nonzeros"), "all four of its columns"),
    (count.q2, ten(d="bits"), "bits is fewer bits for each weight"),
    (count.q2, ten(d="quantised"), "The readings to choose from"),
    (count.q2, ten(d=["network", "network"]), "The readings to choose from"),
    (count.q2, ten(c=...), "No reading yet for claim C"),
    (count.q2, {}, "No reading yet for claim A"),
    (count.q2, ten() | {"E": "bits"}, "the letters A to D"),
    (count.q2, list(ten().values()), "Give the dict"),
    (count.q3, recipe(), "794 kB with a validation MSE of 0.0013: above 500 kB. Count"),
    (count.q3, recipe(bits=4), "535 kB"),
    (count.q3, recipe(bits=16), "fewer bits a value cost"),
    (count.q3, recipe(bits=32, packing="gzip"), "fewer bits a value cost"),
    (count.q3, recipe(bits=8, packing="gzip"), "gzip saves where bytes repeat"),
    (count.q3, recipe(bits=4, packing="dense"), "every 0 is stored like any other"),
    (count.q3, recipe(bits=2), "With bits alone it is"),
    (count.q3, recipe(sparsity=0.9), "With sparsity alone it is 0.028"),
    (count.q3, recipe((512, 512)), "With neurons alone it is"),
    (count.q3, recipe((900, 1024), bits=4), "an MSE above 0.0015"),
    (count.q3, recipe((512, 1024), bits=16), "above 500 kB and an MSE above 0.0015"),
    (count.q3, recipe(sparsity=75), "sparsity=75"),
    (count.q3, recipe(bits=9), "bits=9: choose from 32, 16, 8"),
    (count.q3, recipe(bits=8.0), "bits=8.0: choose from"),
    (count.q3, recipe(packing="xz"), "packing='xz': choose from dense, bitmask, gzip"),
    (count.q3, recipe((1024, 256, 1)), "how many stay in each hidden layer"),
    (count.q3, recipe({1024, 256}), "how many stay in each hidden layer"),
    (count.q3, recipe(1024), "how many stay in each hidden layer"),
    (count.q3, recipe((0.5, 0.5)), "neurons=0.5"),
    (count.q3, recipe((2048, 1024)), "neurons=2048"),
    (count.q3, recipe(loss=0.001), "a dict with the keys neurons, sparsity, bits, packing"),
    (count.q3, (491_312, 0.00128), "a dict with the keys"),
    (count.q3, np.zeros(123_000, np.float32).tobytes(), "a dict with the keys"),
]  # fmt: skip
