"""The results of a search: its trials, their table, the front and its knee."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np

from prunelab.base.checks import check_texts, number, real_array, shown, whole
from prunelab.base.json_files import only_fields
from prunelab.base.text import aligned
from prunelab.plans.measures import MEASURES
from prunelab.plans.statistics import estimate
from prunelab.search.journal import damaged
from prunelab.search.objectives import Objective, from_stored
from prunelab.search.places import place_of
from prunelab.search.space import Candidate, Space
from prunelab.search.storage import OUTCOME, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike
    from typing import Any

    from numpy.typing import ArrayLike, NDArray

    from prunelab.experiments.config import ExperimentConfig


def pareto_front(points: ArrayLike) -> NDArray[np.int_]:
    """Indices of the points that no other point beats: an int array, by the first coordinate.

    points: [n, objectives]; smaller is better in each coordinate. A point is beaten by another that
    is nowhere larger and somewhere smaller; equal points are all kept.
    """
    points = _points(points)
    order = np.lexsort(points.T[::-1])  # a point that beats another comes before it
    if points.shape[1] == 2:
        return _front_of_two(points, order)
    kept: list[int] = []
    best = np.empty_like(points)
    for i in order:
        others = best[: len(kept)]
        smaller = (others <= points[i]).all(axis=1) & (others < points[i]).any(axis=1)
        if not smaller.any():
            best[len(kept)] = points[i]
            kept.append(i)
    return np.array(kept, dtype=int)


def _front_of_two(points, order):
    """The front of two objectives: points lower in the second than all before them, and equals."""
    kept = []
    for i in order:
        if not kept or points[i, 1] < points[kept[-1], 1] or (points[i] == points[kept[-1]]).all():
            kept.append(i)
    return np.array(kept, dtype=int)


def knee(points: ArrayLike) -> int | None:
    """Index of the point of a front beyond which further cost brings little, or None.

    points: [n, 2]; smaller is better, on the scales on which they are to be compared. Both axes are
    stretched to [0, 1] between the front's two ends, and the knee is the point furthest below the
    line between these (the kneedle of Satopää et al. 2011, without its smoothing). None if no point
    lies below the line, as on a straight front or with two points.
    """
    points = _points(points)
    if points.shape[1] != 2:
        raise ValueError(f"points has {points.shape[1]} columns: a knee needs two objectives")
    if not len(points):
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    if (high == low).any():
        return None
    gain = 1 - ((points - low) / (high - low)).sum(axis=1)
    best = int(np.argmax(gain))
    return best if gain[best] > 1e-12 else None


def _points(points):
    points = real_array("points", points).astype(np.float64)
    if points.ndim != 2 or not np.isfinite(points).all():
        raise ValueError(
            f"points has shape {points.shape}: it must be [n, objectives], without NaN or infinity"
        )
    return points


STATES = ("complete", "weak", "diverged", "failed", "refused")
FIELDS = ("state", "values", "per_seed", "curve", "why", "seconds")


@dataclass(frozen=True)
class Trial:
    """One trial that is over.

    state: "complete", "weak" (ended early), "diverged" (its loss became NaN or infinite), "failed"
    (its training raised an error, which `why` names) or "refused" (by preflight, before any
    training). params: the free knobs. candidate: what was trained; None if params make no schedule.
    values: each measure's mean over the seeds, geometric for errors, empty unless complete.
    per_seed: all measures, one value a seed, and what else `evaluate` returned, which may be texts.
    curve: (epochs beyond the ramp's end, validation loss) of the first seed. why: in words.
    seconds: wall clock.
    """

    number: int
    state: str
    params: dict[str, float]
    candidate: Candidate | None
    values: dict[str, float]
    per_seed: dict[str, tuple[float | str, ...]]
    curve: tuple[tuple[float, float], ...]
    why: str
    seconds: float


@dataclass(frozen=True)
class SearchResults:
    """A search: its space, goals, seeds, and its trials in the order they were asked for.

    goals: one `Objective` each, with its name and whether larger or smaller is better.
    """

    space: Space
    goals: tuple[Objective, ...]
    seeds: tuple[int, ...]
    trials: tuple[Trial, ...]

    @property
    def objectives(self) -> tuple[str, ...]:
        """The names of the goals."""
        return tuple(goal.name for goal in self.goals)

    def of(self, state: str) -> tuple[Trial, ...]:
        """The trials of this state, one of STATES."""
        if state not in STATES:
            raise ValueError(f"state={shown(state)}: the states are {', '.join(STATES)}")
        return tuple(trial for trial in self.trials if trial.state == state)

    @cached_property
    def front(self) -> tuple[Trial, ...]:
        """The complete trials that no other beats, by the first objective; equals are kept."""
        complete = self.of("complete")
        points = [self._point(trial) for trial in complete]
        return tuple(complete[i] for i in pareto_front(points)) if points else ()

    @cached_property
    def knee(self) -> Trial | None:
        """The trial of the front beyond which further cost brings little, or None.

        Errors and numbers of weights are compared by their logarithms, a reader's own measures as
        they are. None if there are not two objectives, or the front does not bend; see the function
        `knee`.
        """
        if len(self.objectives) != 2 or not self.front:
            return None
        at = knee([self._point(trial, scaled=True) for trial in self.front])
        return None if at is None else self.front[at]

    def _point(self, trial, scaled=False):
        """The trial's values, smaller is better; scaled: on the scales used for the knee."""
        return [goal.oriented(trial.values[goal.name], scaled) for goal in self.goals]

    @property
    def best(self) -> Trial:
        """The best complete trial by the first objective alone."""
        if not self.front:
            raise ValueError("best: no trial is complete yet; search on")
        return self.front[0]

    def config(self, trial: Trial) -> ExperimentConfig:
        """The `ExperimentConfig` of one of the trials, to train it elsewhere or on other seeds."""
        if self.space.base is None or not isinstance(trial, Trial) or trial.candidate is None:
            raise ValueError(
                f"trial={shown(trial)}: only a trial with a schedule, on a network of this "
                "course, has a config"
            )
        return trial.candidate.config(cast("ExperimentConfig", self.space.base))

    def rows(self) -> list[dict[str, Any]]:
        """The trials as a list of dicts, one value a column; `pandas.DataFrame(rows)` takes it."""
        front = {trial.number for trial in self.front}
        return [
            {
                "trial": trial.number,
                "state": trial.state,
                **trial.params,
                **{name: trial.values.get(name) for name in self.objectives},
                "on_front": trial.number in front,
                "knee": trial is self.knee,
                "seconds": trial.seconds,
                "why": trial.why,
            }
            for trial in self.trials
        ]

    def table(self, trials: Iterable[Trial] | None = None) -> str:
        """Trials as aligned lines of text (default: the front): knobs, objectives, the knee."""
        knobs = list(self.space.knobs)
        lines = [("trial", *knobs, *self.objectives, "")]
        for trial in self.front if trials is None else trials:
            cells = [f"{trial.params[name]:.4g}" for name in knobs]
            cells += [
                f"{trial.values[name]:.4g}" if name in trial.values else "–"
                for name in self.objectives
            ]
            mark = "knee" if trial is self.knee else "" if trial.values else trial.state
            lines.append((str(trial.number), *cells, mark))
        return aligned(lines)

    def __repr__(self) -> str:
        seeds = f"{len(self.seeds)} seed{'s' * (len(self.seeds) > 1)}"
        counts = ", ".join(f"{len(self.of(s))} {s}" for s in STATES if self.of(s))
        return (
            f"SearchResults({' and '.join(self.objectives)} over {len(self.space.knobs)} knobs, "
            f"{seeds} a trial: {counts or 'no trials'}; {len(self.front)} on the front)"
        )


def mean(measure, values):
    """The mean over seeds: geometric for measures on a positive scale, else arithmetic."""
    log = measure in MEASURES and MEASURES[measure].log and min(values) > 0
    return estimate(values, log=log).mean


def _measured(name, value):
    """A stored value in its original type: a number, None, a text, True or False."""
    if name not in MEASURES and (value is None or isinstance(value, bool | str)):
        return value
    return number(name, value)


def _are_numbers(values):
    return not any(value is None or isinstance(value, bool | str) for value in values)


def trial_of(space, frozen):
    """The `Trial` of one of Optuna's trials, or None if it has no outcome yet."""
    outcome = frozen.user_attrs.get(OUTCOME)
    if outcome is None:
        return None
    only_fields(f"trial {frozen.number}", outcome, FIELDS)
    if outcome["state"] not in STATES:
        raise ValueError(f"state={shown(outcome['state'])}: the states are {', '.join(STATES)}")
    per_seed = {
        name: tuple(_measured(name, value) for value in values)
        for name, values in outcome["per_seed"].items()
    }
    for name, domain in space.knobs.items():
        if frozen.params[name] not in domain:
            raise ValueError(f"trial {frozen.number}: {name}={shown(frozen.params[name])}")
    [number("values", value) for value in outcome["values"]]
    check_texts("why", outcome["why"])
    candidate, _ = space.look(frozen.params, f"trial_{frozen.number}")
    return Trial(
        number=frozen.number,
        state=outcome["state"],
        params=dict(frozen.params),
        candidate=candidate,
        values={n: mean(n, values) for n, values in per_seed.items() if _are_numbers(values)},
        per_seed=per_seed,
        curve=tuple((whole("step", s), number("loss", loss)) for s, loss in outcome["curve"]),
        why=str(outcome["why"]),
        seconds=number("seconds", outcome["seconds"], at_least=0),
    )


def results_of(place, settings, frozen):
    """The `SearchResults` of stored settings and trials; SearchError if they are not valid."""
    try:
        space = Space.from_dict(settings["space"])
        trials = [trial_of(space, trial) for trial in frozen]
        goals, seeds = from_stored(settings["objectives"]), tuple(settings["seeds"])
        names = {goal.name for goal in goals}
        for trial in trials:
            if trial and trial.state == "complete" and not names <= set(trial.values):
                raise ValueError(f"trial {trial.number} lacks an objective")
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise damaged(place, error) from None
    return SearchResults(space, goals, seeds, tuple(t for t in trials if t))


def load(storage: str | PathLike[str] | None = None) -> SearchResults:
    """The `SearchResults` stored so far in `storage`, a file or an address, see `search`."""
    place = place_of(storage)
    return results_of(place, *read(place))
