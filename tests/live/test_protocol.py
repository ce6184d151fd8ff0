"""Settings, steerings and controls of live runs: checked, exact both ways, safe between threads."""

import json
import threading
import time
from dataclasses import FrozenInstanceError, asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunelab.live import TrainedRun, TrainingControl, TrainingSettings
from prunelab.live.control import StopTraining
from prunelab.live.protocol import layers_of
from prunelab.live.records import EpochReport, now
from prunelab.schedules import ConstantSparsity, PolynomialDecay
from prunelab.schedules.steering import Steering, steered

RAMP = PolynomialDecay(0.0, 0.75, begin_step=400, end_step=1200, power=3, frequency=10)
SETTINGS = TrainingSettings(RAMP, epochs=200, batch_size=128, layers=("a", "b"), seed=3)


def made_run(**changes):
    """A run that might have been, for whatever stores or draws runs."""
    reports = [EpochReport(e, 8 * e, 0.5 / e, 0.6 / e, e / 10, e / 100) for e in range(1, 6)]
    values = {
        "settings": SETTINGS,
        "steerings": (Steering(16, final_sparsity=0.8),),
        "history": tuple(reports),
        "sparsity": {"a": 0.5, "b": 0.0},
        "nonzeros": 75,
        "n_weights": 100,
        "dense": 0.25,
        "validation_loss": 0.12,
        "stopped": True,
        "seconds": 1.5,
        "data_digest": "0" * 64,
        "network_digest": "1" * 64,
        "weights_digest": "2" * 64,
        "provenance": {"python": "3.11"},
        "created": "2026-01-02T03:04:05.678901+00:00",
    }
    return TrainedRun(**values | changes)


# --- settings


def test_settings_go_through_json_and_name_themselves():
    again = TrainingSettings.from_dict(json.loads(json.dumps(SETTINGS.to_dict())))
    assert again == SETTINGS
    assert again.digest == SETTINGS.digest
    others = [
        replace(SETTINGS, seed=4),
        replace(SETTINGS, layers=("b", "a")),
        replace(SETTINGS, block_size=(4, 1)),
        replace(SETTINGS, schedule=ConstantSparsity(0.75, 400)),
        replace(SETTINGS, learning_rate=2e-3),
    ]
    assert len({SETTINGS.digest, *(other.digest for other in others)}) == 6
    with pytest.raises(FrozenInstanceError):
        again.seed = 1


def test_settings_count_steps_and_ask_preflight():
    assert SETTINGS.total_steps(1000) == 1600
    assert SETTINGS.total_steps(1025) == 1800  # nine batches, the last of one row
    flight = replace(SETTINGS, epochs=20).preflight(1000)
    assert flight.total_steps == 160
    assert "never_updates" in [finding.code for finding in flight.findings]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("schedule", "PolynomialDecay", TypeError),
        ("epochs", 0, ValueError),
        ("epochs", 2.5, ValueError),
        ("batch_size", None, TypeError),
        ("learning_rate", 0, ValueError),
        ("learning_rate", float("nan"), ValueError),
        ("layers", "hidden_1", TypeError),
        ("layers", ("a", 1), TypeError),
        ("layers", ("a", "a"), ValueError),
        ("block_size", 4, TypeError),
        ("block_size", (4, 1, 1), TypeError),
        ("block_size", (0, 1), ValueError),
        ("seed", -1, ValueError),
    ],
)
def test_impossible_settings_are_refused_in_one_sentence(name, value, error):
    with pytest.raises(error, match=name) as caught:
        replace(SETTINGS, **{name: value})
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


def test_settings_of_another_kind_are_refused():
    with pytest.raises(ValueError, match="settings"):
        TrainingSettings.from_dict(SETTINGS.to_dict() | {"colour": 1})
    with pytest.raises(ValueError, match="schedule"):
        TrainingSettings.from_dict(SETTINGS.to_dict() | {"schedule": {"schedule": "Cubic"}})


# --- steering


