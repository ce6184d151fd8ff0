"""A training in a thread: whatever happens in it is told, and no thread is left behind."""

import _thread
import logging
import subprocess
import sys
import threading
import time

import pytest

from prunelab.live import LiveTraining, TrainingControl
from prunelab.live.control import StopTraining
from prunelab.live.records import EpochReport
from prunelab.live.thread import in_words
from prunelab.schedules.steering import Steering
from tests.live.test_protocol import SETTINGS, made_run


def slow_train(settings, data, control, report):
    """Five epochs that take no time but what the control takes."""
    schedule, stopped, epoch = settings.schedule, False, 0
    try:
        for epoch in range(1, data + 1):
            schedule = control.at_step(8 * epoch - 8, schedule)
            time.sleep(0.002)
            report(EpochReport(epoch, 8 * epoch, 0.1, 0.1, 0.0, 0.0))
    except StopTraining:
        stopped = True
    return made_run(settings=settings, steerings=control.steerings, stopped=stopped)


def until(condition):
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.001)


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    until(lambda: not [t for t in threading.enumerate() if t.name == "prunelab training"])


def test_a_run_to_its_end():
    seen = []
    live = LiveTraining(slow_train, SETTINGS, 5, lambda it: seen.append((it.state, it.reports)))
    assert (live.state, live.alive, live.result, live.reports) == ("waiting", False, None, ())
    assert live.join(0)  # nothing to wait for
    live.start()
    assert live.join(20)
    assert (live.state, live.error, live.alive) == ("done", "", False)
    assert [report.epoch for report in live.reports] == [1, 2, 3, 4, 5]
    assert live.result == made_run(steerings=(), stopped=False)
    assert [len(reports) for _, reports in seen] == [1, 2, 3, 4, 5, 5]
    assert [state for state, _ in seen] == ["running"] * 5 + ["done"]
    with pytest.raises(RuntimeError, match="make a new LiveTraining"):
        live.start()


def test_it_is_over_once_the_result_is_there():
    """A training function may end its control itself, well before it returns."""

    def train(settings, data, control, report):
        control.at_step(0, settings.schedule)
        control.finish()
        ended.set()
        assert go.wait(20)
        return made_run()

    ended, go = threading.Event(), threading.Event()
    live = LiveTraining(train, SETTINGS, None)
    live.start()
    assert ended.wait(20)
    assert (live.state, live.result) == ("running", None)
    go.set()
    assert live.join(20)
    assert (live.state, live.result) == ("done", made_run())


def test_pause_steer_resume_stop():
    live = LiveTraining(slow_train, SETTINGS, 10**6)
    live.start()
    until(lambda: len(live.reports) > 2)
    live.control.pause()
    until(lambda: live.state == "paused")
    count = len(live.reports)
    live.control.steer(final_sparsity=0.9)
    time.sleep(0.05)
    assert len(live.reports) == count
    assert not live.join(0.01)
    live.control.resume()
    until(lambda: len(live.reports) > count + 2)
    live.control.stop()
    assert live.join(20)
    assert live.state == "stopped"
    assert live.result.stopped
    assert live.result.steerings == (Steering(8 * count, final_sparsity=0.9),)


def test_a_paused_run_can_be_stopped():
    live = LiveTraining(slow_train, SETTINGS, 10**6)
    live.control.pause()
    live.start()
    until(lambda: live.state == "paused")
    live.control.stop()
    assert live.join(20)
    assert (live.state, live.reports) == ("stopped", ())


def test_a_record_is_replayed():
    record = (Steering(16, power=1),)
    live = LiveTraining(slow_train, SETTINGS, 5, control=TrainingControl.replaying(record))
    live.start()
    assert live.join(20)
    assert live.result.steerings == record


class OddError(Exception):
    """One that Python prints in several lines."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("x has shape (3,): write [rows, 4]"), "x has shape (3,): write [rows, 4]"),
        (OddError("first line\nsecond line"), "training ended with OddError: first line (the log"),
        (ValueError("a\nb"), "training ended with ValueError: a (the log"),
        (MemoryError(), "training ended with MemoryError: no message (the log"),
        (SystemExit(3), "training ended with SystemExit: 3 (the log"),
        (KeyboardInterrupt(), "training ended with KeyboardInterrupt: no message"),
        (ValueError("long " * 200), "training ended with ValueError: long long"),
    ],
)
def test_errors_come_up_in_words_and_in_the_log(error, words, caplog):
    def train(settings, data, control, report):
        control.at_step(0, settings.schedule)
        raise error

    told = []
    live = LiveTraining(train, SETTINGS, None, lambda it: told.append((it.state, it.error)))
    with caplog.at_level(logging.ERROR, "prunelab.live.thread"):
        live.start()
        assert live.join(20)
    assert live.state == "failed"
    assert live.error.startswith(words)
    assert len(live.error) < 320
    assert "\n" not in live.error
    assert told == [("failed", live.error)]
    [record] = caplog.records
    assert record.exc_info[1] is error
    assert "in train" in caplog.text  # the traceback
    assert in_words(error) == live.error


def test_a_function_that_returns_no_run_has_failed(caplog):
    live = LiveTraining(lambda *_: 3, SETTINGS, None)
    live.start()
    live.join(20)
    assert live.state == "failed"
    assert "must return a TrainedRun" in live.error


def test_a_report_of_another_kind_has_failed(caplog):
    live = LiveTraining(lambda s, d, c, report: report({"loss": 1}), SETTINGS, None)
    live.start()
    live.join(20)
    assert "EpochReport" in live.error


def test_a_picture_that_cannot_be_drawn_does_not_end_the_training(caplog):
    def draw(live):
        raise OddError("no canvas")

    live = LiveTraining(slow_train, SETTINGS, 5, draw)
    live.start()
    assert live.join(20)
    assert live.state == "done"
    assert "no canvas" in caplog.text


@pytest.mark.usefixtures("interrupts_heard")
def test_an_interrupted_kernel_goes_on_training():
    """As a kernel's interrupt: KeyboardInterrupt in the main thread, while it waits."""
    live = LiveTraining(slow_train, SETTINGS, 500)
    live.start()
    threading.Timer(0.05, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        live.join(20)
    assert live.join(20)
    assert live.state == "done"
    assert len(live.reports) == 500


def test_two_at_once_do_not_meet():
    trainings = [LiveTraining(slow_train, SETTINGS, 10**6) for _ in range(2)]
    for live in trainings:
        live.start()
    trainings[0].control.pause()
    until(lambda: trainings[0].state == "paused")
    count = len(trainings[1].reports)
    until(lambda: len(trainings[1].reports) > count + 2)
    for live in trainings:
        live.control.stop()
        assert live.join(20)


@pytest.mark.parametrize("state", ["running", "paused"])
def test_no_thread_keeps_or_breaks_a_process_that_ends(state):
    code = f"""
import logging, sys, time
sys.path.insert(0, "tests")
from tests.live.test_thread import LiveTraining, SETTINGS, slow_train, until
live = LiveTraining(slow_train, SETTINGS, 10**6)
live.start()
until(lambda: len(live.reports) > 1)
if {state!r} == "paused":
    live.control.pause()
    until(lambda: live.state == "paused")
print("end of the notebook")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "end of the notebook\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((None, SETTINGS, 1), "train"),
        ((slow_train, {}, 1), "settings"),
        ((slow_train, SETTINGS, 1, "draw"), "on_change"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments, says):
    with pytest.raises(TypeError, match=says):
        LiveTraining(*arguments)
    with pytest.raises(TypeError, match="control"):
        LiveTraining(slow_train, SETTINGS, 1, control="none")
