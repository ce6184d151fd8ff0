"""Grade a class's submissions: check the answers again as data, and score the predictions.

An answer that is a value is checked again by the exercise's own check. An answer that is a function
is checked by the same check on its recorded outputs (see `progress.transcripts`: the check
generates its inputs again, and their digests must agree). Answers that could not be stored as data
are "unchecked". The measured values in predictions and runs are taken from the student's file. A
grade says that an answer is right, not who found it.
"""

import importlib
import os
import pkgutil
import re
import time
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import prunelab.exercises
from prunelab.base.checks import number, whole
from prunelab.course.editions import subject
from prunelab.course.places import stored_path
from prunelab.exercises.exercise import BROKEN, STOPPED, TOO_LONG, Exercise
from prunelab.grading.workers import graded, how_many
from prunelab.predictions import question_from_dict, truth_from_dict
from prunelab.predictions.calibrate import Calibration
from prunelab.progress.answers import NotDataError
from prunelab.progress.submissions import MAX_NAME, SubmissionError, printable, read_submission
from prunelab.progress.transcripts import Replay, answer_from

SECONDS = 120  # limit for all answers of a file, which take 5 on an idle machine
MOST_FILES = 10_000
WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")  # as progress writes it
DEEPEST = 3  # levels of nested folders
MOST_PREDICTIONS = 200
RIGHT, WRONG, UNCHECKED, MISSING = "right", "not yet", "unchecked", ""


@dataclass(frozen=True)
class Grade:
    """The grade of one file. problem: why it could not be read, or None; other fields then hold.

    marks: by exercise, RIGHT, WRONG, UNCHECKED or MISSING. said: by exercise, the check's sentence.
    calibration: of the predictions that could be read. runs: their number. remarks: sentences.
    begun: when each answer or lock was first made; two attempts of one learner share some of these.
    """

    file: str
    problem: str | None = None
    name: str = ""
    made: str = ""
    marks: dict | None = None
    said: dict | None = None
    calibration: Calibration | None = None
    runs: int = 0
    remarks: tuple = ()
    digest: str = ""
    begun: frozenset = frozenset()

    @property
    def right(self):
        """How many exercises are right."""
        return sum(mark == RIGHT for mark in (self.marks or {}).values())


def exercises():
    """Every exercise by its key, "chapter.exercise", in the order of the course."""
    found = {}
    places = {subject(path.name): path.stem for path in stored_path(".").glob("[0-9]*.ipynb")}
    modules = (module.name for module in pkgutil.iter_modules(prunelab.exercises.__path__))
    for module in sorted(modules, key=lambda name: (places.get(name, "~"), name)):
        loaded = importlib.import_module(f"prunelab.exercises.{module}")
        own = [value for value in vars(loaded).values() if isinstance(value, Exercise)]
        found |= {exercise.key: exercise for exercise in own}
    return found


def grade_folder(folder, report=lambda done, total: None, but=()):
    """A `Grade` for each file in `folder` and the folders in it, ordered by name.

    Names that begin with a dot are skipped, and so are the paths in `but`, such as the tables of an
    earlier grading. report(done, total) is called after each file. Raises NotADirectoryError, or
    ValueError if there is nothing to grade.
    """
    folder = Path(folder)
    paths = submissions_in(folder, but)
    files = [(path, printable(path.relative_to(folder), 2 * MAX_NAME)) for path in paths]
    grades = []
    for grade in _graded(files):
        grades.append(grade)
        report(len(grades), len(paths))
    return _with_twins(sorted(grades, key=lambda grade: (grade.problem is not None, grade.name,
                                                         grade.file)))  # fmt: skip


def submissions_in(folder, but=()):
    """The files that may be submissions, by name; raises as `grade_folder` does."""
    if not folder.is_dir():
        raise NotADirectoryError(f"folder={printable(folder)}: there is no such folder")
    paths = [path for path in _files(folder) if path.is_symlink() or path.resolve() not in but]
    if not paths:
        raise ValueError(f"folder={printable(folder)}: it holds no file to grade")
    return paths


def grade(submission, known=None):
    """The `Grade` of a Submission that has been read."""
    known = exercises() if known is None else known
    marks, said, remarks = {}, {}, []
    until = time.monotonic() + SECONDS
    for key, exercise in known.items():
        if time.monotonic() > until:
            marks[key], said[key] = UNCHECKED, "Not checked again: this file takes too long."
            continue
        marks[key], said[key] = _mark(exercise, submission.answers.get(key))
        claimed = (submission.answers.get(key) or {}).get("right") is True
        if claimed and marks[key] == WRONG:
            remarks.append(f"{key} is recorded as right, and is not.")
    if seen := [key for key in known if "solution" in (submission.answers.get(key) or {})]:
        remarks.append(f"Solutions looked at: {', '.join(seen)}.")
    foreign = len(set(submission.answers) - set(known))
    if foreign:
        remarks.append(f"{foreign} answers to exercises that this version does not know.")
    calibration, unread = _predictions(submission.predictions)
    if unread:
        remarks.append(f"{unread} predictions cannot be read.")
    return Grade(
        "", None, submission.name, submission.made, marks, said, calibration,
        sum(map(_is_a_run, submission.runs.values())), tuple(remarks),
        submission.digest if submission.answers else "",  # empty work is not a copy
        _begun(submission),
    )  # fmt: skip


def _graded(files):
    workers = how_many(len(files))
    if workers == 1:
        known = exercises()
        yield from (grade_file(path, file, known) for path, file in files)
        return
    for (_, file), found in zip(files, graded(files, workers), strict=True):
        yield Grade(file, found) if isinstance(found, str) else found


