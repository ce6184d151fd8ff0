"""The schedules of public code: read strictly, and each as tfmot itself ends it."""

import pytest

from prunelab.base.json_files import RunError
from prunelab.networks import tfmot
from prunelab.schedules import ConstantSparsity, PolynomialDecay, public_schedules, survey

FOUND = public_schedules()


def by_tfmot(each):
    """The last sparsity that tfmot's own class asks for, step by step, its counter begun at 1."""
    schedule = each.schedule
    if isinstance(schedule, PolynomialDecay):
        theirs = tfmot.sparsity.keras.PolynomialDecay(
            schedule.initial_sparsity,
            schedule.final_sparsity,
            schedule.begin_step,
            schedule.end_step,
            frequency=schedule.frequency,
        )
    else:
        theirs = tfmot.sparsity.keras.ConstantSparsity(
            schedule.target_sparsity, schedule.begin_step, schedule.end_step, schedule.frequency
        )
    for step in reversed(range(schedule.begin_step, each.steps + 1, schedule.frequency)):
        update, sparsity = theirs(step)
        if step >= 1 and update:
            return float(sparsity)
    return 0.0


@pytest.mark.parametrize("at", range(0, len(FOUND), 4))
def test_each_ends_as_tfmots_own_class_does(at):
    each = FOUND[at]
    assert by_tfmot(each) == pytest.approx(each.flight.realised_sparsity, abs=1e-6)


def test_what_is_stored_is_what_preflight_says():
    assert len(FOUND) == 49
    for each in FOUND:
        assert each.flight.realised_sparsity == pytest.approx(each.realised, abs=1e-5)


def test_a_third_misses_and_why():
    missed = [each for each in FOUND if each.missed]
    assert len(missed) == 18
    assert sum(each.realised == 0 for each in FOUND) == 6
    counts = survey.reasons(FOUND)
    assert counts == {
        "begins too late": (3, 3),
        "epochs for steps": (3, 3),
        "ends too late": (12, 0),
    }
    assert set(counts) <= set(survey.REASONS)


@pytest.mark.parametrize(
    ("schedule", "steps", "reason"),
    [
        (PolynomialDecay(0.0, 0.75, 1000, 5000), 1600, "ends too late"),
        (PolynomialDecay(0.0, 0.75, 2000, 5000), 1600, "begins too late"),
        (ConstantSparsity(0.75, 2000), 1600, "begins too late"),
        (PolynomialDecay(0.0, 0.75, 0, 5), 1600, "epochs for steps"),
        (PolynomialDecay(0.0, 0.75, 0, 250, power=1), 1600, "off the grid"),
        (PolynomialDecay(0.0, 0.75, 400, 1200), 1600, None),
    ],
)
def test_each_trap_has_its_reason(schedule, steps, reason):
    assert survey.PublicSchedule(schedule, steps, 0.0).reason == reason


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cubic,0,0.5,0,100,10,100,0.5", "line 2: kind='cubic'"),
        ("polynomial,0,0.5,0,100,ten,100,0.5", "line 2"),
        ("polynomial,0,1.5,0,100,10,100,0.5", "line 2: final_sparsity=1.5"),
        ("polynomial,0,0.5,0,100,10,0,0.5", "line 2: steps=0"),
        ("polynomial,0,0.5,0,100,10,100,7", "line 2: realised=7"),
        ("polynomial,0,0.5", "line 2"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(line, words, tmp_path):
    source = tmp_path / "schedules.csv"
    source.write_text(",".join(survey.COLUMNS) + "\n" + line + "\n")
    with pytest.raises(RunError, match=words) as caught:
        public_schedules(source)
    assert "\n" not in str(caught.value)
    source.write_text("a,b\n1,2\n")
    with pytest.raises(RunError, match="its columns must be"):
        public_schedules(source)
