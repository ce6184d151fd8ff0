"""Plans through executors: the results of one process, whatever dies on the way, nothing twice."""

import concurrent.futures
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from prunelab import plans
from prunelab.base import json_files
from prunelab.experiments import checkpoints, runs
from prunelab.experiments.spec import RunSpec
from prunelab.networks import DensePhase
from prunelab.plans import Plan, executors, run_plan, running, store
from tests.helpers.tiny_runs import CONTROL, CUT, DENSE, FROM_START, TINY, without_seconds
from tests.helpers.two_workers import two_workers

SMALLER = replace(TINY, name="smaller", hidden=(6, 5))
PLAN = Plan("tiny_plan", "for tests", (DENSE, TINY, CONTROL, CUT, FROM_START), (0, 1))


def plain(results):
    """Results without what may differ: wall clock and the place they were made in."""
    runs = [replace(without_seconds(result), provenance={}) for result in results.runs]
    return runs, [_rounded(replace(fit, seconds=0.0).to_dict()) for fit in results.linear]


def _rounded(values):
    """Ten digits: BLAS sums in another order where it has another number of threads."""
    if isinstance(values, dict):
        return {name: _rounded(value) for name, value in values.items()}
    return float(f"{values:.9e}") if isinstance(values, float) else values


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serial")
    told = []
    results = run_plan(PLAN, folder, report=lambda *values: told.append(values))
    return folder, results, told


class Counting(Executor):
    """Hands tasks to another executor and remembers them."""

    def __init__(self, executor):
        self.executor, self.tasks, self.pending_futures, self.most = executor, [], 0, 0

    def submit(self, fn, /, *arguments, **options):
        plain = (getattr(a, "name", a) for a in arguments if not isinstance(a, DensePhase | Path))
        self.tasks.append((fn.__name__, *plain))
        self.pending_futures += 1
        self.most = max(self.most, self.pending_futures)
        future = self.executor.submit(fn, *arguments, **options)
        future.add_done_callback(self._over)
        return future

    def _over(self, future):
        self.pending_futures -= 1


def test_one_process_runs_everything_once(serial):
    folder, results, told = serial
    assert [(r.config, r.seed) for r in results.runs] == list(PLAN.runs)
    assert [(fit.model, fit.seed) for fit in results.linear] == list(PLAN.linear_fits)
    assert [(done, total) for done, total, _ in told] == [(i, 14) for i in range(1, 15)]
    assert os.listdir(folder) == ["tiny_plan.json"]
    assert plans.load(PLAN, folder) == results


def test_what_is_stored_is_loaded(serial, monkeypatch):
    folder, results, _ = serial
    monkeypatch.setattr(running, "_drive", None)
    assert run_plan(PLAN, folder) == results


def test_runs_in_the_file_of_another_plan_are_not_repeated(serial, tmp_path, monkeypatch):
    """Those of the same arm and seed; the results are those of a plan that trains them."""
    folder = shutil.copytree(serial[0], tmp_path / "runs")
    other = Plan("other_plan", "shares two arms", (DENSE, TINY, SMALLER), (0, 1), linear=False)
    monkeypatch.setattr(store, "PLANS", {PLAN.name: PLAN})
    told = []
    results = run_plan(other, folder, report=lambda *values: told.append(values))
    assert told[0] == (4, 6, "found, already run")
    assert [done for done, _, _ in told[1:]] == [5, 6]
    taken = {(r.config, r.seed): r for r in serial[1].runs}
    for run in results.runs:
        assert (run.config.name == "smaller") or run == taken[run.config, run.seed]
    assert plans.load(other, folder) == results
    assert sorted(os.listdir(folder)) == ["other_plan.json", "tiny_plan.json"]


@pytest.mark.parametrize("change", ["seed", "arm", "damage"])
def test_other_runs_are_trained(serial, tmp_path, monkeypatch, change):
    """Another seed, another arm of the same name, and a file that cannot be read."""
    shutil.copy(serial[0] / "tiny_plan.json", tmp_path)
    arm, seed = TINY, 0
    if change == "seed":
        seed = 2
    elif change == "arm":
        arm = replace(TINY, more_epochs=TINY.more_epochs + 1)
    else:
        (tmp_path / "tiny_plan.json").write_text("{}")
    monkeypatch.setattr(store, "PLANS", {PLAN.name: PLAN})
    told = []
    one = Plan("one", "a single run", (arm,), (seed,), linear=False)
    results = run_plan(one, tmp_path, report=lambda *values: told.append(values))
    assert [done for done, _, _ in told] == [1]
    assert (results.runs[0].config, results.runs[0].seed) == (arm, seed)


