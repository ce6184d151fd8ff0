"""Search a space of schedules: ask Optuna, run anywhere, tell; nothing lost, nothing twice.

Only this process asks, tells and stores. Trials are plain functions of plain values, so they run
through any `concurrent.futures.Executor`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from optuna.trial import TrialState

from prunelab.base.checks import shown, whole
from prunelab.base.files import in_words
from prunelab.plans.executors import (
    InThisProcess,
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
from prunelab.search.trials import HOPELESS, ContractError, Training, begin, failure, try_out

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


def drive(todo, executor, workers, progress):
    """First phases first, each once; then trials, as room allows and the budget asks for."""
    extra = {} if progress is None else {"progress": progress}
    with pending_futures(todo.so_far) as pending:
        if isinstance(todo.evaluate, Training):
            for future in [task(executor, begin, todo.evaluate, seed) for seed in todo.seeds]:
                future.result()
        while True:
            todo.sync()
            while len(pending) < workers and todo.counted + len(pending) < todo.n_trials:
                drawn = todo.next()
                if drawn is None:  # a grid that is used up: what flies lands, then it is over
                    break
                number, params, candidate = drawn
                known = todo.known(params)
                if known is not None:
                    todo.keep(number, params, known)
                    continue
                what = (todo.evaluate, candidate, todo.seeds, todo.objectives)
                future = task(executor, try_out, *what, todo.judge(candidate), **extra)
                pending[future] = (number, params)
            if not pending:
                return
            for future in completed_of(pending, lambda future: pending[future][0]):
                try:
                    outcome = future.result()
                except (ContractError, *HOPELESS) as error:
                    # Where a trial has worked, the program is sound: this one alone has failed.
                    if not todo.worked or isinstance(todo.evaluate, Training):
                        raise
                    outcome = _outcome("failed", why=failure(error))
                todo.keep(*pending.pop(future), outcome)


FAILED_AT_FIRST = 5  # trials that fail one after another with one error, and none that worked


class UnderWay:
    """What is over, what is under way, and what is to be tried next."""

    def __init__(self, journal, space, objectives, seeds, make, pruner, evaluate, report, n_trials):
        self.journal, self.space, self.objectives, self.seeds = journal, space, objectives, seeds
        self.make, self.evaluate = make, evaluate
        self.seeded = make(0) is not make(0)  # and not one sampler of the caller's for all trials
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

    def so_far(self):
        """How far it is, in words for somebody whose worker died."""
        return (
            f"{self.counted} of {self.n_trials} trials are stored: search the same again to go on"
        )

    def _find(self):
        """Sort what the file holds; end what a kill has left half told or half drawn."""
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
        """Count a trial of Optuna's that is over; what is running yet is passed over."""
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
        """Take what other processes have stored by now, as they may in a database."""
        if self.journal.shared:
            for frozen in self.journal.trials():
                if frozen.state.is_finished() and frozen.number not in self._numbers:
                    self._take(frozen)

    def next(self):
        """The next trial that preflight lets pass: (number, params, candidate).

        None where the sampler has nothing left to draw.
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
            self._keep(number, params, _outcome("refused", why=", ".join(codes)))
            reasons.append(codes[0])
        raise hopeless(reasons)

    def _refuse_outside(self, number, params):
        """End a trial that a sampler of the caller's has drawn where the space does not reach."""
        for name, domain in self.space.knobs.items():
            if params[name] not in domain:
                self.journal.forget(number)
                raise SearchError(
                    f"sampler={type(self.make(0)).__name__}: it drew {name}="
                    f"{shown(params[name])}, which is not in the space: give it values that are"
                )

    def judge(self, candidate):
        """What judges a candidate, by what is complete now."""
        return self._peers.judge(candidate)

    def known(self, params):
        """The outcome of a trial of the same parameters that is over, or None."""
        trial = self._by_params.get(_key(params))
        if trial is None:
            return None
        why = f"as trial {trial.number}"
        per_seed = {name: list(values) for name, values in trial.per_seed.items()}
        return _outcome(trial.state, per_seed, [list(at) for at in trial.curve], why)

    def keep(self, number, params, outcome):
        """Store what came of a trial, and say so."""
        per_seed = outcome["per_seed"]
        if outcome["state"] == "complete":
            means = [mean(name, per_seed[name]) for name in self.objectives]
            outcome = outcome | {"values": means}
            text = ", ".join(
                f"{name} {value:.4g}" for name, value in zip(self.objectives, means, strict=True)
            )
        else:
            outcome, text = outcome | {"values": []}, outcome["why"]
        self._keep(number, params, outcome)
        if self.report:
            self.report(self.counted, self.n_trials, f"trial {number}: {text}")
        self._end_if_all_fail(outcome)

    def _end_if_all_fail(self, outcome):
        """SearchError where one error meets each trial: a slip, which a thousand would meet too."""
        kind = outcome["why"].partition(":")[0] if outcome["state"] == "failed" else None
        self._failed = [other for other in self._failed if other == kind] + [kind]
        if kind and not self.worked and len(self._failed) >= FAILED_AT_FIRST < self.n_trials:
            raise SearchError(
                f"the first {len(self._failed)} trials have all failed ({outcome['why']}): mend "
                "what is wrong, or search the same again to go on with others; they are recorded"
            )

    def _keep(self, number, params, outcome):
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


