"""Run a plan on any `concurrent.futures.Executor`; an interrupted plan can be resumed.

Tasks are plain functions of plain values, so they can be sent to other processes and machines. Only
this process stores results. TensorFlow is imported in the process that runs a task.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from prunelab.base.checks import whole
from prunelab.base.files import locked
from prunelab.base.host import versions
from prunelab.base.json_files import RunError, load_values, save_values
from prunelab.base.work_folders import LOCK, MARK, claim, clear, is_ours
from prunelab.course.places import runs_folder
from prunelab.experiments import data, runs
from prunelab.experiments.checkpoints import SUBFOLDER
from prunelab.experiments.own import Arm, OwnResult
from prunelab.experiments.spec import RunSpec
from prunelab.plans import baselines, own, store
from prunelab.plans.executors import (
    InThisProcess,
    answer_of,
    checked_executor,
    completed_of,
    pending_futures,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor
    from os import PathLike

    from distributed import Client

    from prunelab.plans.plan import Plan, PlanResults


def first_phase(spec, progress=None):
    """Task: the first phase of a run, with its checkpoints in the run's folder."""
    return _trainer(spec.config).first_phase(spec, progress)


def second_phase(spec, dense, progress=None):
    """Task: the second phase of a run; returns its result."""
    return _trainer(spec.config).second_phase(spec, dense, progress)


def _trainer(config):
    """The module that trains the runs of a config: both have the same two functions."""
    if isinstance(config, Arm):
        return own
    from prunelab import networks

    return networks


def linear_fit(model, name, seed):
    """Task: a linear baseline on the data called `name`."""
    return baselines.fit(model, data.load(name, seed))


def run_plan(
    plan: Plan | str,
    folder: str | PathLike[str] | None = None,
    *,
    executor: Executor | Client | None = None,
    workers: int = 1,
    report: Callable[[int, int, str], object] | None = None,
    progress: Callable[[int, int, Mapping[str, float]], object] | None = None,
) -> PlanResults:
    """Run the missing runs of `plan`, store all in one file, and return the `PlanResults`.

    plan: a `Plan`, or the name of one in `plans.PLANS`. folder: the folder of the file. Until all
    runs are done, runs and checkpoints are kept beside it in a folder with the plan's name; runs
    found there are not repeated, nor those with the same arm and seed in the file of one of the
    course's plans in `folder`. A stored plan may be extended by arms and seeds: what is stored is
    kept, and only the new ones are trained. Of an `Experiment` one network is built and the data of
    one seed are loaded, and compared with the stored runs: RunError, before any training, if they
    are other ones. executor: any `concurrent.futures.Executor`, a Dask client, or
    None for this process; other machines must see the same folder, for checkpoints. workers: the
    number of tasks submitted at a time. report: called as `report(done, total, text)` after each
    run. progress: called after each epoch, in this process only.
    If a worker dies, no result is lost: run the plan again. FileExistsError, before any training,
    if a folder with the plan's name holds other files. The kept runs are removed, file by file,
    once the plan's file has been read back.
    """
    plan, workers = store.plan_named(plan), whole("workers", workers, at_least=1, at_most=4096)
    executor = checked_executor(executor)
    folder = runs_folder(folder).resolve()  # a worker may have another working directory
    work = folder / plan.name
    if os.path.lexists(store.path(plan, folder)):
        before = store.stored_part(plan, folder)
        if before.is_whole:
            return _over(plan, before, work, executor)
    runs.prepare(folder)
    claim(work)
    with locked(work, f"plan {plan.name!r} is being run in {work.parent.name!r} already"):
        before = None
        if os.path.lexists(store.path(plan, folder)):  # perhaps by another process in the meantime
            before = store.stored_part(plan, folder)
            if before.is_whole:
                return _over(plan, before, work, executor)
        todo = _Todo(plan, work, report, before)
        _refuse_changed(todo, executor)
        if executor is None:  # one at a time, so that each is stored before the next
            _drive(todo, InThisProcess(), 1, progress)
        else:
            _drive(todo, executor, workers, None)
        results = store.in_order(plan, todo.runs, todo.linear)
        store.save(results, folder)  # which reads it back
        _clear(plan, work)
    return results