def test_a_run_of_a_plan_is_the_run_by_itself(serial, tmp_path):
    from prunelab import networks as k

    of_plan = {(r.config.name, r.seed): r for r in serial[1].runs}
    for config, seed in ((TINY, 1), (FROM_START, 0)):
        alone = k.run(config, seed, tmp_path)
        assert without_seconds(of_plan[config.name, seed]) == without_seconds(alone)


def test_threads_give_the_same(serial, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        counting = Counting(pool)
        results = run_plan(PLAN, tmp_path, executor=counting, workers=3)
    assert plain(results) == plain(serial[1])
    assert len(counting.tasks) == len(set(counting.tasks)) == 10 + 4 + 4  # arms, firsts, fits
    assert counting.most == 3


def test_in_one_process_each_run_is_stored_before_the_next(tmp_path, monkeypatch):
    """Also where somebody asks for many workers without an executor."""
    seen = []
    run_second = running.second_phase

    def second(spec, dense, **options):
        seen.append(sum(RunSpec(*run, spec.folder).exists() for run in PLAN.runs))
        return run_second(spec, dense, **options)

    monkeypatch.setattr(running, "second_phase", second)
    run_plan(replace(PLAN, linear=False, seeds=(0,)), tmp_path, workers=50)
    assert seen == [0, 1, 2, 3, 4]


def test_a_stop_in_the_middle_loses_nothing(serial, tmp_path, monkeypatch):
    """Interrupted again and again: each run is stored once, and what was trained is not again."""
    trained = []
    from prunelab.networks.recording import Recorder

    on_epoch_begin = lambda self, epoch, logs=None: trained.append(1)  # noqa: E731
    monkeypatch.setattr(Recorder, "on_epoch_begin", on_epoch_begin)
    left = [5, 9, 4, 11]
    stored = []

    class Stop(Exception):  # noqa: N818
        pass

    def progress(done, epochs, values):
        if left:
            left[0] -= 1
            if not left[0]:
                left.pop(0)
                raise Stop

    def report(done, total, text):
        stored.append((done, text))

    for _ in range(4):
        with pytest.raises(Stop):
            run_plan(PLAN, tmp_path, report=report, progress=progress)
        assert not plans.path(PLAN, tmp_path).exists()
        assert runs.partial(tmp_path / PLAN.name)
    results = run_plan(PLAN, tmp_path, report=report, progress=progress)
    assert plain(results) == plain(serial[1])
    fresh = [text for _, text in stored if not text.startswith("found")]
    assert len(fresh) == len(set(fresh)) == 14
    epochs = sum(len(r.second.loss) for r in results.runs) + 2 * 4  # a first phase counts once
    assert len(trained) == epochs
    assert os.listdir(tmp_path) == ["tiny_plan.json"]


def test_checkpoints_go_as_soon_as_nothing_needs_them(tmp_path):
    left = []

    def report(done, total, text):
        left.append(checkpoints.names(tmp_path / PLAN.name / "checkpoints"))

    run_plan(replace(PLAN, linear=False, seeds=(0,)), tmp_path, report=report)
    first = f"dense-{TINY.dense_digest[:12]}-seed0"
    assert left == [[first]] * 3 + [[], []]


# --- what must not be mixed up


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"plan": "tinny"}, "plan='tinny': the plans are"),
        ({"executor": 5}, "executor=5: write a concurrent.futures.Executor"),
        ({"executor": ThreadPoolExecutor}, r"this is a class; write ThreadPoolExecutor\(\)"),
        ({"workers": 0}, "workers=0"),
        ({"workers": 1.5}, "workers=1.5"),
        ({"folder": 5}, "folder is a int"),
    ],
)
def test_wrong_questions_are_answered_before_anything(arguments, words, tmp_path):
    with pytest.raises((TypeError, ValueError), match=words) as caught:
        run_plan(**{"plan": PLAN, "folder": tmp_path} | arguments)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_plan_of_other_settings_in_this_folder_is_refused(serial, tmp_path):
    other = replace(PLAN, arms=(replace(TINY, learning_rate=0.5),), linear=False)
    with pytest.raises(runs.RunError, match="made by other settings than 'tiny_plan' has now"):
        run_plan(other, serial[0])

    def stop(done, epochs, values):
        if done == 2:
            raise RuntimeError("stop")

    first = replace(other, arms=(replace(FROM_START, name=TINY.name),))
    with pytest.raises(RuntimeError, match="stop"):
        run_plan(first, tmp_path, progress=stop)
    with pytest.raises(checkpoints.CheckpointError, match="left by a run of other settings"):
        run_plan(other, tmp_path, progress=lambda *_: pytest.fail("it trains"))


