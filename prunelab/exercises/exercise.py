"""The class of an exercise: a check that answers in words, hints in order, and a solution."""

import copy
import textwrap
import types
import warnings

import numpy as np
import numpy.random  # imported now, so that it does not count in an answer's time

from prunelab.base.host import give_back, on_one_thread
from prunelab.course import copies
from prunelab.exercises import sandbox
from prunelab.exercises.functions import UnusableError
from prunelab.exercises.sandbox import OutOfTime, one_line, one_screen, within, words_of
from prunelab.progress.answers import encode, plain
from prunelab.progress.transcripts import Transcript, record, record_solution, was_tried

NOTHING_YET = "Nothing to check yet: put your answer where the ... stands."
TOO_LONG = "It takes longer than"
BROKEN = "Python could not import what this needs"
STOPPED = "Stopped before it was checked; run the cell again."
LONGEST = 400  # characters of a sentence

_within = on_one_thread(within)  # one thread, since several students may share this machine


def _is_open(answer, deep=2):
    """Whether an answer, or any place in it, is still `...` or None."""
    if type(answer) is dict:
        answer = list(answer.values())
    if type(answer) in (list, tuple) and answer and deep:
        return all(value is not None and _is_open(value, deep - 1) for value in answer)
    return answer is ... or answer is None


def _not_asked_for(answer):
    """A sentence on an answer of a kind that the check cannot use."""
    kind = one_line(type(answer).__name__, 60)
    return f"This answer cannot be used: it is a {kind}, and not what the exercise asks for."


def _is_given(answer, data, given):
    """Whether an answer is the unchanged one that the exercise hands out to be mended.

    data: the answer as it is recorded. Functions are equal if they do the same steps,
    however their lines are laid out; `given` is then code, compiled alone, as a notebook does.
    """
    if not isinstance(given, str):
        return data == {"value": encode(given)}
    if type(answer) is not types.FunctionType:
        return False
    module = compile(given, "<given>", "exec")
    code = next(value for value in module.co_consts if isinstance(value, types.CodeType))
    return _same_steps(answer.__code__, code)


def _same_steps(one, other):
    if not isinstance(one, types.CodeType) or not isinstance(other, types.CodeType):
        return type(one) is type(other) and one == other
    parts = ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars")
    return (
        all(getattr(one, part) == getattr(other, part) for part in parts)
        and len(one.co_consts) == len(other.co_consts)
        and all(map(_same_steps, one.co_consts, other.co_consts))
    )


class Exercise:
    """One exercise of a chapter.

    judge: a function of the answer that returns (right, sentence). If it raises, the reader is
    told that the answer could not be used, and sees no traceback of ours.
    hints: sentences, from a small hint to the decisive step. solution: code that passes the check.
    reason: a sentence that says why it does.
    prepare: called first, for what the judge needs with any answer; its time does not count as
    the answer's. patience: a factor on the ten seconds a judge may take, for one that trains.
    given: the answer that a chapter hands out to be mended, if it does; a function as its code.
    """

    def __init__(
        self, name, judge, hints, solution, *, reason="", prepare=None, patience=1, given=None
    ):
        self.name = name
        self._judge = judge
        self._hints = tuple(hints)
        self._prepare = prepare
        self._patience = patience
        self._given = textwrap.dedent(given) if isinstance(given, str) else given
        self._solution = textwrap.dedent(solution).strip()
        self._reason = reason
        self._hints_given = 0
        self._tried = self._asked = False

    @property
    def key(self):
        """The name under which answers are recorded: the chapter's folder and the exercise."""
        module = getattr(self._judge, "__module__", None) or "exercises"
        return f"{module.removeprefix('prunelab.exercises.').partition('.')[0]}.{self.name}"

    def verdict(self, answer, watch=lambda answer: answer):
        """(right, sentence) for `answer`; right is None if there is no answer yet.

        The time is limited on systems with alarms, see `sandbox.within`.
        watch: a function of the answer's copy that returns the object to judge instead.
        """
        if _is_open(answer):
            return None, NOTHING_YET
        seconds = self._patience * sandbox.SECONDS
        try:
            if self._prepare is not None:
                on_one_thread(self._prepare)()
            # Only the answer's time is limited, without our own preparation.
            with one_screen(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _within(seconds, lambda: self._judged(answer, watch))
        except OutOfTime:
            return False, f"{TOO_LONG} {seconds:g} seconds; does a loop never end?"
        except KeyboardInterrupt:  # raised by the reader, or by the answer itself
            return None, STOPPED
        except ImportError as error:  # not the answer's fault: an earlier import was interrupted
            return None, f"{BROKEN} ({words_of(error)}). Restart the kernel, and run it again."
        except BaseException:  # also other exceptions: sys.exit, a cancelled task
            return False, _not_asked_for(answer)

    def _judged(self, answer, watch):
        try:
            mine = copy.deepcopy(plain(answer))
        except Exception:
            return False, f"This answer cannot be used: a {type(answer).__name__} cannot be copied."
        try:
            with np.errstate(all="ignore"):
                right, sentence = self._judge(watch(mine))
        except UnusableError as error:
            right, sentence = False, error
        return right, one_line(sentence, LONGEST)

    def check(self, answer):
        """Say what is right, what is wrong and what to look at next; record it as progress.

        An exercise without an answer is not recorded: neither `...`, nor the unchanged answer that
        the exercise hands out to be mended.
        """
        transcript = Transcript()
        right, sentence = self._tell(answer, transcript, self.name)
        self._tried = self._tried or right is not None
        data = transcript.data()
        if right is not None and not _is_given(answer, data, self._given):
            record(self.key, right, sentence, data)

    def confirm(self, answer):
        """Say what `check` says, without recording it, and say so.

        A chapter's own solutions call it, so that running a whole chapter, in any program, does not
        record our solutions as the reader's answers.
        """
        self._tell(answer, lambda answer: answer, f"{self.name}, not recorded")

    def _tell(self, answer, watch, who):
        right, sentence = self.verdict(answer, watch)
        give_back()
        mark = {True: "✔ Right.", False: "✘ Not yet.", None: "…"}[right]
        print(f"{who}: {mark} {sentence}")
        return right, sentence

    def hint(self):
        """Print the next hint; after the last one, the last again."""
        at = min(self._hints_given, len(self._hints) - 1)
        self._hints_given += 1
        print(f"{self.name}, hint {at + 1} of {len(self._hints)}: {self._hints[at]}")

    def solution(self):
        """Print a solution as code, and why it is right; after a try, or when asked again.

        It is recorded that the solution was shown. In a copy for a class it is never shown.
        """
        if copies.edition() == copies.CLASS:
            print(f"{self.name}: your teacher has the solutions of this copy; {self.name}.hint().")
            return
        if not (self._tried or self._asked or was_tried(self.key)):
            self._asked = True
            print(
                f"{self.name}: try it first; {self.name}.hint() helps. "
                f"Or call {self.name}.solution() once more."
            )
            return
        record_solution(self.key)
        print(self._solution)
        if self._reason:
            print(f"# {self._reason}")

    def __repr__(self):
        return f"Exercise({self.name!r}: .check(answer), .hint(), .solution())"
