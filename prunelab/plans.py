"""A plan: arms × seeds. Which runs a comparison needs, and the one file that stores them all."""

import json
from dataclasses import asdict, dataclass, replace

from prunelab import strict_json
from prunelab.config import ExperimentConfig, one_shot
from prunelab.digests import only_fields, sha256
from prunelab.experiment import (
    TWIN,
    article,
    article_completed,
    article_control,
)
from prunelab.files import runs_folder, write_atomically
from prunelab.linear_baselines import MODELS, LinearResult
from prunelab.results import RunResult
from prunelab.runs import RunError, read_file
from prunelab.schedules import PolynomialDecay
from prunelab.validate import shown, whole

FORMAT = 1
MAX_BYTES = 2**24
SMALLER = (376, 376)  # as many weights as three quarters of zeros leave in (1024, 1024)
# The best of 1e-7, 1e-6, 1e-5, 1e-4, 3e-4 and 1e-3, by the validation loss of a seed in no plan.
L2 = 1e-4
PATIENCE = 5


ARM_WORDS = {  # an arm's name: what it is called, and what it is, in a sentence
    "article_dense": (
        "the article's dense net",
        "The article's network after its first 200 epochs, before anything is pruned.",
    ),
    "article": (
        "the article's schedule",
        "Pruned by the schedule as published, which asks for more steps than the run has.",
    ),
    "article_completed": (
        "its schedule completed",
        "Pruned by a schedule that reaches its 75 % within the run.",
    ),
    "article_control": (
        "its unpruned control",
        "Trained on for as long, compiled again as pruning does, but unpruned.",
    ),
    "dense": ("dense after one phase", "Trained for the first phase only: where all others start."),
    "control": (
        "control: trained on",
        "Trained on for as long with a fresh Adam, as the pruned arms are, but unpruned.",
    ),
    "continued": (
        "trained on with its Adam",
        "Trained on for as long, unpruned, and Adam keeps its averages.",
    ),
    **{
        f"completed_{percent}": (
            f"pruned to {percent} %",
            f"Pruned by a schedule that reaches {percent} % within the second phase.",
        )
        for percent in (50, 75, 90, 95, 98)
    },
    "one_shot": (
        "75 % at once + training",
        "Three quarters cut at once by magnitude, then trained on under that mask.",
    ),
    "cut_only": (
        "75 % cut at the end",
        "Three quarters cut at once by magnitude when training is over; no retraining.",
    ),
    "random_mask": (
        "random 75 % mask",
        "Three quarters cut at random, then trained on under that mask.",
    ),
    "l2": ("trained on with L2", "Trained on for as long, unpruned, with an L2 penalty."),
    "from_first_step": (
        "75 % from the first step",
        "Pruned to 75 % by a schedule that begins with training itself.",
    ),
    "early_stopping": (
        "stopped early",
        "Trained without pruning until the validation loss no longer falls; the best is kept.",
    ),
    "smaller": (
        "smaller dense network",
        "A smaller dense network with as many weights as 75 % zeros leave, trained as long.",
    ),
    **{
        f"blocks_1x4_{percent}": (
            f"{percent} % in 1 × 4 blocks",
            f"Pruned to {percent} % of its hidden layers, four inputs of a neuron at a time.",
        )
        for percent in (50, 75, 90, 95)
    },
    "ridge": (
        "ridge regression",
        "A linear model on the raw inputs, its penalty by leave-one-out.",
    ),
    "lasso": ("Lasso", "A linear model that chooses among the inputs, its penalty by five folds."),
}


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


def _short_arms():
    """The comparison at 40 + 40 epochs, where the dense network has long converged."""
    control = ExperimentConfig("control", dense_epochs=40, more_epochs=40)
    from_start = {"dense_epochs": 0, "more_epochs": 80}

    def ramp(target, begin=80):
        return PolynomialDecay(0.0, target, begin_step=begin, end_step=begin + 160, frequency=10)

    return (
        replace(control, name="dense", more_epochs=0),
        control,
        replace(control, name="continued", fresh_optimizer=False),
        *(
            replace(control, name=f"completed_{percent}", schedule=ramp(percent / 100))
            for percent in (50, 75, 90, 95, 98)
        ),
        replace(control, name="one_shot", schedule=one_shot(0.75)),
        replace(control, name="cut_only", more_epochs=0, cut=0.75),
        replace(control, name="random_mask", schedule=one_shot(0.75), criterion="random"),
        replace(control, name="l2", l2=L2),
        replace(control, name="from_first_step", schedule=ramp(0.75, begin=0), **from_start),
        replace(control, name="early_stopping", patience=PATIENCE, **from_start),
        replace(control, name="smaller", hidden=SMALLER),
    )


def _block_arms():
    """The short plan's schedules, four consecutive inputs of a neuron at a time.

    LiteRT calls these blocks 1 × 4, its kernels being the other way round than Keras'.
    """
    return tuple(
        replace(arm, name=arm.name.replace("completed", "blocks_1x4"), block_size=(4, 1))
        for arm in _short_arms()
        if arm.name.startswith("completed") and arm.name != "completed_98"
    )


def _on_twin(arm):
    hidden = (47, 47) if arm.hidden == SMALLER else TWIN["hidden"]
    return replace(arm, **TWIN | {"hidden": hidden})


_FULL_ARMS = (
    replace(article(), name="article_dense", more_epochs=0, schedule=None),
    article(),
    article_completed(),
    article_control(),
)

PLANS = {
    plan.name: plan
    for plan in (
        Plan(
            "full",
            "the article's experiment at its own length, 200 + 200 epochs",
            _FULL_ARMS,
            seeds=(0, 1, 2),
        ),
        Plan(
            "short",
            "every arm at 40 + 40 epochs, where the dense network has converged",
            _short_arms(),
            seeds=tuple(range(8)),
        ),
        Plan(
            "blocks",
            "what 1 × 4 blocks cost, at the short plan's length and with three of its seeds",
            _block_arms(),
            seeds=(0, 1, 2),
            linear=False,
        ),
        Plan(
            "twin",
            "the arms of the short plan on the small twin, to try things out",
            tuple(_on_twin(arm) for arm in _short_arms()),
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
