"""How long each chapter takes, estimated from what stands in it.

    python -m tools.minutes [NN …]

Words at 180 a minute, 8 seconds a line of code, 2 minutes a prediction, 6 an exercise or an
explorer, 1 a figure. Solutions do not count: a learner's copy has none.
"""

import argparse
import math
from dataclasses import dataclass

import nbformat

from tools import course

WORDS_A_MINUTE, SECONDS_A_LINE = 180, 8
PREDICTION, TASK, FIGURE = 2, 6, 1  # minutes each
MOST = 90
ROUND = 5


@dataclass(frozen=True)
class Estimate:
    """What stands in a chapter, and the minutes it comes to."""

    words: int
    lines: int
    predictions: int
    tasks: int  # exercises and explorers
    figures: int

    @property
    def minutes(self) -> float:
        """As the module says, not rounded."""
        return (
            self.words / WORDS_A_MINUTE
            + self.lines * SECONDS_A_LINE / 60
            + PREDICTION * self.predictions
            + TASK * self.tasks
            + FIGURE * self.figures
        )

    @property
    def stated(self) -> int:
        """Rounded up to five minutes, as a chapter states it."""
        return ROUND * math.ceil(self.minutes / ROUND)


def estimate(notebook) -> Estimate:
    """The `Estimate` of a notebook as nbformat reads it."""
    words = lines = predictions = tasks = figures = 0
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            words += len(cell.source.split())
        elif "solution" not in tags:
            lines += sum(bool(line.strip()) for line in cell.source.split("\n"))
            predictions += cell.source.count("Prediction(")
            tasks += cell.source.count(".check(") + ("explorer" in tags)
            shown = "explorer" not in tags and "Prediction(" not in cell.source
            figures += shown * sum("image/png" in out.get("data", {}) for out in cell.outputs)
    return Estimate(words, lines, predictions, tasks, figures)


def main(argv=None):
    """Print a line a chapter."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("chapters", nargs="*", metavar="NN")
    for path in course.find(parser.parse_args(argv).chapters):
        found = estimate(nbformat.read(path, as_version=4))
        print(
            f"{path.stem:34} {found.minutes:5.1f} minutes: {found.words} words, {found.lines} "
            f"lines, {found.predictions} predictions, {found.tasks} exercises and explorers, "
            f"{found.figures} figures"
        )


if __name__ == "__main__":
    main()
