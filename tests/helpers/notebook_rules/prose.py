"""Rules on the words of a chapter: voice, links, pictures with a text for those who see none."""

import re
from itertools import pairwise
from urllib.parse import unquote

import nbformat

from . import numbers

CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.M | re.S)
COMMENT = re.compile(r"<!--.*?-->", re.S)
LINK = re.compile(r"(!?)\[([^\]]*)\]\(\s*<?([^)\s>]*)>?[^)]*\)")
IMG = re.compile(r"<img\b[^>]*>", re.I)
EXEMPT_SHARE = 0.10
REASON_LENGTH = 8


def _words(cell):
    """The prose of a cell: no comments, no code, no link addresses."""
    return LINK.sub(r"\2", CODE.sub(" ", COMMENT.sub(" ", cell.source)))


def _said(chapter, pattern, remedy):
    """The cells whose prose says what the pattern matches."""
    found = []
    for cell in chapter.prose:
        match = re.search(pattern, _words(cell), flags=re.I)
        if match:
            found.append(chapter.say(cell, f"says {match[0]!r}; {remedy}"))
    return found


def voice(chapter):
    """No "simply", "just", "obviously"."""
    return _said(chapter, r"\b(simply|just|obviously)\b", "leave the word out")


def chapters_by_subject(chapter):
    """A chapter refers to another by subject, never by number."""
    number = r"\b(chapter|notebook|lesson)s?\s+\d+"
    return _said(chapter, number, "name the subject, numbers move")


def alt_text(chapter):
    """Each picture in markdown has an alt text."""
    found = []
    for cell in chapter.prose:
        source = CODE.sub(" ", cell.source)
        bare = [m for m in LINK.finditer(source) if m[1] and len(m[2].strip()) < REASON_LENGTH]
        bare += [
            m for m in IMG.finditer(source) if not re.search(r'alt\s*=\s*["\'][^"\']{8}', m[0])
        ]
        if bare:
            found.append(chapter.say(cell, "a picture without alt text; say in it what it shows"))
    return found


def _anchors(path):
    """What a link may name in a notebook: its headings, with - for spaces, as front ends do."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return {h.strip().replace(" ", "-") for h in re.findall(r"^#{1,6}\s+(.+)$", text, re.M)}


def links_lead_somewhere(chapter):
    """Links within the course lead to files, and to headings in them, that exist."""
    found = []
    for cell in chapter.prose:
        for match in LINK.finditer(CODE.sub(" ", cell.source)):
            target, _, anchor = match[3].partition("#")
            if re.match(r"[a-z]+:", match[3]) or not target:
                continue
            if not (chapter.folder / target).exists():
                found.append(chapter.say(cell, f"links to {target}, which is not there; mend it"))
            elif anchor and unquote(anchor) not in _anchors(chapter.folder / target):
                found.append(chapter.say(cell, f"links to #{anchor}, which {target} has not"))
    return found


def _numbered(chapter):
    """(cell, its exemption or None, numbers not found above) of cells with numbers to check."""
    above = numbers.Above()
    further, rows = False, []
    following = {a.number: b for a, b in pairwise(chapter.cells)}
    for cell in chapter.cells:
        if cell.kind == "code":
            above.add_cell(cell)
            continue
        if cell.kind != "markdown":
            continue
        titles = [text for n, _, text in chapter.headings if n == cell.number]
        if titles:
            further = titles[-1] == "Further reading"
        claims = [] if further else numbers.claims(cell.source)
        exempt = re.search(r"<!--\s*numbers:(.*?)-->", cell.source, flags=re.S)
        if claims or exempt:
            # What the code directly below sets is a setting that the words announce, not a result.
            settings = numbers.Above()
            settings.add_settings(following.get(cell.number))
            missing = [c for c in claims if not above.holds(c) and not settings.holds(c)]
            rows.append((cell, exempt and exempt[1].strip(), missing))
    return rows


def numbers_appear_above(chapter):
    """Numbers in the prose appear in an output or code above, or are set in the cell below."""
    return [
        chapter.say(
            cell,
            f"{', '.join(c.text for c in missing[:4])} appears in no checked output or code above; "
            "print it there, or give its source in <!-- numbers: … -->",
        )
        for cell, exempt, missing in _numbered(chapter)
        if missing and exempt is None
    ]


def exemptions(chapter):
    """Exemptions give a reason, are needed, and are at most 10 % of the cells with numbers."""
    rows = _numbered(chapter)
    found = []
    for cell, exempt, missing in rows:
        if exempt is None:
            continue
        if len(exempt) < REASON_LENGTH:
            found.append(chapter.say(cell, "an exemption without a source; name it after numbers:"))
        if not missing:
            found.append(chapter.say(cell, "an exemption that nothing needs; remove the comment"))
    used = sum(exempt is not None for _, exempt, _ in rows)
    most = max(1, int(EXEMPT_SHARE * len(rows)))
    if used > most:
        found.append(
            chapter.say(
                None,
                f"{used} of {len(rows)} cells with numbers are exempt, {most} may be "
                f"({EXEMPT_SHARE:.0%}, at least one); print the numbers instead",
            )
        )
    return found


RULES = (
    voice,
    chapters_by_subject,
    alt_text,
    links_lead_somewhere,
    numbers_appear_above,
    exemptions,
)
