"""What is pruned is what tfmot prunes: compared with tfmot's own fit, on networks of all kinds."""

import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.base.text import percent
from prunelab.live import TrainedRun, TrainingControl, TrainingSettings
from prunelab.live.protocol import kernels_of as ask
from prunelab.networks import prunable
from prunelab.networks.prunable import LeftDenseWarning, kernels_of
from prunelab.schedules import ConstantSparsity, PolynomialDecay, preflight
from tests.helpers.tfmot_oracle import fitted

keras, tfmot = k.tf_keras, k.tfmot
layers = keras.layers
RAMP = PolynomialDecay(0.0, 0.8, begin_step=1, end_step=9, frequency=2)
SETTINGS = TrainingSettings(RAMP, epochs=3, batch_size=16, seed=3, learning_rate=1e-2)
ROWS, STEPS = 50, 12
X = {
    "rows": np.random.default_rng(0).normal(size=(ROWS, 10)).astype("float32"),
    "series": np.random.default_rng(1).normal(size=(ROWS, 4, 6)).astype("float32"),
    "words": np.random.default_rng(2).integers(0, 9, (ROWS, 5)),
    "pictures": np.random.default_rng(3).normal(size=(ROWS, 6, 6, 2)).astype("float32"),
}
Y = np.tanh(X["rows"][:, 0])


class Two(layers.Layer, tfmot.sparsity.keras.PrunableLayer):
    """A layer of the reader's own, which says itself what of it is pruned."""

    def build(self, shape):
        self.w = self.add_weight("w", (shape[-1], 8))
        self.v = self.add_weight("v", (shape[-1], 8))

    def call(self, x):
        return x @ self.w + x @ self.v

    def get_prunable_weights(self):
        return [self.w]


def stack(which, *parts):
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input(X[which].shape[1:]), *parts, layers.Dense(1, name="o")])


def nested():
    inner = keras.Sequential([keras.Input((10,)), layers.Dense(12, "relu", name="deep")], "inner")
    base = keras.Sequential([keras.Input((10,)), layers.Dense(10, name="b"), inner], "base")
    return stack("rows", base)


def functional():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((10,))
    h = layers.Dense(12, "relu", name="a")(inputs)
    inner = keras.Model(inputs, layers.Add()([layers.Dense(12, name="b")(h), h]), name="inner")
    outer = keras.Input((10,))
    return keras.Model(outer, layers.Dense(1, name="o")(inner(outer)))


def attention():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4, 6))
    h = layers.MultiHeadAttention(2, 3, name="mha")(inputs, inputs)
    return keras.Model(inputs, layers.Dense(1, name="o")(layers.Flatten()(h)))


RECURRENT = ("r/kernel", "r/recurrent_kernel")
HEADS = ("query", "key", "value", "attention_output")
MODELS = {
    "lstm": ("series", lambda: stack("series", layers.LSTM(4, name="r")), [*RECURRENT, "o"]),
    "gru": ("series", lambda: stack("series", layers.GRU(4, name="r")), [*RECURRENT, "o"]),
    "separable": (
        "pictures",
        lambda: stack("pictures", layers.SeparableConv2D(6, 3, name="s"), layers.Flatten()),
        ["s/pointwise_kernel", "o"],
    ),
    "embedding": (
        "words",
        lambda: stack("words", layers.Embedding(9, 4, name="e"), layers.Flatten()),
        ["e", "o"],
    ),
    "nested": ("rows", nested, ["base/b", "base/inner/deep", "o"]),
    "functional": ("rows", functional, ["inner/a", "inner/b", "o"]),
    "attention": (
        "series",
        attention,
        [*(f"mha/{head}/kernel" for head in HEADS), "o"],
    ),
    "prunable_layer": ("rows", lambda: stack("rows", Two(name="t")), ["t/w", "o"]),
}  # fmt: skip


def live(model, which, settings=SETTINGS, optimizer=None):
    model.compile(optimizer or keras.optimizers.Adam(1e-2), "mse")
    train, data = k.live_trainer(model), (X[which], Y, X[which], Y)
    return train, train(settings, data)


