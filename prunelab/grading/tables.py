"""The grades of a class as a CSV file for a spreadsheet, and as one HTML page.

Names, file names and sentences are not trusted: no cell begins a formula, all text is escaped.
"""

import csv
import io
import re
from html import escape

from prunelab.grading.grade import MISSING, RIGHT, UNCHECKED, WRONG

# Characters that may begin a formula in a spreadsheet, with their fullwidth forms.
FORMULA = "=+-@|%\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\uff20"
BEGINS_FORMULA = re.compile(rf"""(^|[;,\t])([\s"']*[{re.escape(FORMULA)}])""")
MARKS = {RIGHT: "✔", WRONG: "✘", UNCHECKED: "?", MISSING: ""}
HEAD = ("file", "name", "handed in", "right", "of")
TAIL = ("predictions", "ranges that held", "ranges", "choices right", "choices", "runs", "remarks")


def to_csv(grades, keys):
    """The grades as the text of a CSV file: one line per file, one column per exercise."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*HEAD, *keys, *TAIL])
    for grade in grades:
        writer.writerow([_cell(value) for value in _row(grade, keys)])
    return out.getvalue()


def _row(grade, keys):
    if grade.problem is not None:
        rest = [""] * (len(HEAD) - 1 + len(keys) + len(TAIL) - 1)
        return [grade.file, *rest, f"Not graded: {grade.problem}."]
    found = grade.calibration
    ranges, choices = len(found.of("number")), len(found.of("choice"))
    return [
        grade.file, grade.name, grade.made, grade.right, len(keys),
        *(grade.marks[key] for key in keys),
        found.asked, found.held("number"), ranges, found.held("choice"), choices, grade.runs,
        " ".join(grade.remarks),
    ]  # fmt: skip


def _cell(value):
    """A text that no spreadsheet takes for a formula, even if it splits cells at `;`."""
    return BEGINS_FORMULA.sub(r"\1'\2", str(value))


STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1b1f24, #e8eaed);
  --back: light-dark(#ffffff, #14181d); --rule: light-dark(#d9dde3, #343b45);
  --good: light-dark(#00704f, #4fd6ad); --bad: light-dark(#a84300, #ffa562); }
body { margin: 24px; font: 14px/1.45 system-ui, sans-serif; color: var(--ink);
  background: var(--back); }
h1 { font-size: 22px; } h2 { font-size: 17px; margin-top: 28px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--rule); padding: 4px 9px; text-align: left; }
td.mark, td.count { text-align: center; }
.right { color: var(--good); font-weight: 700; } .not-yet { color: var(--bad); font-weight: 700; }
th[scope=row] { position: sticky; left: 0; background: var(--back); overflow-wrap: anywhere;
  min-width: 14em; max-width: 24em; }
td.count { white-space: nowrap; } td:last-child { min-width: 16em; }
small { display: block; font-weight: 400; opacity: 0.75; }
"""


def to_html(grades, keys):
    """The grades as one HTML page without scripts or external resources."""
    good = [grade for grade in grades if grade.problem is None]
    bad = [grade for grade in grades if grade.problem is not None]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>Grades</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>Grades</h1>\n"
        f"<p>{len(good)} handed in and graded, {len(bad)} not graded. Each mark says more when "
        "pointed at. ✔ right · ✘ not yet · ? not checked again · empty: no answer.</p>\n"
        f"{_table(good, keys)}{_refused(bad)}</body>\n</html>\n"
    )


def _table(grades, keys):
    chapters = {}
    for key in keys:
        chapters.setdefault(key.rpartition(".")[0], []).append(key)
    top = "".join(
        f'<th colspan="{len(own)}" scope="colgroup">{escape(chapter.replace("_", " "))}</th>'
        for chapter, own in chapters.items()
    )
    names = "".join(f'<th scope="col">{escape(key.rpartition(".")[2])}</th>' for key in keys)
    rest = "predictions", "ranges held", "choices right", "runs", "remarks"
    rest = "".join(f'<th rowspan="2" scope="col">{word}</th>' for word in rest)
    head = (
        f'<tr><th rowspan="2" scope="col">name</th><th rowspan="2" scope="col">right</th>{top}'
        f"{rest}</tr>\n<tr>{names}</tr>\n"
    )
    rows = "".join(_table_row(grade, keys) for grade in grades)
    solved = "".join(
        f'<td class="mark">{sum(grade.marks[key] == RIGHT for grade in grades)}</td>'
        for key in keys
    )
    foot = f'<th scope="row">right, of {len(grades)}</th><td></td>{solved}<td colspan="5"></td>'
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="Grades">\n<table>\n'
        f"<thead>\n{head}</thead>\n<tbody>\n{rows}</tbody>\n<tfoot>\n<tr>{foot}</tr>\n</tfoot>\n"
        "</table>\n</div>\n"
    )


def _table_row(grade, keys):
    marks = "".join(_mark(grade.marks[key], grade.said[key]) for key in keys)
    found = grade.calibration
    counts = (
        found.asked,
        f"{found.held('number')} of {len(found.of('number'))}",
        f"{found.held('choice')} of {len(found.of('choice'))}",
        grade.runs,
    )
    counts = "".join(f'<td class="count">{count}</td>' for count in counts)
    return (
        f'<tr><th scope="row">{escape(grade.name)}<small>{escape(grade.file)}, '
        f'{escape(grade.made)}</small></th><td class="count">{grade.right} of {len(keys)}</td>'
        f"{marks}{counts}<td>{escape(' '.join(grade.remarks))}</td></tr>\n"
    )


def _mark(mark, said):
    words = escape(f"{mark or 'no answer'}. {said}".strip(), quote=True)
    shown = f'<span role="img" aria-label="{escape(mark)}">{MARKS[mark]}</span>' if mark else ""
    return f'<td class="mark {mark.replace(" ", "-")}" title="{words}">{shown}</td>'


def _refused(grades):
    if not grades:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(grade.file)}</th><td>{escape(grade.problem)}</td></tr>\n'
        for grade in grades
    )
    return (
        '<h2>Not graded</h2>\n<table>\n<tr><th scope="col">file</th><th scope="col">why</th></tr>\n'
        f"{rows}</table>\n"
    )
