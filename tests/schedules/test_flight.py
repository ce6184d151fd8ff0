"""prunelab.schedules.flight against real tfmot training, and each finding against its trap."""

import tracemalloc

import numpy as np
import pytest
import tensorflow as tf

from prunelab.commands.preflight import report
from prunelab.experiments import ExperimentConfig
from prunelab.live import TrainingSettings
from prunelab.schedules import (
    ConstantSparsity,
    PolynomialDecay,
    nearest_fit,
    preflight,
    sparsity_table,
)
from prunelab.schedules.schedule import checked_schedule
from prunelab.widgets import ScheduleExplorer
from tests.helpers import tfmot_oracle

ARTICLE = PolynomialDecay(0.0, 0.75, 1000, 5000)
ARTICLE_RUN = dict(n_samples=8000, batch_size=1024, epochs=200)


def codes(checked):
    return [finding.code for finding in checked.findings]


def test_the_article_prunes_less_than_it_says():
    checked = preflight(ARTICLE, **ARTICLE_RUN)
    assert checked.total_steps == 1600
    assert checked.steps_per_epoch == 8
    assert checked.realised_sparsity == pytest.approx(0.28940625, abs=1e-12)
    assert checked.update_steps.tolist() == list(range(1000, 1601, 100))
    sizes = (1000 * 1024, 1024 * 1024, 1024)
    zeros = [checked.realised(size) * size for size in sizes]
    np.testing.assert_allclose(zeros, [296_352, 303_464, 296], atol=1e-6)
    assert codes(checked) == ["ends_after_training"]
    assert not checked.ok


def test_the_completed_schedule_is_fine():
    checked = preflight(PolynomialDecay(0.0, 0.75, 400, 1200), **ARTICLE_RUN)
    assert checked.ok
    assert checked.realised_sparsity == 0.75
    assert checked.realised(1024) == 0.75
    assert checked.suggest() == checked.schedule


# Each line a run that really trains with tfmot; sizes are chosen where rounding and ties matter.
TRAINED = [
    (PolynomialDecay(0.0, 0.5, 0, 100, frequency=100), 99, 64),
    (PolynomialDecay(0.0, 0.5, 0, 100, frequency=100), 100, 64),
    (PolynomialDecay(0.0, 0.8, 0, 150, frequency=100), 160, 1000),
    (PolynomialDecay(0.0, 0.8, 10, 60, frequency=10), 45, 333),
    (PolynomialDecay(0.0, 0.75, 5, 80, power=2, frequency=5), 60, 97),
    (PolynomialDecay(0.2, 0.9, 3, 50, power=1, frequency=1), 37, 1001),
    (PolynomialDecay(0.0, 0.75, 20, 100, power=0.5, frequency=4), 90, 500),
    (PolynomialDecay(0.0, 0.99, 1, 11, frequency=2), 20, 10),
    (PolynomialDecay(0.0, 0.75, 0, 0), 30, 100),
    (PolynomialDecay(0.3, 0.75, 1, 21, power=0, frequency=5), 30, 100),
    (ConstantSparsity(0.6, 0, frequency=50), 49, 10),
    (ConstantSparsity(0.6, 0, frequency=50), 50, 10),
    (ConstantSparsity(0.33, 7, 7), 10, 77),
    (ConstantSparsity(0.5, 1, 40, 10), 25, 25),
]


@pytest.mark.parametrize(("schedule", "total_steps", "size"), TRAINED)
def test_realised_is_what_tfmot_trains(schedule, total_steps, size):
    checked = preflight(schedule, total_steps=total_steps)
    zeros = tfmot_oracle.trained_sparsity(schedule, total_steps, size) * size
    assert round(checked.realised(size) * size) == round(zeros)


def replay(schedule, total_steps):
    """The steps at which tfmot's own schedule asks for new masks, the first batch being step 1."""
    steps = np.arange(1, total_steps + 1)
    updates, sparsity = tfmot_oracle.evaluate(schedule, steps)
    return steps[updates], sparsity[updates]


