"""Searches without training: what is drawn, counted, given up, shared, and what they find."""

import math
import re
import threading
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import optuna
import pytest

from prunelab.experiments.results import DivergedError
from prunelab.schedules import preflight
from prunelab.search import Choice, Real, SearchError, Space, Whole, knee, load, search
from prunelab.search.trials import ContractError
from tests.helpers.made_search import SPACE, made, plain


@pytest.fixture
def storage(tmp_path):
    return tmp_path / "search.journal"


def go(storage, n_trials=20, **options):
    return search(**{"space": SPACE, "n_trials": n_trials, "storage": storage, "evaluate": made}
                  | options)  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return go(tmp_path_factory.mktemp("found") / "search.journal", 40)


# --- what is drawn and counted


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_the_same_seed_gives_the_same_trials_and_another_does_not(sampler, tmp_path):
    first, again = (go(tmp_path / name, sampler=sampler) for name in "ab")
    assert plain(first) == plain(again)
    other = go(tmp_path / "c", sampler=sampler, sampler_seed=1)
    assert plain(other)[0] != plain(first)[0]
    assert len({str(trial.params) for trial in first.trials}) == len(first.trials)


def test_refused_schedules_cost_nothing_and_are_not_counted(found):
    refused = found.of("refused")
    assert refused
    assert len(found.trials) == 40 + len(refused)
    for trial in found.trials:
        steps = SPACE.steps_per_epoch * trial.candidate.epochs
        flight = preflight(trial.candidate.schedule, total_steps=steps)
        codes = [f.code for f in flight.findings if f.code != "few_updates"]
        assert trial.why.split(", ") == codes if trial.state == "refused" else not codes
    assert all(t.seconds == 0 and not t.values and not t.curve for t in refused)


class Odd:
    """Works at every fourth call, or never; the others fail, each in its own way."""

    def __init__(self, worked):
        self.worked, self.calls = worked, 0

    def __call__(self, candidate, seed, report):
        self.calls += 1
        if self.worked and self.calls % 14 == 13:
            return made(candidate, seed, report)
        raise (optuna.TrialPruned, RuntimeError, DivergedError)[self.calls % 3](str(self.calls))


@pytest.mark.parametrize("worked", [True, False])
def test_a_search_goes_on_where_hardly_a_trial_is_complete(storage, worked):
    results = go(storage, 32, evaluate=Odd(worked))
    assert len(results.of("complete")) == 2 * worked
    assert len(results.trials) - len(results.of("refused")) == 32


def test_a_search_goes_on_where_nearly_all_is_refused(storage):
    space = Space(base=None, steps_per_epoch=50, epochs=20, begin_step=Whole(0, 1000),
                  end_step=Whole(0, 1000), frequency=Choice(1, 2, 3, 5, 7))  # fmt: skip
    results = go(storage, 5, space=space)
    assert len(results.of("refused")) >= 10
    assert len(results.of("complete")) == 5


def test_nobody_is_asked_to_train_what_is_refused(storage):
    trained = []

    def evaluate(candidate, seed, report):
        trained.append(candidate.name)
        return made(candidate, seed, report)

    results = go(storage, evaluate=evaluate)
    counted = [f"trial_{t.number}" for t in results.trials if t.state != "refused"]
    assert trained == counted
    assert len(counted) == 20
    go(storage, evaluate=evaluate)
    assert len(trained) == 20


def test_a_sampler_that_draws_only_what_is_refused_is_stopped(storage):
    class Stubborn(optuna.samplers.RandomSampler):
        def sample_independent(self, study, trial, name, distribution):
            stuck = {"begin_step": 80, "ramp_steps": 160}
            return stuck.get(name) or super().sample_independent(study, trial, name, distribution)

    with pytest.raises(SearchError, match=r"of 300 schedules .*\(ends_after_training\)"):
        go(storage, sampler=Stubborn(seed=0))


