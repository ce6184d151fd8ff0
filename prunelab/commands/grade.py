"""`prunelab grade`: a folder of submissions into a table for a spreadsheet and a page."""

import sys

from prunelab.base.files import path_to_write, write_atomically
from prunelab.grading.grade import RIGHT, exercises, grade_folder
from prunelab.grading.tables import to_csv, to_html


def add_arguments(parser):
    """The options of `prunelab grade`."""
    parser.add_argument("folder", help="what the class handed in; folders in it are looked into")
    parser.add_argument("--csv", default="grades.csv", metavar="F", help="(default: grades.csv)")
    parser.add_argument("--page", default="grades.html", metavar="F", help="(default: grades.html)")
    parser.epilog = (
        "Answers are checked again as data, by the exercises' own checks: values as they are, "
        "functions by what they gave on the check's inputs. No student's code is run. The page "
        "shows students' names: keep it where grades belong."
    )


def command(args):
    """Grade, write both files, print a line on each that is amiss. 0; 1 if a file is."""
    table, page = path_to_write(args.csv), path_to_write(args.page)
    if table.resolve() == page.resolve():
        raise ValueError(f"page={page}: the table goes there already; choose another file")
    _refuse_foreign(table, to_csv([], []).encode("utf-8-sig").partition(b"\r")[0][:40])
    _refuse_foreign(page, b"<title>Grades")
    grades = grade_folder(args.folder, _report, but={table.resolve(), page.resolve()})
    keys = list(exercises())
    for path, text, coding in (
        (table, to_csv(grades, keys), "utf-8-sig"),  # or a spreadsheet takes it for Latin-1
        (page, to_html(grades, keys), "utf-8"),
    ):
        content = text.encode(coding)
        write_atomically(path, lambda file, content=content: file.write(content), private=True)
    refused = [grade for grade in grades if grade.problem is not None]
    for grade in refused:
        print(f"{grade.file}: not graded: {grade.problem}")
    for grade in grades:
        for remark in grade.remarks:
            print(f"{grade.file}: {remark}")
    right = sum(list((grade.marks or {}).values()).count(RIGHT) for grade in grades)
    print(
        f"{len(grades) - len(refused)} graded, {right} right answers, {len(refused)} not graded; "
        f"{table.name} and {page.name} are written"
    )
    return 1 if refused else 0


def _refuse_foreign(path, sign):
    """FileExistsError where a file is there in whose beginning `sign` does not stand."""
    if not path.exists():
        return
    with open(path, "rb") as file:
        begin = file.read(1000)
    if sign not in begin:
        raise FileExistsError(
            f"path={path}: this is no file that grading wrote; move it away, or choose another name"
        )


def _report(done, total):
    if sys.stderr.isatty():
        print(f"\r{done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)