def test_updates_and_realised_sparsity_of_random_runs():
    rng = np.random.default_rng(5)
    for _ in range(300):
        begin, length = rng.integers(0, 800), rng.integers(1, 1500)
        schedule = PolynomialDecay(
            float(rng.uniform(0, 0.99)),
            float(rng.uniform(0, 0.99)),
            begin,
            begin + length,
            float(rng.choice([0, 1, 2, 3, 5])),
            int(rng.choice([1, 7, 10, 100])),
        )
        total_steps = int(rng.integers(1, 2000))
        checked = preflight(schedule, total_steps=total_steps)
        steps, sparsity = replay(schedule, total_steps)
        np.testing.assert_array_equal(checked.update_steps, steps)
        expected = sparsity[-1] if len(steps) else 0.0
        assert checked.realised_sparsity == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize(
    ("schedule", "run", "expected"),
    [
        (PolynomialDecay(0.0, 0.5, 100, 900), dict(total_steps=1000), []),
        (PolynomialDecay(0.0, 0.5, 0, 500), dict(total_steps=1000), []),
        (PolynomialDecay(0.0, 0.5, 100, 1100), dict(total_steps=1000), ["ends_after_training"]),
        (
            PolynomialDecay(0.0, 0.5, 2000, 3000),
            dict(total_steps=1000),
            ["never_updates", "ends_after_training"],
        ),
        (
            PolynomialDecay(0.0, 0.5, 0, 80),
            dict(total_steps=1000),
            ["never_updates", "off_grid"],
        ),
        (PolynomialDecay(0.0, 0.5, 0, 550), dict(total_steps=1000), ["off_grid"]),
        (PolynomialDecay(0.0, 0.5, 7, 7), dict(total_steps=1000), ["begin_equals_end"]),
        (
            PolynomialDecay(0.0, 0.5, 0, 0),
            dict(total_steps=1000),
            ["never_updates", "begin_equals_end"],
        ),
        (PolynomialDecay(0.0, 0.5, 0, 500, power=0), dict(total_steps=1000), ["power_zero"]),
        (PolynomialDecay(0.6, 0.5, 0, 500), dict(total_steps=1000), ["initial_above_final"]),
        (PolynomialDecay(0.0, 0.5, 0, 400), dict(total_steps=1000), ["few_updates"]),
        (PolynomialDecay(0.0, 0.5, 1, 401), dict(total_steps=1000), []),
        (
            PolynomialDecay(0.0, 0.5, 0, 500),
            dict(n_samples=10, batch_size=11, epochs=500),
            ["batch_larger_than_data"],
        ),
        (PolynomialDecay(0.0, 0.5, 0, 500), dict(n_samples=11, batch_size=11, epochs=500), []),
        (
            PolynomialDecay(0.0, 0.9, 0, 500),
            dict(total_steps=1000, sizes=[4, 10, 15, 20, 1000]),
            ["unreachable_target", "unreachable_target"],
        ),
        (ConstantSparsity(0.5, 0), dict(total_steps=99), ["never_updates"]),
        (ConstantSparsity(0.5, 0), dict(total_steps=100), []),
        (ConstantSparsity(0.5, 0, 0), dict(total_steps=100), ["never_updates"]),
        (ConstantSparsity(0.5, 101), dict(total_steps=100), ["never_updates"]),
    ],
)
def test_each_trap_is_found_and_nothing_else(schedule, run, expected):
    checked = preflight(schedule, **run)
    assert codes(checked) == expected
    assert checked.ok == (not any(finding.is_problem for finding in checked.findings))
    for finding in checked.findings:
        assert finding.message.endswith((".", "?"))
        assert finding.fix.endswith(".")


def test_the_suggestion_reaches_its_target_on_its_last_update():
    rng = np.random.default_rng(6)
    for _ in range(2000):
        begin = int(rng.integers(0, 3000))
        end = begin + int(rng.choice([0, 1, 5, 100, rng.integers(0, 4000)]))
        total_steps = int(rng.choice([1, 2, 5, 100, rng.integers(1, 5000)]))
        schedule = PolynomialDecay(
            float(rng.random()),
            float(rng.random()),
            begin,
            end,
            float(rng.choice([0, 0.5, 1, 3])),
            int(rng.choice([1, 10, 100, rng.integers(1, 500)])),
        )
        suggested = preflight(schedule, total_steps=total_steps).suggest()
        steps, sparsity = replay(suggested, total_steps)
        assert steps[-1] == suggested.end_step <= total_steps
        assert sparsity[-1] == np.float32(schedule.final_sparsity)
        left = codes(preflight(suggested, total_steps=total_steps))
        if "epochs_as_steps" in left:  # a short ramp that stays one: nobody said what an epoch is
            assert suggested.end_step <= 20 <= total_steps // 50
            left.remove("epochs_as_steps")
        assert left == (["few_updates"] if total_steps < 5 else [])
        if not preflight(schedule, total_steps=total_steps).findings:
            assert suggested == schedule


