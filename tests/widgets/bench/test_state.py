"""The TuningBench's knobs: what they may be, what gives way, what they promise."""

import math
import re
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunelab.experiments import data as datasets
from prunelab.live import TrainingSettings
from prunelab.live.records import EpochReport
from prunelab.schedules import ConstantSparsity, PolynomialDecay, preflight
from prunelab.schedules.steering import Steering, replayed, steered
from prunelab.widgets.bench.knobs import TuningKnobs
from prunelab.widgets.bench.state import (
    KNOBS,
    MOST_POINTS,
    knobs_of,
    rows_of,
    schedule_values,
    settings_of,
    settle,
    starting_schedule,
    thinned,
)
from prunelab.widgets.bench.words import together_words
from tests.helpers.live_fake import LAYERS, fake_trainer, made_data

SCHEDULE = PolynomialDecay(0.0, 0.75, begin_step=100, end_step=300, frequency=20)


@pytest.fixture
def knobs():
    """Knobs for 160 rows and two layers of 96 and 32 weights."""
    made = TuningKnobs()
    made.begin_with(fake_trainer(), made_data(), SCHEDULE, {"epochs": 50, "batch_size": 20})
    return made


# ---- from knobs to settings and back -----------------------------------------------------------


def test_the_knobs_are_the_settings_of_the_next_run(knobs):
    knobs.learning_rate, knobs.block_rows, knobs.seed = 0.01, 4, 7
    knobs.layers = ["second"]
    wanted = TrainingSettings(SCHEDULE, 50, 20, 0.01, ("second",), (4, 1), 7)
    assert knobs.settings == wanted
    other = TrainingSettings(replace(SCHEDULE, power=1), 30, 40, 0.02, (), (1, 2), 3)
    knobs.settings = other
    assert knobs.settings == other
    assert settings_of(knobs_of(other), ()) == other


def test_a_constant_sparsity_is_no_ramp(knobs):
    with pytest.raises(TypeError, match="the bench's knobs are those of a ramp"):
        knobs_of(replace(knobs.settings, schedule=ConstantSparsity(0.5, 0)))
    with pytest.raises(TypeError, match="has no ramp to steer"):
        knobs.schedule = ConstantSparsity(0.5, 0)


def test_all_layers_named_are_all_layers(knobs):
    knobs.layers = ["second", "first"]
    assert knobs.layers == ()
    assert knobs.pruned_sizes == LAYERS
    knobs.layers = ["second"]
    assert knobs.pruned_sizes == {"second": 32}


def test_the_promise_is_the_preflights_layer_by_layer(knobs):
    flight = preflight(SCHEDULE, n_samples=160, batch_size=20, epochs=50)
    zeros = sum(round(flight.realised(size) * size) for size in LAYERS.values())
    assert knobs.promise == 128 - zeros == 32
    knobs.layers = ["second"]
    assert knobs.promise == 128 - 24


def test_make_it_fit(knobs):
    knobs.end_step = 5000
    assert not knobs.preflight.ok
    knobs.make_it_fit()
    assert knobs.preflight.ok
    assert knobs.end_step <= 400


# ---- what gives way ----------------------------------------------------------------------------


def test_a_moved_control_is_mended_and_the_notice_says_so(knobs):
    knobs.move("final_sparsity", 75)
    assert knobs.final_sparsity == 0.99
    assert knobs.notice == "final_sparsity cannot be 75: it is set to 0.99."
    knobs.move("learning_rate", -1)
    assert knobs.learning_rate == 1e-8
    assert "learning_rate cannot be -1" in knobs.notice
    knobs.move("begin_step", 900)
    assert knobs.end_step == 900
    knobs.move("seed", 3)
    assert (knobs.seed, knobs.notice) == (3, "")


def test_begin_and_end_set_from_a_cell_go_along(knobs):
    knobs.end_step = 40
    assert (knobs.begin_step, knobs.end_step) == (40, 40)
    assert knobs.notice.startswith("begin_step moves along to 40")


@given(
    st.dictionaries(
        st.sampled_from(KNOBS),
        st.one_of(st.floats(), st.integers(), st.none(), st.booleans(), st.text(max_size=3)),
    )
)
def test_whatever_a_browser_sends_becomes_possible_knobs(changes):
    start = asdict(SCHEDULE) | {"epochs": 50, "batch_size": 20, "learning_rate": 1e-3}
    start |= {"block_rows": 1, "block_columns": 1, "seed": 0}
    settled, notice = settle(start, changes)
    assert set(settled) == set(KNOBS)
    settings_of(settled, ())
    for name, value in changes.items():
        usable = isinstance(value, int | float) and not isinstance(value, bool)
        if not usable or not math.isfinite(value):
            assert settled[name] == start[name] or "moves along" in notice


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        ("final_sparsity", 75, ValueError, "for 75 % write 0.75"),
        ("learning_rate", 0, ValueError, "learning_rate=0"),
        ("learning_rate", "fast", TypeError, "learning_rate='fast'"),
        ("block_rows", 0, ValueError, "from 1 to 1_024"),
        ("seed", -1, ValueError, "seed=-1"),
        ("epochs", None, TypeError, "epochs=None"),
        ("layers", ["third"], ValueError, "layers holds 'third': the layers are first, second"),
        ("layers", "first", TypeError, "write a list of names, such as ['first']"),
    ],
)
def test_nonsense_from_a_cell_is_refused_in_one_sentence(knobs, name, value, error, words):
    before = knobs.settings
    with pytest.raises(error, match=re.escape(words)) as caught:
        setattr(knobs, name, value)
    assert "\n" not in str(caught.value)
    assert knobs.settings == before