def grade_file(path, file, known):
    """The `Grade` of a file called `file`; its `problem` says why if it cannot be graded."""
    try:
        if path.is_dir():
            raise SubmissionError(
                "it is a folder that is not looked into: a link, one that cannot be read, "
                f"or more than {DEEPEST} deep"
            )
        if path.suffix.lower() != ".json":
            kind = printable(path.suffix, 12)
            raise SubmissionError(f"it ends in {kind or 'nothing'}; a submission ends in .json")
        return replace(grade(read_submission(path), known), file=file)
    except SubmissionError as error:
        return Grade(file, str(error))
    except Exception as error:  # one file must not stop the grading of a class
        return Grade(file, printable(f"it cannot be graded ({type(error).__name__}: {error})", 200))


def _mark(exercise, entry):
    """(mark, sentence) of one answer, checked again."""
    if entry is None or "answer" not in entry:  # for example, only the solution was shown
        return MISSING, ""
    try:
        answer = answer_from(entry.get("answer"))
    except NotDataError as error:
        return UNCHECKED, printable(f"Not checked again: {error}.", 200)
    right, sentence = exercise.verdict(answer)
    if right is None and sentence == STOPPED:
        raise KeyboardInterrupt  # the teacher's interrupt: a missing mark would look like no answer
    if sentence.startswith((TOO_LONG, BROKEN)):
        return UNCHECKED, f"Not checked again. {sentence}"
    if isinstance(answer, Replay) and answer.strayed:
        return UNCHECKED, f"Not checked again: {answer.strayed}."
    return (MISSING if right is None else RIGHT if right else WRONG), printable(sentence, 300)


def _predictions(entries):
    """(calibration of the readable predictions, number of unreadable ones)."""
    outcomes, asked, unread = [], 0, 0
    for entry in list(entries.values())[:MOST_PREDICTIONS]:
        try:
            question = question_from_dict(entry.get("question"))
            guess = question.guess(entry.get("guess"))
            asked += 1
            if entry.get("truth") is not None and entry.get("late") is not True:
                with np.errstate(all="ignore"):
                    truth = truth_from_dict(question, entry["truth"])
                    outcomes.append(question.score(guess, truth))
        except (TypeError, ValueError, OverflowError):
            unread += 1
    unread += max(len(entries) - MOST_PREDICTIONS, 0)
    return Calibration(asked, tuple(outcomes)), unread


def _begun(submission):
    """(what, when) of each first answer and each lock; two learners do not share any."""
    times = [(key, entry.get("first")) for key, entry in submission.answers.items()]
    times += [(key, entry.get("locked")) for key, entry in submission.predictions.items()]
    return frozenset(pair for pair in times if isinstance(pair[1], str) and WHEN.fullmatch(pair[1]))


def _is_a_run(entry):
    try:
        total = whole("n_weights", entry.get("n_weights"), at_least=1)
        whole("nonzeros", entry.get("nonzeros"), at_most=total)
        number("validation_loss", entry.get("validation_loss"), at_least=0)
    except (TypeError, ValueError):
        return False
    return True


def _files(folder):
    """The files to grade, by name, and the folders that are skipped, such as links."""
    found = []

    def closed(error):
        found.append(Path(error.filename))

    for at, folders, names in os.walk(folder, onerror=closed, followlinks=False):
        deep = len(Path(at).relative_to(folder).parts)
        outside = [
            name for name in folders if deep >= DEEPEST or os.path.islink(os.path.join(at, name))
        ]
        shown = [name for name in names + outside if not name.startswith(".")]
        found += [Path(at, name) for name in shown]
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in outside
        )
        if len(found) > MOST_FILES:
            raise ValueError(f"folder={printable(folder)}: it holds more than {MOST_FILES:,} files")
    return sorted(found)


def _with_twins(grades):
    """One grade per learner, with a remark if two files hold identical work or the same name."""
    grades = _one_a_learner(grades)
    works, latest, made = {}, {}, []
    for one in filter(lambda grade: grade.name, grades):
        before = latest.setdefault(person(one.name), one)
        if one.made > before.made:
            latest[person(one.name)] = one
    for one in grades:
        remarks, last = list(one.remarks), latest.get(person(one.name), one)
        work = works.setdefault(one.digest, one.file) if one.digest else one.file
        if work != one.file:
            remarks.append(f"The same work as in {work}.")
        if last.file != one.file:
            later = ", which is later" if last.made > one.made else ""
            remarks.append(f"The same name as in {last.file}{later}.")
        made.append(replace(one, remarks=tuple(remarks)))
    return made


def _one_a_learner(grades):
    """The grades with only the latest attempt of each learner, which names the earlier ones.

    Attempts of one learner have the same name and share an entry begun at the same second.
    """
    groups = []  # attempts of one learner, with the union of their `begun`
    for one in grades:
        mine, begun = [one], set(one.begun)
        for other in list(groups):
            if one.name and person(one.name) == person(other[0][0].name) and begun & other[1]:
                groups.remove(other)
                mine, begun = other[0] + mine, begun | other[1]
        groups.append((mine, begun))
    kept = {}
    for attempts, _ in groups:
        *before, last = sorted(attempts, key=lambda grade: (grade.made, grade.file))
        if before:
            said = f"The latest of one learner's; before it {', '.join(g.file for g in before)}."
            last = replace(last, remarks=(*last.remarks, said))
        kept[last.file] = last
    return [kept[grade.file] for grade in grades if grade.file in kept]


def person(name):
    """A name in a normal form for comparison, whatever its letter case and encoding of accents."""
    return unicodedata.normalize("NFKC", name.casefold())
