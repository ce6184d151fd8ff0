"""Draw texts literally: names come from readers, and a dollar sign in them is only a character.

matplotlib reads text between two dollar signs as a formula, and warns about each letter that its
font lacks.
"""

from __future__ import annotations

import unicodedata
import warnings
from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.font_manager import fontManager
from matplotlib.text import Text
from matplotlib.ticker import LogFormatterMathtext

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    Given = ParamSpec("Given")
    Returned = TypeVar("Returned")

# Fonts with many letters that systems often have; installed ones are used for missing letters.
_HELPERS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Hiragino Sans"),
    *("PingFang SC", "PingFang HK", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "SimHei"),
    *("WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback", "Arial Unicode MS"),
    *("Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans Hebrew", "Noto Sans Thai"),
    *("Noto Emoji", "Symbola", "Segoe UI Emoji", "Segoe UI Symbol"),
)


def literal(draw: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Make a function that draws on Axes write its texts literally.

    Texts that were on the Axes before, such as a formula of the caller's, are not changed.
    """

    @wraps(draw)
    def drawn(*args, **options):
        axes = [ax for arg in args for ax in _axes_of(arg)]
        before = {text: text.get_text() for ax in axes for text in ax.findobj(Text)}
        result = draw(*args, **options)
        for text in (text for ax in axes for text in ax.findobj(Text)):
            if before.get(text) != text.get_text():
                _make_literal(text)
        _spare_powers(axes)
        return result

    return drawn


@contextmanager
def shown_literally(figure):
    """`with` a figure to be drawn: all its texts are literal, without font warnings."""
    for text in figure.findobj(Text):
        _make_literal(text)
    _spare_powers(figure.findobj(Axes))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        warnings.filterwarnings("ignore", "constrained_layout not applied")  # caused by a long text
        warnings.filterwarnings("ignore", "Matplotlib currently does not support .* natively")
        yield


def _axes_of(arg):
    if isinstance(arg, Axes):
        return [arg]
    try:
        return [ax for ax in arg if isinstance(ax, Axes)] if _holds_artists(arg) else []
    except TypeError:
        return []


def _holds_artists(arg):
    """Whether it is a list or an array of Axes; a list of numbers is not searched."""
    if isinstance(arg, tuple | list):
        return bool(arg) and isinstance(arg[0], Artist)
    return getattr(getattr(arg, "dtype", None), "hasobject", False) and arg.ndim == 1


def _make_literal(text):
    text.set_parse_math(False)
    words = text.get_text()
    if words.isascii() and words.isprintable():
        return
    cleaned = "".join(map(_printable, words))
    if cleaned != words:
        text.set_text(cleaned)
    if any(ord(letter) > 0x2BFF or 0x590 <= ord(letter) < 0x1E00 for letter in cleaned):
        text.set_fontfamily([*text.get_fontfamily(), *_helpers()])


def _printable(letter):
    if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs"):
        return letter
    return " " if letter == "\t" else "�"


@cache
def _helpers():
    here = {font.name for font in fontManager.ttflist}
    return tuple(name for name in _HELPERS if name in here)


def _spare_powers(axes):
    """Leave the ticks of logarithmic axes as they are: they are matplotlib's own formulas."""
    for ax in axes:
        for axis in (ax.xaxis, ax.yaxis):
            kinds = (axis.get_major_formatter(), axis.get_minor_formatter())
            ticks = (axis.get_major_ticks(), axis.get_minor_ticks())
            for kind, some in zip(kinds, ticks, strict=True):
                if isinstance(kind, LogFormatterMathtext):
                    for tick in some:
                        tick.label1.set_parse_math(True)
                        tick.label2.set_parse_math(True)
