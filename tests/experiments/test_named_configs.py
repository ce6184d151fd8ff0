"""Settings, named arms and results: checked at construction, the same after JSON, no TensorFlow."""

import dataclasses
import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunelab.experiments import ExperimentConfig, data, named_configs, one_shot
from prunelab.experiments.named_configs import CONFIGS
from prunelab.schedules import ConstantSparsity, PolynomialDecay

RAMP = PolynomialDecay(0.0, 0.5, begin_step=10, end_step=110, frequency=10)


def test_article_has_the_articles_settings():
    config = named_configs.article()
    assert (config.hidden, config.batch_size, config.learning_rate) == ((1024, 1024), 1024, 0.001)
    assert (config.dense_epochs, config.more_epochs) == (200, 200)
    assert config.schedule == PolynomialDecay(0.0, 0.75, begin_step=1000, end_step=5000)
    assert sum(config.kernel_sizes.values()) + 1024 + 1024 + 1 == 2_075_649


def test_article_never_prunes_what_it_says():
    article, completed = named_configs.article(), named_configs.article_completed()
    assert article.preflight().total_steps == 1600
    assert article.preflight().realised_sparsity == pytest.approx(0.28940625, rel=1e-12)
    assert article.planned_zeros() == {"hidden_1": 296_352, "hidden_2": 303_464, "output": 296}
    assert completed.preflight().ok
    assert completed.planned_zeros() == {"hidden_1": 768_000, "hidden_2": 786_432, "output": 768}


def test_a_control_plans_no_zeros_and_has_nothing_to_check():
    control = named_configs.article_control()
    assert set(control.planned_zeros().values()) == {0}
    with pytest.raises(ValueError, match="unpruned control"):
        control.preflight()


def test_arms_of_one_comparison_share_their_first_phase():
    assert len(CONFIGS) == 8
    for family in ("article", "twin"):
        arms = [config for config in CONFIGS.values() if config.data == family]
        assert len({config.dense_digest for config in arms}) == 1
        assert len({config.digest for config in arms}) == len(arms) == 4


def test_the_twin_is_the_article_divided_by_eight():
    article, twin = named_configs.article(), named_configs.twin()
    assert twin.name == "twin"
    assert twin.schedule == article.schedule
    assert twin.steps_per_epoch == article.steps_per_epoch == 8
    assert twin.n_train / twin.batch_size == article.n_train / article.batch_size
    assert [8 * units for units in twin.hidden] == list(article.hidden)
    assert 8 * twin.n_features == article.n_features
    assert twin.preflight().realised_sparsity == article.preflight().realised_sparsity


def _again(config):
    """The config once it went through JSON."""
    return ExperimentConfig.from_dict(json.loads(json.dumps(config.to_dict())))


@pytest.mark.parametrize("config", CONFIGS.values(), ids=lambda config: config.name)
def test_named_configs_survive_json_and_fit_their_data(config):
    again = _again(config)
    assert again == config
    assert again.digest == config.digest
    assert CONFIGS[config.name] is named_configs.named(config.name)
    assert config.n_train == data.RECIPES[config.data].n_train


schedules = st.one_of(
    st.none(),
    st.builds(
        PolynomialDecay,
        st.floats(0, 0.9),
        st.floats(0, 0.9),
        st.integers(0, 100),
        st.integers(100, 9999),
        st.floats(0, 5),
        st.integers(1, 500),
    ),
    st.builds(
        ConstantSparsity, st.floats(0, 0.9), st.integers(0, 100), frequency=st.integers(1, 9)
    ),
)


@given(
    st.from_regex(r"[a-z_][a-z0-9_]{0,9}", fullmatch=True),
    st.sampled_from(["article", "twin"]),
    st.lists(st.integers(1, 2000), min_size=1, max_size=4),
    st.integers(1, 1000),
    st.floats(1e-9, 10),
    schedules,
)
def test_any_config_survives_json(name, data_name, hidden, batch_size, rate, schedule):
    config = ExperimentConfig(name, data_name, hidden, batch_size, rate, schedule=schedule)
    assert _again(config) == config
    assert sum(config.planned_zeros().values()) <= sum(config.kernel_sizes.values())


