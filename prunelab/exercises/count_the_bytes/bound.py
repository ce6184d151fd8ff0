"""How small a pruned kernel can get: the bound, kernels to test a function on, common mistakes.

A mistake is (function, sentence): a known mistake, and what to look at next.
"""

import math


def limit_cases():
    """(words, (n, sparsity)) pairs: kernels of n weights."""
    return [
        (f"{n:,} weights at sparsity {sparsity:g}", (n, sparsity))
        for n, sparsity in (
            (1_048_576, 0.75),
            (1_024_000, 0.9),
            (1_024, 0.96875),
            (7_680, 0.3),
            (64, 0.5),
            (1_000, 0.0),
            (1_001, 0.35),
        )
    ]


def binary_entropy(p, log=math.log2):
    """−p log p − (1 − p) log(1 − p), with 0 · log 0 = 0: bits a weight that say which are not 0."""
    return sum(-q * log(q) for q in (p, 1 - p) if q > 0)


def limit(n, sparsity, log=math.log2, bits=32):
    """Average bytes below which no codec gets (Shannon 1948); log and bits are for mistakes."""
    p = 1 - sparsity
    return n * (binary_entropy(p, log) + bits * p) / 8


LIMIT_MISTAKES = [
    (
        lambda n, s: n * (binary_entropy(s) + 32 * s) / 8,
        "p is the fraction that stays; sparsity is the one that goes.",
    ),
    (lambda n, s: 4 * n * (1 - s), "Those are the values alone; to say which weights stay costs."),
    (
        lambda n, s: n * binary_entropy(1 - s) / 8,
        "That says which weights stay; their values are missing.",
    ),
    (lambda n, s: 8 * limit(n, s), "Those are bits; eight of them are a byte."),
    (
        lambda n, s: n * (binary_entropy(1 - s) + 4 * (1 - s)) / 8,
        "It adds bits to bytes: a value takes 4 bytes, which are 32 bits.",
    ),
    (
        lambda n, s: n * (binary_entropy(1 - s) / 8 + 32 * (1 - s)),
        "It adds bytes to bits: a value takes 32 bits, which are 4 bytes.",
    ),
    (
        lambda n, s: limit(n, s, math.log),
        "That is the natural logarithm; bits want that to base 2.",
    ),
    (lambda n, s: limit(n, s, math.log10), "That is the logarithm to base 10; bits want base 2."),
    (
        lambda n, s: n * (1 / 8 + 4 * (1 - s)),
        "That is the bitmask, one bit a weight; most masks can be told in less.",
    ),
    (lambda n, s: limit(1, s), "That is the limit of one weight; the kernel has n of them."),
    (
        lambda n, s: n * (-_xlogx(1 - s) + 32 * (1 - s)) / 8,
        "The weights that go have their part of H too: −(1 − p) log₂(1 − p).",
    ),
    (
        lambda n, s: n * (-binary_entropy(1 - s) + 32 * (1 - s)) / 8,
        "The mask makes it smaller here; both parts of H have a minus, which makes them positive.",
    ),
    (
        lambda n, s: limit(n, s / 100),
        "Sparsity comes as a fraction: 0.75 means three quarters, not 0.75 %.",
    ),
    (
        lambda n, s: 4 * n / limit(n, s),
        "That is how many times smaller than float32; the bytes were asked for.",
    ),
    (lambda n, s: limit(n, s, bits=64), "A value takes 32 bits here, not 64: the file is float32."),
    *(
        (lambda n, s, whole=whole: whole(limit(n, s)), "Nearly: do not round; keep the fraction.")
        for whole in (math.ceil, math.floor, round)
    ),
    (lambda n, s: limit(n, s, bits=8), "A value takes 32 bits here, not 8: nothing is quantised."),
]


def _xlogx(p):
    return p * math.log2(p) if p > 0 else 0.0
