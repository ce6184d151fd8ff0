"""Metrics and several inputs and outputs of a model that trains live, against Keras' own."""

from dataclasses import replace

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.live import TrainedRun, TrainingControl, TrainingSettings
from prunelab.schedules import PolynomialDecay

keras = k.tf_keras
layers = keras.layers
RAMP = PolynomialDecay(0.0, 0.75, begin_step=4, end_step=40, frequency=4)
SETTINGS = TrainingSettings(RAMP, epochs=4, batch_size=10, seed=7)
STEPS = 16 * 4


def rows(*widths, n=160, n_val=2100):
    """Arrays of these widths for training and validation: more rows than one call takes."""
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(n + n_val, width)) for width in widths]
    return [part[:n] for part in x], [part[n:] for part in x]


def classes(x):
    return (np.asarray(x).sum(axis=1) > 0).astype(int) + (x[:, 0] > 1)


def classifier(**compiled):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(16, activation="relu", name="first"),
            layers.Dropout(0.1),
            layers.Dense(3, activation="softmax", name="head"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", **compiled)
    return model


(X,), (X_VAL,) = rows(6)
DATA = X, classes(X), X_VAL, classes(X_VAL)


def agreement(y_true, y_pred):
    """A metric of the reader's own: a plain function."""
    found = keras.backend.argmax(y_pred)
    return keras.backend.equal(keras.backend.cast(y_true[:, 0], "int64"), found)


class Counted(keras.metrics.Metric):
    """A metric that cannot be made again: its `__init__` takes what `get_config` does not give."""

    def __init__(self, classes, name="counted"):
        super().__init__(name=name)
        self.total = self.add_weight(name="total", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(keras.backend.sum(y_pred))

    def result(self):
        return self.total


def test_the_metrics_are_those_of_evaluate_before_and_after_with_masks_on():
    compiled = {
        "metrics": ["accuracy", agreement, keras.metrics.SparseTopKCategoricalAccuracy(2, "top")],
        "weighted_metrics": [keras.metrics.SparseCategoricalCrossentropy(name="entropy")],
    }
    model = classifier(**compiled)
    model.evaluate(*DATA[2:], verbose=0)  # Keras has used the reader's metric objects
    train = k.live_trainer(model)
    assert train.metrics == ("accuracy", "agreement", "top", "entropy")
    run = train(SETTINGS, DATA)
    before = model.evaluate(*DATA[2:], verbose=0, return_dict=True)
    assert run.dense_metrics == pytest.approx({n: before[n] for n in train.metrics}, rel=1e-5)
    pruned = train.network(run)
    pruned.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    after = pruned.evaluate(*DATA[2:], verbose=0, return_dict=True)
    assert run.metrics["accuracy"] == pytest.approx(after["accuracy"], rel=1e-6)
    hits = np.argmax(pruned.predict(X_VAL, verbose=0), axis=1) == DATA[3]  # by hand
    assert run.metrics["accuracy"] == pytest.approx(hits.mean(), rel=1e-6)
    assert run.metrics["agreement"] == run.metrics["accuracy"]
    assert run.metrics["entropy"] == pytest.approx(run.validation_loss, rel=1e-5)
    assert run.metrics == run.history[-1].metrics
    assert len({report.metrics["accuracy"] for report in run.history}) > 1
    assert "accuracy" in repr(run)


def test_metrics_change_no_bit_of_the_training():
    plain, measured = (
        k.live_trainer(classifier(**how)) for how in ({}, {"metrics": ["accuracy", agreement]})
    )
    one, other = plain(SETTINGS, DATA), measured(SETTINGS, DATA)
    assert one.weights_digest == other.weights_digest
    assert [r.loss for r in one.history] == [r.loss for r in other.history]
    assert one.dense == other.dense
    assert (one.metrics, one.history[0].metrics, plain.metrics) == ({}, {}, ())


def test_a_stored_run_has_its_metrics():
    run = k.live_trainer(classifier(metrics=["accuracy"]))(SETTINGS, DATA)
    again = TrainedRun.from_dict(run.to_dict())
    assert again == run
    assert again.id == run.id
    stopped = k.live_trainer(classifier(metrics=["accuracy"]))(
        SETTINGS, DATA, TrainingControl.replaying((), stop_at=0)
    )
    assert stopped.metrics == stopped.dense_metrics == run.dense_metrics


def test_what_cannot_be_computed_is_said_or_left_out():
    train = k.live_trainer(classifier(metrics=[Counted(3), "accuracy"]))
    assert "Not computed" in train.notes
    assert "counted" in train.notes
    assert list(train(SETTINGS, DATA).metrics) == ["accuracy"]
    one_hot = keras.utils.to_categorical(DATA[1], 3), keras.utils.to_categorical(DATA[3], 3)
    model = classifier(metrics=["accuracy"])
    each = keras.metrics.F1Score(name="f1")  # a number for each class
    model.compile("adam", "categorical_crossentropy", metrics=[each, "accuracy"])
    run = k.live_trainer(model)(SETTINGS, (X, one_hot[0], X_VAL, one_hot[1]))
    assert list(run.metrics) == ["accuracy"]


# --- several inputs and outputs


def two_inputs():
    """Two inputs that meet in the middle."""
    keras.utils.set_random_seed(0)
    a, b = keras.Input((6,), name="wide"), keras.Input((3,), name="narrow")
    h = layers.Dense(8, activation="relu", name="of_wide")(a)
    both = layers.Concatenate()([h, layers.Dense(4, activation="relu", name="of_narrow")(b)])
    model = keras.Model([a, b], layers.Dense(1, activation="sigmoid", name="head")(both))
    model.compile(keras.optimizers.SGD(0.05), "binary_crossentropy", metrics=["accuracy"])
    return model


def data_of_two():
    x, x_val = rows(6, 3)
    y, y_val = (part[0].sum(axis=1) * part[1][:, 0] > 0 for part in (x, x_val))
    return x, y, x_val, y_val


def test_two_inputs_are_what_fit_and_tfmot_make_of_the_same_batches():
    """The oracle: Keras' own `train_on_batch` on the same rows, with tfmot's schedule."""
    model, data = two_inputs(), data_of_two()
    train = k.live_trainer(model)
    run = train(replace(SETTINGS, learning_rate=0.05), data)
    wrapped = k.prune(model, RAMP)
    wrapped.compile(keras.optimizers.SGD(0.05), "binary_crossentropy")
    step = k.tfmot.sparsity.keras.UpdatePruningStep()
    step.set_model(wrapped)
    step.on_train_begin()
    (wide, narrow), y = data[0], data[1][:, None].astype(np.float32)
    for epoch in range(4):
        order = np.random.default_rng([7, epoch]).permutation(160)
        for part in np.split(order, 16):
            step.on_train_batch_begin(0)
            wrapped.train_on_batch([wide[part], narrow[part]], y[part])
        step.on_epoch_end(epoch)
    ours, theirs = k.kernels(train.network(run)), k.kernels(k.strip(wrapped))
    assert {name: a.tobytes() for name, a in ours.items()} == {
        name: a.tobytes() for name, a in theirs.items()
    }
    hits = (train.network(run).predict(data[2], verbose=0)[:, 0] > 0.5) == data[3]
    assert run.metrics["accuracy"] == pytest.approx(hits.mean(), rel=1e-6)


def test_rows_by_the_names_of_the_inputs_are_the_same_run():
    train, (x, y, x_val, y_val) = k.live_trainer(two_inputs()), data_of_two()
    named = [{"narrow": b, "wide": a} for a, b in (x, x_val)]
    run, again = (
        train(SETTINGS, (x, y, x_val, y_val)),
        train(SETTINGS, (named[0], y, named[1], y_val)),
    )
    assert (run.weights_digest, run.data_digest) == (again.weights_digest, again.data_digest)


def two_outputs():
    keras.utils.set_random_seed(0)
    x = keras.Input((6,))
    h = layers.Dense(12, activation="relu", name="trunk")(x)
    amount = layers.Dense(1, name="amount")(h)
    model = keras.Model(x, [amount, layers.Dense(3, activation="softmax", name="kind")(h)])
    model.compile(
        "adam",
        {"amount": "mse", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"amount": 0.5},
        metrics={"amount": keras.metrics.MeanAbsoluteError(name="mae"), "kind": "accuracy"},
    )
    return model


@pytest.mark.parametrize("named", [False, True])
def test_two_outputs_report_the_sum_of_their_losses_and_a_metric_of_each(named):
    model = two_outputs()
    targets = [[X.sum(axis=1), classes(X)], [X_VAL.sum(axis=1), classes(X_VAL)]]
    model.evaluate(X_VAL, targets[1], verbose=0)
    train = k.live_trainer(model)
    assert train.metrics == ("amount_mae", "kind_accuracy")
    parts = [dict(zip(("amount", "kind"), part, strict=True)) for part in targets]
    run = train(
        SETTINGS, (X, (parts if named else targets)[0], X_VAL, (parts if named else targets)[1])
    )
    before = model.evaluate(X_VAL, targets[1], verbose=0, return_dict=True)
    assert run.dense == pytest.approx(before["loss"], rel=1e-5)
    assert run.dense_metrics == pytest.approx({n: before[n] for n in train.metrics}, rel=1e-5)
    amount, kind = train.network(run).predict(X_VAL, verbose=0)
    mae = np.abs(amount[:, 0] - targets[1][0]).mean()
    assert run.metrics["amount_mae"] == pytest.approx(mae, rel=1e-5)
    assert run.metrics["kind_accuracy"] == pytest.approx(np.mean(kind.argmax(1) == targets[1][1]))
    assert k.sparsities(train.network(run)) == run.sparsity
    assert run.sparsity["trunk"] == 0.75


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x, y: (x[0], y), r"x is 160 parts|x is .*ndarray.*2 inputs"),
        (lambda x, y: ([*x, x[0]], y), "x is 3 parts: this model has 2 inputs"),
        (lambda x, y: ({"wide": x[0]}, y), r"x has the parts \['wide'\]: this model has 2 inputs"),
        (lambda x, y: (x[::-1], y), r"x\[0\] has shape \(160, 3\): this model wants \[rows, 6\]"),
        (lambda x, y: ([x[0], x[1][:9]], y), r"x\[1\] has shape \(9, 3\): 160 rows of x\[0\]"),
        (lambda x, y: (x, y[:9]), r"y has shape \(9,\): 160 rows of x\[0\] need as many"),
    ],
)
def test_parts_that_do_not_fit_are_refused_in_one_sentence(change, says):
    x, y, *validation = data_of_two()
    with pytest.raises((TypeError, ValueError), match=says) as caught:
        k.live_trainer(two_inputs())(SETTINGS, (*change(x, y), *validation))
    assert len(str(caught.value)) < 300
