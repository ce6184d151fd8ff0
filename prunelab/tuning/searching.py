"""Search a space of schedules: ask Optuna, run anywhere, tell; nothing lost, nothing twice.

Only this process asks, tells and stores. Trials are plain functions of plain values, so they run
through any `concurrent.futures.Executor`.
"""

from pathlib import Path

from prunelab.executors import Here, checked_executor
from prunelab.plan_measures import measure_named
from prunelab.tuning.asking import make_sampler, refuse_hopeless
from prunelab.tuning.driving import drive
from prunelab.tuning.places import clear_work, place_of, refuse_foreign_work, work_folder
from prunelab.tuning.records import maximized, results_of
from prunelab.tuning.space import Space
from prunelab.tuning.storage import opened
from prunelab.tuning.trying import Training
from prunelab.tuning.under_way import UnderWay
from prunelab.tuning.weak import can_judge, make_pruner, pruner_name
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
    trial would meet ends the search: a TypeError, NameError or ImportError, a full disk, and one
    error in the first five trials.
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
    sampler_seed = whole("sampler_seed", sampler_seed, at_most=2**32 - 1)
    make, sampler_name = make_sampler(sampler, sampler_seed)
    pruner = make_pruner(pruner) if can_judge(objectives) else _checked(pruner)
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
        "objectives": list(objectives),
        "seeds": list(seeds),
        "sampler": [sampler_name, sampler_seed],
        "pruner": pruner_name(pruner),
        "evaluate": None if evaluate is None else getattr(evaluate, "__qualname__", "unnamed"),
    }
    refuse_hopeless(space)
    if evaluate is None:
        measures = tuple(dict.fromkeys((*objectives, *ALSO)))
        evaluate = Training(space.base, str(work), measures)
    if isinstance(place, Path):
        place.parent.mkdir(parents=True, exist_ok=True)
    directions = ["maximize" if maximized(name) else "minimize" for name in objectives]
    with opened(place, settings, directions) as journal:
        results_of(place, settings, journal.trials())  # or one sentence on what is damaged
        todo = UnderWay(journal, space, objectives, seeds, make, pruner, evaluate, report, n_trials)
        if todo.counted < n_trials:
            if executor is None:
                drive(todo, Here(), 1, progress)
            else:
                drive(todo, executor, workers, None)
        if isinstance(evaluate, Training):
            evaluate.forget_beginnings(seeds)
            clear_work(work)
        return results_of(place, settings, journal.trials())


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
