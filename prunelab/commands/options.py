"""Numbers read from the words of a command line; each reader is a `type` for argparse."""

from prunelab.base.checks import shown, whole
from prunelab.base.terminal import OptionError

SEEDS = {"at_most": 2**32 - 1}  # the limit of NumPy and TensorFlow


def number(text):
    """The text as an int if it is one, else as a float; argparse reports other texts."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def whole_number(name, **bounds):
    """A reader of one whole number, within the bounds of `base.checks.whole`."""

    def read(text):
        try:
            value = int(text)
        except ValueError:
            raise OptionError(
                f"{name}={shown(text)}: {name} must be a whole number, such as 1"
            ) from None
        try:
            return whole(name, value, **bounds)
        except ValueError as error:
            raise OptionError(str(error)) from None

    return read


def whole_numbers(name, **bounds):
    """A reader of whole numbers separated by commas; returns a list."""
    read = whole_number(name, **bounds)
    return lambda text: [read(word) for word in text.split(",")]


def add_seed(parser):
    """The option `--seed`."""
    seed = whole_number("seed", **SEEDS)
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="a whole number (default: 0)"
    )
