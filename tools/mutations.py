"""The mutation table: how often each check is tried with right answers and with known mistakes.

    python -m tools.mutations        prints it; exit code 1 where a check is not proven

A check is proven where it accepts three different right answers or more, and rejects eight known
mistakes or more, each with the words that fit it. None is excused. The answers are those of
tests/exercises/answers.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from prunelab.base.terminal import any_terminal

ROOT = Path(__file__).resolve().parents[1]
LEAST_RIGHT, LEAST_WRONG = 3, 8


@dataclass
class Trial:
    """How one check did. failures: a sentence for each answer that it judged otherwise."""

    key: str
    right: int = 0
    wrong: int = 0
    said: set = field(default_factory=set)
    failures: list = field(default_factory=list)

    @property
    def proven(self):
        """Whether there are enough answers of both kinds, and all are judged as they should be."""
        enough = self.right >= LEAST_RIGHT and self.wrong >= LEAST_WRONG
        return enough and not self.failures

    def accepts(self, exercise, answer):
        """Try a right answer."""
        self.right += 1
        verdict, sentence = exercise.verdict(answer)
        if verdict is not True:
            self.failures.append(f"a right answer is not accepted: {sentence}")

    def rejects(self, exercise, answer, words):
        """Try a known mistake, whose sentence must hold `words`."""
        self.wrong += 1
        verdict, sentence = exercise.verdict(answer)
        self.said.add(sentence)
        if verdict is not False or words not in sentence:
            self.failures.append(f"expected a sentence with {words!r}, heard: {sentence}")


def trials(known, right, wrong):
    """A Trial for each exercise. known: exercises by key; right, wrong: as tests/…/answers has."""
    found = {key: Trial(key) for key in known}
    for exercise, answers in right:
        for answer in answers:
            found[exercise.key].accepts(exercise, answer)
    for exercise, answer, words in wrong:
        found[exercise.key].rejects(exercise, answer, words)
    return list(found.values())


def table(found):
    """The trials as text: a line a check, then the sums, then what is amiss."""
    rows = [("check", "right accepted", "mistakes named", "sentences")]
    for trial in found:
        rows.append((trial.key, str(trial.right), str(trial.wrong), str(len(trial.said))))
    sums = (sum(t.right for t in found), sum(t.wrong for t in found),
            sum(len(t.said) for t in found))  # fmt: skip
    proven = sum(trial.proven for trial in found)
    rows.append((f"{proven} of {len(found)} checks proven", *map(str, sums)))
    width = max(len(row[0]) for row in rows)
    lines = [f"{row[0]:{width}}  {row[1]:>14}  {row[2]:>14}  {row[3]:>9}" for row in rows]
    rule = "-" * len(lines[0])
    lines = [lines[0], rule, *lines[1:-1], rule, lines[-1]]
    for trial in found:
        if not trial.proven:
            lines.append(f"{trial.key}: {trial.right} right, {trial.wrong} wrong answers")
            lines += [f"  {failure}" for failure in trial.failures]
    return "\n".join(lines)


@any_terminal()
def main():
    """Try everything, print the table. 0 where every check is proven, else 1."""
    sys.path.insert(0, str(ROOT))
    from prunelab.grading.grade import exercises
    from tests.exercises.answers import RIGHT, WRONG

    found = trials(exercises(), RIGHT, WRONG)
    print(table(found))
    return 0 if found and all(trial.proven for trial in found) else 1


if __name__ == "__main__":
    sys.exit(main())