@pytest.mark.parametrize("name", MODELS)
def test_a_live_run_prunes_what_tfmot_does_to_the_bit(name):
    which, make, pruned = MODELS[name]
    model = make()
    train, run = live(model, which)
    ours = train.network(run)
    theirs = fitted(model, RAMP, X[which], Y, SETTINGS, keras.optimizers.Adam(1e-2))
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()
    kernels = train.kernels(SETTINGS)
    assert list(kernels.pruned) == pruned
    assert {*kernels.pruned, *kernels.dense} == {*run.sparsity}
    assert run.sparsity == k.sparsities(ours)
    assert run.left_dense == kernels.dense
    zeros = kernels.zeros(preflight(RAMP, total_steps=STEPS))
    assert zeros == sum(k.zeros(ours)[name] for name in pruned), "the promise is kept"
    assert run.pruned_sparsity == pytest.approx(zeros / kernels.n_pruned)
    assert run.history[-1].realised_sparsity == pytest.approx(run.pruned_sparsity)
    assert run.n_weights == kernels.n_weights == sum(a.size for a in k.kernels(ours).values())
    assert TrainedRun.from_dict(run.to_dict()) == run


def test_what_stays_dense_is_named_counted_and_explained():
    frozen = layers.Dense(3, name="frozen", trainable=False)
    timed = layers.TimeDistributed(layers.Dense(5), name="timed")
    parts = timed, layers.Flatten(), frozen, layers.Dense(8, name="d")
    train, run = live(stack("series", *parts), "series")
    assert (run.n_pruned, run.n_weights) == (3 * 8 + 8, 6 * 5 + 4 * 5 * 3 + 32)
    assert run.pruned_sparsity == pytest.approx(0.8, abs=0.03)
    assert f" of 32; {percent(run.total_sparsity)} of the network's 122: timed stays" in repr(run)
    assert "timed stays dense, because it is a TimeDistributed, which tfmot does not" in repr(run)
    assert "is frozen" in run.left_dense["frozen"][1]
    assert ask(train, SETTINGS, None).words(0.8).startswith("80.00 % zeros of 32; ")
    for name, why in (("timed", "is a TimeDistributed"), ("frozen", "is frozen")):
        with pytest.raises(ValueError, match=f"'{name}' cannot be pruned since it {why}"):
            train(replace(SETTINGS, layers=(name,)), (X["series"], Y, X["series"], Y))
    only = train.kernels(replace(SETTINGS, layers=("d",)))
    assert list(only.pruned) == ["d"]
    assert only.dense["o"] == (8, "is not among the layers to prune")
    blocks = train.kernels(replace(SETTINGS, layers=(), block_size=(1, 4)))
    assert blocks.pruned == {"d": (24, 4)}
    assert "does not divide" in blocks.dense["o"][1]


def test_a_network_all_of_which_is_pruned_is_told_as_before():
    _, run = live(stack("rows", layers.Dense(8)), "rows")
    assert run.left_dense == {}
    assert f"{run.total_sparsity:.2%} zeros, validation loss" in repr(run)


@pytest.mark.parametrize(
    "left",
    [{"x": (3, "why")}, {"first": 3}, {"first": (0, "why")}, {"first": (3, "a\x1b[0m")}, [1]],
)
def test_a_record_whose_dense_kernels_make_no_sense_is_refused(left):
    _, run = live(stack("rows", Two(name="t")), "rows")
    if isinstance(left, dict):
        left = {name.replace("first", "t/v"): given for name, given in left.items()}
    with pytest.raises((TypeError, ValueError), match="left_dense") as caught:
        replace(run, left_dense=left)
    assert "\n" not in str(caught.value)


# --- prune, strip, zeros, remask


@pytest.mark.parametrize("name", ["embedding", "nested"])
def test_prune_train_and_strip_by_hand(name):
    which, make, pruned = MODELS[name]
    model = make()
    before = [array.copy() for array in model.get_weights()]
    wrapped = k.prune(model, RAMP)
    wrapped.compile("adam", "mse")
    stop = keras.callbacks.LambdaCallback(on_train_batch_end=interrupt_at(2))
    with pytest.raises(KeyboardInterrupt):
        wrapped.fit(
            X[which], Y, batch_size=5, verbose=0,
            callbacks=[tfmot.sparsity.keras.UpdatePruningStep(), stop],
        )  # fmt: skip
    k.remask(wrapped)
    realised = preflight(RAMP, total_steps=3).realised
    expected = {kernel.name: realised(kernel.size) for kernel in kernels_of(model)}
    assert k.sparsities(wrapped) == pytest.approx(expected)
    stripped = k.strip(wrapped)
    assert k.sparsities(stripped) == pytest.approx(expected)
    assert list(k.kernels(stripped)) == list(k.kernels(wrapped)) == list(k.kernels(model)) == pruned
    assert all(map(np.array_equal, before, model.get_weights()))
    with pytest.raises(ValueError, match="pruned already"):
        k.prune(wrapped, RAMP)


def interrupt_at(batch):
    def look(done, logs):
        if done == batch:
            raise KeyboardInterrupt

    return look


