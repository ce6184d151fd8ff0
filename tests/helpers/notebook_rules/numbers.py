"""Do the numbers in the prose appear above it? What counts as a number, and when two agree.

A *claim* is a number in prose: every decimal, percentage and power of ten, and integers from 13 on.
Not claims: code, math, links, headings, list numbers, years, versions, durations in minutes,
ordinals and digits that belong to a word (int8, H1).

A claim is held by a number above it if rounding that number to the digits of the claim gives the
claim. 28.94 % is held by 28.94 % and by 0.2894; 2.1 million by 2,075,649; 8.3 MB by 8,320,000.
Above are the code (its number literals; comments and strings do not count) and the text outputs of
cells that are compared, so not those tagged `nbval-ignore-output`. Signs are not compared.
"""

import ast
import math
import re
from dataclasses import dataclass

from tools.stored_form import VOLATILE

SMALL = 13
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
SPACES = "\u00a0\u202f\u2009"
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
SEPARATOR = r"\s*(?:–|—|-|/|,|;|→|±|\+|and|or|to|of|against)\s*"
UNITS = {
    "million": 1e6,
    "billion": 1e9,
    "thousand": 1e3,
    "KB": 1e3,
    "kB": 1e3,
    "MB": 1e6,
    "GB": 1e9,
}
UNITS |= {"ms": 1e-3, "µs": 1e-6}
COUNTED = r"(?:steps?|epochs?|samples?|weights?|rows?|batch(?:es)?|neurons?|features?|zeros?|runs?|"
COUNTED += r"bytes|parameters|updates?|inputs?|leaves|nodes)\b"
PRODUCTS = (
    r"Python|TensorFlow|TF|Keras|tf_keras|tfmot|NumPy|SciPy|scikit-learn|matplotlib|JupyterLab|"
    r"Notebook|ipywidgets|anywidget|nbval|LiteRT|ONNX|version|versions|v"
)
DROP = [
    r"<!--.*?-->",
    r"^(```|~~~).*?^\1",
    r"`[^`\n]*`",
    r"\$\$.*?\$\$",
    r"\$[^$\n]+\$",
    r"\\\(.*?\\\)|\\\[.*?\\\]",
    r"!?\[[^\]]*\]\([^)]*\)",
    r"https?://\S+",
    r"^#{1,6}\s[^\n]*",
    r"^\s*(?:>\s*)*\d+[.)]\s",
    r"<[^>]+>",
    rf"\b(?:{PRODUCTS})\s*(?:≥|>=|<|=|v)?\s*\d+(?:\.\d+)*(?:{SEPARATOR}\d+(?:\.\d+)+)*",
    r"\b\d+\.\d+\.\d+\S*",
    r"\b\d+\s+(?:minutes?|min)\b",
    r"\b\d+(?:st|nd|rd|th)\b",
]


@dataclass(frozen=True)
class Claim:
    """A number as the prose prints it: the values it may stand for, each with its last digit."""

    text: str
    readings: tuple  # of (value, size of a unit in the last printed place)


def _plain(markdown):
    for pattern in DROP:
        markdown = re.sub(pattern, " ", markdown, flags=re.M | re.S)
    return markdown.translate(str.maketrans(SPACES, " " * len(SPACES)))


def _value(digits):
    return float(digits.replace(",", ""))


def _place(digits):
    """Size of a unit in the last printed place: 28.94 → 0.01, 1,600 → 1."""
    return 10.0 ** -len(digits.partition(".")[2])


def claims(markdown):
    """The claims in the source of a markdown cell, in order."""
    text, found = _plain(markdown), []
    pattern = re.compile(
        rf"(?<![\w.,])({NUMBER})(?:[eE]([-+−]?\d+)|([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)|\s*[×·]\s*10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+))?"
    )
    for match in pattern.finditer(text):
        digits, rest = match[1], text[match.end() :]
        value, place = _value(digits), _place(digits)
        if match[3]:
            value = value ** int(match[3].translate(SUPERSCRIPTS))
            place = value * 1e-9
        elif match[2] or match[4]:
            power = int((match[2] or match[4]).replace("−", "-").translate(SUPERSCRIPTS))
            value, place = value * 10.0**power, place * 10.0**power
        percent = re.match(rf"(?:{SEPARATOR}(?:{NUMBER}))*\s*(?:%|percent|per cent)", rest)
        unit = re.match(rf"(?:{SEPARATOR}(?:{NUMBER}))*[\s-]*({'|'.join(UNITS)})\b", rest)
        year = re.fullmatch(r"(?:19|20)\d\d", digits) and not re.match(rf"\s*{COUNTED}", rest)
        whole = "." not in digits and not any(match.groups()[1:]) and not percent and not unit
        if whole and (value < SMALL or year):
            continue
        readings = [(value, place)]
        if percent:
            readings.append((value / 100, place / 100))
        if unit:
            readings.append((value * UNITS[unit[1]], place * UNITS[unit[1]]))
        found.append(Claim(match[0].strip() + (" %" if percent else ""), tuple(readings)))
    return found


def _literals(tree):
    """Number literals of parsed code, and powers of two literals (10**6)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            sides = [getattr(side, "value", None) for side in (node.left, node.right)]
            if all(type(side) in (int, float) for side in sides) and abs(sides[1]) < 100:
                yield float(sides[0]) ** sides[1]
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield float(node.value)


def _printed(text):
    """Numbers in an output; a percentage also as the fraction it is."""
    text = re.sub(r"<[^>]+>", " ", text)
    pattern = rf"(?<![\w.])({NUMBER}(?:[eE][-+]?\d+)?)(\s*%)?"
    for digits, percent in re.findall(pattern, text):
        value = _value(digits)
        yield value
        if percent:
            yield value / 100


class Above:
    """The numbers seen so far, going down a notebook."""

    def __init__(self):
        self.values = set()

    def add_settings(self, cell):
        """Take in the number literals of a cell, if it is code."""
        if cell is not None and cell.kind == "code" and cell.tree:
            self.values.update(_literals(cell.tree))

    def add_cell(self, cell):
        """Take in a code cell: its literals, and its text outputs where they are compared."""
        self.add_settings(cell)
        if VOLATILE not in cell.tags:
            for text in cell.texts("text/plain", "text/html"):
                self.values.update(_printed(text))
        self.values = {abs(v) for v in self.values if math.isfinite(v)}

    def holds(self, claim):
        """Does some number above, rounded to the digits of the claim, give the claim?"""
        return any(
            abs(value - wanted) <= place * 0.5 * (1 + 1e-9)
            for wanted, place in claim.readings
            for value in self.values
        )
