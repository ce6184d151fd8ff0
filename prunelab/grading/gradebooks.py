"""A gradebook that Canvas or Moodle exported, filled with a column of right answers.

The teacher's rows are kept, with all columns that identify a student, and one column is added, so
that the same program can import the file again.
"""

import csv
import io
import unicodedata
from dataclasses import dataclass

COLUMN = "prunelab"
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("First name", "Surname", "Last name", "ID number", "Email address", "Username")
POSSIBLE = "points possible"  # start of the row with the maximal points in Canvas


@dataclass(frozen=True)
class Filled:
    """text: of the CSV file. nobody: submitted names in no row; missing: names not submitted."""

    text: str
    nobody: tuple
    missing: tuple


def fill(text, grades, most):
    """The `Filled` gradebook. text: of the exported file; grades: of a class; most: exercises.

    Raises ValueError, in one sentence, for a file that is not an export of Canvas or Moodle.
    """
    rows = [row for row in csv.reader(io.StringIO(text.lstrip("\ufeff")), _dialect(text)) if row]
    head = [cell.strip() for cell in rows[0]] if rows else []
    canvas = {"Student", "ID"} <= set(head)
    if not canvas and not ({"First name", "Email address"} <= set(head)):
        raise ValueError(
            "gradebook: its first line has neither Student and ID, as Canvas exports, nor First "
            "name and Email address, as Moodle does (in English)"
        )
    keep = [at for at, name in enumerate(head) if name in (CANVAS if canvas else MOODLE)]
    right = {_words(grade.name): grade.right for grade in grades if grade.problem is None}
    found, missing = set(), []
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*(head[at] for at in keep), COLUMN])
    for row in rows[1:]:
        row = [*row, *[""] * (len(head) - len(row))]
        if canvas and row[0].strip().casefold() == POSSIBLE:
            writer.writerow([*(row[at] for at in keep), most])
            continue
        name = row[head.index("Student")] if canvas else _moodle_name(head, row)
        key = _words(name)
        found.add(key)
        if key not in right:
            missing.append(name)
        writer.writerow([*(row[at] for at in keep), right.get(key, "")])
    nobody = [g.name for g in grades if g.problem is None and _words(g.name) not in found]
    return Filled(out.getvalue(), tuple(nobody), tuple(missing))


def _dialect(text):
    """The CSV dialect: commas, or another separator that Moodle can export."""
    first = text.partition("\n")[0]

    class Dialect(csv.excel):
        delimiter = max(",;\t", key=first.count)

    return Dialect


def _moodle_name(head, row):
    return " ".join(row[head.index(n)] for n in ("First name", "Surname", "Last name") if n in head)


def _words(name):
    """A name independent of the order of its parts: "Lovelace, Ada" equals "ada lovelace"."""
    plain = unicodedata.normalize("NFKC", name.casefold()).replace(",", " ")
    return tuple(sorted(plain.split()))
