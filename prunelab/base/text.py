import math
from decimal import ROUND_HALF_UP, Decimal


def short(value):
    """A number in four digits, written as JavaScript writes it."""
    if value == 0:
        return "0"
    exact = Decimal(value)
    digits = exact.scaleb(3 - exact.adjusted()).to_integral_value(ROUND_HALF_UP)
    rounded = digits.scaleb(exact.adjusted() - 3)
    size = rounded.adjusted()
    rounded = rounded.normalize()
    if -5 <= size < 6:
        return f"{rounded:f}"
    mantissa = rounded.scaleb(-size).normalize()
    return f"{mantissa:f}e{size:+d}"


def digits(value):
    """A measured number rounded to the digits that are stored: a float32 holds nine."""
    return float(f"{value:.9g}")


UNITS = (("MB", 1e6), ("kB", 1e3))


def three(value):
    """A number in three digits; halves round away from 0, as in JavaScript's toPrecision."""
    if value == 0:
        return "0"
    exact = Decimal(value)
    step = exact.adjusted() - 2
    digits = exact.scaleb(-step).to_integral_value(ROUND_HALF_UP)
    return short(float(digits.scaleb(step)))


def bytes_text(count):
    """A number of bytes in three digits: '2.37 MB'."""
    for unit, size in UNITS:
        if count >= size:
            return f"{three(count / size)} {unit}"
    return f"{count} bytes"


def percent(sparsity):
    """A sparsity in [0, 1] in words, with two digits: 0.28940625 → '28.94 %'."""
    # Halves are rounded up explicitly, so that the explorer's JavaScript gives the same digits.
    return f"{math.floor(sparsity * 1e4 + 0.5) / 100:.2f} %"


def zeros_words(sparsity, n_pruned, n_weights, dense):
    """A sparsity in words, such as "80.00 % zeros"; with both counts if some kernels stay dense.

    sparsity: of the `n_pruned` weights. dense: kernel name → (number of weights, why).
    """
    if not dense:
        return f"{percent(sparsity)} zeros"
    return (
        f"{percent(sparsity)} zeros of {n_pruned:,}; {percent(sparsity * n_pruned / n_weights)} of "
        f"the network's {n_weights:,}: {dense_words(dense, at_most=1)}"
    )


def aligned(lines, left=()):
    """Lines of cells as text whose columns are aligned to the right.

    lines: equally long sequences of texts. left: the numbers of the columns aligned to the left.

    >>> print(aligned([("arm", "zeros"), ("control", "0"), ("ramp", "75 %")], left=[0]))
    arm      zeros
    control      0
    ramp      75 %
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = []
    for line in lines:
        cells = [
            cell.ljust(width) if at in left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        text.append("  ".join(cells).rstrip())
    return "\n".join(text)


def first_line(error):
    """The first line of an error's message, at most 160 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:157] + "..."


def dense_words(dense, at_most=3):
    """Which kernels stay dense and why, in one sentence; empty if none does.

    dense: kernel name → (number of weights, why). Kernels of one layer or nested model that stay
    dense for the same reason are named once, by the layer or model.
    """
    layers = {}
    for name, (_, why) in dense.items():
        layers.setdefault((name.partition("/")[0], why), []).append(name)
    said = [
        f"{names[0] if len(names) == 1 else layer} stays dense, because it {why}"
        for (layer, why), names in layers.items()
    ]
    more = len(said) - at_most
    return "; ".join(said[:at_most]) + (f"; {more} more stay dense too" if more > 0 else "")
