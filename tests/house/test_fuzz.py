"""10,000 odd inputs: the core gives a right answer or one sentence of its own, nothing else."""

import decimal
import fractions
import numbers
import pathlib
import traceback
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import prunelab
from prunelab.experiments import ExperimentConfig, data
from prunelab.masks import block_mask, kept_count, magnitude_mask, n_of_m_mask, sparsity
from prunelab.schedules import ConstantSparsity, PolynomialDecay, preflight
from prunelab.schedules.schedule import from_dict

PACKAGE = pathlib.Path(prunelab.__file__).parent

plausible = st.one_of(
    st.integers(-2, 5000),
    st.floats(0, 1),
    st.sampled_from([0, 1, 100, 1000, 5000, 0.0, 0.5, 0.75, 1.0, 3.0, 75]),
)
odd = st.one_of(
    st.integers(),
    st.floats(),
    st.none(),
    st.booleans(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.complex_numbers(),
    st.decimals(),
    st.fractions(),
    st.lists(st.integers(), max_size=3),
    st.lists(st.lists(st.floats(), max_size=2), max_size=3),
    st.dictionaries(st.sampled_from(["schedule", "power"]), st.lists(st.integers(), max_size=1)),
    st.builds(object),
    st.sampled_from(
        [10**400, -(10**400), np.float32(0.5), np.int8(-3), np.array(7), np.array([1])]
    ),
    st.sampled_from([np.nan, np.inf, -np.inf, np.datetime64("2026-01-01"), int, {}, "75 %"]),
    st.sampled_from([decimal.Decimal("NaN"), decimal.Decimal("sNaN")]),
    st.just(fractions.Fraction(1, 3)),
)
anything = st.one_of(plausible, plausible, odd)
# What numpy itself turns into an array, of all kinds and shapes.
array_like = st.one_of(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int64, bool, "U2", "M8[D]", object, complex]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6),
    ),
    hnp.arrays(np.float64, st.sampled_from([(8, 8), (5, 7), (64,)]), elements=st.floats(-9, 9)),
    anything,
)
FUZZ = settings(
    max_examples=2000,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def answer(function, *arguments, names=(), **keywords):
    """The function's answer, or None after a refusal that is one sentence of our own."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return function(*arguments, **keywords)
    except (TypeError, ValueError) as error:
        refusal = error
    sentence = str(refusal)
    where = pathlib.Path(traceback.extract_tb(refusal.__traceback__)[-1].filename)
    assert PACKAGE in where.parents, f"a foreign error: {refusal!r} from {where}"
    assert "\n" not in sentence
    assert 20 < len(sentence) < 300
    assert any(name in sentence for name in (names or keywords)), sentence
    assert refusal.__cause__ is None
    return None


@given(
    st.fixed_dictionaries(
        {
            name: anything
            for name in (
                "initial_sparsity",
                "final_sparsity",
                "begin_step",
                "end_step",
                "power",
                "frequency",
            )
        }
    )
)
@FUZZ
def test_polynomial_decay(keywords):
    schedule = answer(PolynomialDecay, **keywords)
    if schedule is not None:
        values = schedule.sparsity(np.arange(0, 6000, 7))
        finite = values[np.isfinite(values)]
        assert ((finite >= -1e-12) & (finite < 1)).all()
        assert np.isfinite(values).all() or schedule.begin_step == schedule.end_step


@given(anything, anything, anything, anything, array_like)
@FUZZ
def test_constant_sparsity_and_its_steps(target, begin, end, frequency, steps):
    arguments = dict(target_sparsity=target, begin_step=begin, end_step=end, frequency=frequency)
    schedule = answer(ConstantSparsity, **arguments) or ConstantSparsity(0.5, 0)
    for ask in (schedule.sparsity, schedule.updates):
        result = answer(ask, steps, names=["step"])
        assert result is None or np.shape(result) == np.shape(steps)
    answer(from_dict, {"schedule": "ConstantSparsity", **arguments}, names=arguments)
    answer(from_dict, target, names=["schedule"])


@given(
    anything,
    anything,
    anything,
    anything,
    anything,
    anything,
    st.fixed_dictionaries(
        {},
        optional={
            name: anything for name in ("n_samples", "batch_size", "epochs", "total_steps", "sizes")
        },
    ),
)
@FUZZ
def test_preflight(begin, end, final, initial, power, frequency, run):
    arguments = dict(
        initial_sparsity=initial,
        final_sparsity=final,
        begin_step=begin,
        end_step=end,
        power=power,
        frequency=frequency,
    )
    schedule = answer(PolynomialDecay, **arguments) or PolynomialDecay(0.0, 0.75, 400, 1200)
    checked = answer(preflight, schedule, names=["schedule", "run", *run], **run)
    if checked is not None:
        assert 0 <= checked.realised_sparsity < 1
        assert 0 <= checked.realised(17) < 1
        answer(checked.realised, frequency, names=["size"])
        again = preflight(checked.suggest(), total_steps=checked.total_steps)
        assert again.realised_sparsity == schedule.final_sparsity
    answer(preflight, begin, names=["schedule"], total_steps=5)


@given(array_like, anything)
@FUZZ
def test_magnitude_masks(weights, target):
    mask = answer(magnitude_mask, weights, target, names=["weights", "sparsity"])
    if mask is not None:
        assert mask.shape == np.shape(weights)
        assert mask.sum() >= kept_count(mask.size, target)
    zeros = answer(sparsity, weights, names=["array"])
    assert zeros is None or 0 <= zeros <= 1
    answer(kept_count, target, target, names=["size", "sparsity"])


@given(array_like, anything, st.one_of(anything, st.tuples(anything, anything)), anything, anything)
@FUZZ
def test_block_and_group_masks(weights, target, block_size, n, m):
    names = ["weights", "sparsity", "block_size", "pooling"]
    mask = answer(block_mask, weights, target, block_size, names=names)
    assert mask is None or mask.shape == np.shape(weights)
    answer(block_mask, weights, target, (2, 2), n, names=names)
    mask = answer(n_of_m_mask, weights, n, m, names=["weights", "n=", "m="])
    assert mask is None or mask.any()


@given(
    anything,
    st.fixed_dictionaries(
        {},
        optional={
            "data": st.one_of(anything, st.sampled_from(["article", "twin"])),
            "hidden": st.one_of(anything, st.lists(anything, max_size=3), st.tuples(plausible)),
            "batch_size": anything,
            "learning_rate": anything,
            "dense_epochs": anything,
            "more_epochs": anything,
            "fresh_optimizer": anything,
            "schedule": st.one_of(
                anything,
                st.just(PolynomialDecay(0.0, 0.75, 0, 9)),
                st.just(ConstantSparsity(0.5, 0)),
            ),
        },
    ),
)
@FUZZ
def test_experiment_config(name, keywords):
    names = ["batch_size", *keywords]  # the twin has fewer rows than the default
    config = answer(ExperimentConfig, name, names=["name", *names], **keywords)
    config = config or answer(ExperimentConfig, "fuzz", names=names, **keywords)
    if config is not None:
        assert ExperimentConfig.from_dict(config.to_dict()) == config
        assert set(config.planned_zeros()) == set(config.kernel_sizes)
    answer(ExperimentConfig.from_dict, name, names=["config"])


@given(odd, odd)
@settings(FUZZ, max_examples=500)
def test_data(name, seed):
    # Only odd seeds: a whole one really draws the data, which the tests of data do.
    answer(data.load, name, 0, names=["data"])
    whole_seed = isinstance(seed, numbers.Real) and not isinstance(seed, bool) and seed == seed // 1
    if not whole_seed:
        answer(data.twin, seed, names=["seed"])
        answer(data.article, seed, names=["seed"])


def test_the_fuzz_draws_ten_thousand_inputs():
    fuzzed = [value for value in globals().values() if hasattr(value, "hypothesis")]
    settings_of = "_hypothesis_internal_use_settings"
    assert sum(getattr(test, settings_of).max_examples for test in fuzzed) >= 10_000


def test_a_foreign_error_would_be_noticed():
    with pytest.raises(AssertionError, match="a foreign error"):
        answer(float, "x", names=["x"])
