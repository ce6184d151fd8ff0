"""What an exercise is: a check that answers in words, hints in order, and one way to solve it."""

import copy
import textwrap

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

    def verdict(self, answer):
        """(right, sentence) for `answer`; right is None where there is no answer yet."""
        if answer is ... or answer is None:
            return None, NOTHING_YET
        try:
            return self._judge(copy.deepcopy(answer))
        except Exception as error:
            problem = " ".join(str(error).split())[:200]
            return False, f"This answer cannot be used ({type(error).__name__}: {problem})."

    def check(self, answer):
        """Say what is right, what is wrong and what to look at next."""
        right, sentence = self.verdict(answer)
        mark = {True: "✔ Right.", False: "✘ Not yet.", None: "…"}[right]
        print(f"{self.name}: {mark} {sentence}")

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