def test_nothing_is_amiss_with_a_suggestion():
    """Whatever is known of the run, and however short the ramp that was asked for."""
    rng = np.random.default_rng(12)
    lengthened = 0
    for _ in range(2000):
        per_epoch, epochs = int(rng.integers(1, 200)), int(rng.integers(5, 100))
        begin = int(rng.choice([0, 10, rng.integers(0, 3000)]))
        end = begin + int(rng.choice([0, 0, 1, 5, per_epoch, rng.integers(0, 300)]))
        schedule = PolynomialDecay(0.0, 0.8, begin, end, 3, int(rng.integers(1, 150)))
        for run in (
            dict(total_steps=per_epoch * epochs),
            dict(steps_per_epoch=per_epoch, epochs=epochs),
        ):
            suggested = preflight(schedule, **run).suggest()
            assert preflight(suggested, **run).ok, (schedule, run)
        lengthened += begin == end and begin < per_epoch <= suggested.end_step
    assert lengthened > 20
    suggested = preflight(
        PolynomialDecay(0.0, 0.8, 10, 10), steps_per_epoch=50, epochs=60
    ).suggest()
    assert (suggested.begin_step, suggested.end_step) == (10, 50)


def test_the_suggestion_of_a_constant_schedule_prunes():
    for schedule in (
        ConstantSparsity(0.5, 0),
        ConstantSparsity(0.5, 0, 0),
        ConstantSparsity(0.5, 500, 600),
        ConstantSparsity(0.5, 0, 30),
    ):
        suggested = preflight(schedule, total_steps=60).suggest()
        assert preflight(suggested, total_steps=60).realised_sparsity == 0.5


def test_a_suggestion_keeps_what_was_right():
    suggested = preflight(ARTICLE, **ARTICLE_RUN).suggest()
    assert suggested == PolynomialDecay(0.0, 0.75, 1000, 1600)


def test_long_runs_cost_nothing_until_their_steps_are_asked_for():
    schedule = PolynomialDecay(0.0, 0.5, 0, 2**31 - 1, frequency=1)
    checked = preflight(schedule, total_steps=2**40)
    assert checked.realised_sparsity == 0.5
    assert checked.ok
    with pytest.raises(ValueError, match="update_steps would list 2147483647 steps; use"):
        _ = checked.update_steps


def log_uniform(rng, top):
    return int(2 ** rng.uniform(0, top))


def test_any_numbers_take_no_time_and_no_room():
    """Two and more knobs huge at once; what is looked at stays small, whatever they are."""
    rng = np.random.default_rng(8)
    tracemalloc.start()
    for _ in range(400):
        begin = log_uniform(rng, 31) - 1
        end = min(begin + log_uniform(rng, 31) - 1, 2**31 - 1)
        frequency, total_steps = log_uniform(rng, 30), log_uniform(rng, 53)
        if rng.random() < 0.3:
            schedule = ConstantSparsity(0.5, begin, rng.choice([-1, end]), frequency)
        else:
            schedule = PolynomialDecay(0.0, 0.5, begin, end, 3, frequency)
        checked = preflight(schedule, total_steps=total_steps)
        words = report(checked)
        assert str(checked.total_steps) in words
        suggested = checked.suggest()
        left = set(codes(preflight(suggested, total_steps=total_steps)))
        assert left <= {"few_updates", "epochs_as_steps"}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**7