def test_a_fit_that_is_damaged_or_another_is_refused(tmp_path):
    plan = replace(PLAN, arms=(CUT,), seeds=(0,))

    def stop(done, total, text):
        if done == 3:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        run_plan(plan, tmp_path, report=stop)
    ridge, lasso = (tmp_path / "tiny_plan" / f"linear_{m}-seed0.json" for m in ("ridge", "lasso"))
    content = ridge.read_bytes()
    for wrong in (content[:-9], lasso.read_bytes(), b"{}"):
        ridge.write_bytes(wrong)
        with pytest.raises(
            runs.RunError, match=r"^linear_ridge-seed0.json .*(remove it|another name)"
        ) as caught:
            run_plan(plan, tmp_path)
        assert "\n" not in str(caught.value)
    json_files.save_values({"model": "ridge"}, ridge)
    with pytest.raises(runs.RunError, match=r"linear_ridge-seed0.json cannot be used"):
        run_plan(plan, tmp_path)
    ridge.write_bytes(content)
    assert len(run_plan(plan, tmp_path).linear) == 2


COORDINATOR = """
import sys, time
sys.path.insert(0, sys.argv[2])
from prunelab.plans import running
from tests.plans.test_running import PLAN
def report(done, total, text):
    print(done, flush=True)
    if done == int(sys.argv[3]):
        time.sleep(120)
running.run_plan(PLAN, sys.argv[1], report=report)
"""


def test_a_killed_coordinator_and_a_second_one_beside_it(serial, tmp_path):
    """While one is at work the second is refused; killed, it leaves what is stored to the next."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", COORDINATOR, tmp_path, root, "6"]
    coordinator = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert [coordinator.stdout.readline().strip() for _ in range(6)] == list("123456")
    with pytest.raises(BlockingIOError) as caught:
        run_plan(PLAN, tmp_path)
    assert str(caught.value).startswith("plan 'tiny_plan' is being run in ")
    assert "\n" not in str(caught.value)
    coordinator.send_signal(signal.SIGKILL)
    coordinator.wait()
    coordinator.stdout.close()
    told = []
    results = run_plan(PLAN, tmp_path, report=lambda *values: told.append(values))
    assert told[0] == (6, 14, "found, already run")
    assert [done for done, _, _ in told[1:]] == list(range(7, 15))
    assert plain(results) == plain(serial[1])


def test_a_kill_right_after_storing_the_results_leaves_no_folder(serial, tmp_path):
    work = tmp_path / PLAN.name
    work.mkdir()
    (work / ".lock").write_text("")
    store.save(serial[1], tmp_path)
    assert run_plan(PLAN, tmp_path) == serial[1]
    assert os.listdir(tmp_path) == ["tiny_plan.json"]


# --- executors that fail


class Failing(Executor):
    """Runs every task, and then says of the n-th that it failed."""

    def __init__(self, n, error):
        self.left, self.error, self.waiting = n, error, []

    def submit(self, fn, /, *arguments, **options):
        future = Future()
        self.left -= 1
        try:
            if not self.left:
                raise self.error
            future.set_result(fn(*arguments, **options))
        except Exception as error:
            future.set_exception(error)
        return future


def test_what_ends_beside_a_failure_is_stored_first(tmp_path):
    """Both futures are there at once: the good one counts, whichever comes first."""
    plan = replace(PLAN, arms=(CUT, DENSE), seeds=(0,))
    failing = Failing(2, concurrent.futures.BrokenExecutor("gone"))
    with pytest.raises(RuntimeError) as caught:
        run_plan(plan, tmp_path, executor=failing, workers=4)
    assert str(caught.value) == (
        "a worker died (BrokenExecutor); 1 of 4 runs are stored: run the same again to go on"
    )
    failing = Failing(2, OSError("No space left on device"))
    with pytest.raises(OSError, match="No space left"):
        run_plan(plan, tmp_path, executor=failing, workers=4)
    assert len(run_plan(plan, tmp_path).runs) == 2


def test_a_cancelled_task_is_said_in_one_sentence(tmp_path):
    class Cancelled(Executor):
        def submit(self, fn, /, *arguments, **options):
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(RuntimeError, match=r"^a worker died \(CancelledError\); 0 of 14 runs"):
        run_plan(PLAN, tmp_path, executor=Cancelled(), workers=2)


def test_here_runs_at_once_and_keeps_errors_for_later():
    here = executors.InThisProcess()
    assert here.submit(divmod, 7, 2).result() == (3, 1)
    assert isinstance(here.submit(divmod, 7, 0).exception(), ZeroDivisionError)

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        here.submit(interrupt)


# --- processes


@pytest.mark.usefixtures("interrupts_heard")
def test_an_interrupt_that_another_thread_has_taken_is_heard(tmp_path):
    """The system gives a signal to any thread; only what wakes the main one lets it be raised."""
    future = Future()

    class Waiting(Executor):
        def submit(self, fn, /, *arguments, **options):
            return future

    def interrupt():
        time.sleep(0.3)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        time.sleep(8)
        if not future.done():
            future.set_exception(TimeoutError("nobody heard"))

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_plan(PLAN, tmp_path, executor=Waiting())
    assert time.monotonic() - began < 5


def kill_when(condition, process_ids):
    """In a thread: kill -9 the first of `process_ids()` once `condition()` holds."""
    killed = []

    def watch():
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            if condition():
                victims = process_ids()
                if victims:
                    os.kill(victims[0], signal.SIGKILL)
                    killed.append(victims[0])
                    return
            time.sleep(0.01)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return killed, thread


def no_child_is_left(seconds=20):
    """Whether all child processes end in time; a killed one is there until it is waited for."""
    ends = time.monotonic() + seconds
    while multiprocessing.active_children() and time.monotonic() < ends:
        time.sleep(0.05)
    return not multiprocessing.active_children()


def in_second_phase(folder):
    """Whether a second phase has left a checkpoint, so that a worker is in its middle."""

    def condition():
        names = checkpoints.names(folder / PLAN.name / "checkpoints")
        return any(not name.startswith("dense-") for name in names)

    return condition


def test_a_pool_of_processes_whose_worker_is_killed(serial, tmp_path, same_threads):
    """One sentence; then the same again completes, and ends its processes."""
    with executors.process_pool(1) as pool:
        assert isinstance(pool, ProcessPoolExecutor)
        killed, thread = kill_when(in_second_phase(tmp_path), lambda: list(pool._processes))
        with pytest.raises(RuntimeError, match=r"^a worker died \(BrokenProcessPool\); ") as caught:
            run_plan(PLAN, tmp_path, executor=pool, workers=2)
        thread.join(timeout=60)
    assert len(killed) == 1
    assert "\n" not in str(caught.value)
    assert runs.partial(tmp_path / PLAN.name)
    assert no_child_is_left()
    told = []
    results = run_plan(PLAN, tmp_path, report=lambda *values: told.append(values))
    assert plain(results) == plain(serial[1])
    assert 0 < told[0][0] < 14  # the killed worker's pool had stored some
    assert [done for done, _, _ in told] == list(range(told[0][0], 15))


PARENT_OF_WORKERS = """
import time
from prunelab.plans import executors
if __name__ == "__main__":
    with executors.process_pool(2) as pool:
        for _ in range(2):
            pool.submit(time.sleep, 120)
        while len(pool._processes) < 2:
            time.sleep(0.05)
        print(*pool._processes, flush=True)
        time.sleep(120)