def test_what_was_tried_before_is_not_trained_again(storage):
    space = Space(
        base=None, steps_per_epoch=8, epochs=20, begin_step=20, ramp_steps=80, power=3,
        final_sparsity=Choice(0.5, 0.75), frequency=Choice(10, 20), learning_rate=1e-3,
    )  # fmt: skip
    trained = []

    def evaluate(candidate, seed, report):
        trained.append((candidate.schedule, seed))
        return made(candidate, seed, report)

    results = go(storage, 12, space=space, evaluate=evaluate, seeds=(0, 1))
    assert len(results.trials) == 12
    assert len(trained) == len(set(trained)) <= 8
    again = [trial for trial in results.trials if trial.why.startswith("as trial")]
    assert len(again) >= 8
    for trial in again:
        first = next(t for t in results.trials if t.number == int(trial.why.split()[-1]))
        assert (trial.params, trial.values) == (first.params, first.values)


def test_several_seeds_are_averaged_geometrically_for_errors(storage):
    trial = go(storage, 3, seeds=(0, 1, 5)).trials[0]
    errors = trial.per_seed["validation_mse"]
    assert len(set(errors)) == 3
    assert trial.values["validation_mse"] == pytest.approx(math.exp(
        sum(map(math.log, errors)) / 3))  # fmt: skip
    assert trial.values["nonzeros"] == trial.per_seed["nonzeros"][0]


def test_tpe_finds_better_ones_than_random_draws_do(tmp_path):
    best = {}
    for sampler in ("tpe", "random"):
        results = [
            go(tmp_path / f"{sampler}{i}", 50, sampler=sampler, sampler_seed=i,
               objectives="validation_mse", pruner=None)
            for i in range(3)
        ]  # fmt: skip
        best[sampler] = sum(r.best.values["validation_mse"] for r in results) / 3
    assert best["tpe"] < best["random"]


# --- what is given up


