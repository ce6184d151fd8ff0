"""Small models of a reader's own kind, each a function of no arguments; tf_keras unless said."""

import numpy as np

from prunelab import networks as k

layers, Input = k.tf_keras.layers, k.tf_keras.Input


def settled(model, seed=0):
    """`model` with random weights everywhere, so that no BatchNorm and no bias is idle."""
    rng = np.random.default_rng(seed)
    model.set_weights(
        [np.abs(rng.normal(0.5, 0.2, w.shape)) * rng.choice((-1, 1), w.shape) if w.ndim > 1
         else rng.uniform(0.5, 1.5, w.shape) for w in model.get_weights()]
    )  # fmt: skip
    return model


def cnn():
    return settled(
        k.tf_keras.Sequential(
            [
                Input((8, 8, 1)),
                layers.Conv2D(6, 3, padding="same", use_bias=False, name="conv"),
                layers.BatchNormalization(name="norm"),
                layers.ReLU(name="relu"),
                layers.MaxPooling2D(name="pool"),
                layers.DepthwiseConv2D(3, name="depthwise"),
                layers.Flatten(name="flat"),
                layers.Dense(10, activation="softmax", name="digits"),
            ],
            name="cnn",
        )
    )


def two_inputs():
    row, picture = Input((5,), name="zeta"), Input((4, 4, 1), name="alpha")
    found = layers.Flatten(name="flat")(layers.Conv2D(2, 2, name="conv")(picture))
    both = layers.Concatenate(name="both")([layers.Dense(3, name="left")(row), found])
    ends = layers.Dense(2, activation="softmax", name="zz"), layers.Dense(1, name="aa")
    return settled(k.tf_keras.Model([row, picture], [end(both) for end in ends], name="two"))


def lstm():
    found = [Input((6, 3)), layers.LSTM(4, name="lstm"), layers.Dense(2, name="end")]
    return settled(k.tf_keras.Sequential(found, name="lstm"))


def attention():
    entry = Input((6, 8), name="entry")
    found = layers.MultiHeadAttention(2, 4, name="heads")(entry, entry)
    found = layers.LayerNormalization(name="norm")(layers.Add(name="add")([entry, found]))
    found = layers.GlobalAveragePooling1D(name="mean")(found)
    return settled(k.tf_keras.Model(entry, layers.Dense(2, name="end")(found), name="attention"))


def of_keras_3():
    import keras

    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(3, 3),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )


MODELS = {"cnn": cnn, "two inputs": two_inputs, "lstm": lstm, "attention": attention}


def rows_for(model, n=9, seed=3):
    """Random rows: an array, or a list of one for each input."""
    rng = np.random.default_rng(seed)
    rows = [rng.normal(size=(n, *each.shape[1:])).astype(np.float32) for each in model.inputs]
    return rows if len(rows) > 1 else rows[0]