# ---- where it starts ---------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "batch", "epochs"), [(1000, 128, 200), (50, 10, 3), (5, 8, 1)])
def test_the_starting_schedule_fits_the_run(rows, batch, epochs):
    total = -(-rows // batch) * epochs
    schedule = starting_schedule(rows, batch, epochs)
    flight = preflight(schedule, total_steps=total)
    assert schedule.final_sparsity == 0.75
    if total >= 10:
        assert flight.ok
        assert flight.realised_sparsity == pytest.approx(0.75)


def test_on_the_twin_it_is_the_completed_schedule():
    twin = datasets.twin(0)
    made = TuningKnobs()
    made.begin_with(fake_trainer(), twin, None, {})
    assert made.schedule == PolynomialDecay(0.0, 0.75, 400, 1200)


def test_rows_of_data():
    assert rows_of(datasets.twin(0)) == 1000
    assert rows_of(made_data()) == 160
    for wrong in (None, 3, (), [None]):
        with pytest.raises((TypeError, ValueError), match=r"Dataset|rows"):
            rows_of(wrong)


# ---- what the chart is sent --------------------------------------------------------------------


def test_segments_follow_the_steerings():
    settings = TrainingSettings(SCHEDULE, 50, 20)
    first, second = Steering(150, final_sparsity=0.9), Steering(220, end_step=400, power=1)
    segments = replayed(settings.schedule, (first, second))
    assert [step for step, _ in segments] == [0, 150, 220]
    assert segments[1][1] == steered(SCHEDULE, first)
    assert segments[2][1] == steered(steered(SCHEDULE, first), second)


def test_a_constant_schedule_is_a_flat_ramp():
    values = schedule_values(ConstantSparsity(0.5, 20))
    flat = PolynomialDecay(**values)
    assert flat.sparsity(np.array([0, 20, 500])).tolist() == [0.5, 0.5, 0.5]


def test_long_histories_are_thinned_to_what_a_chart_can_show():
    history = [EpochReport(e, 8 * e, 1 / e, 2 / e, 0.5, e) for e in range(1, 2001)]
    points = thinned(history)
    assert len(points) <= MOST_POINTS
    assert points[0][0] == 8
    assert points[-1] == [16000, 0.0005, 0.001, 0.5]
    assert thinned(history[:3]) == [
        [8, 1.0, 2.0, 0.5],
        [16, 0.5, 1.0, 0.5],
        [24, 0.33333, 0.66667, 0.5],
    ]


# ---- which layers, and what that means in weights ----------------------------------------------


def test_each_layer_says_its_weights_its_share_and_what_is_left(knobs):
    assert knobs.layer_words == {
        "first": "96 weights, 75 %, 24 left",
        "second": "32 weights, 25 %, 8 left",
    }
    assert together_words(knobs.kernels, knobs.layer_words) == (
        "2 of 2 layers: 128 of the network's 128 weights, 100 %"
    )
    knobs.layers = ["second"]
    assert knobs.layer_words["first"] == "96 weights, 75 %"
    assert together_words(knobs.kernels, knobs.layer_words) == (
        "1 of 2 layers: 32 of the network's 128 weights, 25 %"
    )


def test_a_scope_is_a_knob_where_the_training_function_knows_it():
    train = fake_trainer()
    made = TuningKnobs()
    made.begin_with(
        train, made_data(), SCHEDULE, {"epochs": 50, "batch_size": 20, "scope": "global"}
    )
    assert made.settings.scope == "global"
    assert made.layer_words["first"] == "96 weights, 75 %", "what is left of it is not known"
    assert made.promise == 128 - round(0.75 * 128)
    assert "lose more" in together_words(made.kernels, made.layer_words)
    made.settings = replace(made.settings, scope="layer")
    assert made.scope == "layer"


def test_a_scope_that_the_training_function_does_not_know_is_refused():
    train, knobs = fake_trainer(), TuningKnobs()
    del train.scopes
    knobs.begin_with(train, made_data(), SCHEDULE, {})
    with pytest.raises(ValueError, match="gives every kernel the same sparsity"):
        knobs.scope = "global"
    for wrong in ("all", 3, None):
        with pytest.raises(ValueError, match="write 'layer' or 'global'"):
            knobs.scope = wrong
    assert knobs.scope == "layer"
