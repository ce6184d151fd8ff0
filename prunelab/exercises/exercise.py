"""What an exercise is: a check that answers in words, hints in order, and one way to solve it."""

import copy
import textwrap
import warnings

import numpy as np

from prunelab.answer_transcripts import Transcript
from prunelab.exercises import bounds
from prunelab.exercises.bounds import OutOfTime, one_line, one_screen, within, words_of
from prunelab.memory import give_back
from prunelab.recorded_answers import record
from prunelab.threads import on_one_thread

NOTHING_YET = "Nothing to check yet: put your answer where the ... stands."
TOO_LONG = "It takes longer than"
STOPPED = "Stopped before it was checked; run the cell again."
LONGEST = 400  # characters of a sentence

_within = on_one_thread(within)  # a class may share this machine


def _is_open(answer):
    """Whether nothing stands in the place of the answer yet, or in any of its places."""
    if type(answer) is dict:
        answer = list(answer.values())
    if type(answer) in (list, tuple) and answer:
        return all(value is ... for value in answer)
    return answer is ... or answer is None


class Exercise:
    """One exercise of a chapter.

    judge: a function of the answer that returns (right, sentence); it may raise, and then the
    reader is told that the answer could not be used, never shown a traceback of ours.
    hints: sentences, from a nudge to nearly all of it. solution: code that passes the check.
    prepare: called before, for what the judge needs whatever the answer is; the time it takes is
    ours, not the answer's. patience: how many times ten seconds a judge may take that trains.
    """

    def __init__(self, name, judge, hints, solution, *, prepare=None, patience=1):
        self.name = name
        self._judge = judge
        self._hints = tuple(hints)
        self._prepare = prepare
        self._patience = patience
        self._solution = textwrap.dedent(solution).strip()
        self._hints_given = 0

    @property
    def key(self):
        """The name under which answers are recorded: the chapter's module and the exercise."""
        module = getattr(self._judge, "__module__", None) or "exercises"
        return f"{module.rpartition('.')[2]}.{self.name}"

    def verdict(self, answer, watch=lambda answer: answer):
        """(right, sentence) for `answer`, in bounded time; right is None where there is none yet.

        watch: given the copy that is judged, returns what is judged in its place.
        """
        if _is_open(answer):
            return None, NOTHING_YET
        seconds = self._patience * bounds.SECONDS
        try:
            if self._prepare is not None:
                on_one_thread(self._prepare)()
            # Out here, as work that is left behind in its thread would never put them back, and
            # as the seconds are the answer's: what our own preparing takes is none of them.
            with one_screen(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _within(seconds, lambda: self._judged(answer, watch))
        except OutOfTime:
            return False, f"{TOO_LONG} {seconds:g} seconds; does a loop never end?"
        except KeyboardInterrupt:  # the reader's, or the answer's own
            return None, STOPPED
        except BaseException as error:  # also what is no Exception: sys.exit, a cancelled task
            return False, f"This answer cannot be used ({words_of(error)})."

    def _judged(self, answer, watch):
        try:
            mine = copy.deepcopy(answer)
        except Exception:
            return False, f"This answer cannot be used: a {type(answer).__name__} cannot be copied."
        with np.errstate(all="ignore"):
            right, sentence = self._judge(watch(mine))
        return right, one_line(sentence, LONGEST)

    def check(self, answer):
        """Say what is right, what is wrong and what to look at next; record it as progress."""
        transcript = Transcript()
        right, sentence = self.verdict(answer, transcript)
        give_back()
        mark = {True: "✔ Right.", False: "✘ Not yet.", None: "…"}[right]
        print(f"{self.name}: {mark} {sentence}")
        if right is not None:
            record(self.key, right, sentence, transcript.data())

    def hint(self):
        """Give the next hint; after the last one, the last again."""
        at = min(self._hints_given, len(self._hints) - 1)
        self._hints_given += 1
        print(f"{self.name}, hint {at + 1} of {len(self._hints)}: {self._hints[at]}")

    def solution(self):
        """Print one way to solve it, as code."""
        print(self._solution)

    def __repr__(self):
        return f"Exercise({self.name!r}: .check(answer), .hint(), .solution())"
