"""Who chooses the next trial: Optuna's samplers, seeded anew for each trial.

A trial's draw depends on the seed, on how many trials were drawn before it, and (unless the sampler
is "random") on the results there are. So a search that was killed draws, from where it was, what
it would have drawn, and no draw comes twice.
"""

import warnings
from functools import partial
from random import Random

import optuna
from optuna.trial import TrialState

from prunelab.base.checks import shown
from prunelab.search.journal import SearchError, quiet

SAMPLERS = ("tpe", "random")
TRIED = 300  # draws of which preflight must let one pass, before and during a search


def make_sampler(sampler, seed):
    """(a function from ordinal to Optuna sampler, its name), checked.

    sampler: "tpe", "random", or a sampler of Optuna's, which is used as it is. seed: an int.
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
    """A sampler that is chosen for each trial anew. choose: from (study, trial) to Optuna's own."""

    def __init__(self, choose):
        self._choose, self._of = choose, None

    def before_trial(self, study, trial):
        """Choose the sampler of this trial: first of all that Optuna asks."""
        self._of = self._choose(study, trial)
        self._of.before_trial(study, trial)

    def infer_relative_search_space(self, study, trial):
        """As the sampler of this trial."""
        return self._of.infer_relative_search_space(study, trial)

    def sample_relative(self, study, trial, search_space):
        """As the sampler of this trial."""
        return self._of.sample_relative(study, trial, search_space)

    def sample_independent(self, study, trial, param_name, param_distribution):
        """As the sampler of this trial."""
        return self._of.sample_independent(study, trial, param_name, param_distribution)


def by_number(make):
    """A sampler seeded by the number that a database gives a trial, so that no two draw the same.

    make: from the ordinal among all trials whose parameters were drawn to a sampler of Optuna's.
    """

    def choose(study, trial):
        failed = (TrialState.FAIL,)  # as `Journal.forget` leaves what was half drawn
        before = [t for t in study.get_trials(False, failed) if t.number < trial.number]
        return make(trial.number - len(before))

    return _Chosen(choose)


def _seeded(sampler, seed, ordinal):
    own = Random(f"{seed} {ordinal}").getrandbits(32)
    if sampler == "random":
        return optuna.samplers.RandomSampler(seed=own)
    return _Chosen(partial(_tpe, own))


def _tpe(seed, study, trial):
    """Optuna's TPE; random draws while it has nothing to learn from.

    Of several objectives it takes the best tenth of all trials that are over, and fails where fewer
    are complete than that: here it takes no more than are complete.
    """
    arguments = {}
    if len(study.directions) > 1:
        complete = len(study.get_trials(False, (TrialState.COMPLETE,)))
        if not complete:
            return optuna.samplers.RandomSampler(seed=seed)
        arguments["gamma"] = lambda n: min(-(-n // 10), 25, complete)  # else its own
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        warnings.simplefilter("ignore", FutureWarning)  # gamma goes with version 6 of Optuna
        # multivariate: begin and length of a ramp must fit the run together. constant_liar: workers
        # that ask at once are not sent to one place.
        return optuna.samplers.TPESampler(
            seed=seed, multivariate=True, constant_liar=True, **arguments
        )


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