def test_each_field_changes_the_digest_and_some_that_of_the_first_phase():
    base = ExperimentConfig("base", "twin", batch_size=128)
    changes = {
        "name": "other",
        "data": "article",
        "hidden": (1024,),
        "batch_size": 64,
        "learning_rate": 0.01,
        "dense_epochs": 100,
        "more_epochs": 100,
        "schedule": RAMP,
        "fresh_optimizer": False,
        "criterion": "random",
        "l2": 1e-4,
        "patience": 3,
        "cut": 0.5,
        "block_size": (1, 4),
        "more_learning_rate": 0.01,
        "shake": 0.75,
        "restart": 3,
        "pattern": "neurons",
        "prune_output": False,
    }
    assert set(changes) == {field.name for field in dataclasses.fields(base)}
    first_phase = {"data", "hidden", "batch_size", "learning_rate", "dense_epochs"}
    needed = {"criterion": {"schedule": one_shot(0.5)}}
    needed |= {name: {"schedule": RAMP} for name in ("block_size", "pattern", "prune_output")}
    for name, value in changes.items():
        needs = needed.get(name, {})
        changed = dataclasses.replace(base, **{name: value} | needs)
        assert changed.digest != dataclasses.replace(base, **needs).digest
        assert _again(changed) == changed
        assert (changed.dense_digest != base.dense_digest) == (name in first_phase)


def test_a_setting_left_alone_is_not_written():
    """So a digest from before the setting was there still names the same experiment."""
    values = named_configs.article().to_dict()
    assert not {"criterion", "l2", "patience", "cut"} & set(values)
    again = {**values, "criterion": "magnitude", "l2": 0.0, "patience": None, "cut": 0.0}
    assert ExperimentConfig.from_dict(again) == named_configs.article()
    assert set(dataclasses.replace(named_configs.article_control(), cut=0.5).to_dict()) == {
        *values,
        "cut",
    }


def test_a_config_shows_what_makes_it_again():
    plain = ExperimentConfig("a", schedule=RAMP)
    assert eval(repr(plain)) == plain
    assert not {"shake", "restart", "pattern", "prune_output"} & set(
        re.findall(r"\w+", repr(plain))
    )
    for used in ({"prune_output": False}, {"pattern": "neurons"}, {"restart": 3}):
        config = dataclasses.replace(plain, **used)
        assert eval(repr(config)) == config
    shaken = ExperimentConfig("a", shake=0.5)
    assert eval(repr(shaken)) == shaken


def test_one_phase_may_be_empty():
    for empty in ({"dense_epochs": 0}, {"more_epochs": 0}):
        config = ExperimentConfig("one", **empty)
        assert _again(config) == config
    # A first phase without epochs has no Adam to keep: both settings are the same fresh one.
    assert ExperimentConfig("one", dense_epochs=0, fresh_optimizer=False).dense_epochs == 0