def _refuse_changed(stored, executor):
    """Raise RunError if the reader's experiment is no longer the one of the stored runs.

    stored: a `_Todo` or a `StoredPart`. Nothing is done for the course's own plans, nor for other
    seeds than the first: a network is built, and no more.
    """
    plan = stored.plan
    if plan.experiment is None or not stored.runs:
        return
    for run in own.to_look_at(stored.runs):
        now = answer_of(executor, stored.stored_words, own.looked, run.config, run.seed)
        if changed := own.changes(run, now):
            raise RunError(
                f"the stored runs of plan {plan.name!r} were trained with {changed} (seed "
                f"{run.seed} of {run.config.name!r}{_moved_packages(run)}): give the plan another "
                "name, or choose another folder"
            )


def _moved_packages(run):
    """The packages that have another version now, which may describe or draw the same otherwise."""
    stored = run.provenance.get("packages")
    if not isinstance(stored, dict):
        return ""
    moved = [
        f"{name} {stored[name]} then, {now} now"
        for name, now in versions().items()
        if name != "prunelab" and stored.get(name) not in (None, now)
    ]
    return f"; {', '.join(moved)}" if moved else ""


def _over(plan, stored, work, executor):
    """The stored results; files left by a kill right after storing are removed."""
    _refuse_changed(stored, executor)
    results = store.in_order(plan, stored.runs, stored.linear)
    # A larger plan of this name may have been stopped: its runs, and the mark, stay.
    if is_ours(work) and set(os.listdir(work)) <= _names(plan):
        with suppress(OSError), locked(work, "another process tidies it up"):
            _clear(plan, work)
    return results


def _specs(plan, work):
    """The runs of a plan as `RunSpec`s, in its order; `work` is the folder of their files."""
    return [RunSpec(arm, seed, work) for arm, seed in plan.runs]


def _names(plan):
    """The names of all that the plan's runs write into their folder."""
    fits = {_linear_name(model, seed) for model, seed in plan.linear_fits}
    return fits | {spec.path.name for spec in _specs(plan, ".")} | {SUBFOLDER, MARK, LOCK}


def _linear_name(model, seed):
    return f"linear_{model}-seed{seed}.json"


def _clear(plan, work):
    """Remove the plan's files in `work`, by name, and `work` itself if it is then empty."""
    for spec in _specs(plan, work):
        spec.second_checkpoints.remove()
        spec.first_checkpoints.remove()
    clear(work, _written(plan, work))


def _written(plan, work):
    """The names of files in `work` that hold a run or a linear fit of the plan."""
    named = {_linear_name(model, seed): (model, seed) for model, seed in plan.linear_fits}
    for name, (model, seed) in named.items():
        with suppress(RunError):
            if _linear_result(work / name, model, seed) is not None:
                yield name
    for spec in _specs(plan, work):
        with suppress(RunError, FileNotFoundError):
            runs.result_of(spec)
            yield spec.path.name


def _linear_result(source, model, seed):
    """The fit stored in the file `source`; None if there is no file; RunError if it is unusable."""
    stored = load_values(source)
    if stored is None:
        return None
    try:
        result = baselines.LinearResult.from_dict(stored)
    except (TypeError, ValueError) as error:
        raise RunError(f"{source.name} cannot be used: {error}; remove it") from None
    if (result.model, result.seed) != (model, seed):
        raise RunError(f"{source.name} holds another fit than its name says: remove it")
    return result


