"""An experiment of the reader's own: its arms against tfmot's counts, stored, resumed, refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from prunelab.base.json_files import load_record, save_record
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
from prunelab.search import Real, SearchError, Space, search
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
    with pytest.raises(RunError, match="were trained with another network"):
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


def relu_or(activation):
    def made(seed):
        inputs = tf_keras.Input((8,))
        hidden = tf_keras.layers.Dense(12, activation, name="a")(inputs)
        model = tf_keras.Model(inputs, tf_keras.layers.Dense(3, name="c")(hidden))
        loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        return model

    return made


def scaled(seed):
    return tuple((2 * x, y) for x, y in data(seed))


def other_validation(seed):
    training, validation, test = data(seed)
    return training, (validation[0], 2 - validation[1]), test


CHANGED = {
    "another width": ({"build": lambda seed: network(13)}, "another network"),
    "another activation": ({"build": relu_or("tanh")}, "another network"),
    "another rate": (
        {"build": lambda seed: network(optimizer=tf_keras.optimizers.Adam(0.1))},
        "another optimizer",
    ),
    "another loss": (
        {"build": lambda seed: network(loss="sparse_categorical_crossentropy")},
        "another loss or other metrics",
    ),
    "other metrics": ({"build": lambda seed: network(metrics=[])}, "another loss or other metrics"),
    "other data": ({"data": scaled}, "other data"),
    "other validation data": ({"data": other_validation}, "other data"),
    "both": (
        {"build": lambda seed: network(13), "data": scaled},
        "another network and other data",
    ),
}


def files_of(folder):
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    folder = tmp_path_factory.mktemp("complete")
    return folder, run_plan(plan_of(experiment(), ["control"]), folder)


@pytest.mark.parametrize("change", CHANGED)
def test_a_changed_experiment_is_refused_and_nothing_is_lost(change, complete):
    folder, _ = complete
    changed, words = CHANGED[change]
    if change == "another activation":  # beside its own network, of the same shapes
        folder = folder / "relu"
        run_plan(plan_of(experiment(build=relu_or("relu")), ["control"]), folder)
    before = files_of(folder)
    for names in (["control"], ["control", "pruned"]):  # complete, and to be extended
        with pytest.raises(RunError) as caught:
            run_plan(plan_of(experiment(**changed), names), folder)
        said = str(caught.value)
        assert f"were trained with {words} (seed 0 of 'control'): give the plan another" in said
        assert "\n" not in said
        assert files_of(folder).items() >= before.items()


def test_a_refusal_names_the_packages_that_have_changed(complete, monkeypatch):
    folder, results = complete
    then = results.runs[0].provenance["packages"]["tf-keras"]
    monkeypatch.setattr("prunelab.plans.running.versions", lambda: {"tf-keras": "9.1"})
    with pytest.raises(RunError, match=f"'control'; tf-keras {then} then, 9.1 now\\)"):
        run_plan(plan_of(experiment(data=scaled), ["control"]), folder)


def test_an_unchanged_experiment_is_only_read(complete, monkeypatch):
    folder, results = complete
    monkeypatch.setattr("prunelab.plans.own._fit", None)
    for _ in range(2):  # Keras counts layers: names differ, the network does not
        assert run_plan(plan_of(experiment(), ["control"]), folder).runs == results.runs


def test_data_of_a_stopped_plan_are_not_mixed(tmp_path):
    def stop(done, total, text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(plan_of(experiment(), ["control", "pruned"]), tmp_path, report=stop)
    with pytest.raises(RunError, match=r"trained with other data \(seed 0 of 'control'\)"):
        run_plan(plan_of(experiment(data=scaled), ["control", "pruned"]), tmp_path)
    assert (tmp_path / "mine" / "control-seed0.json").is_file()
    assert len(run_plan(plan_of(experiment(), ["control", "pruned"]), tmp_path).runs) == 2


def older(values):
    """Stored values without the identities, as an older prunelab wrote them."""
    if isinstance(values, dict):
        return {key: older(value) for key, value in values.items() if key != "identity"}
    return list(map(older, values)) if isinstance(values, list) else values


def test_runs_stored_without_an_identity_are_read_and_compared_as_far_as_they_go(
    complete, tmp_path
):
    folder, results = complete
    values = older(load_record(folder / "mine.json"))
    save_record(values, tmp_path / "mine.json")
    read = run_plan(plan_of(experiment(), ["control"]), tmp_path)
    assert [run.identity for run in read.runs] == [None]
    assert read.runs[0].val == results.runs[0].val
    for changed, words in (CHANGED["another width"], CHANGED["other data"]):
        with pytest.raises(RunError, match=f"trained with {words}"):
            run_plan(plan_of(experiment(**changed), ["control"]), tmp_path)


def test_seeds_and_arms_are_added_to_a_stored_plan(complete, tmp_path):
    folder, results = complete
    (tmp_path / "mine.json").write_bytes((folder / "mine.json").read_bytes())
    trained = []
    larger = plan_of(experiment(), ["control", "pruned"], seeds=(0, 1))
    with pytest.raises(RunError, match="holds 1 of its 4 runs: run_plan keeps them"):
        load(larger, tmp_path)

    def stop(done, total, text):
        trained.append(text)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(larger, tmp_path, report=stop)
    # The smaller plan is read meanwhile, and leaves the begun work of the larger one alone.
    assert run_plan(results.plan, tmp_path).runs == results.runs
    found = run_plan(larger, tmp_path, report=lambda done, total, text: trained.append(text))
    assert trained[0] == "found, already run"
    assert len([text for text in trained if text != "found, already run"]) == 3
    assert found.runs[0] == results.runs[0]
    assert load(larger, tmp_path).runs == found.runs
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]
    with pytest.raises(RunError, match="give the plan another name") as caught:
        run_plan(results.plan, tmp_path)
    assert "remove" not in str(caught.value)
    assert load(larger, tmp_path).runs == found.runs


def test_data_that_are_no_function_of_the_seed_are_refused_before_a_run_is_stored(tmp_path):
    random = np.random.default_rng(0)

    def drawn(seed):
        return tuple((x + random.normal(), y) for x, y in data(seed))

    with pytest.raises(ValueError, match="data: it returns other data for the same seed the sec"):
        run_plan(plan_of(experiment(data=drawn), ["control"]), tmp_path)


@pytest.mark.parametrize("change", ["another width", "other data"])
def test_a_search_does_not_mix_trials_of_another_experiment(change, tmp_path):
    space = Space(base=None, steps_per_epoch=5, epochs=1, final_sparsity=Real(0.5, 0.9))
    goals, storage = ("val_accuracy", "nonzeros"), tmp_path / "own.journal"

    def go(n, **changed):
        trial = ArmTrial(experiment(**changed))
        return search(space, n, goals, evaluate=trial, storage=storage).of("complete")

    first = go(1)
    before = storage.read_bytes()
    for changed, words in (CHANGED[change], ({"epochs": 1}, "other settings of the experiment")):
        with pytest.raises(SearchError, match=f"of evaluate with {words}: name another file"):
            go(2, **changed)
    assert storage.read_bytes() == before
    assert go(2)[:1] == first
    lines = storage.read_bytes().splitlines(keepends=True)
    storage.write_bytes(b"".join(line for line in lines if b'"identity"' not in line))
    assert len(go(3, **CHANGED[change][0])) == 3  # written before there were identities: continued


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
