"""The TeX of the chapters as MathML, which browsers draw without a script and screen readers read.

latex2mathml converts it. It passes over commands that it does not know and arguments that are
missing; here these are errors too, so that no formula is shown half.
"""

import re
from html import unescape
from xml.etree import ElementTree

from latex2mathml.converter import convert_to_element

MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)
CODE = re.compile(r"(<(?:pre|code)\b.*?</(?:pre|code)>)", re.DOTALL)
ENTITY = re.compile(r"&#?\w+;")
PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "msubsup": 3,
         "munder": 2, "mover": 2, "munderover": 3}  # fmt: skip


class TexError(ValueError):
    """TeX that cannot be converted; the message has it, and why."""


def mathml(tex, *, block=False):
    """A formula as a `math` element, with its TeX as the annotation."""
    tex = tex.strip()
    plain = re.sub(r"\\.", "", tex)
    if plain.count("{") != plain.count("}") or "%" in plain:
        raise TexError(f"${tex}$: a brace is missing, or the \\ before a %")
    display = "block" if block else "inline"
    try:
        math = convert_to_element(tex, display=display)
    except Exception as error:  # of many kinds, and without words
        raise TexError(f"${tex}$: latex2mathml ends in {type(error).__name__}") from None
    for part in math.iter():
        text = part.text or ""
        if re.search(r"[\\&{}]", ENTITY.sub("", text)):
            raise TexError(f"${tex}$: latex2mathml does not know {text}")
        if len(part) != PARTS.get(part.tag, len(part)):
            raise TexError(f"${tex}$: a part is missing")
        part.text = unescape(text)
    semantics = ElementTree.Element("semantics")
    semantics.extend(math)
    note = ElementTree.SubElement(semantics, "annotation", encoding="application/x-tex")
    note.text = tex
    made = ElementTree.Element("math", {"display": display} if block else {})
    made.append(semantics)
    return ElementTree.tostring(made, encoding="unicode", short_empty_elements=False)


def with_mathml(html):
    """HTML in which `$…$` and `$$…$$` have become MathML; code is left as it is."""

    def formula(match):
        tex = unescape(match[1] or match[2])
        return mathml(tex, block=match[1] is not None)

    parts = CODE.split(html)
    return "".join(part if at % 2 else MATH.sub(formula, part) for at, part in enumerate(parts))
