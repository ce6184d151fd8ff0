"""Training by compiled groups of steps against Keras' own `fit`, on tf_keras, without pruning.

    python benchmarks/bench_stepping.py            the twin and the article's network
    python benchmarks/bench_stepping.py --sizes twin --rounds 9

Both train the same number of epochs and validate after each; `fit` without validation is shown
too. In each round the ways take turns in one process. A ratio is the processor time of a step to
that of `fit` of the same round, and the table has its median and range over the rounds.
"""

import argparse
import time
from statistics import median

# data: (features, units of the two hidden layers, batch size, epochs in a round)
SIZES = {"twin": (125, (128, 128), 128, 20), "article": (1000, (1024, 1024), 1024, 3)}
GOAL = 1.0  # most that a step of the groups may cost, to one of fit with validation


def ways_of(name):
    """({way: a function that trains one round}, steps in a round)."""
    from prunelab import networks
    from prunelab.experiments import data as datasets
    from prunelab.networks.pool import borrowed, initial_weights

    n_features, hidden, batch_size, epochs = SIZES[name]
    rows = datasets.load(name, 0)
    steps = -(-len(rows.x_train) // batch_size) * epochs
    start = initial_weights(n_features, hidden, 0)
    model = networks.build(n_features, hidden, seed=0)
    networks.compile(model)
    validation = (rows.x_val.astype("float32"), rows.y_val.astype("float32"))
    arrays = {"batch_size": batch_size, "epochs": epochs, "seed": 0}

    def groups():
        with borrowed(n_features, hidden) as network:
            network.begin(start)
            network.train(rows, **arrays)

    def fit(**options):
        model.fit(
            networks.batches(rows.x_train, rows.y_train, **arrays),
            epochs=epochs,
            steps_per_epoch=steps // epochs,
            verbose=0,
            **options,
        )

    def validated():
        fit(validation_data=validation, validation_batch_size=len(validation[1]))

    return {"groups of steps": groups, "fit": validated, "fit, no validation": fit}, steps


def measure(name, rounds):
    """{way: milliseconds of processor time a step, one for each round}."""
    ways, steps = ways_of(name)
    for train in ways.values():
        train()  # compiles
    found = {way: [] for way in ways}
    for _ in range(rounds):
        for way, train in ways.items():
            begun = time.process_time()
            train()
            found[way].append(1000 * (time.process_time() - begun) / steps)
    return found


def main():
    """Measure, print the table, and say whether the goal is reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), choices=SIZES)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print("processor time of a step, to one of fit with validation: median (range)")
    for name in args.sizes:
        found = measure(name, args.rounds)
        for way, times in found.items():
            ratios = sorted(one / two for one, two in zip(times, found["fit"], strict=True))
            spread = f"{median(ratios):.3f} ({ratios[0]:.3f}-{ratios[-1]:.3f})"
            print(f"{name:8} {way:19} {median(times):8.3f} ms  {spread}", flush=True)
            if way == "groups of steps":
                verdict = "reached" if median(ratios) <= GOAL else "MISSED"
        print(f"{name:8} goal {GOAL:.2f}: {verdict}")


if __name__ == "__main__":
    main()
