"""A plan: arms × seeds. Which runs a comparison needs, and the one file that stores them all."""

import json
from dataclasses import asdict, dataclass

from prunelab import strict_json
from prunelab.config import ExperimentConfig
from prunelab.digests import only_fields, sha256
from prunelab.files import runs_folder, write_atomically
from prunelab.linear_baselines import MODELS, LinearResult
from prunelab.plan_arms import block_arms, full_arms, knob_arms, on_twin, short_arms
from prunelab.results import RunResult
from prunelab.runs import RunError, read_file
from prunelab.validate import shown, whole

FORMAT = 1
MAX_BYTES = 2**24


@dataclass(frozen=True)
class Plan:
    """Arms × seeds. name: also of its file. about: one sentence. arms: `ExperimentConfig`s with
    different names. seeds: each draws data, first weights and sample order. linear: whether ridge
    and Lasso are fitted too, one each a seed."""

    name: str
    about: str
    arms: tuple
    seeds: tuple
    linear: bool = True

    def __post_init__(self):
        name = self.name
        if not (isinstance(name, str) and name.isascii() and name.isidentifier()):
            raise ValueError(
                f"name={shown(name)}: a plan's name is letters, digits and underscores"
            )
        object.__setattr__(self, "arms", _checked_arms(self.arms))
        object.__setattr__(self, "seeds", _checked_seeds(self.seeds))

    @property
    def runs(self):
        """All (config, seed) of the plan, arms that share their first phase next to each other."""
        return tuple((arm, seed) for seed in self.seeds for arm in self._by_first_phase())

    def _by_first_phase(self):
        first = [arm.dense_digest for arm in self.arms]
        return sorted(self.arms, key=lambda arm: first.index(arm.dense_digest))

    @property
    def linear_fits(self):
        """All (model, seed) of the linear baselines."""
        return tuple((m, seed) for seed in self.seeds for m in MODELS) if self.linear else ()

    def arm(self, name):
        """The config of the arm called `name`."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        names = ", ".join(arm.name for arm in self.arms)
        raise ValueError(f"arm={shown(name)}: the arms of {self.name!r} are {names}")

    @property
    def digest(self):
        """sha256 of all settings: a stored file of other settings is not this plan's."""
        arms = [arm.to_dict() for arm in self.arms]
        return sha256({"arms": arms, "seeds": list(self.seeds), "linear": self.linear})


def _checked_arms(arms):
    if not isinstance(arms, tuple | list) or not arms:
        raise ValueError("arms: a plan has one arm at least; write a list of ExperimentConfigs")
    for arm in arms:
        if not isinstance(arm, ExperimentConfig):
            raise TypeError(f"arms: {shown(arm)} is no ExperimentConfig")
    names, data = [arm.name for arm in arms], sorted({arm.data for arm in arms})
    twice = [name for name in names if names.count(name) > 1]
    if twice:  # their files would be one
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
    """What a plan found. runs: `RunResult`s, linear: `LinearResult`s, in the plan's order."""

    plan: Plan
    runs: tuple
    linear: tuple

    def of(self, arm):
        """The results of the arm called `arm`, or of a linear model, one a seed."""
        if arm in MODELS:
            return tuple(result for result in self.linear if result.model == arm)
        self.plan.arm(arm)
        return tuple(result for result in self.runs if result.config.name == arm)

    def __repr__(self):
        return (
            f"PlanResults({self.plan.name}: {len(self.plan.arms)} arms × "
            f"{len(self.plan.seeds)} seeds, {len(self.runs)} runs, {len(self.linear)} linear fits)"
        )


PLANS = {
    plan.name: plan
    for plan in (
        Plan(
            "full",
            "the article's experiment at its own length, 200 + 200 epochs",
            full_arms(),
            seeds=(0, 1, 2),
        ),
        Plan(
            "short",
            "every arm at 40 + 40 epochs, where the dense network has converged",
            short_arms(),
            seeds=tuple(range(8)),
        ),
        Plan(
            "blocks",
            "what 1 × 4 blocks cost, at the short plan's length and with its seeds",
            block_arms(),
            seeds=tuple(range(8)),
            linear=False,
        ),
        Plan(
            "knobs",
            "one schedule to 95 % on the small twin, each of its knobs turned by itself",
            knob_arms(),
            seeds=tuple(range(8)),
            linear=False,
        ),
        Plan(
            "twin",
            "the arms of the short plan on the small twin, to try things out",
            tuple(on_twin(arm) for arm in short_arms()),
            seeds=(0, 1, 2),
        ),
    )
}


def plan_named(name):
    """The `Plan` of this name; a Plan is handed back as it is."""
    if isinstance(name, Plan):
        return name
    if not isinstance(name, str) or name not in PLANS:
        raise ValueError(f"plan={shown(name)}: the plans are {', '.join(PLANS)}")
    return PLANS[name]


def path(plan, folder=None):
    """The file of a plan's results: `<name>.json` in `folder` (see `files.default_folder`)."""
    return runs_folder(folder) / f"{plan_named(plan).name}.json"


def save(results, folder=None):
    """Store `PlanResults` in one file, whole or not at all; a first phase is written once."""
    target = path(results.plan, folder)
    first, runs = {}, []
    for result in results.runs:
        values = result.to_dict()
        key = f"{result.config.dense_digest[:12]} seed {result.seed}"
        first[key] = values["dense"]
        runs.append(values | {"dense": key})
    values = {
        "format": FORMAT,
        "plan": results.plan.name,
        "plan_digest": results.plan.digest,
        "first_phases": first,
        "runs": runs,
        "linear": [asdict(result) for result in results.linear],
    }
    text = json.dumps(values | {"digest": sha256(values)}, allow_nan=False, separators=(",", ":"))
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, lambda file: file.write((text + "\n").encode()))
    return target


def load(plan, folder=None):
    """The stored `PlanResults`; RunError where the file is missing, damaged or of another plan."""
    plan, source = plan_named(plan), path(plan, folder)
    values = read_file(source, MAX_BYTES)
    try:
        values = strict_json.parse(values)
        wanted = ["format", "plan", "plan_digest", "first_phases", "runs", "linear", "digest"]
        only_fields(source.name, values, wanted)
        digest = values.pop("digest")
        if digest != sha256(values):
            raise ValueError("it was changed after it was written")
        if (values["format"], values["plan_digest"]) != (FORMAT, plan.digest):
            raise ValueError(f"it was made by other settings than {plan.name!r} has now")
        first = values["first_phases"]
        runs = [RunResult.from_dict(run | {"dense": first[run["dense"]]}) for run in values["runs"]]
        linear = [LinearResult.from_dict(fit) for fit in values["linear"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RunError(f"{source.name} cannot be used: {error}; remove it and run again") from None
    return in_order(plan, runs, linear)


def in_order(plan, runs, linear):
    """`PlanResults` of all that the plan names, in its order; RunError if one is missing."""
    found = {(result.config, result.seed): result for result in runs}
    fits = {(result.model, result.seed): result for result in linear}
    missing = [f"{arm.name} seed {seed}" for arm, seed in plan.runs if (arm, seed) not in found]
    missing += [f"{m} seed {seed}" for m, seed in plan.linear_fits if (m, seed) not in fits]
    if missing:
        raise RunError(f"{plan.name}: {len(missing)} runs are missing, the first is {missing[0]}")
    ordered = tuple(found[key] for key in plan.runs)
    return PlanResults(plan, ordered, tuple(fits[key] for key in plan.linear_fits))