def test_what_is_left_of_a_ramp_is_a_ramp():
    """Steering to the values a ramp has already changes nothing, wherever it happens."""
    grid = np.arange(1200)
    for step in (0, 399, 400, 404, 1003, 1190):
        ahead = steered(RAMP, Steering(step, final_sparsity=0.75))
        later = grid[grid > step]
        assert np.allclose(ahead.sparsity(later), RAMP.sparsity(later), rtol=0, atol=1e-12)
        assert np.array_equal(ahead.updates(later), RAMP.updates(later))


@given(
    step=st.integers(0, 1300),
    final=st.floats(0, 0.99),
    end=st.integers(0, 2000),
    power=st.floats(0.5, 5),
    frequency=st.sampled_from([1, 7, 10, 100]),
    begin=st.sampled_from([0, 1, 400]),
)
def test_a_steered_curve_never_goes_down(step, final, end, power, frequency, begin):
    schedule = replace(RAMP, frequency=frequency, begin_step=begin)
    try:
        ahead = steered(schedule, Steering(step, final, end, power))
    except ValueError:  # nothing sensible lies ahead; tested below
        return
    behind, ahead_of = schedule.update_range(step), ahead.update_range(2500)
    cut = schedule.sparsity(behind[-1]) if behind else 0.0
    updates = [update for update in ahead_of if update > step]
    assert updates  # it does something
    values = ahead.sparsity(np.array(updates))
    assert values[0] >= cut - 1e-9
    assert (np.diff(values) >= -1e-9).all()
    assert values[-1] <= final + 1e-9
    if (ahead.end_step - ahead.begin_step) % frequency == 0:
        assert values[-1] == pytest.approx(final, abs=1e-9)


@pytest.mark.parametrize(
    ("step", "change", "says"),
    [
        (800, {"final_sparsity": 0.5}, "cut already"),
        (800, {"end_step": 700}, "write 810"),
        (800, {"end_step": 805}, "write 810"),
        (1300, {"final_sparsity": 0.9}, "steer end_step too"),
        (100, {"end_step": 300}, "begins at step 400"),
        (100, {"end_step": 400}, "write 401"),
        (100, {"end_step": -1}, "must end"),
        (800, {"power": 0}, "power=0"),
        (1300, {"power": 1}, "steer end_step too"),
    ],
)
def test_steering_into_nonsense_is_refused(step, change, says):
    with pytest.raises(ValueError, match=says):
        steered(RAMP, Steering(step, **change))


def test_a_ramp_that_has_ended_can_go_on():
    ahead = steered(RAMP, Steering(1304, final_sparsity=0.9, end_step=1500))
    assert ahead == PolynomialDecay(0.75, 0.9, begin_step=1300, end_step=1500, frequency=10)


def test_constant_sparsity_is_steered_too():
    constant = ConstantSparsity(0.5, begin_step=100, frequency=10)
    assert steered(constant, Steering(204, 0.8)) == replace(constant, target_sparsity=0.8)
    assert steered(constant, Steering(50, 0.2)) == replace(constant, target_sparsity=0.2)
    assert steered(constant, Steering(204, end_step=210)) == replace(constant, end_step=210)
    for change, says in (
        ({"power": 2}, "no ramp"),
        ({"final_sparsity": 0.2}, "cut already"),
        ({"end_step": 209}, "write 210"),
    ):
        with pytest.raises(ValueError, match=says):
            steered(constant, Steering(204, **change))


def test_a_steering_is_checked():
    assert Steering(5, power=2.0) == Steering.from_dict(asdict(Steering(5, power=2)))
    for values, error in (
        ({}, ValueError),
        ({"final_sparsity": 75}, ValueError),
        ({"end_step": 1.5}, ValueError),
        ({"power": "3"}, TypeError),
    ):
        with pytest.raises(error):
            Steering(5, **values)


# --- control


def test_a_control_goes_from_waiting_to_done():
    control = TrainingControl()
    assert (control.state, control.step, control.schedule) == ("waiting", 0, None)
    assert control.at_step(0, RAMP) is RAMP
    assert control.state == "running"
    control.finish()
    assert control.state == "done"
    control.finish(ValueError())
    assert control.state == "done"
    with pytest.raises(ValueError, match="make a new TrainingControl"):
        control.at_step(8, RAMP)
    with pytest.raises(ValueError, match="is done"):
        control.steer(power=1)


