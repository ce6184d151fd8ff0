"""`prunelab grade`: a folder of submissions into a table for a spreadsheet and a page."""

import sys
from pathlib import Path

from prunelab.base.files import in_words, path_to_write, write_atomically
from prunelab.grading.grade import RIGHT, exercises, grade_folder
from prunelab.grading.gradebooks import fill
from prunelab.grading.tables import to_csv, to_html


def add_arguments(parser):
    """The options of `prunelab grade`."""
    parser.add_argument("folder", help="what the class handed in; folders in it are looked into")
    parser.add_argument("--csv", default="grades.csv", metavar="F", help="(default: grades.csv)")
    parser.add_argument("--page", default="grades.html", metavar="F", help="(default: grades.html)")
    parser.add_argument(
        "--gradebook",
        metavar="F",
        help="a CSV that Canvas or Moodle exported; F-prunelab.csv is written, to import there",
    )
    parser.epilog = (
        "Answers are checked again as data, by the exercises' own checks: values as they are, "
        "functions by what they gave on the check's inputs. No student's code is run. The page "
        "shows students' names: keep it where grades belong."
    )


def command(args):
    """Grade, write both files, print a line on each problem; exit code 1 if there is one."""
    table, page = path_to_write(args.csv), path_to_write(args.page)
    if table.resolve() == page.resolve():
        raise ValueError(f"page={page}: the table goes there already; choose another file")
    book, filled = _gradebook(args.gradebook)
    _refuse_foreign(table, to_csv([], []).encode("utf-8-sig").partition(b"\r")[0][:40])
    _refuse_foreign(page, b"<title>Grades")
    grades = grade_folder(args.folder, _report, but={table.resolve(), page.resolve()})
    keys = list(exercises())
    for path, text, coding in (
        (table, to_csv(grades, keys), "utf-8-sig"),  # otherwise a spreadsheet reads it as Latin-1
        (page, to_html(grades, keys), "utf-8"),
    ):
        content = text.encode(coding)
        write_atomically(path, lambda file, content=content: file.write(content), private=True)
    if book is not None:
        done = fill(book, grades, len(keys))
        content = done.text.encode("utf-8-sig" if book.startswith("\ufeff") else "utf-8")
        write_atomically(filled, lambda file: file.write(content), private=True)
        for name in done.nobody:
            print(f"{name}: handed in, and is not in the gradebook; write it there by hand")
        print(f"{filled.name} is written; {len(done.missing)} in it handed in nothing")
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


def _gradebook(named):
    """(text of the exported file, path of the filled one); (None, None) if none is named."""
    if named is None:
        return None, None
    path = Path(named)
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"gradebook={named}: it is not text in UTF-8; export it so") from None
    except OSError as error:
        raise type(error)(f"gradebook: {in_words(error, path)}") from None
    fill(text, [], 0)  # refuses a file of another kind before any work
    return text, path_to_write(path.with_name(f"{path.stem}-prunelab.csv"))


def _refuse_foreign(path, sign):
    """FileExistsError if the file exists and `sign` is not in its beginning."""
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
