"""`prunelab progress` and `prunelab submit`: what a reader has done, and how it is handed in."""

import getpass
import os

from prunelab.grading.grade import RIGHT, grade
from prunelab.progress.book import ProgressBook, ProgressError
from prunelab.progress.submissions import Submission, submit, take_runs

FOLDER = "where the progress lies (default: PRUNELAB_PROGRESS, else progress in the course)"


def add_progress_arguments(parser):
    """The options of `prunelab progress`."""
    parser.add_argument("--folder", metavar="DIR", help=FOLDER)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--export", metavar="F", help="write a copy of everything to this file")
    what.add_argument("--reset", action="store_true", help="begin anew; the old file is kept")


def add_submit_arguments(parser):
    """The options of `prunelab submit`."""
    parser.add_argument("--name", help="for the teacher (default: your name on this machine)")
    parser.add_argument("--output", metavar="F", help="(default: NAME.prunelab.json)")
    parser.add_argument("--folder", metavar="DIR", help=FOLDER)
    parser.epilog = (
        "The file holds your name, answers, predictions and a summary of your runs, as JSON; "
        "no code, and nothing else of yours. Hand it in as your teacher says."
    )


def progress_command(args):
    """Show, export or reset the progress; exit code 0."""
    book = ProgressBook(args.folder)
    if args.reset:
        kept = book.reset()
        print("nothing to reset" if kept is None else f"begun anew; {kept.name} keeps the old")
        return 0
    take_runs(book)
    print(f"written to {book.export(args.export).name}" if args.export else summary(book))
    return 0


def submit_command(args):
    """Write the file to hand in; exit code 0."""
    book = ProgressBook(args.folder)
    take_runs(book)
    path = submit(book, _name() if args.name is None else args.name, args.output)
    print(f"{summary(book)}\nwritten to {path.name}: hand in this file")
    return 0


def summary(book):
    """One line for each chapter, then predictions and runs; answers are checked again."""
    progress = book.read()
    parts = {part: progress[part] for part in ("answers", "predictions", "runs")}
    found = grade(Submission("", "", "", **parts))
    chapters = {}
    for key, mark in found.marks.items():
        chapters.setdefault(key.rpartition(".")[0], []).append(mark)
    lines = [
        f"{chapter.replace('_', ' '):28} {marks.count(RIGHT)} of {len(marks)} exercises right"
        for chapter, marks in chapters.items()
    ]
    calibration = repr(found.calibration).splitlines()
    calibration[0] = f"{found.calibration.asked} predictions locked"
    return "\n".join([*lines, *calibration, f"{found.runs} runs of your own"])


def _name():
    """The user's name on this machine."""
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise ProgressError("name: write it as --name, this machine does not know it") from None