def test_a_stop_is_told_once_it_is_asked_for():
    control = TrainingControl()
    control.at_step(0, RAMP)
    control.stop()
    with pytest.raises(StopTraining):
        control.at_step(8, RAMP)
    control.finish()
    assert control.state == "stopped"
    late = TrainingControl()
    late.at_step(0, RAMP)
    late.stop()  # after the last step: nothing is left to stop
    late.finish()
    assert late.state == "done"


def test_a_pause_holds_until_it_is_resumed_or_stopped():
    for release, ends in (("resume", "running"), ("stop", "stopped")):
        control, asked = TrainingControl(), []

        def train(control=control, asked=asked):
            try:
                asked.append(control.at_step(8, RAMP))
            except StopTraining:
                control.finish()

        control.pause()
        thread = threading.Thread(target=train)
        thread.start()
        while control.state != "paused":
            time.sleep(0.001)
        assert not asked
        control.steer(end_step=1000)  # what is changed in a pause holds after it
        getattr(control, release)()
        thread.join(10)
        assert not thread.is_alive()
        assert control.state == ends
        assert [schedule.end_step for schedule in asked] == [1000] * (release == "resume")


def test_steerings_are_applied_at_the_next_step_and_recorded():
    control = TrainingControl()
    control.at_step(0, RAMP)
    control.steer(final_sparsity=0.9)
    control.steer(power=1)  # before the next step: both are one
    assert control.steerings == ()
    ahead = control.at_step(8, RAMP)
    assert ahead == replace(RAMP, final_sparsity=0.9, power=1)
    assert control.steerings == (Steering(8, final_sparsity=0.9, power=1),)
    assert control.at_step(16, ahead) is ahead
    assert control.preview(end_step=800) == replace(ahead, end_step=800)
    assert control.at_step(24, ahead) is ahead


def test_nonsense_is_refused_and_the_run_goes_on():
    control = TrainingControl()
    with pytest.raises(ValueError, match="has not begun"):
        control.steer(power=1)
    control.at_step(1000, RAMP)
    for change in ({"final_sparsity": 0.1}, {"end_step": 900}, {}, {"power": 0}):
        with pytest.raises(ValueError):  # noqa: PT011 (each has its own sentence, tested above)
            control.steer(**change)
    with pytest.raises(TypeError):
        control.steer(power="steep")
    assert control.at_step(1008, RAMP) is RAMP
    assert control.steerings == ()


def test_a_steering_that_comes_too_late_is_said_not_raised():
    control = TrainingControl()
    control.at_step(1000, RAMP)
    control.steer(end_step=1010)
    assert control.at_step(1016, RAMP) is RAMP
    assert "end_step=1010" in control.refused
    assert control.steerings == ()
    control.steer(end_step=1100)
    assert control.refused == ""


def test_a_record_is_replayed_at_its_steps():
    record = (Steering(8, power=1), Steering(24, final_sparsity=0.9, end_step=1400))
    control, schedule = TrainingControl.replaying(record, stop_at=48), RAMP
    assert control.at_step(0, None) is None  # while it prepares
    for step in range(0, 48, 8):
        schedule = control.at_step(step, schedule)
        with pytest.raises(ValueError, match="replays a record"):
            control.steer(power=2)
    assert control.steerings == record
    assert schedule == steered(steered(RAMP, record[0]), record[1])
    with pytest.raises(StopTraining):
        control.at_step(48, schedule)
    for wrong in (None, [1], "8"):
        with pytest.raises(TypeError, match="steerings"):
            TrainingControl.replaying(wrong)


def test_many_threads_may_steer_at_once():
    control, go = TrainingControl(), threading.Event()
    control.at_step(0, RAMP)

    def reader(i):
        go.wait()
        for k in range(50):
            control.steer(power=1 + i)
            control.steer(end_step=1000 + k)

    readers = [threading.Thread(target=reader, args=(i,)) for i in range(4)]
    for thread in readers:
        thread.start()
    go.set()
    schedule = RAMP
    for step in range(0, 400, 8):
        schedule = control.at_step(step, schedule)
    for thread in readers:
        thread.join(10)
    schedule, replayed = control.at_step(400, schedule), RAMP
    again = TrainingControl.replaying(control.steerings)
    for step in range(0, 401, 8):
        replayed = again.at_step(step, replayed)
    assert replayed == schedule
    assert schedule.end_step == 1049


