"""How much an answer may hold, whichever way it goes."""

MOST_VALUES = 20_000  # numbers and texts in one answer, all calls together
MOST_CHARACTERS = 2_000
DEEPEST = 8
LARGEST_WHOLE = 2**63
DTYPES = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")


class NotDataError(ValueError):
    """An answer that cannot be written as data, or data that are no answer; one sentence."""


class Counted:
    """Something that counts what passes through it, and refuses to go on beyond the limits."""

    def __init__(self):
        self.left = MOST_VALUES

    def count(self, many, depth):
        """`many` values more, `depth` deep."""
        self.left -= many
        if self.left < 0:
            raise NotDataError(f"it holds more than {MOST_VALUES:,} values")
        if depth > DEEPEST:
            raise NotDataError(f"it is nested more than {DEEPEST} deep")
