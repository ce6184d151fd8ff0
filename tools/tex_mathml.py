"""The TeX of the chapters as MathML, which browsers draw without a script and screen readers read.

Letters, numbers, operators, groups, `^`, `_`, `\\frac`, `\\sqrt`, `\\text`, `\\left … \\right` and
named symbols; anything else is an error, so that no formula is shown half.
"""

import re
from html import escape, unescape

# HTML knows them by the same names.
LETTERS = (
    "alpha",
    "beta",
    "gamma",
    "delta",
    "lambda",
    "mu",
    "sigma",
    "theta",
    "pi",
    "Delta",
    "ell",
)
OPERATORS = {
    **{"cdot": "·", "times": "×", "le": "≤", "ge": "≥", "ne": "≠", "approx": "≈", "in": "∈"},
    **{"sum": "∑", "to": "→", "pm": "±", "ldots": "…", "lfloor": "⌊", "rfloor": "⌋"},
}
FUNCTIONS = ("log", "exp", "max", "min")
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:[.,]\d+)*|\S")
MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)
CODE = re.compile(r"(<(?:pre|code)\b.*?</(?:pre|code)>)", re.DOTALL)


class TexError(ValueError):
    """TeX that this module does not know; the message names it."""


def mathml(tex, *, block=False):
    """A formula as a `math` element, with its TeX as the annotation."""
    reader = _Reader(tex)
    body = reader.row(end=None)
    display = ' display="block"' if block else ""
    note = f'<annotation encoding="application/x-tex">{escape(tex.strip())}</annotation>'
    return f"<math{display}><semantics>{body}{note}</semantics></math>"


def with_mathml(html):
    """HTML in which `$…$` and `$$…$$` have become MathML; code is left as it is."""

    def formula(match):
        tex = unescape(match[1] or match[2])
        return mathml(tex, block=match[1] is not None)

    parts = CODE.split(html)
    return "".join(part if at % 2 else MATH.sub(formula, part) for at, part in enumerate(parts))


class _Reader:
    """A formula read from left to right."""

    def __init__(self, tex):
        # Words in \text{…} keep their blanks, so they are taken out before the rest is cut up.
        self.texts = re.findall(r"\\text\{([^{}]*)\}", tex)
        self.tex = tex
        self.tokens = TOKEN.findall(re.sub(r"\\text\{[^{}]*\}", r"\\text ", tex))

    def fail(self, why):
        raise TexError(f"${self.tex.strip()}$: {why}")

    def take(self):
        if not self.tokens:
            self.fail("it ends too early")
        return self.tokens.pop(0)

    def row(self, end):
        """Everything up to the token `end` (None: the end of the formula) as one row."""
        parts = []
        while self.tokens and self.tokens[0] != end:
            parts.append(self.scripted())
        if end is not None:
            if not self.tokens:
                self.fail(f"{end} is missing")
            self.take()
        return f"<mrow>{''.join(parts)}</mrow>"

    def scripted(self):
        """One thing with what stands below and above it."""
        base, scripts = self.one(), {}
        while self.tokens and self.tokens[0] in ("_", "^"):
            mark = self.take()
            if mark in scripts:
                self.fail(f"two {mark} in a row")
            scripts[mark] = self.one()
        if not scripts:
            return base
        name = {"_": "msub", "^": "msup", "_^": "msubsup"}["".join(sorted(scripts, reverse=True))]
        parts = [scripts[mark] for mark in sorted(scripts, reverse=True)]
        return f"<{name}>{base}{''.join(parts)}</{name}>"

    def one(self):
        """A letter, number, operator, group or command."""
        token = self.take()
        if token == "{":
            return self.row("}")
        if token.startswith("\\"):
            return self.command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{token}</mi>"
        if token in "+-=()[]/<>,.!|:":
            still = ' stretchy="false"' if token in "()[]|" else ""
            return f"<mo{still}>{escape('−' if token == '-' else token)}</mo>"
        return self.fail(f"{token!r} is not known to tools/tex_mathml.py")

    def command(self, name):
        if name == "frac":
            return f"<mfrac>{self.one()}{self.one()}</mfrac>"
        if name == "sqrt":
            return f"<msqrt>{self.one()}</msqrt>"
        if name == "text":
            return f"<mtext>{escape(self.texts.pop(0)).replace(' ', '&#160;')}</mtext>"
        if name == "left":
            opens = self.take()
            inside = self.row("\\right")
            return f"<mrow><mo>{escape(opens)}</mo>{inside}<mo>{escape(self.take())}</mo></mrow>"
        if name in (",", ";", " ", "quad"):
            return '<mspace width="0.3em"></mspace>'
        if name == "%":
            return "<mo>%</mo>"
        if name in FUNCTIONS:
            return f"<mi>{name}</mi>"
        if name in LETTERS:
            return f"<mi>&{name};</mi>"
        if name in OPERATORS:
            return f"<mo>{OPERATORS[name]}</mo>"
        return self.fail(f"\\{name} is not known to tools/tex_mathml.py")
