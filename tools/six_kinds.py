"""Six kinds of networks of one's own through the tools, on both engines: the table of the docs.

    python -m tools.six_kinds           some minutes on two cores; prints rows of Markdown
    python -m tools.six_kinds cnn lstm  these kinds alone

Each goes through preflight, a plan with its control, a search, the live bench and the bytes. One
seed: the table says that the tools take the network, not how well it can be pruned.
"""

import argparse
import warnings
from tempfile import TemporaryDirectory

EPOCHS, BATCH, TRIALS = 8, 32, 2


def regression(keras, features=125, units=64):
    """The article's kind of network: one hidden layer fewer, and smaller."""
    inputs = keras.Input((features,))
    hidden = keras.layers.Dense(units, "relu", name="hidden_1")(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, name="output")(hidden))


def mlp(keras):
    """A classifier of flat pictures."""
    inputs = keras.Input((64,))
    hidden = keras.layers.Dense(32, "relu")(inputs)
    return keras.Model(inputs, keras.layers.Dense(10, name="output")(hidden))


def cnn(keras):
    """Convolution and BatchNorm."""
    layers, inputs = keras.layers, keras.Input((8, 8, 1))
    hidden = layers.BatchNormalization()(layers.Conv2D(8, 3, use_bias=False)(inputs))
    flat = layers.Flatten()(layers.ReLU()(hidden))
    return keras.Model(inputs, layers.Dense(10, name="output")(flat))


def lstm(keras):
    """A picture read row by row."""
    inputs = keras.Input((8, 8))
    hidden = keras.layers.LSTM(16, name="lstm")(inputs)
    return keras.Model(inputs, keras.layers.Dense(10, name="output")(hidden))


def two_inputs(keras):
    """A functional model: the pixels, and the sums of the rows."""
    first, second = keras.Input((64,), name="pixels"), keras.Input((8,), name="sums")
    hidden = keras.layers.Dense(24, "relu")(first)
    joined = keras.layers.Concatenate()([hidden, second])
    return keras.Model([first, second], keras.layers.Dense(10, name="output")(joined))


def transformer(keras):
    """One block: attention, a feed-forward part, two normalisations."""
    layers, inputs = keras.layers, keras.Input((8, 8))
    attended = layers.MultiHeadAttention(2, 4, name="attention")(inputs, inputs)
    inner = layers.LayerNormalization()(layers.Add()([inputs, attended]))
    forward = layers.Dense(8)(layers.Dense(16, "relu")(inner))
    outer = layers.LayerNormalization()(layers.Add()([inner, forward]))
    pooled = layers.GlobalAveragePooling1D()(outer)
    return keras.Model(inputs, layers.Dense(10, name="output")(pooled))


KINDS = {kind.__name__: kind for kind in (regression, mlp, cnn, lstm, two_inputs, transformer)}


def build_of(name, keras):
    """A function of a seed that returns the compiled network."""

    def build(seed):
        model = KINDS[name](keras)
        if name == "regression":
            model.compile("adam", "mse", metrics=["mae"])
        else:
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile("adam", loss, metrics=["accuracy"])
        return model

    return build


def data_of(name):
    """A function of a seed that returns training and validation rows as the network takes them."""
    from prunelab.experiments import data
    from prunelab.experiments.digits import digits

    def inputs(x):
        pictures = x.reshape(-1, 8, 8)
        shaped = {"cnn": pictures[..., None], "mlp": x, "two_inputs": [x, pictures.sum(axis=2)]}
        return shaped.get(name, pictures)

    def made(seed):
        if name == "regression":
            rows = data.twin(seed)
            parts = (rows.x_train, rows.y_train), (rows.x_val, rows.y_val)
            return tuple((x.astype("float32"), y.astype("float32")) for x, y in parts)
        rows = digits(seed)
        return (inputs(rows.x_train), rows.y_train), (inputs(rows.x_val), rows.y_val)

    return made


def row(name, engine):
    """A dict of what the tools say of one kind of network on one engine."""
    import keras as keras_3

    from prunelab import footprint, networks, pruning
    from prunelab.experiments import Experiment
    from prunelab.live import LiveTraining, TrainingSettings
    from prunelab.plans import ArmTrial, Plan, run_plan
    from prunelab.schedules import PolynomialDecay, preflight
    from prunelab.search import Real, Space, search

    keras = networks.tf_keras if engine == "tfmot" else keras_3
    live_trainer = networks.live_trainer if engine == "tfmot" else pruning.live_trainer
    build, data = build_of(name, keras), data_of(name)
    (x, y), (x_val, y_val) = data(0)
    steps = -(-len(y) // BATCH)
    ramp = PolynomialDecay(0.0, 0.75, steps, (EPOCHS - 2) * steps, frequency=steps)
    model = build(0)
    flight = preflight(ramp, model=model, data=(x, y), batch_size=BATCH, epochs=EPOCHS)
    mine = Experiment(name, build, data, epochs=EPOCHS, batch_size=BATCH)
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runs = run_plan(Plan(name, "", mine.arms(ramp, ["control", "pruned"]), (0,)), folder).runs
        space = Space(
            base=None, steps_per_epoch=steps, epochs=EPOCHS, final_sparsity=Real(0.5, 0.9)
        )
        goals, path = ("val_loss", "nonzeros"), f"{folder}/own.journal"
        found = search(space, TRIALS, goals, evaluate=ArmTrial(mine), storage=path)
    settings = TrainingSettings(ramp, epochs=EPOCHS, batch_size=BATCH, seed=0)
    trainer = live_trainer(model)
    live = LiveTraining(trainer, settings, (x, y, x_val, y_val))
    live.start()
    live.join()
    if live.error:
        raise RuntimeError(live.error)
    both = (model, trainer.network(live.result))
    sizes = [footprint.weigh(each, x_val, formats=("gzip",))[0].bytes for each in both]
    return {
        "flight": flight,
        "control": runs[0],
        "pruned": runs[1],
        "trials": len(found.of("complete")),
        "live": live.result,
        "bytes": sizes,
    }


def as_markdown(name, engine, found):
    """The row of the table in docs/your-own-model.md."""
    metric = "mae" if name == "regression" else "accuracy"
    scores = [found[arm].val[metric] for arm in ("control", "pruned")]
    words = [f"{s:.3f}" if metric == "mae" else f"{100 * s:.1f} %" for s in scores]
    kernels, live = found["flight"].kernels, found["live"]
    weights, zeros = (sum(getattr(k, part) for k in kernels) for part in ("size", "zeros"))
    cells = [
        name.replace("_", " "),
        engine,
        f"{zeros:,} of {weights:,}",
        f"{metric} {words[0]} → {words[1]}",
        f"{found['trials']} of {TRIALS}",
        f"{100 * (1 - live.nonzeros / live.n_weights):.1f} %",
        " → ".join(f"{size:,}" for size in found["bytes"]),
    ]
    return f"| {' | '.join(cells)} |"


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], default=[])
    asked = parser.parse_args().kinds or [*KINDS]
    print("| network | engine | promised zeros | control → pruned | trials | bench | bytes, gzip |")
    print("|---|---|---|---|---|---|---|")
    for name in asked:
        for engine in ("tfmot", "Keras 3"):
            print(as_markdown(name, engine, row(name, engine)), flush=True)


if __name__ == "__main__":
    main()