# --- runs


def test_a_run_goes_through_json():
    run = made_run()
    again = TrainedRun.from_dict(json.loads(json.dumps(run.to_dict())))
    assert again == run
    assert again.id == run.id
    assert run.steps == 40
    assert run.total_sparsity == 0.25
    assert "stopped after 40 steps" in repr(run)


def test_the_id_is_of_the_run_not_of_its_name():
    run = made_run()
    assert run.renamed(name="Best", note="ramp too short").id == run.id
    assert run.renamed(name="Best").note == ""
    assert made_run(seconds=2.0).id != run.id
    assert made_run(created=now()).id != run.id


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("settings", {}),
        ("steerings", (1,)),
        ("history", None),
        ("sparsity", {"a": 1.5}),
        ("sparsity", []),
        ("nonzeros", 101),
        ("n_weights", 0),
        ("dense", float("nan")),
        ("stopped", 1),
        ("data_digest", "beef"),
        ("created", "2026-01-02T03:04:05"),
        ("created", "yesterday"),
        ("name", "n" * 81),
        ("note", None),
    ],
)
def test_what_is_no_run_is_refused(name, value):
    with pytest.raises((TypeError, ValueError), match=name) as caught:
        made_run(**{name: value})
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("values", [None, [], {}, {"name": float("nan")}])
def test_what_are_no_values_of_a_run_is_refused(values):
    with pytest.raises((TypeError, ValueError), match="run"):
        TrainedRun.from_dict(values)


def test_a_report_is_of_finite_numbers():
    with pytest.raises(ValueError, match="loss"):
        EpochReport(1, 8, float("inf"), 0.1, 0.0, 0.1)
    with pytest.raises(ValueError, match="report"):
        EpochReport.from_dict({"epoch": 1})


def test_layers_are_a_dict_or_depend_on_the_data():
    def train():
        pass

    assert layers_of(train, None) == {}
    train.layers = {"a": 10}
    assert layers_of(train, None) == {"a": 10}
    train.layers = lambda data: {"a": len(data)}
    assert layers_of(train, [1, 2]) == {"a": 2}


# ---- a pace -------------------------------------------------------------------------------------


class _Clock:
    """A clock that goes on only while somebody waits; `then` is done during the first wait."""

    def __init__(self, control, then=lambda: None):
        self.now, self.waits, self._then = 100.0, [], then
        control._changed.wait = self.wait

    def monotonic(self):
        return self.now

    def wait(self, seconds=None):
        self.waits.append(seconds)
        then, self._then = self._then, lambda: None
        then()
        self.now += seconds or 0.0


def test_a_pace_holds_each_step_until_it_is_due(monkeypatch):
    control = TrainingControl()
    clock = _Clock(control)
    monkeypatch.setattr("prunelab.live.control.time", clock)
    schedule = PolynomialDecay(0.0, 0.5, 2, 8, frequency=2)
    control.pace = 10
    for step in range(5):
        control.at_step(step, schedule)
        clock.now += 0.04  # the step's own work
    assert clock.waits == pytest.approx([0.06] * 4)
    control.pace = None
    control.at_step(6, schedule)
    assert len(clock.waits) == 4
    for wrong in (0, -3, float("inf")):
        with pytest.raises(ValueError, match="pace"):
            control.pace = wrong


@pytest.mark.parametrize("way_out", ["stop", "faster"])
def test_nobody_waits_for_a_slow_pace(monkeypatch, way_out):
    control = TrainingControl()

    def then():
        if way_out == "stop":
            control.stop()
        else:
            control.pace = None

    clock = _Clock(control, then)
    monkeypatch.setattr("prunelab.live.control.time", clock)
    control.pace = 0.001
    schedule = PolynomialDecay(0.0, 0.5, 2, 8, frequency=2)
    control.at_step(0, schedule)
    if way_out == "stop":
        with pytest.raises(StopTraining):
            control.at_step(1, schedule)
    else:
        control.at_step(1, schedule)
    assert len(clock.waits) == 1
