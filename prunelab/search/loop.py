"""Search a space of schedules: ask Optuna for trials, run them, tell Optuna their outcomes.

Only this process asks, tells and stores. Trials are plain functions of plain values, so they run
in any `concurrent.futures.Executor`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from optuna.trial import TrialState

from prunelab.base.checks import shown, whole
from prunelab.base.files import in_words
from prunelab.plans.executors import (
    InThisProcess,
    answer_of,
    checked_executor,
    completed_of,
    pending_futures,
    task,
)
from prunelab.search.journal import SearchError
from prunelab.search.objectives import objectives_of
from prunelab.search.places import clear_work, place_of, refuse_foreign_work, work_folder
from prunelab.search.pruners import FIXED, Peers, can_judge, make_pruner, pruner_name
from prunelab.search.results import mean, results_of, trial_of
from prunelab.search.samplers import TRIED, by_number, hopeless, make_sampler, refuse_hopeless
from prunelab.search.space import Space
from prunelab.search.storage import OUTCOME, opened
from prunelab.search.trials import HOPELESS, ContractError, Training, begin, failure, run_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor
    from os import PathLike
    from typing import Any

    from distributed import Client
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

    from prunelab.experiments.config import ExperimentConfig
    from prunelab.search.results import SearchResults
    from prunelab.search.space import Candidate


def run_trials(running, executor, workers, progress):
    """Run each first phase once, then trials: `workers` at a time, until the budget is used."""
    extra = {} if progress is None else {"progress": progress}
    with pending_futures(running.stored_words) as pending:
        if isinstance(running.evaluate, Training):
            for future in [task(executor, begin, running.evaluate, seed) for seed in running.seeds]:
                future.result()
        while True:
            running.sync()
            while len(pending) < workers and running.counted + len(pending) < running.n_trials:
                drawn = running.next()
                if drawn is None:  # a grid is used up: wait for the running trials, then end
                    break
                number, params, candidate = drawn
                known = running.known(params)
                if known is not None:
                    running.keep(number, params, known)
                    continue
                what = (running.evaluate, candidate, running.seeds, running.objectives)
                future = task(executor, run_trial, *what, running.judge(candidate), **extra)
                pending[future] = (number, params)
            if not pending:
                return
            for future in completed_of(pending, lambda future: pending[future][0]):
                try:
                    outcome = future.result()
                except (ContractError, *HOPELESS) as error:
                    # Once a trial has worked, the program is taken to be sound: only this trial has
                    # failed.
                    if not running.worked or isinstance(running.evaluate, Training):
                        raise
                    outcome = _outcome("failed", why=failure(error))
                running.keep(*pending.pop(future), outcome)


FAILED_AT_FIRST = 5  # first trials that all fail with the same error


class RunningSearch:
    """The state of a running search: finished trials, running ones, and the next to try."""

    def __init__(self, journal, space, objectives, seeds, make, pruner, evaluate, report, n_trials):
        self.journal, self.space, self.objectives, self.seeds = journal, space, objectives, seeds
        self.make, self.evaluate = make, evaluate
        self.seeded = make(0) is not make(0)  # not one sampler for all trials
        self.report, self.n_trials = report, n_trials
        self.distributions = space.distributions()
        by_size = bool(FIXED & set(objectives))
        self._peers = Peers(pruner, space.steps_per_epoch, by_size=by_size)
        self.counted, self.worked = 0, 0
        self._by_params, self._numbers, self._failed = {}, set(), []
        self.waiting, self.asked = [], 0
        self._find()
        if report and self.counted:
            report(self.counted, n_trials, "found, already run")

    def stored_words(self):
        """How many trials are stored, as a sentence for the case that a worker dies."""
        return (
            f"{self.counted} of {self.n_trials} trials are stored: search the same again to go on"
        )

    def _find(self):
        """Read the stored trials; finish or drop those that a kill left half told or drawn."""
        for frozen in self.journal.trials():
            running = frozen.state == TrialState.RUNNING and not self.journal.elsewhere(frozen)
            if running and OUTCOME in frozen.user_attrs:
                self.journal.tell(frozen.number, frozen.user_attrs[OUTCOME])
            elif running and not self._is_drawn(frozen):
                self.journal.forget(frozen.number)
            elif running:
                self.waiting.append((frozen.number, dict(frozen.params)))
                if self.journal.shared:
                    self.journal.claim(frozen.number)
        for frozen in self.journal.trials():
            self.asked += self._is_drawn(frozen)
            self._take(frozen)

    def _take(self, frozen):
        """Count one of Optuna's trials if it is over; a running one is skipped."""
        trial = trial_of(self.space, frozen)
        if trial is None:
            return
        self._numbers.add(trial.number)
        if trial.state != "refused":
            self.counted += 1
            self.worked += trial.state != "failed"
            self._by_params.setdefault(_key(trial.params), trial)
        if trial.state == "complete":
            self._peers.add(trial.candidate.schedule.final_sparsity, trial.curve)
        self._forget(trial)

    def _is_drawn(self, frozen):
        return set(frozen.params) == set(self.distributions)

    def sync(self):
        """Count the trials that other processes have stored in a shared database since."""
        if self.journal.shared:
            for frozen in self.journal.trials():
                if frozen.state.is_finished() and frozen.number not in self._numbers:
                    self._take(frozen)

    def next(self):
        """The next trial that preflight accepts: (number, params, candidate).

        None if the sampler has nothing left to draw.
        """
        reasons = []
        while len(reasons) < TRIED:
            if self.waiting:
                number, params = self.waiting.pop(0)
            else:
                sampler = self.make(self.asked)
                if self.journal.shared and self.seeded:
                    sampler = by_number(self.make)
                asked = self.journal.ask(sampler, self.distributions)
                if asked is None:
                    return None
                number, params = asked
                self.asked += 1
            self._refuse_outside(number, params)
            candidate, codes = self.space.look(params, f"trial_{number}")
            if not codes:
                return number, params, candidate
            self._keep(number, _outcome("refused", why=", ".join(codes)))
            reasons.append(codes[0])
        raise hopeless(reasons)

    def _refuse_outside(self, number, params):
        """Raise SearchError for a trial that the caller's sampler has drawn outside the space."""
        for name, domain in self.space.knobs.items():
            if params[name] not in domain:
                self.journal.forget(number)
                raise SearchError(
                    f"sampler={type(self.make(0)).__name__}: it drew {name}="
                    f"{shown(params[name])}, which is not in the space: give it values that are"
                )

    def judge(self, candidate):
        """The judge of a candidate, from the trials that are complete now."""
        return self._peers.judge(candidate)

    def known(self, params):
        """The outcome of a finished trial with the same parameters, or None."""
        trial = self._by_params.get(_key(params))
        if trial is None:
            return None
        why = f"as trial {trial.number}"
        per_seed = {name: list(values) for name, values in trial.per_seed.items()}
        return _outcome(trial.state, per_seed, [list(at) for at in trial.curve], why)

    def keep(self, number, params, outcome):
        """Store the outcome of a trial, and report it."""
        per_seed = outcome["per_seed"]
        if outcome["state"] == "complete":
            means = [mean(name, per_seed[name]) for name in self.objectives]
            outcome = outcome | {"values": means}
            text = ", ".join(
                f"{name} {value:.4g}" for name, value in zip(self.objectives, means, strict=True)
            )
        else:
            outcome, text = outcome | {"values": []}, outcome["why"]
        self._keep(number, outcome)
        if self.report:
            self.report(self.counted, self.n_trials, f"trial {number}: {text}")
        self._end_if_all_fail(outcome)

    def _end_if_all_fail(self, outcome):
        """SearchError if the first trials all fail with one error, as later ones would."""
        kind = outcome["why"].partition(":")[0] if outcome["state"] == "failed" else None
        self._failed = [other for other in self._failed if other == kind] + [kind]
        if kind and not self.worked and len(self._failed) >= FAILED_AT_FIRST < self.n_trials:
            raise SearchError(
                f"the first {len(self._failed)} trials have all failed ({outcome['why']}): mend "
                "what is wrong, or search the same again to go on with others; they are recorded"
            )

    def _keep(self, number, outcome):
        self.journal.keep(number, outcome)
        self._take(self.journal.trial(number))

    def _forget(self, trial):
        if isinstance(self.evaluate, Training) and trial.candidate is not None:
            self.evaluate.forget(trial.candidate, self.seeds)


