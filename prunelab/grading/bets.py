"""The locked guesses of a class, question by question, without names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prunelab.grading.grade import person, submissions_in
from prunelab.predictions import question_from_dict, truth_from_dict
from prunelab.progress.submissions import SubmissionError, printable, read_submission


@dataclass(frozen=True)
class Bets:
    """The guesses on one question. guesses: one per learner. truth: if a submission holds it."""

    question: Any
    guesses: tuple
    truth: Any


def class_bets(folder):
    """(a `Bets` for each question, the most asked first; a sentence for each file not read).

    Of two files with the same name the later one counts. Guesses that were locked after the answer
    was shown are left out. Raises the same errors as `grade_folder`.
    """
    latest, refused = {}, []
    folder = Path(folder)
    for path in submissions_in(folder):
        name = printable(path.relative_to(folder), 160)
        try:
            if path.is_dir() or path.suffix.lower() != ".json":
                raise SubmissionError("it is no submission, which ends in .json")
            one = read_submission(path)
        except SubmissionError as error:
            refused.append(f"{name}: not read: {error}")
            continue
        before = latest.get(person(one.name))
        if before is None or before.made <= one.made:
            latest[person(one.name)] = one
    found = {}
    for one in latest.values():
        for entry in one.predictions.values():
            try:
                question = question_from_dict(entry.get("question"))
                guess = question.guess(entry.get("guess"))
                told = entry.get("truth")
                truth = None if told is None else truth_from_dict(question, told)
            except (TypeError, ValueError, OverflowError):
                continue
            if entry.get("late") is not True:
                asked = found.setdefault(question.key, [question, [], truth])
                asked[1].append(guess)
                asked[2] = asked[2] or truth
    bets = [Bets(question, tuple(guesses), truth) for question, guesses, truth in found.values()]
    return sorted(bets, key=lambda bet: (-len(bet.guesses), bet.question.text)), refused