def test_weak_trials_are_given_up_after_their_ramp_and_only_against_peers(found):
    """The rule written out: worse than the median of the complete ones before, at equal epochs."""
    weak = found.of("weak")
    assert weak
    done = []
    for trial in found.trials:
        if trial.state == "refused":
            continue
        schedule = trial.candidate.schedule
        peers = [dict(p.curve) for p in done
                 if p.candidate.schedule.final_sparsity >= schedule.final_sparsity]  # fmt: skip
        ends = None
        losses = dict(trial.curve)
        for step in range(5, max(losses) + 1):
            at = sorted(peer[step] for peer in peers if step in peer)
            if len(peers) >= 5 and at:
                middle = (at[(len(at) - 1) // 2] + at[len(at) // 2]) / 2
                best = min(loss for s, loss in losses.items() if s <= step)
                if best > middle and ends is None:
                    ends = step
        last = 20 - -(-schedule.end_step // 8)
        assert min(losses) == 0
        if trial.state == "weak":
            assert max(losses) == ends < last
        else:
            assert max(losses) == last
            assert ends in (None, last)
            done.append(trial)


def test_none_is_given_up_if_asked_or_if_nothing_can_be_compared(tmp_path):
    assert not go(tmp_path / "a", 40, pruner=None).of("weak")

    def evaluate(candidate, seed, report):
        return made(candidate, seed, report) | {"train_mse": 1.0}

    assert not go(tmp_path / "b", 40, evaluate=evaluate, objectives=("train_mse", "nonzeros")).of(
        "weak"
    )


def test_another_pruner_of_optunas(storage):
    pruner = optuna.pruners.ThresholdPruner(upper=0.004)
    results = go(storage, 30, pruner=pruner, objectives="validation_mse")
    assert results.of("weak")
    for trial in results.trials:
        if trial.state == "complete" and len(trial.curve) > 1:
            assert all(loss <= 0.004 for _, loss in trial.curve[:-1]) or trial.number == min(
                t.number for t in results.trials if t.state != "refused"
            )


@pytest.mark.parametrize("how", ["reported", "returned", "raised"])
def test_a_loss_that_is_no_number_ends_a_trial_not_the_search(storage, how):
    def evaluate(candidate, seed, report):
        if candidate.learning_rate > 2e-3:
            if how == "raised":
                raise DivergedError("the loss is nan")
            if how == "reported":
                report(1, float("nan"))
            return {"validation_mse": float("inf"), "nonzeros": 1}
        return made(candidate, seed, report)

    results = go(storage, evaluate=evaluate)
    assert results.of("diverged")
    assert all(t.candidate.learning_rate > 2e-3 for t in results.of("diverged"))
    assert not {t.number for t in results.front} & {t.number for t in results.of("diverged")}
    assert load(storage).trials == results.trials


# --- what fails


def failing_above(limit, error, asked=None):
    def evaluate(candidate, seed, report):
        if asked is not None:
            asked.append(candidate.name)
        if candidate.schedule.final_sparsity > limit:
            raise error
        return made(candidate, seed, report)

    return evaluate


@pytest.mark.parametrize("error", [RuntimeError("bad\nnews"), MemoryError(), KeyError("x"),
                                   OSError("a sensor"), ValueError("no")])  # fmt: skip
def test_a_trial_that_fails_is_recorded_and_the_search_goes_on(storage, error):
    asked = []
    evaluate = failing_above(0.8, error, asked)
    results = go(storage, 20, evaluate=evaluate)
    failed = results.of("failed")
    assert failed
    assert {t.number for t in failed} == {
        t.number for t in results.trials
        if t.state != "refused" and t.candidate.schedule.final_sparsity > 0.8
    }  # fmt: skip
    assert sum(t.state != "refused" for t in results.trials) == 20
    assert {t.why for t in failed} == {
        f"{type(error).__name__}: {error}".split("\n")[0].removesuffix(": ")
    }
    assert results.front
    assert not {t.number for t in results.front} & {t.number for t in failed}
    assert load(storage).trials == results.trials
    again = go(storage, 25, evaluate=evaluate)
    assert len(asked) == len(set(asked)) == 25  # what has failed is not asked again
    assert plain(again)[: len(results.trials)] == plain(results)
    assert "failed" in repr(again)
    assert again.table(again.trials).count("failed") == len(again.of("failed"))


def test_one_error_in_each_trial_ends_the_search_and_all_are_recorded(storage):
    asked = []
    evaluate = failing_above(0.0, RuntimeError("no data"), asked)
    with pytest.raises(SearchError, match=r"first 5 trials have all failed \(RuntimeError: no d"):
        go(storage, 1000, evaluate=evaluate)
    assert len(load(storage).of("failed")) == len(asked) == 5
    few = storage.with_name("few")
    assert len(go(few, 4, evaluate=evaluate).of("failed")) == 4
    asked.clear()
    go(few, 4, evaluate=evaluate)
    assert not asked


@pytest.mark.parametrize("error", [TypeError("a slip"), NameError("x"), ImportError("y"),
                                   OSError(28, "No space left on device")])  # fmt: skip
def test_what_each_trial_would_meet_ends_the_search(storage, error):
    with pytest.raises(type(error), match=r"slip|x|y|No space"):
        go(storage, evaluate=failing_above(0.0, error))
    assert load(storage).of("failed") == ()


@pytest.mark.parametrize("slip", [TypeError("None + 1"), NameError("x"), {"nonzeros": 3}, None])
def test_once_a_trial_has_worked_a_slip_is_the_failure_of_one_trial(storage, slip):
    asked = []

    def evaluate(candidate, seed, report):
        asked.append(candidate.name)
        if len(asked) % 3:
            return made(candidate, seed, report)
        if isinstance(slip, Exception):
            raise slip
        return slip

    results = go(storage, 12, evaluate=evaluate)
    assert [trial.candidate.name for trial in results.of("failed")] == asked[2::3]
    words = r"TypeError: None|NameError: x|ContractError: evaluate measured|TypeError: evaluate ret"
    assert all(re.match(words, trial.why) for trial in results.of("failed"))
    assert load(storage).trials == results.trials


def test_a_trial_may_prune_itself(storage):
    def evaluate(candidate, seed, report):
        if candidate.schedule.final_sparsity > 0.8:
            raise optuna.TrialPruned("too sparse" if candidate.learning_rate > 1e-3 else "")
        return made(candidate, seed, report)

    results = go(storage, evaluate=evaluate, pruner=None)
    assert {t.why for t in results.of("weak")} == {"too sparse", "given up by evaluate"}
    assert all(t.candidate.schedule.final_sparsity > 0.8 for t in results.of("weak"))


@pytest.mark.parametrize(
    ("epoch", "loss", "words"),
    [
        (0.5, 1.0, "report: epoch=0.5: epoch must be a whole number; write 0 or 1"),
        (2**40, 1.0, "report: epoch=1099511627776"),
        ("1", 1.0, "epoch must be a whole number, not a str"),
        (1, "1.0", "report: loss='1.0': loss must be a number"),
        (1, None, "report: loss=None"),
        (1, True, "report: loss=True"),
        (1, np.ones(1), "report: loss=array"),
    ],
)
def test_what_cannot_be_stored_is_not_reported(storage, epoch, loss, words):
    def evaluate(candidate, seed, report):
        report(epoch, loss)

    with pytest.raises((TypeError, ContractError), match=words):
        go(storage, evaluate=evaluate)
    assert load(storage).trials == ()


def test_numpys_numbers_are_numbers(tmp_path):
    def evaluate(candidate, seed, report):
        for epoch in np.arange(1, 21):
            report(epoch, np.array(1 / epoch, np.float32))
        return {"validation_mse": np.float32(1), "nonzeros": np.int64(9), "good": np.bool_(True)}

    evaluate.__qualname__ = "made"
    kinds = {"begin_step": np.int64, "epochs": np.int64, "initial_sparsity": np.float32}
    fixed = {"begin_step": 0, "epochs": 20, "initial_sparsity": 0.25, "power": 2}
    space, same = (
        replace(SPACE, **{n: kind.get(n, lambda v: v)(v) for n, v in fixed.items()})
        for kind in (kinds, {})
    )
    assert repr(space) == repr(same)
    results = go(tmp_path / "a", space=space, sampler_seed=np.int64(3), evaluate=evaluate)
    assert plain(load(tmp_path / "a")) == plain(results)
    assert results.trials[-1].per_seed["good"] == (True,)
    assert plain(go(tmp_path / "a", space=same, sampler_seed=3, evaluate=evaluate)) == plain(
        results
    )


def test_what_else_evaluate_returns_is_kept(storage):
    def evaluate(candidate, seed, report):
        more = {"mine": 3 + seed, "note": f"seed {seed}", "flag": True, "none": float("nan")}
        return made(candidate, seed, report) | more

    for trial in go(storage, 3, evaluate=evaluate, seeds=(0, 1)).of("complete"):
        assert trial.values["mine"] == 3.5
        assert trial.per_seed["note"] == ("seed 0", "seed 1")
        assert trial.per_seed["flag"] == (True, True)
        assert trial.per_seed["none"] == (None, None)
        assert not {"note", "flag", "none"} & set(trial.values)
    assert load(storage).trials == go(storage, 3, evaluate=evaluate, seeds=(0, 1)).trials


@pytest.mark.parametrize("sampler", [
    optuna.samplers.GridSampler(
        {"begin_step": [0], "ramp_steps": [30], "frequency": [10], "final_sparsity": [0.6],
         "learning_rate": [1e-3]}, seed=0),
    optuna.samplers.PartialFixedSampler(
        {"final_sparsity": 0.3}, optuna.samplers.RandomSampler(seed=0)),
])  # fmt: skip
def test_what_a_sampler_draws_outside_the_space_is_not_stored(sampler, storage):
    with pytest.raises(SearchError, match=r"it drew (ramp_steps=30|final_sparsity=0.3), which"):
        go(storage, sampler=sampler)
    assert load(storage).trials == ()


@pytest.mark.parametrize("workers", [1, 3])
def test_a_grid_that_is_used_up_ends_the_search_with_what_there_is(storage, workers):
    space = replace(SPACE, begin_step=0, ramp_steps=100, frequency=10, learning_rate=1e-3)
    grid = {"final_sparsity": [0.5, 0.7, 0.9]}
    for _ in range(2):
        sampler = optuna.samplers.GridSampler(grid)
        with ThreadPoolExecutor(workers) as pool:
            results = go(storage, 9, space=space, sampler=sampler, executor=pool, workers=workers)
        drawn = sorted(t.params["final_sparsity"] for t in results.trials)
        assert drawn == [0.5, 0.7, 0.9] if workers == 1 else set(drawn) == {0.5, 0.7, 0.9}
        assert len(drawn) < 9  # Optuna's sampler draws what is in flight again for idle workers
    with pytest.raises(SearchError, match="GridSampler: it cannot draw"):
        go(storage.with_name("b"), 9, space=space, sampler=optuna.samplers.GridSampler({"x": [1]}))


# --- executors


class Foreign:
    def submit(self, fn, *arguments):
        return "a future of another kind"


def test_an_executor_of_other_futures_is_told_so(storage):
    with pytest.raises(TypeError, match="its submit gives a str"):
        go(storage, executor=Foreign())


class Client:
    """As Dask's: it has a `submit` whose futures are of its own kind, and an executor."""

    def __init__(self, pool):
        self.pool = pool

    def submit(self, fn, *arguments):
        raise AssertionError("its futures are of no use here")

    def get_executor(self, **options):
        return self.pool


def test_a_dask_client_stands_for_its_executor(storage, tmp_path):
    with ThreadPoolExecutor(1) as pool:
        results = go(storage, 5, executor=Client(pool))
    assert plain(results) == plain(go(tmp_path / "b", 5))


class Counting(Executor):
    def __init__(self, executor):
        self.executor, self.tasks, self.pending, self.most = executor, [], 0, 0
        self.lock, self.four = threading.Lock(), threading.Event()

    def submit(self, fn, /, *arguments, **options):
        with self.lock:
            self.tasks.append(arguments[1].name)
            self.pending += 1
            self.most = max(self.most, self.pending)
            if self.pending == 4:
                self.four.set()
        future = self.executor.submit(fn, *arguments, **options)
        future.add_done_callback(self._over)
        return future

    def _over(self, future):
        with self.lock:
            self.pending -= 1


def test_random_draws_are_the_same_whoever_trains_them(tmp_path):
    def slow(candidate, seed, report):
        counting.four.wait(60)  # the first three, for the fourth; then none
        time.sleep(0.02 * (len(candidate.name) % 3))
        return made(candidate, seed, report)

    slow.__qualname__ = "made"
    alone = go(tmp_path / "a", sampler="random", pruner=None)
    with ThreadPoolExecutor(4) as pool:
        counting = Counting(pool)
        together = go(
            tmp_path / "b", sampler="random", pruner=None, executor=counting, workers=4,
            evaluate=slow,
        )  # fmt: skip
    assert counting.most == 4
    assert len(counting.tasks) == len(set(counting.tasks)) == 20
    # Two draws of the same knobs that fly together are both trained; here there are none.
    assert plain(together) == plain(alone)


def test_a_budget_is_kept_with_many_workers(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        results = go(tmp_path / "a", 11, executor=pool, workers=8)
    assert sum(t.state != "refused" for t in results.trials) == 11


class Dying(Executor):
    """Runs every task but the n-th, which it loses."""

    def __init__(self, n, error):
        self.left, self.error = n, error

    def submit(self, fn, /, *arguments, **options):
        future, self.left = Future(), self.left - 1
        if self.left:
            future.set_result(fn(*arguments, **options))
        else:
            future.set_exception(self.error)
        return future


def test_a_worker_that_dies_is_one_sentence_and_loses_nothing(tmp_path):
    with pytest.raises(RuntimeError) as caught:
        go(tmp_path / "a", 12, executor=Dying(7, BrokenExecutor("gone")))
    assert str(caught.value) == (
        "a worker died (BrokenExecutor); 6 of 12 trials are stored: search the same again to go on"
    )
    assert len(load(tmp_path / "a").of("complete")) == 6
    assert plain(go(tmp_path / "a", 12)) == plain(go(tmp_path / "b", 12))


def test_an_error_of_the_training_is_the_callers_and_what_ended_is_kept(tmp_path):
    with pytest.raises(OSError, match="No space left"):
        go(tmp_path / "a", 12, executor=Dying(4, OSError("No space left")), workers=6)
    assert sum(t.state != "refused" for t in load(tmp_path / "a").trials) == 5
    assert sum(t.state != "refused" for t in go(tmp_path / "a", 12).trials) == 12


def test_an_interrupt_in_a_trial_loses_only_that_trial(tmp_path):
    trained = []

    def evaluate(candidate, seed, report):
        trained.append(candidate.name)
        if len(trained) == 5:
            raise KeyboardInterrupt
        return made(candidate, seed, report)

    evaluate.__qualname__ = "made"
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path / "a", 9, evaluate=evaluate)
    assert plain(go(tmp_path / "a", 9, evaluate=evaluate)) == plain(go(tmp_path / "b", 9))
    assert trained[4] == trained[5]
    assert len(trained) == 10


# --- what is found


def test_the_front_and_its_knee(found):
    complete = found.of("complete")

    def values(trial):
        return tuple(trial.values[name] for name in found.objectives)

    wanted = [t for t in complete
              if not any(all(a <= b for a, b in zip(values(o), values(t), strict=True))
                         and values(o) != values(t) for o in complete)]  # fmt: skip
    assert {t.number for t in found.front} == {t.number for t in wanted}
    assert found.best is found.front[0]
    logs = [[math.log(v) for v in values(t)] for t in found.front]
    assert found.knee is found.front[knee(logs)]


def test_sparsity_or_nonzeros_the_front_is_the_same(tmp_path):
    def both(candidate, seed, report):
        measured = made(candidate, seed, report)
        sparsity = 1 - measured["nonzeros"] / 33_000
        return measured | {"sparsity": sparsity, "validation_r2": 1 - measured["validation_mse"]}

    one = go(tmp_path / "a", evaluate=both, sampler="random")
    two = go(tmp_path / "b", evaluate=both, sampler="random",
             objectives=("validation_mse", "sparsity"))  # fmt: skip
    assert [t.number for t in one.front] == [t.number for t in two.front]
    assert one.knee.number == two.knee.number
    three = go(tmp_path / "c", evaluate=both, sampler="random",
               objectives=("validation_r2", "nonzeros"))  # fmt: skip
    assert {t.number for t in three.front} == {t.number for t in one.front}


def test_the_table_has_a_line_a_trial_and_marks_the_knee(found):
    lines = found.table().splitlines()
    assert lines[0].split() == ["trial", *SPACE.knobs, "validation_mse", "nonzeros"]
    assert len(lines) == 1 + len(found.front)
    assert [line.split()[0] for line in lines if line.endswith("knee")] == [str(found.knee.number)]
    everything = found.table(found.trials)
    assert everything.count("refused") == len(found.of("refused"))
    rows = found.rows()
    assert [row["trial"] for row in rows] == [t.number for t in found.trials]
    assert sum(row["on_front"] for row in rows) == len(found.front)
    assert [row["trial"] for row in rows if row["knee"]] == [found.knee.number]
    assert len({tuple(row) for row in rows}) == 1


def test_repr_is_one_line_of_facts(found, tmp_path):
    assert repr(found).startswith(
        "SearchResults(validation_mse and nonzeros over 5 knobs, 1 seed a trial: "
    )
    assert f"{len(found.front)} on the front" in repr(found)


def test_an_empty_search_has_no_best(found):
    empty = replace(found, trials=())
    assert (empty.front, empty.knee) == ((), None)
    with pytest.raises(ValueError, match="no trial is complete"):
        empty.best  # noqa: B018
    with pytest.raises(ValueError, match="state='over'"):
        empty.of("over")
    with pytest.raises(ValueError, match="has a config"):
        found.config(found.best)


def test_report_hears_of_each_counted_trial(storage):
    told = []
    results = go(storage, 10, report=lambda *values: told.append(values))
    assert [done for done, _, _ in told] == list(range(1, 11))
    assert {total for _, total, _ in told} == {10}
    go(storage, 12, report=lambda *values: told.append(values))
    assert told[10] == (10, 12, "found, already run")
    assert told[0][2].startswith(f"trial {results.of('complete')[0].number}: validation_mse ")


# --- wrong questions


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"space": None}, TypeError, "space=None"),
        ({"n_trials": 0}, ValueError, "n_trials=0"),
        ({"n_trials": "9"}, TypeError, "n_trials='9'"),
        ({"objectives": ()}, TypeError, "objectives="),
        ({"objectives": ("bleu",)}, ValueError, "objectives='bleu'"),
        ({"objectives": ("test_mse", "nonzeros")}, ValueError, "must not see test_mse"),
        ({"objectives": ("nonzeros", "nonzeros")}, ValueError, "twice"),
        ({"seeds": ()}, TypeError, "seeds="),
        ({"seeds": (1, 1)}, ValueError, "twice"),
        ({"seeds": (-1,)}, ValueError, "seeds=-1"),
        ({"seeds": 3}, TypeError, "seeds=3"),
        ({"sampler": "grid"}, ValueError, "sampler='grid'"),
        ({"sampler_seed": -1}, ValueError, "sampler_seed=-1"),
        ({"pruner": "hyper"}, ValueError, "pruner='hyper'"),
        ({"pruner": "hyper", "objectives": "train_mse"}, ValueError, "pruner='hyper'"),
        ({"executor": 4}, TypeError, "executor=4"),
        ({"workers": 0}, ValueError, "workers=0"),
        ({"evaluate": None}, TypeError, "evaluate=None"),
        ({"evaluate": 3}, TypeError, "evaluate=3"),
        ({"space": Space()}, TypeError, "evaluate=<function"),
        ({"space": replace(SPACE, begin_step=Whole(900, 999))}, SearchError, "none reaches"),
        ({"space": replace(SPACE, final_sparsity=Real(0.5, 0.6), initial_sparsity=0.7)},
         SearchError, "initial_above_final"),
    ],
)  # fmt: skip
def test_wrong_questions_are_answered_before_anything(options, error, words, tmp_path):
    with pytest.raises(error, match=words) as caught:
        go(tmp_path / "search.journal", **options)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    assert list(tmp_path.iterdir()) == []


OK = {"validation_mse": 0.1, "nonzeros": 3}


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (None, TypeError, "evaluate returned None"),
        ({"nonzeros": 3}, ValueError, "evaluate measured no validation_mse"),
        ({"validation_mse": "low", "nonzeros": 3}, TypeError, "validation_mse='low'"),
        (OK | {"log": "x" * 10_001}, ValueError, "text of more than 10,000 letters, 'log'"),
        (OK | {"x" * 10_001: 1}, ValueError, "text of more than 10,000 letters, 'xx"),
    ],
)
def test_a_function_that_measures_something_else_is_told_so(storage, answer, error, words):
    with pytest.raises(error, match=words):
        go(storage, evaluate=lambda candidate, seed, report: answer)
