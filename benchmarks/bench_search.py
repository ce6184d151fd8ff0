"""What a search costs beside its training: asking, telling, storing, as a share of a trial.

The small twin is searched in this process. Everything that is not the training of a trial or of the
beginning they share counts as overhead. Printed: the share, and milliseconds a trial, also for a
journal that already holds many trials, whose training is replaced by nothing.
"""

import argparse
import tempfile
import time
from pathlib import Path


def overhead(n_trials, folder):
    """(seconds in all, seconds of training) of a search on the twin."""
    from prunelab import networks  # noqa: F401  (its import is no part of a search)
    from prunelab.search import Space, search
    from prunelab.search.trials import Training

    beginning = []

    def begin(self, seed, train=Training.begin):
        began = time.perf_counter()
        train(self, seed)
        beginning.append(time.perf_counter() - began)

    Training.begin = begin
    began = time.perf_counter()
    results = search(Space("twin"), n_trials, storage=Path(folder) / "search.journal")
    seconds = time.perf_counter() - began
    return seconds, sum(beginning) + sum(trial.seconds for trial in results.trials)


def nothing(candidate, seed, report):
    """A trial that costs nothing, with a curve as long as the twin's."""
    sparsity = candidate.schedule.final_sparsity
    for epoch in range(1, candidate.epochs + 1):
        report(epoch, sparsity**8 + candidate.learning_rate)
    return {"validation_mse": sparsity**8 + candidate.learning_rate, "nonzeros": 1 / sparsity}


def milliseconds(n_trials, folder):
    """Milliseconds a trial of nothing, up to `n_trials`; seconds to read their file again."""
    from prunelab.search import Space, load, search

    storage = Path(folder) / "nothing.journal"
    space = Space(base=None, steps_per_epoch=8)
    began = time.perf_counter()
    search(space, n_trials, storage=storage, evaluate=nothing)
    middle = time.perf_counter()
    load(storage)
    return 1e3 * (middle - began) / n_trials, time.perf_counter() - middle


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--many", type=int, default=200)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds, training = overhead(args.trials, folder)
        share = (seconds - training) / training
        each = 1e3 * (seconds - training) / args.trials
        print(
            f"{args.trials} trials on the twin: {seconds:.1f} s, of which training "
            f"{training:.1f} s; overhead {share:.1%} of training, {each:.0f} ms a trial"
        )
        each, again = milliseconds(args.many, folder)
        print(f"{args.many} trials of nothing: {each:.0f} ms each; read again in {again:.2f} s")


if __name__ == "__main__":
    main()