class _Todo:
    """The tasks that are done, ready to be submitted, or waiting for their first phase."""

    def __init__(self, plan, work, report, before=None):
        self.plan, self.work, self.report, self.before = plan, work, report, before
        self.runs, self.linear, self.groups, self.fits = [], [], [], []
        self._find()
        self.total = len(plan.runs) + len(plan.linear_fits)
        if report and self.done:
            report(self.done, self.total, "found, already run")

    @property
    def done(self):
        return len(self.runs) + len(self.linear)

    def stored_words(self):
        """The progress of the plan in words, for the error after a worker died."""
        return f"{self.done} of {self.total} runs are stored: run the same again to go on"

    def _find(self):
        waiting, elsewhere, fitted = {}, _of_other_plans(self.plan, self.work.parent), {}
        if self.before is not None:
            elsewhere |= {(run.config, run.seed): run for run in self.before.runs}
            fitted = {(fit.model, fit.seed): fit for fit in self.before.linear}
        for spec in _specs(self.plan, self.work):
            if spec.exists():
                self.runs.append(runs.result_of(spec))
                # left by a kill between storing the run and removing them
                spec.second_checkpoints.remove()
            elif (spec.config, spec.seed) in elsewhere:
                self.runs.append(elsewhere[spec.config, spec.seed])
            else:
                spec.second_checkpoints.refuse_foreign()
                waiting.setdefault((spec.config.dense_digest, spec.seed), []).append(spec)
        self.groups = list(waiting.values())
        for model, seed in self.plan.linear_fits:
            stored = fitted.get((model, seed))
            if stored is None:
                stored = _linear_result(self._linear_path(model, seed), model, seed)
            if stored is None:
                self.fits.append((model, seed))
            else:
                self.linear.append(stored)

    def _linear_path(self, model, seed):
        return self.work / _linear_name(model, seed)

    def keep(self, result):
        """Store a result at once."""
        if isinstance(result, baselines.LinearResult):
            save_values(result.to_dict(), self._linear_path(result.model, result.seed))
            self.linear.append(result)
            text = f"{result.model}, seed {result.seed}: validation MSE {result.val.mse:.3g}"
        else:
            _check_same_network(result, self.runs)
            runs.save(result, self.work)
            self.runs.append(result)
            self._remove_checkpoints(RunSpec(result.config, result.seed, self.work))
            text = str(result)
        if self.report:
            self.report(self.done, self.total, text)

    def _remove_checkpoints(self, spec):
        """Remove a stored run's checkpoints, and its first phase's once no other run needs them."""
        spec.second_checkpoints.remove()
        stored = {(result.config, result.seed) for result in self.runs}
        first = spec.config.dense_digest
        shared = [arm for arm in self.plan.arms if arm.dense_digest == first]
        if all((arm, spec.seed) in stored for arm in shared):
            spec.first_checkpoints.remove()


def _of_other_plans(plan, folder):
    """{(arm, seed): result} of the other plans in `folder` that share an arm with `plan`."""
    found = {}
    for other in store.PLANS.values():
        shared = set(other.arms) & set(plan.arms)
        if shared and other.name != plan.name and os.path.lexists(store.path(other, folder)):
            with suppress(RunError):  # an unusable file is reported where its own plan is run
                results = store.load(other, folder).runs
                found |= {(run.config, run.seed): run for run in results if run.config in shared}
    return found


def _check_same_network(result, others):
    """Raise RunError if a worker's `build` or `data` is another than that of the stored runs."""
    if not isinstance(result, OwnResult):
        return
    for other in others:
        if other.config.dense_digest != result.config.dense_digest:
            continue
        if (other.network_digest, other.engine) != (result.network_digest, result.engine):
            raise RunError(
                f"{result.config.name}, seed {result.seed}: build makes another network than the "
                f"one of the stored run of {other.config.name!r}; give the plan another name"
            )
        if other.seed == result.seed and (changed := own.changes(other, result)):
            raise RunError(
                f"{result.config.name}, seed {result.seed}: the stored run of "
                f"{other.config.name!r} was trained with {changed}; give the plan another name"
            )


def _drive(todo, executor, workers, progress):
    """Submit tasks, at most `workers` at a time; a run is submitted after its first phase."""
    extra = {} if progress is None else {"progress": progress}
    fits, groups, ready = list(todo.fits), list(todo.groups), []
    name = todo.plan.arms[0].data
    with pending_futures(todo.stored_words) as pending:  # future: the runs waiting for it, or None
        while fits or groups or ready or pending:
            while len(pending) < workers and (fits or ready or groups):
                waiting = None
                if ready:
                    future = executor.submit(second_phase, *ready.pop(0), **extra)
                elif groups:
                    waiting = groups.pop(0)
                    future = executor.submit(first_phase, waiting[0], **extra)
                else:
                    model, seed = fits.pop(0)
                    future = executor.submit(linear_fit, model, name, seed)
                pending[future] = waiting
            for future in completed_of(pending):
                result = future.result()
                waiting = pending.pop(future)
                if waiting is None:
                    todo.keep(result)
                else:
                    ready += [(spec, result) for spec in waiting]
