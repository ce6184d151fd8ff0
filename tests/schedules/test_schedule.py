"""prunelab.schedules against tfmot's own classes, and against impossible input."""

import dataclasses

import numpy as np
import pytest

from prunelab.schedules import ConstantSparsity, PolynomialDecay
from prunelab.schedules.schedule import checked_schedule, from_dict, to_dict
from tests.helpers import tfmot_oracle

N_SCHEDULES = 2000


def random_schedule(rng):
    """Any schedule tfmot would take, the odd ones too: power 0, begin = end, a falling ramp."""
    begin = int(rng.choice([0, 1, rng.integers(0, 3000)]))
    frequency = int(rng.choice([1, 2, 10, 100, rng.integers(1, 500)]))
    if rng.random() < 0.2:
        end = int(rng.choice([-1, begin, begin + rng.integers(0, 4000)]))
        return ConstantSparsity(float(rng.uniform(0, 0.999)), begin, end, frequency)
    length = int(rng.choice([0, 1, frequency * rng.integers(1, 50), rng.integers(0, 4000)]))
    return PolynomialDecay(
        float(rng.choice([0.0, rng.uniform(0, 0.999)])),
        float(rng.uniform(0, 0.999)),
        begin,
        begin + length,
        float(rng.choice([0, 0.5, 1, 2, 3, rng.uniform(0, 12)])),
        frequency,
    )


@pytest.fixture(scope="module")
def schedules():
    rng = np.random.default_rng(20)
    drawn = [random_schedule(rng) for _ in range(N_SCHEDULES)]
    assert len(drawn) == N_SCHEDULES
    return drawn


def probe_steps(schedule):
    """Steps on and around every corner of a schedule, and a few hundred in between."""
    end = max(schedule.end_step, schedule.begin_step + 5 * schedule.frequency)
    corners = [0, 1, schedule.begin_step, schedule.end_step, end, schedule.begin_step + 1]
    near = np.unique(np.clip([c + d for c in corners for d in (-1, 0, 1)], 0, None))
    grid = schedule.begin_step + schedule.frequency * np.arange(6)
    return np.concatenate([near, grid, np.linspace(0, end + 200, 60).astype(int)])


def test_sparsity_equals_tfmot_to_a_millionth(schedules):
    for schedule in schedules:
        steps = probe_steps(schedule)
        _, theirs = tfmot_oracle.evaluate(schedule, steps)
        ours = schedule.sparsity(steps)
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6, err_msg=repr(schedule))


def test_updates_equal_tfmot_exactly(schedules):
    for schedule in schedules:
        steps = probe_steps(schedule)
        theirs, _ = tfmot_oracle.evaluate(schedule, steps)
        np.testing.assert_array_equal(schedule.updates(steps), theirs, err_msg=repr(schedule))


def test_fields_are_tfmots_arguments(schedules):
    for schedule in schedules[:100]:
        config = tfmot_oracle.schedule(schedule).get_config()["config"]
        assert config == dataclasses.asdict(schedule)


def test_a_number_gives_a_number_and_an_array_its_shape():
    schedule = PolynomialDecay(0.0, 0.75, 400, 1200)
    assert isinstance(schedule.sparsity(800), float)
    assert schedule.sparsity(1200) == 0.75
    assert schedule.updates(1200) is True
    assert schedule.sparsity(np.zeros((2, 3))).shape == (2, 3)
    assert schedule.updates(np.zeros((2, 3), int)).shape == (2, 3)
    assert ConstantSparsity(0.5, 10).sparsity([1, 2]).tolist() == [0.5, 0.5]


def test_update_range_lists_the_steps_that_update(schedules):
    for schedule in schedules[:300]:
        steps = np.arange(1, 3001)
        listed = np.zeros(3001, bool)
        listed[list(schedule.update_range(3000))] = True
        divides_by_zero = (
            isinstance(schedule, PolynomialDecay) and schedule.begin_step == schedule.end_step
        )
        expected = schedule.updates(steps) & (not divides_by_zero)
        np.testing.assert_array_equal(listed[1:], expected, err_msg=repr(schedule))


def test_code_makes_the_same_schedule_in_tfmot():
    import tensorflow_model_optimization as tfmot

    schedule = PolynomialDecay(0.1, 0.9, 7, 107, power=2, frequency=25)
    made = eval(schedule.as_code(), {"tfmot": tfmot})
    assert made.get_config() == tfmot_oracle.schedule(schedule).get_config()


