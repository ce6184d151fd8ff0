"""Results of plans made up from random numbers: no training, any number of arms and seeds."""

import random
from dataclasses import replace

from prunelab.experiments import ExperimentConfig, RunResult
from prunelab.experiments.named_configs import TWIN
from prunelab.experiments.results import InputSelection, Phase, Score
from prunelab.plans import Plan, PlanResults
from prunelab.plans.baselines import LinearResult
from prunelab.schedules import PolynomialDecay

EPOCHS = 6  # of each phase
PROVENANCE = {
    "python": "3.11.7",
    "packages": {"tensorflow": "2.21.0", "numpy": "2.4.6", "tf-keras": None},
    "machine": "x86_64",
    "instruction_sets": ["avx2", "fma"],
    "threads": 1,
}


def made_plan(seeds=(0, 1, 2), *, name="made", linear=True):
    """A plan of eight arms as a real one has them: control, family, odd lengths, another net."""
    control = ExperimentConfig("control", dense_epochs=EPOCHS, more_epochs=EPOCHS, **TWIN)
    whole = {"dense_epochs": 0, "more_epochs": 2 * EPOCHS}
    arms = (
        replace(control, name="dense", more_epochs=0),
        control,
        *(
            replace(control, name=f"completed_{percent}", schedule=_ramp(percent / 100))
            for percent in (50, 75, 90)
        ),
        replace(control, name="cut_only", more_epochs=0, cut=0.75),
        replace(control, name="early_stopping", patience=2, **whole),
        replace(control, name="smaller", hidden=(47, 47)),
    )
    return Plan(name, "made up for a test", arms, tuple(seeds), linear=linear)


def _ramp(target):
    return PolynomialDecay(0.0, target, begin_step=8, end_step=32, frequency=4)


def made_results(plan=None, *, seed=0):
    """`PlanResults` of a plan, with losses drawn from `seed`."""
    plan, rng = plan or made_plan(), random.Random(seed)
    firsts = {}
    runs = tuple(_run(arm, each, rng, firsts) for arm, each in plan.runs)
    return PlanResults(plan, runs, tuple(_linear(m, each, rng) for m, each in plan.linear_fits))


def _run(config, seed, rng, firsts):
    first = firsts.setdefault((config.dense_digest, seed), _phase(config.dense_epochs, rng))
    epochs = config.more_epochs
    if config.patience:
        epochs = rng.randrange(epochs // 2, epochs + 1)
    zeros = config.planned_zeros()
    counted = {name: (n,) * epochs for name, n in zeros.items()} if config.schedule else {}
    return RunResult(
        config=config,
        seed=seed,
        data_digest=f"{seed:064x}",
        dense=first,
        second=replace(_phase(epochs, rng), zeros=counted),
        dense_train=_score(rng),
        dense_val=_score(rng),
        train=_score(rng),
        val=_score(rng),
        test=_score(rng),
        zeros=zeros,
        inputs=_inputs(rng),
        provenance=PROVENANCE,
    )


def _phase(epochs, rng):
    losses = [tuple(_loss(rng) for _ in range(epochs)) for _ in range(2)]
    return Phase(*losses, zeros={}, steps=8 * epochs, seconds=rng.uniform(1, 9) if epochs else 0)


def _loss(rng):
    return 10 ** rng.uniform(-4, -1)


def _score(rng):
    mse = _loss(rng)
    return Score(mse, 1 - mse / 0.07)


def _inputs(rng):
    return InputSelection(rng.randrange(1, 126), *(rng.random() for _ in range(4)))


def _linear(model, seed, rng):
    mse = 10 ** rng.uniform(-6, -5)
    score = Score(mse, 1 - mse / 0.07)
    return LinearResult(
        model, seed, f"{seed:064x}", 10 ** rng.uniform(-5, 0), score, score, score, _inputs(rng),
        rng.uniform(0.1, 1),
    )  # fmt: skip
