"""Search a space of schedules: ask Optuna, run anywhere, tell; nothing lost, nothing twice.

Only this process asks, tells and stores. Trials are plain functions of plain values, so they run
through any `concurrent.futures.Executor`.
"""

import shutil
from concurrent.futures import FIRST_COMPLETED, wait

from optuna.trial import TrialState

from prunelab.executors import Here, is_death
from prunelab.plan_measures import measure_named
from prunelab.tuning.asking import TRIED, hopeless, make_sampler, refuse_hopeless
from prunelab.tuning.records import maximized, mean, results_of, trial_of
from prunelab.tuning.space import Space
from prunelab.tuning.storage import OUTCOME, journal_path, opened
from prunelab.tuning.trying import Training, begin, try_out
from prunelab.tuning.weak import FIXED, can_judge, judge, make_pruner
from prunelab.validate import shown, whole

ALSO = ("validation_mse", "nonzeros", "sparsity")  # measured, whatever the objectives


def search(
    space,
    n_trials,
    objectives=("validation_mse", "nonzeros"),
    *,
    seeds=(0,),
    sampler="tpe",
    sampler_seed=0,
    pruner="median",
    storage=None,
    executor=None,
    workers=1,
    evaluate=None,
    report=None,
    progress=None,
):
    """Search `space` until it has `n_trials` trials, and return the `SearchResults`.

    space: a `Space`. n_trials: how many trials the search has in all, those of before included;
    schedules that preflight turns away are recorded but not counted, for they cost nothing.
    objectives: names of `plan_measures`, but of no test measure. seeds: each trial is trained once
    a seed, and its objectives are means over them, geometric for errors.
    sampler: "tpe", "random" or a sampler of Optuna's. pruner: "median", None or a pruner of
    Optuna's, that gives up weak trials early; see `weak` for what it compares.
    storage: the file of the search (default: search.journal in `files.default_folder()`). The same
    search goes on there where it was stopped, however it was; more trials extend it.
    executor: any `concurrent.futures.Executor`, such as a Dask client's `get_executor()`, or None
    for this process; what runs elsewhere must see the folder of `storage`, where checkpoints go.
    workers: how many trials to have in flight there.
    evaluate: for a network of your own (`Space(base=None, …)`), a function `(candidate, seed,
    report)` that trains, calls `report(epoch, validation_loss)` after each epoch, and returns a
    dict of measures. It must be one that other processes can import, if they are to run it.
    report: called as `report(counted, n_trials, text)` after each trial. progress: called as
    `progress(epoch, validation_loss)` after each epoch, in this process only.

    In one process the same arguments give the same trials, also after a kill. With several workers
    each trial still is what it would be alone, and none is lost or told twice; but which trials
    are drawn (unless sampler="random") and which are given up depends on who is ready first.
    """
    if not isinstance(space, Space):
        raise TypeError(f"space={shown(space)}: write a prunelab.tuning.Space")
    n_trials = whole("n_trials", n_trials, at_least=1, at_most=10**6)
    objectives, seeds = _checked_objectives(objectives), _checked_seeds(seeds)
    make, sampler_name = make_sampler(sampler, sampler_seed)
    pruner = make_pruner(pruner) if can_judge(objectives) else _checked(pruner)
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(f"executor={shown(executor)}: write a concurrent.futures.Executor, or None")
    workers = whole("workers", workers, at_least=1, at_most=4096)
    if (evaluate is None) == (space.base is None) or not callable(evaluate or search):
        raise TypeError(
            f"evaluate={shown(evaluate)}: write a function for a space with base=None, "
            "and None for one whose base is a network of this course"
        )
    path = journal_path(storage)
    work = path.with_name(path.name + ".work")
    settings = {
        "space": space.to_dict(),
        "objectives": list(objectives),
        "seeds": list(seeds),
        "sampler": [sampler_name, sampler_seed],
        "pruner": None if pruner is None else type(pruner).__name__,
        "evaluate": None if evaluate is None else getattr(evaluate, "__qualname__", "unnamed"),
    }
    refuse_hopeless(space)
    if evaluate is None:
        measures = tuple(dict.fromkeys((*objectives, *ALSO)))
        evaluate = Training(space.base, str(work), measures)
    path.parent.mkdir(parents=True, exist_ok=True)
    directions = ["maximize" if maximized(name) else "minimize" for name in objectives]
    with opened(path, settings, directions) as journal:
        results_of(path, settings, journal.trials())  # or one sentence on what is damaged
        todo = _Search(journal, space, objectives, seeds, make, pruner, evaluate, report, n_trials)
        if todo.counted < n_trials:
            if executor is None:
                _drive(todo, Here(), 1, progress)
            else:
                _drive(todo, executor, workers, None)
        if isinstance(evaluate, Training):
            evaluate.forget_beginnings(seeds)
            shutil.rmtree(work, ignore_errors=True)
        return results_of(path, settings, journal.trials())


def _checked(pruner):
    """None: these objectives leave nothing to judge a trial by before it is over."""
    make_pruner(pruner)


def _checked_objectives(objectives):
    if isinstance(objectives, str):
        objectives = (objectives,)
    if not isinstance(objectives, tuple | list) or not objectives:
        raise TypeError(f"objectives={shown(objectives)}: write one name of a measure, or several")
    measures = [measure_named(name) for name in objectives]
    for measure in measures:
        if measure.of_test:
            raise ValueError(
                f"objectives: a search must not see {measure.name}; choose by validation data, and "
                "open the test data once, at the end"
            )
    names = tuple(measure.name for measure in measures)
    if len(set(names)) < len(names):
        raise ValueError(f"objectives={shown(names)}: one stands there twice")
    return names