def every_grid(begin, end, frequency, total_steps):
    """The nearest grid by looking at every frequency, in whole numbers."""
    span, best = end - begin, None
    for every in range(1, min(frequency, span) + 1):
        for length in {span // every * every, -(-span // every) * every}:
            updates = length // every + (begin > 0)
            if length and updates >= min(5, total_steps) and begin + length <= total_steps:
                cost = abs(length - span) * frequency + (frequency - every) * span
                found = (cost, length > span, -every, begin + length)
                best = found if best is None else min(best, found)
    return best[3], -best[2]


def test_the_nearest_grid_is_the_nearest_of_all():
    rng = np.random.default_rng(9)
    for _ in range(400):
        total_steps = int(rng.integers(5, 400))
        begin = int(rng.choice([0, rng.integers(0, total_steps - 4)]))
        end = int(rng.integers(begin + 5, total_steps + 1))
        frequency = log_uniform(rng, 14)
        found = nearest_fit._nearest_grid(begin, end, frequency, total_steps)
        assert found == every_grid(begin, end, frequency, total_steps)


def test_a_table_beyond_all_measure_is_refused():
    with pytest.raises(ValueError, match="total_steps=100000001: total_steps must be a whole"):
        sparsity_table(ARTICLE, 10**8 + 1)
    table = sparsity_table(PolynomialDecay(0.0, 0.5, 0, 3 * 2**20, 3, 1), 3 * 2**20)
    assert (table[1:] >= 0).all()
    assert table[-1] == 0.5
    assert (np.diff(table[1:]) >= 0).all()


def test_a_million_steps_in_one_call():
    steps = np.arange(10**6)
    values = ARTICLE.sparsity(steps)
    assert values.shape == (10**6,)
    assert values[[1600, 5000, -1]].tolist() == [ARTICLE.sparsity(1600), 0.75, 0.75]


def test_repr_is_one_line_of_facts():
    assert repr(preflight(ARTICLE, **ARTICLE_RUN)) == (
        "Preflight(1600 steps, 7 mask updates, asked 75.00 %, realised 28.94 %, "
        "findings: ends_after_training)"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (dict(), "the length of the run is missing: give either total_steps"),
        (dict(n_samples=8000), "given by n_samples: give"),
        (dict(n_samples=8000, epochs=2), "given by n_samples, epochs, and batch_size is missing: "),
        (dict(n_samples=8, batch_size=2), "given by n_samples, batch_size, and epochs is missing"),
        (dict(total_steps=10, epochs=2), "given by epochs, total_steps"),
        (dict(total_steps=0), "total_steps=0: total_steps must be a whole number from 1"),
        (dict(total_steps=1.5), "total_steps=1.5: .*write 1 or 2"),
        (dict(total_steps=float("nan")), "total_steps=nan"),
        (dict(n_samples=0, batch_size=1, epochs=1), "n_samples=0"),
        (dict(n_samples=1, batch_size=-3, epochs=1), "batch_size=-3"),
        (dict(n_samples=1, batch_size=3, epochs="two"), "epochs='two'"),
        (
            dict(total_steps=10, epochs=2, steps_per_epoch=5),
            "given by epochs, steps_per_epoch, tot",
        ),
        (dict(steps_per_epoch=5), "by steps_per_epoch, and epochs is missing: give"),
        (dict(steps_per_epoch=0, epochs=1), "steps_per_epoch=0"),
        (dict(total_steps=10, validation_split=0.2), "validation_split=0.2: it is a share of n_s"),
        (dict(n_samples=9, batch_size=1, epochs=1, validation_split=1.0), "validation_split=1: of"),
        (dict(n_samples=9, batch_size=1, epochs=1, validation_split=20), "validation_split=20: of"),
        (dict(total_steps=10, gradient_accumulation_steps=0), "gradient_accumulation_steps=0"),
        (dict(total_steps=10, gradient_accumulation_steps=11), "has 10 batches, too few"),
        (dict(total_steps=10, sizes=[0]), "sizes=0"),
        (dict(total_steps=10, sizes=5), "sizes=5: sizes"),
        (dict(total_steps=10, sizes=np.array(5)), r"sizes=array\(5\): sizes"),
        (dict(total_steps=10, sizes=np.array([[5]])), r"sizes=array\(\[\[5\]\]\): sizes"),
    ],
)
def test_impossible_runs_get_one_sentence(arguments, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence) as raised:
        preflight(ARTICLE, **arguments)
    assert "\n" not in str(raised.value)


