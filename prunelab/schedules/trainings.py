"""Trainings with other callbacks beside the one that prunes, stored with the course."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prunelab.base.json_files import load_record
from prunelab.course.places import file

if TYPE_CHECKING:
    from os import PathLike

FILE = "data/callback_sets.json"
UPDATE = "UpdatePruningStep()"
LOST, WORSE = 0.005, 3  # zeros below the asked, as a fraction; times the error


@dataclass(frozen=True)
class CallbackTrainings:
    """A set of callbacks, and what became of the twin's network under it, on several seeds.

    callbacks: as code. rate: the optimizer's learning rate, as code. asked: the schedule's final
    sparsity; None for a network that is not pruned. flagged: whether `preflight` warns of the set.
    zeros: the fraction of zeros at the end, one a seed. ratios: the validation MSE over that of the
    same run without the other callbacks and at the rate 0.001, one a seed.
    """

    callbacks: str
    rate: str
    asked: float | None
    flagged: bool
    zeros: tuple[float, ...]
    ratios: tuple[float, ...]

    @property
    def undone(self) -> bool:
        """Whether zeros are missing on some seed, or the error is more than three times as high."""
        short = self.asked is not None and min(self.zeros) < self.asked - LOST
        return short or max(self.ratios) > WORSE

    @property
    def beside(self) -> str:
        """What stands beside the callback that prunes, as code; "nothing else" if nothing does."""
        others = self.callbacks.strip("[]").replace(UPDATE, "").strip(", ")
        if self.rate != "0.001":
            others = ", ".join(filter(None, (others, f"rate {self.rate}")))
        return others or "nothing else"

    def __str__(self) -> str:
        asked = "unpruned" if self.asked is None else f"{min(self.zeros):3.0%} of {self.asked:.0%}"
        error = f"{statistics.median(self.ratios):5.1f} to {max(self.ratios):4.1f} ×"
        return f"{'warns' if self.flagged else 'clean'}  {asked:10}  {error}  {self.beside}"


def trained_callbacks(source: str | PathLike[str] | None = None) -> tuple[CallbackTrainings, ...]:
    """The trainings of a file, by default those of the course: sets that `preflight` warns of, sets
    that it does not, and networks that are not pruned. RunError if the file cannot be used.
    """
    record = load_record(file(FILE) if source is None else source)
    pruned = _grouped(record["rows"], "set")
    unpruned = _grouped(record["control_rows"], "control")
    alone = {
        each["asked"]: pruned[at]
        for at, each in enumerate(record["sets"])
        if (each["callbacks"], each["rate"]) == (f"[{UPDATE}]", "0.001")
    }
    found = [
        _made(each, pruned[at], alone[each["asked"]]) for at, each in enumerate(record["sets"])
    ]
    found += [_made(each, unpruned[at], unpruned[0]) for at, each in enumerate(record["controls"])]
    return tuple(found)


def _grouped(rows, name):
    """The rows of each set by its number, each a dict by seed."""
    found = {}
    for row in rows:
        found.setdefault(row[name], {})[row["seed"]] = row
    return found


def _made(each, rows, alone):
    seeds = sorted(rows)
    return CallbackTrainings(
        each["callbacks"],
        each["rate"],
        each.get("asked"),
        each.get("flagged", False),
        tuple(rows[seed]["zeros"] for seed in seeds),
        tuple(rows[seed]["val_mse"] / alone[seed]["val_mse"] for seed in seeds),
    )
