"""Optuna's samplers, which choose the next trial, seeded separately for each trial.

A trial's draw depends on the seed, on how many trials were drawn before it, and (unless the sampler
is "random") on the results so far. So a search that was killed continues with the draws it would
have made, and no draw is repeated.
"""

import warnings
from functools import partial
from random import Random

import optuna
from optuna.trial import TrialState

from prunelab.base.checks import shown
from prunelab.search.journal import SearchError, quiet

SAMPLERS = ("tpe", "random")
TRIED = 300  # draws tried before giving up if preflight refuses them all


def make_sampler(sampler, seed):
    """(a function from ordinal to Optuna sampler, its name), checked.

    sampler: "tpe", "random", or a sampler of Optuna's, which is used unchanged. seed: an int.
    """
    if isinstance(sampler, optuna.samplers.BaseSampler):
        return (lambda ordinal: sampler), type(sampler).__name__
    if not isinstance(sampler, str) or sampler not in SAMPLERS:
        raise ValueError(
            f"sampler={shown(sampler)}: write {' or '.join(map(repr, SAMPLERS))}, "
            "or a sampler of Optuna's"
        )
    return partial(_seeded, sampler, seed), sampler


class _Chosen(optuna.samplers.BaseSampler):
    """A sampler chosen separately for each trial. choose: (study, trial) → Optuna's sampler."""

    def __init__(self, choose):
        self._choose, self._of = choose, None

    def before_trial(self, study, trial):
        """Choose the sampler of this trial; Optuna calls this first."""
        self._of = self._choose(study, trial)
        self._of.before_trial(study, trial)

    def infer_relative_search_space(self, study, trial):
        """Passed on to the sampler of this trial."""
        return self._of.infer_relative_search_space(study, trial)

    def sample_relative(self, study, trial, search_space):
        """Passed on to the sampler of this trial."""
        return self._of.sample_relative(study, trial, search_space)

    def sample_independent(self, study, trial, param_name, param_distribution):
        """Passed on to the sampler of this trial."""
        return self._of.sample_independent(study, trial, param_name, param_distribution)


def by_number(make):
    """A sampler seeded by a trial's number in the database, so that no two trials draw the same.

    make: ordinal among all trials whose parameters were drawn → a sampler of Optuna's.
    """

    def choose(study, trial):
        failed = (TrialState.FAIL,)  # the state `Journal.forget` gives a half-drawn trial
        before = [t for t in study.get_trials(False, failed) if t.number < trial.number]
        return make(trial.number - len(before))

    return _Chosen(choose)


def _seeded(sampler, seed, ordinal):
    own = Random(f"{seed} {ordinal}").getrandbits(32)
    if sampler == "random":
        return optuna.samplers.RandomSampler(seed=own)
    return _Chosen(partial(_tpe, own))


def _tpe(seed, study, trial):
    """Optuna's TPE sampler; it draws at random until it has results to learn from.

    With several objectives Optuna takes the best tenth of all finished trials, and fails if fewer
    are complete than that; here at most as many are taken as are complete.
    """
    arguments = {}
    if len(study.directions) > 1:
        complete = len(study.get_trials(False, (TrialState.COMPLETE,)))
        if not complete:
            return optuna.samplers.RandomSampler(seed=seed)
        arguments["gamma"] = lambda n: min(-(-n // 10), 25, complete)  # else Optuna's default
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        warnings.simplefilter("ignore", FutureWarning)  # Optuna 6 removes gamma
        # multivariate: begin and length of a ramp must fit the run together. constant_liar: workers
        # that ask at the same time get different trials.
        return optuna.samplers.TPESampler(
            seed=seed, multivariate=True, constant_liar=True, **arguments
        )


def refuse_hopeless(space):
    """SearchError if preflight refuses every one of many draws from `space`."""
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
    """The error that says why no draw is accepted, most frequent reason first, ties by name."""
    ordered = sorted(set(reasons), key=lambda code: (-reasons.count(code), code))
    return SearchError(
        f"space: of {TRIED} schedules drawn in a row none reaches its target within its run "
        f"({', '.join(ordered)}): widen the knobs, or train longer"
    )
