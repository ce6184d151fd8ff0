"""Who chooses the next trial: Optuna's samplers, seeded anew for each trial.

A trial's draw depends on the seed, on how many trials were drawn before it, and (unless the sampler
is "random") on the results there are. So a search that was killed draws, from where it was, what
it would have drawn, and no draw comes twice.
"""

import warnings
from functools import partial
from random import Random

import optuna

from prunelab.tuning.quiet import quiet
from prunelab.tuning.storage import SearchError
from prunelab.validate import shown, whole

SAMPLERS = ("tpe", "random")
TRIED = 300  # draws of which preflight must let one pass, before and during a search


def make_sampler(sampler, seed):
    """(a function from ordinal to Optuna sampler, its name), checked.

    sampler: "tpe", "random", or a sampler of Optuna's, which is used as it is.
    """
    seed = whole("sampler_seed", seed, at_most=2**32 - 1)
    if isinstance(sampler, optuna.samplers.BaseSampler):
        return (lambda ordinal: sampler), type(sampler).__name__
    if not isinstance(sampler, str) or sampler not in SAMPLERS:
        raise ValueError(
            f"sampler={shown(sampler)}: write {' or '.join(map(repr, SAMPLERS))}, "
            "or a sampler of Optuna's"
        )
    return partial(_seeded, sampler, seed), sampler


def _seeded(sampler, seed, ordinal):
    own = Random(f"{seed} {ordinal}").getrandbits(32)
    if sampler == "random":
        return optuna.samplers.RandomSampler(seed=own)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # multivariate: begin and length of a ramp must fit the run together. constant_liar: workers
        # that ask at once are not sent to one place.
        return optuna.samplers.TPESampler(seed=own, multivariate=True, constant_liar=True)


def refuse_hopeless(space):
    """SearchError where preflight turns away every one of many draws from `space`."""
    with quiet():
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    distributions, reasons = space.distributions(), []
    for _ in range(TRIED):
        _, codes = space.look(study.ask(distributions).params)
        if not codes:
            return
        reasons += codes
    raise hopeless(reasons)


def hopeless(reasons):
    """The error that says why nothing can be tried, most frequent reason first, ties by name."""
    ordered = sorted(set(reasons), key=lambda code: (-reasons.count(code), code))
    return SearchError(
        f"space: of {TRIED} schedules drawn in a row none reaches its target within its run "
        f"({', '.join(ordered)}): widen the knobs, or train longer"
    )