def test_a_cut_plans_its_zeros_as_one_shot_does():
    cut = ExperimentConfig("cut", more_epochs=0, cut=0.75)
    shot = ExperimentConfig("shot", schedule=one_shot(0.75))
    assert cut.planned_zeros() == shot.planned_zeros()
    assert cut.planned_zeros() == {"hidden_1": 768_000, "hidden_2": 786_432, "output": 768}


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"name": "../evil"}, ValueError, "letters, digits"),
        ({"name": ""}, ValueError, "letters, digits"),
        ({"name": None}, ValueError, "letters, digits"),
        ({"data": "mnist"}, ValueError, "'article', 'twin'"),
        ({"data": []}, ValueError, "'article', 'twin'"),
        ({"hidden": ()}, TypeError, "hidden="),
        ({"hidden": 1024}, TypeError, "hidden="),
        ({"hidden": (0,)}, ValueError, "hidden=0"),
        ({"hidden": ("a",)}, TypeError, "hidden="),
        ({"batch_size": 0}, ValueError, "batch_size=0"),
        ({"batch_size": 8001}, ValueError, "8000 training samples"),
        ({"batch_size": 10.5}, ValueError, "write 10 or 11"),
        ({"learning_rate": 0}, ValueError, "learning_rate=0"),
        ({"learning_rate": float("nan")}, ValueError, "learning_rate=nan"),
        ({"dense_epochs": -1}, ValueError, "dense_epochs=-1"),
        ({"more_epochs": True}, TypeError, "more_epochs=True"),
        ({"schedule": 0.75}, TypeError, "schedule is a float"),
        ({"schedule": {}}, TypeError, "schedule is a dict"),
        ({"fresh_optimizer": 1}, TypeError, "write True or False"),
        ({"fresh_optimizer": False, "schedule": RAMP}, ValueError, "drops the optimizer"),
        ({"dense_epochs": 0, "more_epochs": 0}, ValueError, "in one phase at least"),
        ({"more_epochs": 0, "schedule": RAMP}, ValueError, "a schedule prunes in the second"),
        ({"criterion": "gradient"}, ValueError, "write 'magnitude' or 'random'"),
        ({"criterion": None}, ValueError, "criterion=None"),
        ({"criterion": "random"}, ValueError, "write schedule=one_shot"),
        ({"criterion": "random", "schedule": RAMP}, ValueError, "write schedule=one_shot"),
        (
            {"criterion": "random", "schedule": ConstantSparsity(0.5, 1)},
            ValueError,
            "write schedule=one_shot",
        ),
        ({"l2": -1e-4}, ValueError, "l2="),
        ({"l2": float("inf")}, ValueError, "l2=inf"),
        ({"l2": "0"}, TypeError, "l2='0'"),
        ({"patience": 0}, ValueError, "patience=0"),
        ({"patience": 2.5}, ValueError, "patience=2.5"),
        ({"patience": True}, TypeError, "patience=True"),
        ({"cut": 1.0}, ValueError, "cut=1"),
        ({"cut": -0.1}, ValueError, "cut=-0.1"),
        ({"cut": None}, TypeError, "cut=None"),
        ({"cut": 0.5, "schedule": RAMP}, ValueError, "cut and patience are for"),
        ({"patience": 3, "schedule": RAMP}, ValueError, "cut and patience are for"),
        ({"shake": 1.0}, ValueError, "shake=1"),
        ({"shake": "much"}, TypeError, "shake='much'"),
        ({"shake": 0.5, "schedule": RAMP}, ValueError, "shake=0.5: it sets weights to zero once"),
        ({"shake": 0.5, "more_epochs": 0}, ValueError, "give a second phase with epochs"),
        ({"restart": 0}, ValueError, "restart=0"),
        ({"restart": 2.5}, ValueError, "restart=2.5"),
        ({"restart": 200}, ValueError, "restart=200: Adam starts anew inside the second phase"),
        ({"pattern": "4x1", "schedule": RAMP}, ValueError, "pattern='4x1': write one of"),
        ({"pattern": ["2:4"], "schedule": RAMP}, ValueError, "write one of 'unstructured'"),
        ({"pattern": "neurons"}, ValueError, "by a schedule and by magnitude"),
        (
            {"pattern": "neurons", "schedule": RAMP, "block_size": (4, 1)},
            ValueError,
            "leave criterion and block_size alone",
        ),
        ({"pattern": "2:4", "schedule": RAMP}, ValueError, r"write schedule=one_shot\(0.5\)"),
        ({"prune_output": 0, "schedule": RAMP}, TypeError, "write True or False"),
        ({"prune_output": False}, ValueError, "where a schedule prunes"),
    ],
)
def test_impossible_settings_are_refused_in_one_sentence(arguments, error, words):
    with pytest.raises(error, match=words) as caught:
        ExperimentConfig(**{"name": "bad"} | arguments)
    assert "\n" not in str(caught.value)


def test_strict_json():
    values = named_configs.article().to_dict()
    for broken in (
        {**values, "momentum": 0.9},
        {name: value for name, value in values.items() if name != "hidden"},
        {**values, "schedule": {"schedule": "Cubic"}},
        {**values, "schedule": {**values["schedule"], "steps": 3}},
    ):
        with pytest.raises(ValueError, match=r"fields|schedule"):
            ExperimentConfig.from_dict(broken)
    for nothing in ([], 3, None, "nonsense"):
        with pytest.raises(ValueError, match="config"):
            ExperimentConfig.from_dict(nothing)


@pytest.mark.parametrize("depth", [10, 900, 980])
def test_nested_values_are_refused_in_one_sentence(depth):
    nested = []
    for _ in range(depth):
        nested = [nested]
    for field in ExperimentConfig.__dataclass_fields__:
        with pytest.raises((ValueError, TypeError), match=r"^[^\n]+$"):
            ExperimentConfig.from_dict({**named_configs.article().to_dict(), field: nested})