def test_dict_and_back(schedules):
    for schedule in schedules[:100]:
        assert from_dict(to_dict(schedule)) == schedule


@pytest.mark.parametrize(
    "values",
    [
        None,
        {},
        {"schedule": "Linear"},
        {"schedule": "ConstantSparsity", "target_sparsity": 0.5},
        {**to_dict(ConstantSparsity(0.5, 0)), "power": 3},
    ],
)
def test_from_dict_refuses_other_shapes(values):
    with pytest.raises(ValueError, match=r"schedule="):
        from_dict(values)


def test_schedules_cannot_be_changed():
    schedule = PolynomialDecay(0.0, 0.75, 400, 1200)
    with pytest.raises(dataclasses.FrozenInstanceError):
        schedule.end_step = 5000
    assert schedule == PolynomialDecay(0, 0.75, 400.0, 1200.0, 3.0, 100)
    assert hash(schedule) == hash(PolynomialDecay(0, 0.75, 400.0, 1200.0, 3.0, 100))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (dict(final_sparsity=75), "final_sparsity=75: sparsity is a fraction in .*write 0.75"),
        (
            dict(final_sparsity=1.0),
            "final_sparsity=1.0: sparsity is a fraction in .*keep at least some",
        ),
        (dict(final_sparsity=1.5), "final_sparsity=1.5: .*keep at least some"),
        (dict(initial_sparsity=-0.1), "initial_sparsity=-0.1: .*write 0 or more"),
        (dict(final_sparsity=float("nan")), "final_sparsity=nan: .*finite number"),
        (dict(final_sparsity="0.75"), "final_sparsity='0.75': .*finite number, not a str"),
        (dict(final_sparsity=True), "final_sparsity=True: .*not a bool"),
        (dict(begin_step=-1), "begin_step=-1: begin_step must be a whole number from 0"),
        (dict(begin_step=400.5), "begin_step=400.5: .*write 400 or 401"),
        (dict(begin_step=None), "begin_step=None: .*not None"),
        (dict(end_step=-1), "end_step=-1: a PolynomialDecay must end"),
        (dict(end_step=399), "end_step=399: end_step must not be before begin_step=400"),
        (dict(end_step=float("inf")), "end_step=inf: .*whole number"),
        (dict(end_step=10**12), "end_step=1000000000000: .*from -1 to 2_147_483_647"),
        (dict(frequency=0), "frequency=0: .*from 1 to"),
        (dict(power=-1), "power=-1: .*at least 0"),
    ],
)
def test_impossible_values_get_one_sentence(arguments, sentence):
    possible = dict(initial_sparsity=0.0, final_sparsity=0.75, begin_step=400, end_step=1200)
    with pytest.raises((TypeError, ValueError), match=sentence) as raised:
        PolynomialDecay(**{**possible, **arguments})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("step", [-1, float("nan"), [1, -2], float("inf")])
def test_impossible_steps_get_one_sentence(step):
    schedule = PolynomialDecay(0.0, 0.75, 400, 1200)
    for ask in (schedule.sparsity, schedule.updates):
        with pytest.raises(ValueError, match="step holds a negative number, NaN or infinity"):
            ask(step)


def test_steps_that_are_no_numbers_get_one_sentence():
    schedule = ConstantSparsity(0.5, 0)
    with pytest.raises(TypeError, match="step='ten': step must be an array"):
        schedule.sparsity("ten")
    with pytest.raises(ValueError, match="whole steps only"):
        schedule.updates(1.5)


def test_a_class_of_the_readers_own_is_not_taken_for_one_of_these():
    class PolynomialDecay(ConstantSparsity):
        def sparsity(self, steps):
            return 0.5 + 0 * steps

    class Same(ConstantSparsity):
        pass

    assert checked_schedule("schedule", Same(0.5, 10)) == ConstantSparsity(0.5, 10)
    with pytest.raises(TypeError, match="rule of its own"):
        checked_schedule("schedule", PolynomialDecay(0.5, 10))
    alien = type("PolynomialDecay", (), {"initial_sparsity": 0, "final_sparsity": 0.5})()
    with pytest.raises(TypeError, match="nothing here knows what that one does"):
        checked_schedule("schedule", alien)