"""


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    """Else they would train on beside those of whoever goes on, and then wait for ever."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT_OF_WORKERS)
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    workers = [int(word) for word in parent.stdout.readline().split()]
    assert len(workers) == 2
    assert all(map(is_running, workers))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while any(map(is_running, workers)):
        assert time.monotonic() < deadline, "a worker outlives its parent"
        time.sleep(0.05)


def is_running(process):
    """Whether there is such a process, and not only what nobody has asked about since it ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_dask_cluster_whose_worker_is_killed(serial, tmp_path, same_threads):
    told = []
    with two_workers() as (executor, process_ids):
        counting = Counting(executor)
        killed, thread = kill_when(in_second_phase(tmp_path), process_ids)
        results = run_plan(
            *(PLAN, tmp_path), executor=counting, workers=4, report=lambda *v: told.append(v)
        )
        thread.join(timeout=60)
    assert len(killed) == 1
    assert plain(results) == plain(serial[1])
    assert [done for done, _, _ in told] == list(range(1, 15))
    assert len(counting.tasks) == len(set(counting.tasks)) == 18
    assert os.listdir(tmp_path) == ["tiny_plan.json"]


def test_a_scheduler_that_is_not_there(monkeypatch):
    monkeypatch.setattr(executors, "ANSWERS_WITHIN", "1s")
    with (
        pytest.raises(ConnectionError, match=r"^scheduler='tcp://127.0.0.1:9' does not") as caught,
        executors.dask_executor("tcp://127.0.0.1:9"),
    ):
        pytest.fail("connected")
    assert "\n" not in str(caught.value)


def test_no_dask_is_said_in_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(
            ImportError, match=r"Dask is not installed; pip install 'prunelab\[cluster\]'"
        ),
        executors.dask_executor("tcp://127.0.0.1:9"),
    ):
        pytest.fail("connected")
