"""Kinds of models, trainings and optimizers of Keras 3 that the pruner must hold in."""

from dataclasses import dataclass, field

import keras
import numpy as np

from prunelab.schedules import PolynomialDecay

BACKEND = keras.backend.backend()
ROWS, WIDTH, BATCH, EPOCHS = 64, 12, 8, 5  # 40 steps
SCHEDULE = PolynomialDecay(0.0, 0.75, begin_step=4, end_step=20, frequency=4)
layers = keras.layers


@dataclass
class Case:
    """A model, what `compile`, `fit` and the pruner are told, and how often a step is an update.

    dense: parts of the names of kernels that stay dense beside the output's.
    """

    model: keras.Model
    optimizer: object = "adam"
    compiled: dict = field(default_factory=dict)
    pruner: dict = field(default_factory=dict)
    x: object = None
    schedule: object = SCHEDULE
    dense: tuple = ()


def rows(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=(ROWS, *shape)).astype("float32")


def plain(**options):
    return keras.Sequential(
        [
            keras.Input((WIDTH,)),
            layers.Dense(16, activation="relu", **options),
            layers.Dense(16, activation="relu", **options),
            layers.Dense(1),
        ]
    )


def one_hidden():
    """The smallest with something to prune: XLA compiles each ranking anew, and slowly."""
    return keras.Sequential([keras.Input((WIDTH,)), layers.Dense(16), layers.Dense(1)])


def functional():
    first, second = keras.Input((WIDTH,)), keras.Input((WIDTH,))
    each = [layers.Dense(16)(layers.BatchNormalization()(x)) for x in (first, second)]
    joined = layers.ReLU()(layers.LayerNormalization()(layers.Add()(each)))
    return keras.Model([first, second], layers.Activation("linear")(layers.Dense(1)(joined)))


