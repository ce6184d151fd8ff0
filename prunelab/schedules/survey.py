"""Schedules found in public code, and what each does in its own run."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from prunelab.base.checks import number, shown, whole
from prunelab.base.json_files import RunError
from prunelab.course.places import file
from prunelab.schedules.flight import preflight
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from prunelab.schedules.flight import Preflight

FILE = "data/public_schedules.csv"
COLUMNS = (
    *("kind", "initial_sparsity", "final_sparsity", "begin_step", "end_step", "frequency"),
    *("steps", "realised"),
)
MISSED = 0.005  # half a point below its target, as a fraction
REASONS = {  # why a schedule misses its target, in the order of the checks
    "begins too late": "it begins after training has ended",
    "epochs for steps": "it is written in epochs, and tfmot counts steps",
    "ends too late": "training ends before the schedule does",
    "off the grid": "no update falls on its end",
}


@dataclass(frozen=True)
class PublicSchedule:
    """A schedule found in public code. steps: training steps of its run. realised: the final
    sparsity by tfmot's own classes, stepped through the run, as a fraction; `flight` is the
    preflight.
    """

    schedule: PolynomialDecay | ConstantSparsity
    steps: int
    realised: float

    @cached_property
    def flight(self) -> Preflight:
        """The preflight of the schedule in its run."""
        return preflight(self.schedule, total_steps=self.steps)

    @property
    def missing(self) -> float:
        """How far below its target the run ends, as a fraction."""
        return self.schedule.final_sparsity - self.flight.realised_sparsity

    @property
    def missed(self) -> bool:
        """Whether the run ends more than half a percentage point below its target."""
        return self.missing > MISSED

    @property
    def reason(self) -> str | None:
        """Why the schedule misses its target, a key of REASONS; None if it reaches it."""
        if not self.missed:
            return None
        codes = {finding.code for finding in self.flight.findings}
        if self.schedule.begin_step > self.steps:
            return "begins too late"
        if "epochs_as_steps" in codes:
            return "epochs for steps"
        return "ends too late" if "ends_after_training" in codes else "off the grid"


def public_schedules(source: str | PathLike[str] | None = None) -> tuple[PublicSchedule, ...]:
    """The schedules of a CSV file, by default the 49 that came with the course.

    Columns: kind ("polynomial" or "constant"), tfmot's arguments, the steps of the run, and the
    sparsity that tfmot's classes ended with. RunError, with the line, for one that cannot be used.
    """
    path = file(FILE) if source is None else source
    with open(path, encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise RunError(f"{FILE}: its columns must be {', '.join(COLUMNS)}")
        return tuple(_parsed(row, at) for at, row in enumerate(reader, start=2))


def _parsed(row, line):
    try:
        begin, end, frequency, steps = (
            int(row[name]) for name in ("begin_step", "end_step", "frequency", "steps")
        )
        initial, final, realised = (
            float(row[name]) for name in ("initial_sparsity", "final_sparsity", "realised")
        )
        if row["kind"] not in ("polynomial", "constant"):
            raise ValueError(f"kind={shown(row['kind'])}: write 'polynomial' or 'constant'")
        if row["kind"] == "polynomial":
            schedule = PolynomialDecay(initial, final, begin, end, frequency=frequency)
        else:
            schedule = ConstantSparsity(final, begin, end, frequency=frequency)
        steps = whole("steps", steps, at_least=1)
        return PublicSchedule(schedule, steps, number("realised", realised, at_least=0, at_most=1))
    except (TypeError, ValueError) as error:
        raise RunError(f"{FILE}, line {line}: {error}") from None


def reasons(found: Iterable[PublicSchedule]) -> dict[str, tuple[int, int]]:
    """For each of REASONS, how many schedules miss their target and how many of them never prune.

    A dict from the reason to (missed, never pruned), without reasons that do not occur.
    """
    missed = [each for each in found if each.missed]
    counts = Counter(each.reason for each in missed)
    never = Counter(each.reason for each in missed if not each.flight.realised_sparsity)
    return {reason: (counts[reason], never[reason]) for reason in REASONS if counts[reason]}
