"""Plans: arms × seeds, the runs they consist of, and their results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prunelab.base.checks import file_name, shown, whole
from prunelab.base.json_files import sha256
from prunelab.experiments.config import ExperimentConfig
from prunelab.experiments.own import Arm
from prunelab.plans.baselines import MODELS

if TYPE_CHECKING:
    from prunelab.experiments.own import Experiment, OwnResult
    from prunelab.experiments.results import RunResult
    from prunelab.plans.baselines import LinearResult


@dataclass(frozen=True)
class Plan:
    """Arms × seeds. name: also of its file. about: one sentence. arms: `ExperimentConfig`s with
    different names, or the `Arm`s of one `Experiment`. seeds: each determines data, initial weights
    and sample order. linear: whether ridge and Lasso are fitted too, once per seed (by default on
    the course's data).
    """

    name: str
    about: str
    arms: tuple[ExperimentConfig, ...] | tuple[Arm, ...]
    seeds: tuple[int, ...]
    linear: bool | None = None

    def __post_init__(self) -> None:
        file_name("a plan", self.name)
        object.__setattr__(self, "arms", _checked_arms(self.arms))
        object.__setattr__(self, "seeds", _checked_seeds(self.seeds))
        if self.experiment is not None and self.linear:
            raise ValueError("linear=True: ridge and Lasso are for the course's data; write False")
        linear = self.experiment is None if self.linear is None else self.linear
        object.__setattr__(self, "linear", linear)

    @property
    def experiment(self) -> Experiment | None:
        """The reader's own experiment, if the arms belong to one; else None."""
        arm = self.arms[0]
        return arm.experiment if isinstance(arm, Arm) else None

    @property
    def runs(self) -> tuple[tuple[ExperimentConfig | Arm, int], ...]:
        """All (config, seed) of the plan, arms that share their first phase next to each other."""
        return tuple((arm, seed) for seed in self.seeds for arm in self._by_first_phase())

    def _by_first_phase(self):
        first = [arm.dense_digest for arm in self.arms]
        return sorted(self.arms, key=lambda arm: first.index(arm.dense_digest))

    @property
    def linear_fits(self) -> tuple[tuple[str, int], ...]:
        """All (model, seed) of the linear baselines."""
        return tuple((m, seed) for seed in self.seeds for m in MODELS) if self.linear else ()

    def arm(self, name: str) -> ExperimentConfig | Arm:
        """The config of the arm called `name`."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        names = ", ".join(arm.name for arm in self.arms)
        raise ValueError(f"arm={shown(name)}: the arms of {self.name!r} are {names}")

    @property
    def digest(self) -> str:
        """sha256 of all settings: a stored file with another digest belongs to another plan."""
        arms = [arm.to_dict() for arm in self.arms]
        return sha256({"arms": arms, "seeds": list(self.seeds), "linear": self.linear})


def _checked_arms(arms):
    if not isinstance(arms, tuple | list) or not arms:
        raise ValueError("arms: a plan has one arm at least; write a list of ExperimentConfigs")
    for arm in arms:
        if not isinstance(arm, ExperimentConfig | Arm):
            raise TypeError(f"arms: {shown(arm)} is no ExperimentConfig, and no Arm")
    if len({getattr(arm, "experiment", None) for arm in arms}) > 1:
        raise ValueError("arms: all must be of one experiment")
    names, data = [arm.name for arm in arms], sorted({arm.data for arm in arms})
    lower = [name.lower() for name in names]  # on many disks "A.json" and "a.json" are one file
    twice = [name for name in names if lower.count(name.lower()) > 1]
    if twice:  # their files would have the same name
        raise ValueError(f"arms: two are called {twice[0]!r}; give each a name of its own")
    if len(data) > 1:
        raise ValueError(f"arms: all must have one data set, not {' and '.join(data)}")
    return tuple(arms)


def _checked_seeds(seeds):
    if not isinstance(seeds, tuple | list | range):
        raise TypeError(f"seeds={shown(seeds)}: write a list of seeds")
    seeds = tuple(whole("seeds", seed, at_most=2**32 - 1) for seed in seeds)
    if not seeds:
        raise ValueError("seeds: a plan has one seed at least")
    twice = [seed for seed in seeds if seeds.count(seed) > 1]
    if twice:
        raise ValueError(f"seeds: {twice[0]} stands there twice")
    return seeds


@dataclass(frozen=True)
class PlanResults:
    """The results of a plan. runs: `RunResult`s (`OwnResult`s for a reader's own experiment);
    linear: `LinearResult`s; both in the plan's order.
    """

    plan: Plan
    runs: tuple[RunResult, ...] | tuple[OwnResult, ...]
    linear: tuple[LinearResult, ...]

    def of(self, arm: str) -> tuple[RunResult | OwnResult | LinearResult, ...]:
        """The results of the arm called `arm`, or of a linear model, one per seed."""
        if arm in MODELS:
            return tuple(result for result in self.linear if result.model == arm)
        self.plan.arm(arm)
        return tuple(result for result in self.runs if result.config.name == arm)

    def __repr__(self) -> str:
        return (
            f"PlanResults({self.plan.name}: {len(self.plan.arms)} arms × "
            f"{len(self.plan.seeds)} seeds, {len(self.runs)} runs, {len(self.linear)} linear fits)"
        )