@keras.saving.register_keras_serializable("prunelab_tests")
class Subclassed(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.hidden = layers.Dense(16, activation="relu", name="hidden")
        self.drop = layers.Dropout(0.1)
        self.last = layers.Dense(1, name="last")

    def call(self, x, training=False):
        return self.last(self.drop(self.hidden(x), training=training))


def called(model):
    """The model once it has met data: TensorFlow's `fit` builds it only in its first step."""
    model(rows(WIDTH)[:1])
    return model


class OwnStep(keras.Model):
    """A train_step written as Keras' guides write it for each backend."""

    if BACKEND == "tensorflow":

        def train_step(self, data):
            import tensorflow as tf

            x, y = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(y=y, y_pred=self(x, training=True))
            weights = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

    elif BACKEND == "jax":

        def train_step(self, state, data):
            import jax

            trainable, others, optimizer, metrics = state
            x, y = data

            def loss_of(trainable, others):
                made, others = self.stateless_call(trainable, others, x, training=True)
                return self.compute_loss(x, y, made), others

            (loss, others), grads = jax.value_and_grad(loss_of, has_aux=True)(trainable, others)
            trainable, optimizer = self.optimizer.stateless_apply(optimizer, grads, trainable)
            return {"loss": loss}, (trainable, others, optimizer, metrics)

    else:

        def train_step(self, data):
            import torch

            x, y = data
            self.zero_grad()
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
            loss.backward()
            weights = list(self.trainable_weights)
            with torch.no_grad():
                self.optimizer.apply([w.value.grad for w in weights], weights)
            return {"loss": loss.detach()}


def own_step():
    x = keras.Input((WIDTH,))
    return OwnStep(x, layers.Dense(1)(layers.Dense(16, activation="relu")(x)))


def nested():
    inner = keras.Sequential([keras.Input((WIDTH,)), layers.Dense(16), layers.ReLU()], name="inner")
    head = keras.Sequential([keras.Input((16,)), layers.Dense(8), layers.Dense(1)], name="head")
    x = keras.Input((WIDTH,))
    return keras.Model(x, head(inner(x)))


def convolutions():
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(8, 3),
            layers.SeparableConv2D(8, 3),
            layers.DepthwiseConv2D(3),
            layers.Conv2DTranspose(4, 2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    )


def recurrent():
    return keras.Sequential(
        [
            keras.Input((5, 3)),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.Conv1D(6, 2),
            layers.GRU(4),
            layers.Dense(1),
        ]
    )


def attention():
    x = keras.Input((4, 8))
    seen = layers.MultiHeadAttention(2, 4)(x, x)
    mixed = layers.EinsumDense("abc,cd->abd", output_shape=(None, 8))(layers.Add()([x, seen]))
    return keras.Model(x, layers.Dense(1)(layers.GlobalAveragePooling1D()(mixed)))


def embedding():
    return keras.Sequential(
        [
            keras.Input((6,), dtype="int32"),
            layers.Embedding(20, 8, name="words"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(12),
            layers.Dense(1),
        ]
    )


class Scaled(layers.Layer):
    """A reader's own layer, with what tfmot asks such layers for."""

    def build(self, shape):
        self.mixing = self.add_weight(shape=(shape[-1], 10), name="mixing")
        self.table = self.add_weight(shape=(10, 10), name="table")

    def call(self, x):
        return keras.ops.matmul(keras.ops.matmul(x, self.mixing), self.table)

    def get_prunable_weights(self):
        return [self.mixing]


def own_layer():
    return keras.Sequential([keras.Input((WIDTH,)), Scaled(), layers.ReLU(), layers.Dense(1)])


def shared():
    x, twice = keras.Input((WIDTH,)), layers.Dense(WIDTH, name="twice")
    return keras.Model(x, layers.Dense(1)(twice(layers.ReLU()(twice(x)))))


def frozen():
    model = plain()
    model.layers[0].trainable = False
    return model


def mixed():
    return plain(dtype="mixed_float16")


optimizers = keras.optimizers
COUNTED = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=8, frequency=2)  # of accumulated steps
CASES = {
    "sequential": lambda: Case(plain()),
    "functional, two inputs, norms": lambda: Case(
        functional(), x=[rows(WIDTH), rows(WIDTH, seed=1)]
    ),
    "subclassed": lambda: Case(called(Subclassed())),
    "own train_step": lambda: Case(own_step()),
    "nested models": lambda: Case(nested()),
    "convolutions": lambda: Case(convolutions(), x=rows(8, 8, 3), dense=("depthwise",)),
    "recurrent": lambda: Case(recurrent(), x=rows(5, 3)),
    "attention": lambda: Case(attention(), x=rows(4, 8)),
    "embedding, not asked": lambda: Case(
        embedding(), x=np.arange(ROWS * 6, dtype="int32").reshape(ROWS, 6) % 20, dense=("words",)
    ),
    "embedding, asked": lambda: Case(
        embedding(),
        x=np.arange(ROWS * 6, dtype="int32").reshape(ROWS, 6) % 20,
        pruner={"layers": ["words"]},
        dense=("dense",),
    ),
    "own layer": lambda: Case(own_layer(), dense=("table",)),
    "a layer used twice": lambda: Case(shared()),
    "a frozen layer": lambda: Case(frozen(), dense=("dense",)),
    "a constraint of its own": lambda: Case(
        plain(kernel_constraint=keras.constraints.MaxNorm(1.0))
    ),
    "mixed precision": lambda: Case(mixed()),
    "jit_compile": lambda: Case(plain(), compiled={"jit_compile": True}),
    "run_eagerly": lambda: Case(plain(), compiled={"run_eagerly": True}),
    "steps_per_execution": lambda: Case(plain(), compiled={"steps_per_execution": 4}),
    "accumulated gradients": lambda: Case(
        plain(), optimizers.Adam(gradient_accumulation_steps=4), schedule=COUNTED
    ),
    "moving average": lambda: Case(
        plain(), optimizers.SGD(0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=7)
    ),
    "decaying rate, weight decay": lambda: Case(
        plain(), optimizers.AdamW(optimizers.schedules.CosineDecay(0.01, 40), weight_decay=0.1)
    ),
    "clipped gradients": lambda: Case(plain(), optimizers.Adam(global_clipnorm=0.1)),
    "SGD, momentum": lambda: Case(plain(), optimizers.SGD(0.01, momentum=0.9, nesterov=True)),
    "RMSprop": lambda: Case(plain(), optimizers.RMSprop(0.01)),
    "Lion": lambda: Case(plain(), optimizers.Lion(0.001)),
    "Adafactor": lambda: Case(plain(), optimizers.Adafactor(0.01)),
    "Muon": lambda: Case(plain(), optimizers.Muon(0.01)),
    "Nadam": lambda: Case(plain(), optimizers.Nadam(0.01)),
    "Ftrl": lambda: Case(plain(), optimizers.Ftrl(0.01)),
    "blocks": lambda: Case(plain(), pruner={"block_size": (4, 1)}),
    "blocks, compiled": lambda: Case(
        one_hidden(),
        compiled={"jit_compile": True},
        pruner={"block_size": (4, 4), "block_pooling_type": "MAX"},
    ),
    "schedule of each layer": lambda: Case(
        plain(),
        schedule={"dense": SCHEDULE, "dense_1": PolynomialDecay(0, 0.5, 4, 20, frequency=4)},
        dense=("dense_2",),
    ),
    "output pruned": lambda: Case(plain(), pruner={"prune_output": True}),
}


def fresh(name):
    """The case of this name, its layers named from "dense" on."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    case = CASES[name]()
    case.x = rows(WIDTH) if case.x is None else case.x
    case.model.compile(case.optimizer, "mse", **case.compiled)
    return case