def _checked_seeds(seeds):
    if not isinstance(seeds, tuple | list | range) or not seeds:
        raise TypeError(f"seeds={shown(seeds)}: write a list of seeds, one at least")
    seeds = tuple(whole("seeds", seed, at_most=2**32 - 1) for seed in seeds)
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds={shown(seeds)}: one stands there twice")
    return seeds


class _Search:
    """What is over, what is under way, and what is to be tried next."""

    def __init__(self, journal, space, objectives, seeds, make, pruner, evaluate, report, n_trials):
        self.journal, self.space, self.objectives, self.seeds = journal, space, objectives, seeds
        self.make, self.pruner, self.evaluate = make, pruner, evaluate
        self.report, self.n_trials = report, n_trials
        self.distributions = space.distributions()
        self.over, self.waiting, self.asked = [], [], 0
        self._find()
        if report and self.counted:
            report(self.counted, n_trials, "found, already run")

    @property
    def counted(self):
        """Trials that count: all that are over but those preflight turned away."""
        return sum(trial.state != "refused" for trial in self.over)

    def _find(self):
        """Sort what the file holds; end what a kill has left half told or half drawn."""
        for frozen in self.journal.trials():
            running = frozen.state == TrialState.RUNNING
            if running and OUTCOME in frozen.user_attrs:
                self.journal.tell(frozen.number, frozen.user_attrs[OUTCOME])
            elif running and set(frozen.params) != set(self.distributions):
                self.journal.forget(frozen.number)
            elif running:
                self.waiting.append((frozen.number, dict(frozen.params)))
        for frozen in self.journal.trials():
            complete = set(frozen.params) == set(self.distributions)
            self.asked += complete
            trial = trial_of(self.space, frozen)
            if trial is not None:
                self.over.append(trial)
                self._forget(trial)

    def next(self):
        """The next trial that preflight lets pass: (number, params, candidate)."""
        reasons = []
        while len(reasons) < TRIED:
            if self.waiting:
                number, params = self.waiting.pop(0)
            else:
                sampler = self.make(self.asked)
                number, params = self.journal.ask(sampler, self.distributions)
                self.asked += 1
            candidate, codes = self.space.look(params, f"trial_{number}")
            if not codes:
                return number, params, candidate
            self._keep(number, params, _outcome("refused", why=", ".join(codes)))
            reasons.append(codes[0])
        raise hopeless(reasons)

    def judge(self, candidate):
        """The `Judge` of a candidate, by what is complete now."""
        others = [
            (trial.candidate.schedule.final_sparsity, trial.curve)
            for trial in self.over
            if trial.state == "complete"
        ]
        by_size = bool(FIXED & set(self.objectives))
        return judge(self.pruner, candidate, self.space.steps_per_epoch, others, by_size=by_size)

    def known(self, params):
        """The outcome of a trial of the same parameters that is over, or None."""
        for trial in self.over:
            if trial.params == params and trial.state != "refused":
                why = f"as trial {trial.number}"
                per_seed = {name: list(values) for name, values in trial.per_seed.items()}
                return _outcome(trial.state, per_seed, [list(at) for at in trial.curve], why)
        return None

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

    def _keep(self, number, params, outcome):
        self.journal.keep(number, outcome)
        frozen = self.journal.trials()[number]
        self.over.append(trial_of(self.space, frozen))
        self._forget(self.over[-1])

    def _forget(self, trial):
        if isinstance(self.evaluate, Training) and trial.candidate is not None:
            self.evaluate.forget(trial.candidate, self.seeds)


def _outcome(state, per_seed=None, curve=(), why=""):
    return {
        "state": state,
        "values": [],
        "per_seed": per_seed or {},
        "curve": list(curve),
        "why": why,
        "seconds": 0.0,
    }


def _drive(todo, executor, workers, progress):
    """First phases first, each once; then trials, as room allows and the budget asks for."""
    flying = {}
    extra = {} if progress is None else {"progress": progress}
    try:
        if isinstance(todo.evaluate, Training):
            for future in [executor.submit(begin, todo.evaluate, seed) for seed in todo.seeds]:
                future.result()
        while True:
            while len(flying) < workers and todo.counted + len(flying) < todo.n_trials:
                number, params, candidate = todo.next()
                known = todo.known(params)
                if known is not None:
                    todo.keep(number, params, known)
                    continue
                task = (todo.evaluate, candidate, todo.seeds, todo.objectives)
                future = executor.submit(try_out, *task, todo.judge(candidate), **extra)
                flying[future] = (number, params)
            if not flying:
                return
            over, _ = wait(flying, return_when=FIRST_COMPLETED)
            # What succeeded is stored before an error of its neighbour ends it all.
            for future in sorted(over, key=lambda f: (_failed(f), flying[f][0])):
                outcome = future.result()
                todo.keep(*flying.pop(future), outcome)
    except Exception as error:
        if not is_death(error):
            raise
        raise RuntimeError(
            f"a worker died ({type(error).__name__}); {todo.counted} of {todo.n_trials} trials are "
            "stored: search the same again to go on"
        ) from None
    finally:
        for future in flying:
            future.cancel()


def _failed(future):
    return future.cancelled() or future.exception() is not None