def _key(params):
    return tuple(sorted(params.items()))


def _outcome(state, per_seed=None, curve=(), why=""):
    return {
        "state": state,
        "values": [],
        "per_seed": per_seed or {},
        "curve": list(curve),
        "why": why,
        "seconds": 0.0,
    }


ALSO = ("validation_mse", "nonzeros", "sparsity")  # measured for any objectives


def search(
    space: Space,
    n_trials: int,
    objectives: str | Sequence[str] | Mapping[str, str] = ("validation_mse", "nonzeros"),
    *,
    seeds: Sequence[int] = (0,),
    sampler: str | BaseSampler = "tpe",
    sampler_seed: int = 0,
    pruner: str | BasePruner | None = "median",
    storage: str | PathLike[str] | None = None,
    executor: Executor | Client | None = None,
    workers: int = 1,
    evaluate: Callable[[Candidate, int, Callable[[int, float], object]], dict[str, Any]]
    | None = None,
    report: Callable[[int, int, str], object] | None = None,
    progress: Callable[[int, float], object] | None = None,
) -> SearchResults:
    """Search `space` until it has `n_trials` trials, and return the `SearchResults`.

    space: a `Space`. n_trials: how many trials the search has in all, including those already
    stored; schedules that preflight refuses are recorded but not counted, for they cost nothing.
    objectives: names of `plans.measures`, except test measures; with your own `evaluate` also any
    number that it returns, such as ("val_accuracy", "nonzeros"). Whether a larger value is better
    follows from the end of the name ("accuracy", "loss"), or is given by a dict: {"val_bleu":
    "maximize"}. seeds: each trial is trained once for each seed, and its objectives are means over
    the seeds, geometric for errors. sampler: "tpe", "random" or a sampler of Optuna's. pruner:
    "median", None or a pruner of Optuna's, which ends weak trials early; see
    `prunelab.search.pruners` for what is compared. storage: the file of the search (default:
    search.journal in `course.default_folder()`), or an address as Optuna takes it,
    `sqlite:///study.db` or `postgresql://…`; one search for each file or database. Calling the same
    search again continues it, however it was stopped; a larger `n_trials` extends it. In a database
    several processes, on several machines, may search at once; a trial that was killed is continued
    by the machine that had it. executor: any `concurrent.futures.Executor`, or a Dask client, or
    None for this process. Other processes must be able to read and write the folder of `storage`,
    which holds the checkpoints. workers: how many trials may run there at once. evaluate: for a
    network of your own (`Space(base=None, …)`), a function `(candidate, seed, report)` that trains,
    calls `report(epoch, validation_loss)` after each epoch, and returns a dict of measures; other
    numbers and texts in it are stored too. If other processes run it, they must be able to import
    it. A trial in which it raises an error is recorded as failed and counted, and the search goes
    on; `optuna.TrialPruned` ends the trial early. Errors that every trial would meet end the
    search: a full disk; the same error in the first five trials; and, while no trial has worked
    yet, a TypeError, NameError or ImportError, or a result that is no dict of measures. If it has
    a method `identity(seed)`, as an ArmTrial or a LiveTrial, that gives digests of its network and
    data, a file with trials of other ones is refused (SearchError). report:
    called as `report(counted, n_trials, text)` after each trial. progress: called as
    `progress(epoch, validation_loss)` after each epoch, in this process only.

    In one process the same arguments give the same trials, also after a kill. With several workers
    each trial is still what it would be alone, and none is lost or told twice; but which trials
    are drawn (unless sampler="random") and which are ended early depends on which finish first.
    """
    if not isinstance(space, Space):
        raise TypeError(f"space={shown(space)}: write a prunelab.search.Space")
    n_trials = whole("n_trials", n_trials, at_least=1, at_most=10**6)
    goals, seeds = objectives_of(objectives, own=evaluate is not None), _checked_seeds(seeds)
    names = tuple(goal.name for goal in goals)
    sampler_seed = whole("sampler_seed", sampler_seed, at_most=2**32 - 1)
    make, sampler_name = make_sampler(sampler, sampler_seed)
    pruner = make_pruner(pruner) if can_judge(names) else _checked(pruner)
    executor = checked_executor(executor)
    workers = whole("workers", workers, at_least=1, at_most=4096)
    if (evaluate is None) == (space.base is None) or not callable(evaluate or search):
        raise TypeError(
            f"evaluate={shown(evaluate)}: write a function for a space with base=None, "
            "and None for one whose base is a network of this course"
        )
    place = place_of(storage)
    work = work_folder(place)
    refuse_foreign_work(work)
    settings = {
        "space": space.to_dict(),
        "objectives": [goal.stored for goal in goals],
        "seeds": list(seeds),
        "sampler": [sampler_name, sampler_seed],
        "pruner": pruner_name(pruner),
        "evaluate": None if evaluate is None else getattr(evaluate, "__qualname__", "unnamed"),
    }
    refuse_hopeless(space)
    identity = _identity_of(evaluate, seeds[0], executor)
    if evaluate is None:
        measures = tuple(dict.fromkeys((*names, *ALSO)))
        evaluate = Training(cast("ExperimentConfig", space.base), str(work), measures)
    if isinstance(place, Path):
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SearchError(f"storage: {in_words(error, place)}") from None
    with opened(place, settings, [goal.direction for goal in goals], identity) as journal:
        results_of(place, settings, journal.trials())  # raises if they are damaged
        running = RunningSearch(
            journal, space, names, seeds, make, pruner, evaluate, report, n_trials
        )
        if running.counted < n_trials:
            journal.identify(identity)
            if executor is None:
                run_trials(running, InThisProcess(), 1, progress)
            else:
                run_trials(running, executor, workers, None)
        if isinstance(evaluate, Training):
            evaluate.forget_beginnings(seeds)
            clear_work(work)
        return results_of(place, settings, journal.trials())


def _identity_of(evaluate, seed, executor):
    """What the trials of one search have in common, if `evaluate` can tell; see `search`."""
    identity = getattr(evaluate, "identity", None)
    if not callable(identity):
        return {}
    return answer_of(executor, lambda: "no trial has begun: search the same again", identity, seed)


def _checked(pruner):
    """None: with these objectives a trial cannot be judged before it is over."""
    make_pruner(pruner)


def _checked_seeds(seeds):
    if not isinstance(seeds, tuple | list | range) or not seeds:
        raise TypeError(f"seeds={shown(seeds)}: write a list of seeds, one at least")
    seeds = tuple(whole("seeds", seed, at_most=2**32 - 1) for seed in seeds)
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds={shown(seeds)}: one stands there twice")
    return seeds