def test_prune_leaves_a_shared_layer_out_and_says_so():
    inputs, twice = keras.Input((10,)), layers.Dense(10, name="twice")
    model = keras.Model(inputs, layers.Dense(1, name="o")(twice(twice(inputs))))
    with pytest.warns(LeftDenseWarning, match="twice stays dense, because it is shared"):
        wrapped = k.prune(model, RAMP)
    data = SimpleNamespace(x_train=X["rows"], y_train=Y, x_val=X["rows"], y_val=Y)
    phase = k.train(wrapped, data, epochs=3, batch_size=16, seed=0)
    assert {name: zeros[-1] for name, zeros in phase.zeros.items()} == {"twice": 0, "o": 8}
    with pytest.raises(ValueError, match="'twice' is shared"):
        k.prune(model, RAMP, layers=["twice"])
    outer = keras.Input((10,))
    base = keras.Model(inputs, twice(inputs), name="base")
    both = keras.Model(outer, layers.Dense(1, name="o")(base(base(outer))))
    assert [kernel.name for kernel in kernels_of(both) if kernel.dense_because] == ["base/twice"]


def test_one_layer_of_a_nested_model_is_chosen_by_its_path():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wrapped = k.prune(nested(), ConstantSparsity(0.5, 0), layers=["base/inner/deep"])
    (wrapper,) = prunable.wrappers(wrapped)
    assert wrapper.layer.name == "deep"
    with pytest.raises(ValueError, match="name at least one of"):
        k.prune(nested(), RAMP, layers=["deep"])


def test_masks_of_padded_sequences_reach_the_layers_behind():
    """tfmot's own wrapper loses them: a padded step then counts as a word."""
    keras.utils.set_random_seed(0)
    parts = layers.Embedding(9, 4, mask_zero=True), layers.SimpleRNN(3, return_sequences=True)
    model = stack("words", *parts, layers.Dense(4), layers.SimpleRNN(3))
    padded = X["words"].copy()
    padded[:, 3:] = 0
    wrapped = k.prune(model, RAMP)
    assert np.array_equal(wrapped(padded), model(padded))


def test_many_zeros_before_the_first_step_are_said():
    model = stack("rows", layers.Dense(8, name="d"))
    kernel = model.get_layer("d").kernel
    kernel.assign(kernel * np.repeat([[0.0], [1.0]], 5, axis=0))
    model.compile("adam", "mse")
    for act in (lambda: k.prune(model, RAMP), lambda: k.live_trainer(model)):
        with pytest.warns(UserWarning, match=r"% of the weights to be pruned are zero already"):
            act()


def test_a_stop_in_mid_epoch_keeps_the_zeros_of_a_nested_network():
    model = nested()
    model.compile("adam", "mse")
    train = k.live_trainer(model)
    settings = replace(SETTINGS, batch_size=1, epochs=1)
    stopped = TrainingControl.replaying((), stop_at=8)
    run = train(settings, (X["rows"], Y, X["rows"], Y), stopped)
    flight = preflight(RAMP, total_steps=8)
    assert run.nonzeros == run.n_weights - train.kernels(settings).zeros(flight)


def test_what_is_called_with_training_false_stays_dense_as_tfmot_leaves_it():
    """Keras' own pattern for a pretrained network; a masked promise there would be broken."""
    keras.utils.set_random_seed(0)
    base = keras.Sequential([keras.Input((10,)), layers.Dense(7, "relu", name="deep")], "base")
    inputs = keras.Input((10,))
    model = keras.Model(inputs, layers.Dense(1, name="o")(base(inputs, training=False)))
    model.compile("sgd", "mse")
    train = k.live_trainer(model)
    (said,) = train.kernels(SETTINGS).dense.values()
    assert said[1] == "is called with training=False, in which tfmot updates no masks"
    run = train(SETTINGS, (X["rows"], Y, X["rows"], Y))
    kernels = train.kernels(SETTINGS)
    promised = kernels.zeros(preflight(RAMP, total_steps=STEPS))
    assert k.zeros(train.network(run)) == {"base/deep": 0, "o": promised}


def test_the_tables_of_adapted_layers_are_no_kernels():
    lookup = layers.IntegerLookup(output_mode="multi_hot", name="ids")
    lookup.adapt(X["words"])
    inputs = keras.Input((5,))
    model = keras.Model(inputs, layers.Dense(1, name="o")(lookup(inputs)))
    assert list(k.sparsities(model)) == ["o"]
    assert np.allclose(k.prune(model, RAMP)(X["words"]), model(X["words"]))
