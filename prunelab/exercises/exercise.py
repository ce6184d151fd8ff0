"""What an exercise is: a check that answers in words, hints in order, and one way to solve it."""

import copy
import textwrap

from prunelab.answer_transcripts import Transcript
from prunelab.recorded_answers import record

NOTHING_YET = "Nothing to check yet: put your answer where the ... stands."


class Exercise:
    """One exercise of a chapter.

    judge: a function of the answer that returns (right, sentence); it may raise, and then the
    reader is told that the answer could not be used, never shown a traceback of ours.
    hints: sentences, from a nudge to nearly all of it. solution: code that passes the check.
    """

    def __init__(self, name, judge, hints, solution):
        self.name = name
        self._judge = judge
        self._hints = tuple(hints)
        self._solution = textwrap.dedent(solution).strip()
        self._hints_given = 0

    @property
    def key(self):
        """The name under which answers are recorded: the chapter's module and the exercise."""
        module = getattr(self._judge, "__module__", None) or "exercises"
        return f"{module.rpartition('.')[2]}.{self.name}"

    def verdict(self, answer, watch=lambda answer: answer):
        """(right, sentence) for `answer`; right is None where there is no answer yet.

        watch: given the copy that is judged, returns what is judged in its place.
        """
        if answer is ... or answer is None:
            return None, NOTHING_YET
        try:
            return self._judge(watch(copy.deepcopy(answer)))
        except Exception as error:
            problem = " ".join(str(error).split())[:200]
            return False, f"This answer cannot be used ({type(error).__name__}: {problem})."

    def check(self, answer):
        """Say what is right, what is wrong and what to look at next; record it as progress."""
        transcript = Transcript()
        right, sentence = self.verdict(answer, transcript)
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
