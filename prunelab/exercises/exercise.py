"""What an exercise is: a check that answers in words, hints in order, and one way to solve it."""

import copy
import textwrap
import types
import warnings

import numpy as np
import numpy.random  # now, and not while the clock of an answer runs

from prunelab.base.host import give_back, on_one_thread
from prunelab.course import copies
from prunelab.exercises import sandbox
from prunelab.exercises.functions import UnusableError
from prunelab.exercises.sandbox import OutOfTime, one_line, one_screen, within, words_of
from prunelab.progress.answers import encode
from prunelab.progress.transcripts import Transcript, record, record_solution, was_tried

NOTHING_YET = "Nothing to check yet: put your answer where the ... stands."
TOO_LONG = "It takes longer than"
BROKEN = "Python could not import what this needs"
STOPPED = "Stopped before it was checked; run the cell again."
LONGEST = 400  # characters of a sentence

_within = on_one_thread(within)  # a class may share this machine


def _is_open(answer, deep=2):
    """Whether nothing stands in the place of the answer yet, or in any of its places."""
    if type(answer) is dict:
        answer = list(answer.values())
    if type(answer) in (list, tuple) and answer and deep:
        return all(value is not None and _is_open(value, deep - 1) for value in answer)
    return answer is ... or answer is None


def _not_asked_for(answer):
    """A sentence on an answer that a check cannot do anything with."""
    kind = one_line(type(answer).__name__, 60)
    return f"This answer cannot be used: it is a {kind}, and not what the exercise asks for."


def _is_given(answer, data, given):
    """Whether an answer is the one that its exercise hands out to be mended, as it stands.

    data: of the answer, as it is recorded. Functions are the same where they do the same steps,
    whatever their lines look like; `given` is then code, compiled alone as a notebook compiles it.
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

    judge: a function of the answer that returns (right, sentence); it may raise, and then the
    reader is told that the answer could not be used, never shown a traceback of ours.
    hints: sentences, a ladder: a nudge, a push, the step. solution: code that passes the check.
    reason: a sentence why it does.
    prepare: called before, for what the judge needs whatever the answer is; the time it takes is
    ours, not the answer's. patience: how many times ten seconds a judge may take that trains.
    given: the answer that a chapter hands out to be mended, where it does; a function as its code.
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
        """The name under which answers are recorded: the chapter's module and the exercise."""
        module = getattr(self._judge, "__module__", None) or "exercises"
        return f"{module.rpartition('.')[2]}.{self.name}"

    def verdict(self, answer, watch=lambda answer: answer):
        """(right, sentence) for `answer`; right is None where there is none yet.

        The time it takes is bounded where the system has alarms, see `sandbox.within`.
        watch: given the copy that is judged, returns what is judged in its place.
        """
        if _is_open(answer):
            return None, NOTHING_YET
        seconds = self._patience * sandbox.SECONDS
        try:
            if self._prepare is not None:
                on_one_thread(self._prepare)()
            # The seconds are the answer's: what our own preparing takes is none of them.
            with one_screen(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _within(seconds, lambda: self._judged(answer, watch))
        except OutOfTime:
            return False, f"{TOO_LONG} {seconds:g} seconds; does a loop never end?"
        except KeyboardInterrupt:  # the reader's, or the answer's own
            return None, STOPPED
        except ImportError as error:  # not the answer's fault: an import was interrupted, once
            return None, f"{BROKEN} ({words_of(error)}). Restart the kernel, and run it again."
        except BaseException:  # also what is no Exception: sys.exit, a cancelled task
            return False, _not_asked_for(answer)

    def _judged(self, answer, watch):
        try:
            mine = copy.deepcopy(answer)
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

        Nothing is recorded of a chapter that nobody has answered yet: neither where the `...`
        still stands, nor where the answer is the one that was handed out to be mended.
        """
        transcript = Transcript()
        right, sentence = self._tell(answer, transcript, self.name)
        self._tried = self._tried or right is not None
        data = transcript.data()
        if right is not None and not _is_given(answer, data, self._given):
            record(self.key, right, sentence, data)

    def confirm(self, answer):
        """Say what `check` says, and that it is not recorded: it never is.

        A chapter's own solutions call it, so that whoever runs a whole chapter, in whatever
        program, hands in no answer of ours as theirs.
        """
        self._tell(answer, lambda answer: answer, f"{self.name}, not recorded")

    def _tell(self, answer, watch, who):
        right, sentence = self.verdict(answer, watch)
        give_back()
        mark = {True: "✔ Right.", False: "✘ Not yet.", None: "…"}[right]
        print(f"{who}: {mark} {sentence}")
        return right, sentence

    def hint(self):
        """Give the next hint; after the last one, the last again."""
        at = min(self._hints_given, len(self._hints) - 1)
        self._hints_given += 1
        print(f"{self.name}, hint {at + 1} of {len(self._hints)}: {self._hints[at]}")

    def solution(self):
        """Print one way to solve it, as code, and why; after a try, or when asked once more.

        That it was shown is recorded. In a copy for a class it is never shown.
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