def test_the_schedules_of_tfmot_are_taken():
    for ours in (PolynomialDecay(0.1, 0.8, 3, 40, 2, 7), ConstantSparsity(0.6, 5, -1, 3)):
        theirs = tfmot_oracle.schedule(ours)
        assert checked_schedule("schedule", theirs) == ours
        assert preflight(theirs, total_steps=99).schedule == ours
        assert TrainingSettings(theirs).schedule == ours
        assert ExperimentConfig("mine", schedule=theirs) == ExperimentConfig("mine", schedule=ours)
    ramp = tfmot_oracle.schedule(ARTICLE)
    assert ScheduleExplorer(ramp).schedule == ARTICLE


def test_a_subclass_with_a_rule_of_its_own_is_refused_by_name():
    sparsity = tfmot_oracle.tfmot.sparsity.keras

    class WarmUp(sparsity.PolynomialDecay):
        def __call__(self, step):
            return super().__call__(step // 2)

    class Renamed(sparsity.ConstantSparsity):
        """The same under another name."""

    with pytest.raises(TypeError, match=r"schedule is a WarmUp, a PolynomialDecay of tfmot's"):
        preflight(WarmUp(0.0, 0.5, 0, 100), total_steps=10)
    assert preflight(Renamed(0.5, 1), total_steps=10).schedule == ConstantSparsity(0.5, 1)
    with pytest.raises(TypeError, match="dict of pruning parameters: hand over the schedule in"):
        preflight({"pruning_schedule": ARTICLE, "block_size": (1, 1)}, total_steps=10)
    with pytest.raises(TypeError, match="PolynomialDecay is a class: write PolynomialDecay"):
        preflight(PolynomialDecay, total_steps=10)


def test_only_schedules_are_checked():
    with pytest.raises(TypeError, match="schedule is a str: write a"):
        preflight("fast", total_steps=10)


# --- a schedule that ends close to its target


def replayed(schedule, total_steps):
    """The sparsity that tfmot itself ends with."""
    steps, sparsity = replay(schedule, total_steps)
    return float(sparsity[-1]) if len(steps) else 0.0


def test_off_the_grid_but_near_the_target_is_a_hint_and_nothing_else_is():
    rng, met = np.random.default_rng(11), set()
    for _ in range(600):
        begin, frequency = int(rng.integers(0, 50)), int(rng.integers(2, 60))
        end = begin + frequency * int(rng.integers(5, 40)) + int(rng.integers(0, frequency))
        schedule = PolynomialDecay(0.0, float(rng.uniform(0.1, 0.99)), begin, end,
                                   float(rng.choice([1, 2, 3, 5])), frequency)  # fmt: skip
        checked = preflight(schedule, total_steps=end + 9)
        miss = abs(replayed(schedule, end + 9) - schedule.final_sparsity)
        if abs(miss - 1e-3) < 1e-6:
            continue
        (finding,) = checked.findings or [None]
        if finding is None:
            assert miss < 1e-6
            continue
        assert finding.code == "off_grid"
        assert checked.ok == (finding.severity == "hint") == (miss < 1e-3)
        assert report(checked).count("close") == 2 * checked.ok
        met.add(checked.ok)
    assert met == {True, False}


def test_schedules_as_people_write_them():
    """Numbers from public code: ours is what tfmot's classes end with; near misses are hints."""
    hints = 0
    for *fields, steps, realised in PUBLIC:
        begin, end, frequency = (int(value) for value in fields[2:])
        schedule = (
            ConstantSparsity(fields[1], begin, end, frequency)
            if fields[0] == fields[1] and end in (-1, 920)
            else PolynomialDecay(*fields[:2], begin, end, 3, frequency)
        )
        checked = preflight(schedule, total_steps=steps)
        assert checked.realised_sparsity == pytest.approx(realised, abs=1e-5)
        near = abs(realised - fields[1]) <= 1e-3
        assert checked.ok <= near
        hints += checked.ok and realised != fields[1] and bool(checked.findings)
    assert hints


PUBLIC = [  # initial, final, begin, end, frequency, steps of the run, realised
    (0.5, 0.9, 2000, 10296, 100, 3840, 0.70796),
    (0.0, 0.5, 2000, 4000, 100, 1876, 0.0),
    (0.1, 0.9, 0, 920, 50, 920, 0.899992),
    (0.75, 0.75, 100, 920, 50, 2000, 0.75),
    (0.3, 0.6, 0, 4, 100, 5000, 0.0),
    (0.25, 0.75, 0, 300000, 100, 25320, 0.366132),
    (0.4, 0.7, 0, 1408, 100, 1408, 0.7),
    (0.5, 0.8, 2610, 26100, 100, 26000, 0.8),
    (0.0, 0.5, 0, 75000, 100, 20000, 0.302815),
    (0.5, 0.8, 0, 1564, 100, 1564, 0.799979),
    (0.75, 0.75, 2000, -1, 100, 1266, 0.0),
]


# --- epochs and samples written as steps


EPOCHS = dict(n_samples=9600, batch_size=32, epochs=10)  # of 300 steps


@pytest.mark.parametrize(
    ("schedule", "run", "asked"),
    [
        (PolynomialDecay(0.2, 0.8, 2, 10, 3, 1), EPOCHS, (600, 3000)),
        (PolynomialDecay(0.2, 0.8, 0, 8), EPOCHS, (0, 2400)),
        (PolynomialDecay(0.3, 0.6, 0, 4), dict(steps_per_epoch=1000, epochs=5), (0, 4000)),
        (PolynomialDecay(0.3, 0.6, 1, 3), dict(steps_per_epoch=20, epochs=3), (20, 60)),
        (ConstantSparsity(0.5, 3), EPOCHS, (900, -1)),
        (PolynomialDecay(0.2, 0.8, 2, 11, 3, 1), EPOCHS, None),  # there is no eleventh
        (PolynomialDecay(0.2, 0.8, 0, 150, 3, 10), EPOCHS, None),
        (PolynomialDecay(0.3, 0.6, 1, 3, 3, 1), dict(steps_per_epoch=19, epochs=3), None),
        (PolynomialDecay(0.0, 0.8, 0, 100), dict(steps_per_epoch=20, epochs=200), None),
        (ConstantSparsity(0.5, 1, 1, 1), EPOCHS, None),
        (ConstantSparsity(0.5, 0), EPOCHS, None),
    ],
)
def test_epochs_written_as_steps_are_asked_about(schedule, run, asked):
    checked = preflight(schedule, **run)
    found = [f for f in checked.findings if f.code == "epochs_as_steps"]
    assert len(found) == (asked is not None)
    if asked is None:
        assert checked.meant == schedule
        return
    assert "in the first epoch" in found[0].message or "at step 3 of" in found[0].message
    assert found[0].message.endswith("are these epochs?")
    assert str(max(asked)) in found[0].fix
    assert (checked.meant.begin_step, checked.meant.end_step) == asked
    suggested = checked.suggest()
    assert suggested.end_step == asked[1]
    assert "epochs_as_steps" not in codes(preflight(suggested, **run))


@pytest.mark.parametrize(("end", "total", "asks"), [(10, 3000, True), (4, 5000, True),
                                                    (20, 1000, True), (20, 999, False),
                                                    (21, 99999, False)])  # fmt: skip
def test_without_epochs_a_very_short_ramp_is_asked_about(end, total, asks):
    checked = preflight(PolynomialDecay(0.2, 0.8, 0, end, 3, 1), total_steps=total)
    assert codes(checked) == ["epochs_as_steps"] * asks + ["few_updates"] * (end < 5) or asks
    assert ("epochs_as_steps" in codes(checked)) == asks
    assert checked.ok == (end >= 5)  # it is a question only: the ramp does what it says


def test_samples_written_as_steps_are_asked_about():
    run = dict(n_samples=60_000, batch_size=32, epochs=5)
    checked = preflight(PolynomialDecay(0.25, 0.75, 0, 300_000, 3, 125), **run)
    assert codes(checked) == ["ends_after_training", "samples_as_steps"]
    assert "300000 is 5 times the 60000 samples" in checked.findings[1].message
    assert checked.suggest() == PolynomialDecay(0.25, 0.75, 0, 9375, 3, 125)
    other = preflight(PolynomialDecay(0.25, 0.75, 0, 300_001), **run)
    assert "samples_as_steps" not in codes(other)


@pytest.mark.parametrize("end", [300_000, 270_000])  # 5 times all samples, 5 times those trained on
def test_samples_are_counted_before_a_split_or_after_it(end):
    run = dict(n_samples=60_000, batch_size=32, epochs=5, validation_split=0.1)
    checked = preflight(PolynomialDecay(0.25, 0.75, 0, end, 3, 125), **run)
    assert codes(checked) == ["ends_after_training", "samples_as_steps"]
    assert f"is 5 times the {end // 5} samples" in checked.findings[1].message
    assert checked.meant.end_step == 5 * -(-54_000 // 32)


@pytest.mark.parametrize(("end", "asks"), [(2000, False), (19_000, False), (20_000, True)])
def test_a_ramp_that_ends_late_is_not_taken_for_one_in_samples(end, asks):
    """Its end is a round number, and so is the number of samples."""
    run = dict(n_samples=1000, batch_size=128, epochs=200)
    checked = preflight(PolynomialDecay(0.0, 0.75, 400, end), **run)
    assert ("samples_as_steps" in codes(checked)) == asks
    assert (checked.suggest().begin_step == 400) == (not asks)


# --- runs as people have them


def test_a_validation_split_is_keras_own():
    from tf_keras.src.engine import data_adapter

    rng = np.random.default_rng(4)
    for _ in range(200):
        n, split = int(rng.integers(2, 3000)), float(rng.choice([0.1, 0.2, 0.3, rng.random()]))
        split = np.float32(split) if rng.random() < 0.5 else split
        try:
            (kept,), _ = data_adapter.train_validation_split((np.zeros((n, 1)),), split)
        except ValueError:
            with pytest.raises(ValueError, match="validation_split="):
                preflight(ARTICLE, n_samples=n, batch_size=1, epochs=1, validation_split=split)
            continue
        checked = preflight(ARTICLE, n_samples=n, batch_size=1, epochs=3, validation_split=split)
        assert checked.total_steps == 3 * len(kept)


def test_steps_per_epoch_come_first():
    checked = preflight(ARTICLE, n_samples=27_455, batch_size=32, epochs=12, steps_per_epoch=320)
    assert (checked.total_steps, checked.steps_per_epoch) == (3840, 320)
    same = preflight(ARTICLE, epochs=12, steps_per_epoch=320)
    assert same.total_steps == 3840
    assert preflight(ARTICLE, total_steps=1601, steps_per_epoch=8).steps_per_epoch == 8


@pytest.mark.parametrize("every", [2, 3, 7])
def test_gradient_accumulation_counts_as_keras_optimizers_do(every, monkeypatch):
    """Keras 3's own arithmetic: an update wherever its iteration + 1 is a multiple."""
    for batches in (7, 12, 50):
        updates = sum((iteration + 1) % every == 0 for iteration in range(batches * 3))
        run = dict(steps_per_epoch=batches, epochs=3, gradient_accumulation_steps=every)
        checked = preflight(ARTICLE, **run)
        assert checked.total_steps == updates
        whole_epochs = batches // every if batches % every == 0 else None
        assert checked.steps_per_epoch == whole_epochs


# --- the table a reset network reads


def table_of_tfmot(schedule, total_steps):
    """tfmot's own answers step by step, in a graph as in training: its optimiser changes bits."""
    theirs = tfmot_oracle.schedule(schedule)
    ask = tf.function(lambda step: theirs(step), input_signature=[tf.TensorSpec([], tf.int64)])
    answers = [ask(tf.constant(step, tf.int64)) for step in range(total_steps + 1)]
    return [float(np.float32(s)) if update else -1.0 for update, s in answers]


def schedules_at_random(n, seed):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        begin, length = int(rng.integers(0, 20)), int(rng.integers(1, 60))
        frequency = int(rng.integers(1, 8))
        initial, final = (float(value) for value in rng.uniform(0, 0.99, 2))
        if rng.random() < 0.2:
            end = -1 if rng.random() < 0.5 else begin + length
            yield ConstantSparsity(final, begin, end, frequency)
        else:
            power = [3, 1, 2, 0, 0.5, float(rng.uniform(0, 6))][rng.integers(6)]
            yield PolynomialDecay(initial, final, begin, begin + length, power, frequency)


@pytest.mark.parametrize("seed", range(3))
def test_the_table_is_tfmots_answer_bit_for_bit(seed):
    for schedule in schedules_at_random(12, seed):
        total_steps = 50
        found = sparsity_table(schedule, total_steps)
        assert found.dtype == np.float32
        assert found.shape == (total_steps + 1,)
        expected = table_of_tfmot(schedule, total_steps)
        expected[0] = -1.0  # the first batch is step 1, so no network ever asks for step 0
        assert found.tolist() == expected, schedule
