"""An experiment of the reader's own: its arms against tfmot's counts, stored, resumed, refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from prunelab.experiments import Experiment, RunError
from prunelab.experiments.own import ARMS
from prunelab.masks.magnitude import kept_count
from prunelab.networks import THREADS  # before TensorFlow starts
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.backend import tf_keras
from prunelab.plans import Plan, compared, load, paired, run_plan, summary, values
from prunelab.plans.measures import measures_of
from prunelab.plans.own import ArmTrial
from prunelab.schedules import PolynomialDecay, preflight
from prunelab.search import Real, Space, search
from prunelab.widgets import PlanExplorer

RAMP = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=8, frequency=2)
SIZES = {"a": 8 * 12, "b": 12 * 6, "c": 6 * 3}


def rows(seed, n=60, width=8):
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, width)).astype(np.float32)
    return x, (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)


def data(seed):
    x, y = rows(seed, 120)
    return (x[:60], y[:60]), (x[60:90], y[60:90]), (x[90:], y[90:])


def network(width=12, **compiled):
    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            tf_keras.Input((8,)),
            layers.Dense(width, "relu", name="a"),
            layers.Dense(6, "relu", name="b"),
            layers.Dense(3, name="c"),
        ]
    )
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(**{"optimizer": "adam", "loss": loss, "metrics": ["accuracy"]} | compiled)
    return model


def build(seed):
    return network()


def experiment(**changed):
    settings = {"build": build, "data": data, "epochs": 2, "batch_size": 12}
    return Experiment("mine", **settings | changed)


def plan_of(it, names=None, seeds=(0,), **more):
    return Plan("mine", "a network of my own", it.arms(RAMP, names, **more), seeds)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def results(folder):
    return run_plan(plan_of(experiment(), seeds=(0, 1)), folder)


def run_of(results, arm, seed=0):
    return next(run for run in results.of(arm) if run.seed == seed)


def test_every_control_is_what_its_name_says(results):
    cut = {name: size - kept_count(size, 0.75) for name, size in SIZES.items()}
    for arm in ("pruned", "random_mask"):
        assert run_of(results, arm).zeros == cut
    assert run_of(results, "output_whole").zeros == cut | {"c": 0}
    for arm in ("dense", "control", "l2"):
        assert not any(run_of(results, arm).zeros.values())
    shaken = run_of(results, "shake")
    assert sum(shaken.zeros.values()) < sum(cut.values()) / 2
    small = run_of(results, "small")
    assert sum(small.sizes.values()) <= sum(SIZES.values()) - sum(cut.values())
    assert list(small.sizes) == list(SIZES)
    assert run_of(results, "dense").second.values == {}
    assert len(run_of(results, "control").second.loss) == 2


def test_arms_share_their_first_phase_and_differ_after_it(results):
    runs = [run_of(results, arm) for arm in ARMS if arm != "small"]
    assert len({run.dense.loss for run in runs}) == 1
    ends = {run.val["loss"] for run in runs}
    assert len(ends) == len(runs)
    assert run_of(results, "dense", 0).val != run_of(results, "dense", 1).val


def test_a_penalty_is_no_part_of_what_is_compared(results, tmp_path):
    (heavy,) = run_plan(plan_of(experiment(), ["l2"], l2=10.0), tmp_path).runs
    assert heavy.second.loss[0] > 3 * heavy.second.val_loss[0]
    assert heavy.val["loss"] < 1.5


def test_what_compile_was_given_is_measured(results):
    run = run_of(results, "pruned")
    assert set(run.val) == set(run.test) == {"loss", "accuracy"}
    assert set(run.second.values) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert run.second.values["val_accuracy"][-1] == pytest.approx(run.val["accuracy"])
    found = values(results, "pruned", "validation_accuracy")
    assert found == {s: run_of(results, "pruned", s).val["accuracy"] for s in (0, 1)}
    measures = measures_of(results)
    assert next(iter(measures)) == "validation_accuracy"
    assert measures["validation_accuracy"].higher
    assert measures["validation_loss"].higher is False
    assert "validation_mse" not in measures


def test_statistics_and_the_explorer_take_it(results):
    assert summary(results, "pruned", "sparsity").mean == run_of(results, "pruned").total_sparsity
    assert paired(results, "pruned", "control").estimate.log is False
    (one,) = compared(results, ["shake"], "control", "validation_loss")
    assert one.change.estimate.log is True
    explorer = PlanExplorer(results)
    assert explorer.measure == "validation_accuracy"
    assert "test_accuracy" not in explorer.data["measures"]
    assert "test_accuracy" in PlanExplorer(results, show_test=True).data["measures"]
    assert explorer.data["loss"] == {"measure": "validation_loss", "name": "as compiled"}
    assert explorer.picture().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="test data are opened once"):
        explorer.measure = "test_accuracy"
    with pytest.raises(ValueError, match="the measures here are validation_accuracy, "):
        summary(results, "pruned", "validation_mse")


def test_it_is_stored_and_found_again(results, folder):
    assert load(results.plan, folder).runs == results.runs
    assert [path.name for path in folder.iterdir()] == ["mine.json"]
    other = plan_of(experiment(epochs=3), seeds=(0, 1))
    with pytest.raises(RunError, match="made by other settings"):
        load(other, folder)


def test_what_was_stopped_goes_on_and_repeats_to_the_bit(results, tmp_path):
    """And no other network goes on with it."""
    plan, seen = plan_of(experiment(), ["control", "pruned"]), []

    def stop(done, total, text):
        seen.append(text)
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(plan, tmp_path, report=stop)
    wider = experiment(build=lambda seed: network(13))
    with pytest.raises(RunError, match="build makes another network than the one of the stored"):
        run_plan(plan_of(wider, ["control", "pruned"]), tmp_path)
    again = run_plan(plan, tmp_path)
    assert len(seen) == 1
    for run in again.runs:
        stored = run_of(results, run.config.name)
        assert (run.second.values, run.zeros, run.test) == (
            stored.second.values,
            stored.zeros,
            stored.test,
        )
    assert again.runs[0].provenance["threads"] == THREADS


def two_inputs(seed):
    first, second = (tf_keras.Input((n,), name=name) for n, name in ((8, "x"), (3, "z")))
    both = tf_keras.layers.Concatenate()([first, second])
    hidden = tf_keras.layers.Dense(6, "relu", name="h")(both)
    ends = [tf_keras.layers.Dense(1, name=name)(hidden) for name in ("up", "down")]
    model = tf_keras.Model([first, second], ends)
    model.compile("sgd", {"up": "mse", "down": "mae"}, metrics={"up": ["mae"]})
    return model


def two_targets(seed):
    x, y = rows(seed, 40)
    inputs, targets = {"x": x, "z": x[:, :3]}, {"up": y * 1.0, "down": -y * 1.0}
    part = (inputs, targets, np.linspace(0.1, 1, 40))
    return part, part


def test_several_inputs_outputs_and_sample_weights(tmp_path):
    it = experiment(build=two_inputs, data=two_targets)
    (run,) = run_plan(plan_of(it, ["pruned"]), tmp_path).runs
    assert set(run.val) == {"loss", "up_loss", "down_loss", "up_mae"}
    assert run.test is None
    assert run.zeros["h"] == 11 * 6 - kept_count(11 * 6, 0.75)


def test_a_data_set_class_weights_callbacks_and_a_fit_of_ones_own(tmp_path):
    def data_sets(seed):
        x, y = rows(seed)
        made = tf.data.Dataset.from_tensor_slices((x, y)).batch(12)
        return made, made

    seen = []

    def fit(model, **options):
        seen.append(sorted(options))
        return model.fit(**options)

    def callbacks(seed):
        return [tf_keras.callbacks.EarlyStopping("val_accuracy", patience=0, baseline=2.0)]

    it = experiment(
        data=data_sets,
        epochs=4,
        class_weight={0: 1.0, 1: 2.0, 2: 1.0},
        callbacks=callbacks,
        fit=fit,
    )
    (run,) = run_plan(plan_of(it, ["control"]), tmp_path).runs
    assert len(run.second.loss) < 4  # the baseline is out of reach: it stops as soon as it can
    assert run.data_digest is None
    assert seen[0] == ["callbacks", "class_weight", "epochs", "verbose", "x"]
    assert preflight(RAMP, data=data_sets(0)[0], epochs=1).steps_per_epoch == 5


def test_kernels_have_the_same_names_in_every_run(tmp_path):
    def unnamed(seed):
        inner = tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Dense(4)])
        parts = [tf_keras.layers.Dense(4), inner, tf_keras.layers.Dense(3, name="dense_of_mine_7")]
        model = tf_keras.Sequential([tf_keras.Input((8,)), *parts])
        model.compile("sgd", tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    runs = run_plan(plan_of(experiment(build=unnamed), ["control", "pruned"]), tmp_path).runs
    names = ["dense", "sequential/dense_1", "dense_of_mine_7"]
    assert [list(run.sizes) for run in runs] == [names, names]


def test_other_workers_train_the_same(results, tmp_path):
    with ThreadPoolExecutor(1) as executor:
        (run,) = run_plan(plan_of(experiment(), ["pruned"]), tmp_path, executor=executor).runs
    assert run.zeros == run_of(results, "pruned").zeros


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"build": lambda seed: 3}, TypeError, "build: 3 is no model of Keras"),
        ({"build": lambda seed: network(12, optimizer=None)}, ValueError, "optimizer"),
        ({"data": lambda seed: 3}, TypeError, "data: return (training, validation)"),
        ({"data": lambda seed: (3, 3)}, TypeError, "data: training is 3; write (x, y)"),
        ({"data": rows}, TypeError, "data: training is one array, of (60, 8); write (x, y)"),
        ({"data": lambda seed: ((1,), (1,))}, TypeError, "data: training has 1 parts"),
        (
            {"data": lambda seed: ((np.ones((3, 8)), np.ones(2)),) * 2},
            ValueError,
            "data: the arrays of training have [2, 3] rows",
        ),
        (
            {"build": lambda seed: network(12, loss="mse", metrics=[])},
            ValueError,
            "y of training has shape (60,): this model gives (3,) for a row",
        ),
        (
            {"data": lambda seed: ((np.ones((4, 8)), np.arange(4) + 7),) * 2},
            ValueError,
            "y of training holds class 7, and the model has 3 classes",
        ),
        (
            {"data": lambda seed: (data(0)[0], (np.ones((4, 3)), np.zeros(4)))},
            ValueError,
            "x of validation has shape (4, 3): this model wants [rows, ",
        ),
        (
            {"data": lambda seed: ((np.full((4, 8), np.nan), np.zeros(4)),) * 2},
            ValueError,
            "x of training holds NaN or infinity",
        ),
        ({"callbacks": lambda seed: [3]}, TypeError, "callbacks: 3 is no callback"),
        (
            {"callbacks": lambda seed: [tf_keras.callbacks.EarlyStopping(
                restore_best_weights=True)]},
            ValueError,
            "restore_best_weights=True) would bring back an epoch of fewer zeros",
        ),
        ({"fit": lambda model, **options: None}, ValueError, "fit: it called no callback"),
        (
            {"build": lambda seed: network(12, optimizer=tf_keras.optimizers.SGD(1e30))},
            ValueError,
            "the loss is no finite number after epoch",
        ),
    ],
)  # fmt: skip
def test_refusals_are_one_sentence(changed, error, words, tmp_path):
    with pytest.raises(error) as caught:
        run_plan(plan_of(experiment(**changed), ["pruned"]), tmp_path)
    said = str(caught.value)
    assert words in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"name": "my run"}, ValueError, "name='my run'"),
        ({"build": 3}, TypeError, "build=3"),
        ({"build": network(12)}, TypeError, "build is a model: write a function of a seed"),
        ({"class_weight": 5}, TypeError, "class_weight=5: write a dict"),
        ({"class_weight": {"a": 1.0}}, TypeError, "class_weight's class='a'"),
        ({"class_weight": {0: -1.0}}, ValueError, "class_weight[0]=-1.0"),
        ({"epochs": 0}, ValueError, "epochs=0"),
        ({"fit": 3}, TypeError, "fit=3"),
        ({"metrics": {"f": "up"}}, ValueError, "metrics['f']='up': write 'maximize' or 'minimize'"),
        ({"metrics": ["f"]}, TypeError, "metrics=['f']"),
    ],
)
def test_settings_are_checked_at_once(settings, error, words):
    with pytest.raises(error) as caught:
        Experiment(**{"name": "mine", "build": build, "data": data, "epochs": 2} | settings)
    assert words in str(caught.value)


def test_names_of_arms_and_measures_are_checked(results):
    with pytest.raises(ValueError, match="arms: 'shaken' is none of dense, control"):
        experiment().arms(RAMP, ["shaken"])
    with pytest.raises(TypeError, match="arms='shake': write a list"):
        experiment().arms(RAMP, "shake")
    with pytest.raises(ValueError, match="ridge and Lasso are for the course's data"):
        Plan("mine", "", experiment().arms(RAMP), (0,), linear=True)
    arms = (*experiment().arms(RAMP, ["dense"]), *experiment().arms(RAMP, ["control"]))
    with pytest.raises(ValueError, match="all must be of one experiment"):
        Plan("mine", "", arms, (0,))
    way = experiment(metrics={"score": "minimize"}).direction
    assert [way(m) for m in ("score", "accuracy", "cross_entropy", "odd")] == [
        "minimize",
        "maximize",
        "minimize",
        None,
    ]


def test_no_narrower_network_is_a_sentence(tmp_path):
    def residual(seed):
        inputs = tf_keras.Input((8,))
        hidden = tf_keras.layers.Dense(8)(inputs)
        outputs = tf_keras.layers.Dense(3)(tf_keras.layers.Add()([inputs, hidden]))
        model = tf_keras.Model(inputs, outputs)
        model.compile("sgd", tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    with pytest.raises(ValueError, match="give Experiment") as caught:
        run_plan(plan_of(experiment(build=residual), ["small"]), tmp_path)
    assert "\n" not in str(caught.value)
    it = experiment(build=residual, small=build)
    (run,) = run_plan(plan_of(it, ["small"]), tmp_path).runs
    assert run.sizes == SIZES


def test_a_search_tries_schedules_on_it(tmp_path):
    space = Space(base=None, steps_per_epoch=5, epochs=4, final_sparsity=Real(0.5, 0.9))
    goals = ("val_accuracy", "nonzeros")
    trained = ArmTrial(experiment())
    found = search(space, 3, goals, evaluate=trained, storage=tmp_path / "own.journal")
    assert len(found.of("complete")) == 3
    for trial in found.of("complete"):
        kept = sum(
            kept_count(size, trial.candidate.schedule.final_sparsity) for size in SIZES.values()
        )
        assert trial.values["nonzeros"] == kept
        assert 0 <= trial.values["val_accuracy"] <= 1