ALSO = ("validation_mse", "nonzeros", "sparsity")  # measured, whatever the objectives


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

    space: a `Space`. n_trials: how many trials the search has in all, those of before included;
    schedules that preflight turns away are recorded but not counted, for they cost nothing.
    objectives: names of `plans.measures`, but of no test measure; with your own `evaluate` also any
    number that it returns, such as ("val_accuracy", "nonzeros"). Whether more of it is better is
    told by how a name ends ("accuracy", "loss"), or by a dict: {"val_bleu": "maximize"}. seeds:
    each trial is trained once a seed, and its objectives are means over them, geometric for errors.
    sampler: "tpe", "random" or a sampler of Optuna's. pruner: "median", None or a pruner of
    Optuna's, that gives up weak trials early; see `weak` for what it compares.
    storage: the file of the search (default: search.journal in `course.default_folder()`), or an
    address as Optuna takes it, `sqlite:///study.db` or `postgresql://…`: one search a file or
    database. The same search goes on there where it was stopped, however it was; more trials extend
    it. In a database several processes, on several machines, may search at once; a trial that was
    killed is gone on with by the machine that had it.
    executor: any `concurrent.futures.Executor`, or a Dask client, or None for this process; what
    runs elsewhere must see the folder of `storage`, where checkpoints go.
    workers: how many trials to have in flight there.
    evaluate: for a network of your own (`Space(base=None, …)`), a function `(candidate, seed,
    report)` that trains, calls `report(epoch, validation_loss)` after each epoch, and returns a
    dict of measures; other numbers and texts in it are kept too. It must be one that other
    processes can import, if they are to run it. A trial that it ends with an error is recorded as
    failed and counted, and the search goes on; `optuna.TrialPruned` gives the trial up. What each
    trial would meet ends the search: a full disk, one error in the first five trials, and while no
    trial has worked yet, a TypeError, NameError or ImportError or an answer that is no dict of
    measures.
    report: called as `report(counted, n_trials, text)` after each trial. progress: called as
    `progress(epoch, validation_loss)` after each epoch, in this process only.

    In one process the same arguments give the same trials, also after a kill. With several workers
    each trial still is what it would be alone, and none is lost or told twice; but which trials
    are drawn (unless sampler="random") and which are given up depends on who is ready first.
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
    if evaluate is None:
        measures = tuple(dict.fromkeys((*names, *ALSO)))
        evaluate = Training(cast("ExperimentConfig", space.base), str(work), measures)
    if isinstance(place, Path):
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SearchError(f"storage: {in_words(error, place)}") from None
    with opened(place, settings, [goal.way for goal in goals]) as journal:
        results_of(place, settings, journal.trials())  # or one sentence on what is damaged
        todo = UnderWay(journal, space, names, seeds, make, pruner, evaluate, report, n_trials)
        if todo.counted < n_trials:
            if executor is None:
                drive(todo, InThisProcess(), 1, progress)
            else:
                drive(todo, executor, workers, None)
        if isinstance(evaluate, Training):
            evaluate.forget_beginnings(seeds)
            clear_work(work)
        return results_of(place, settings, journal.trials())


def _checked(pruner):
    """None: these objectives leave nothing to judge a trial by before it is over."""
    make_pruner(pruner)


def _checked_seeds(seeds):
    if not isinstance(seeds, tuple | list | range) or not seeds:
        raise TypeError(f"seeds={shown(seeds)}: write a list of seeds, one at least")
    seeds = tuple(whole("seeds", seed, at_most=2**32 - 1) for seed in seeds)
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds={shown(seeds)}: one stands there twice")
    return seeds