@pytest.mark.parametrize("name", ["", "Article", "article2", None, [], 5, named_configs.article])
def test_unknown_config_lists_the_names(name):
    error = ValueError if isinstance(name, str) else TypeError
    words = r"^config=.*article, article_completed.*twin_continued"
    with pytest.raises(error, match=words) as caught:
        named_configs.named(name)
    assert "\n" not in str(caught.value)


def test_a_config_is_its_own_name():
    config = ExperimentConfig("mine")
    assert named_configs.named(config) is config


@pytest.mark.parametrize("arm", ["article", None, CONFIGS["article"], named_configs.twin, int])
def test_the_twin_wants_an_arm(arm):
    with pytest.raises(TypeError, match=r"^arm=.*article_continued; for a name") as caught:
        named_configs.twin(arm)
    assert "\n" not in str(caught.value)


def test_needs_neither_tensorflow_nor_scikit_learn():
    code = (
        "import sys, prunelab.experiments.named_configs as e; e.article().planned_zeros();"
        "print([m for m in ('sklearn', 'tensorflow', 'matplotlib') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"more_learning_rate": 0}, ValueError, "more_learning_rate=0"),
        ({"more_learning_rate": "slow"}, TypeError, "more_learning_rate='slow'"),
        ({"more_learning_rate": 0.1, "more_epochs": 0}, ValueError, "give that phase epochs"),
        ({"more_learning_rate": 0.1, "fresh_optimizer": False}, ValueError, "a fresh Adam"),
        ({"block_size": 4}, TypeError, "write two whole numbers"),
        ({"block_size": (4, 1, 1)}, TypeError, "write two whole numbers"),
        ({"block_size": (0, 1)}, ValueError, "from 1 to"),
        ({"block_size": (16, 1)}, ValueError, "does not divide a kernel of (1000, 1024)"),
        ({"block_size": (4, 1), "schedule": None}, ValueError, "by a schedule and by magnitude"),
        (
            {"block_size": (4, 1), "criterion": "random", "schedule": one_shot(0.5)},
            ValueError,
            "by a schedule and by magnitude",
        ),
    ],
)
def test_impossible_blocks_are_refused(settings, error, words):
    with pytest.raises(error, match=re.escape(words)) as caught:
        ExperimentConfig(**{"name": "blocks", "schedule": RAMP} | settings)
    assert "\n" not in str(caught.value)


def test_blocks_are_written_only_where_they_are_used():
    single = ExperimentConfig("a", schedule=RAMP)
    blocks = ExperimentConfig("a", schedule=RAMP, block_size=[4, 1])
    assert "block_size" not in single.to_dict()
    assert blocks.to_dict()["block_size"] == [4, 1]
    assert _again(blocks) == blocks
    assert blocks.digest != single.digest
    assert blocks.dense_digest == single.dense_digest
    assert single.pruned_layers == ["hidden_1", "hidden_2", "output"]
    assert blocks.pruned_layers == ["hidden_1", "hidden_2"]


def test_what_a_pattern_leaves_is_counted_in_its_units():
    """Halves of 125 inputs in groups of four, three quarters of 47 neurons; the output is whole."""
    twin = {"data": "twin", "hidden": (47, 47), "batch_size": 128}
    groups = ExperimentConfig("a", schedule=one_shot(0.5), pattern="2:4", **twin)
    assert groups.planned_zeros() == {"hidden_1": 62 * 47, "hidden_2": 23 * 47, "output": 0}
    ramp = dataclasses.replace(RAMP, final_sparsity=0.75)
    neurons = ExperimentConfig("a", schedule=ramp, pattern="neurons", **twin)
    gone = 47 - 12  # a quarter of 47 is 11.75
    assert neurons.planned_zeros() == {"hidden_1": 125 * gone, "hidden_2": 47 * gone, "output": 0}
    whole = ExperimentConfig("a", schedule=RAMP, prune_output=False, **twin)
    both = dataclasses.replace(whole, prune_output=True).planned_zeros()
    assert whole.planned_zeros() == both | {"output": 0}


def test_a_network_of_a_hundred_thousand_layers_is_counted_at_once():
    """Linear in the layers; walked for each name it would be ten thousand million look-ups."""
    schedule = PolynomialDecay(0.0, 0.75, 400, 1200)
    config = ExperimentConfig(name="deep", hidden=[2] * 100_000, schedule=schedule)
    zeros = config.planned_zeros()
    assert len(zeros) == 100_001
    assert zeros["hidden_99999"] == 3
    assert zeros["output"] == round(2 * config.preflight().realised(2))
