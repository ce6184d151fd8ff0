"""The live bench: seconds of a run beside its panel, cost of its reports, memory of its kernel.

Each part runs in a real notebook kernel of its own, with a `TuningBench` on show, and is held to a
target of the course; the exit code is 1 where one is missed.
1. The twin's run of 200 epochs (1,600 steps), the dense network trained before: by the clock, and
   of processor time, which busy neighbours lengthen less.
2. What the panel costs: the reports of a run come again at their pace with no training between
   them, at the bench and unheard, by turns; the difference in processor time is all the panel takes
   (frames, messages, storing), as a share of the training's. Runs that train are compared as well,
   but one differs from the next by more than the panel costs.
3. The slope of the kernel's private memory over `--runs` runs of mixed settings at two benches, in
   MB a run; and the peak of that memory (see `in_kernel.Peak`: without the files of libraries).
4. The same peak of a kernel that prunes the article's network, 1,024 units wide, in runs of
   different layers, blocks and seeds, at its bench. They are short: memory does not grow with
   epochs, but with compiled networks, kept ones, and what dense training leaves.
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import replace

from bench_memory import private_megabytes, slope
from in_kernel import Peak, in_kernel

SECONDS, SHARE, GROWTH, PEAK = 5.0, 0.03, 0.5, 1000.0  # the course's targets; MB for memory


def settings():
    """The course's completed schedule on the twin, its masks updated every tenth step."""
    from prunelab.live import TrainingSettings
    from prunelab.schedules import PolynomialDecay

    ramp = PolynomialDecay(0.0, 0.75, begin_step=400, end_step=1200, frequency=10)
    return TrainingSettings(ramp, epochs=200, batch_size=128, seed=0)


def shown_bench(train, rows, chosen, folder):
    """A TuningBench on show, as in a notebook's cell."""
    from IPython.display import display

    from prunelab.widgets import TuningBench

    bench = TuningBench(train, rows, folder=folder)
    bench.settings = chosen
    display(bench)
    return bench


def at_bench(bench):
    """Seconds of the bench's next run, by the clock and of processor time."""
    began = time.perf_counter(), time.process_time()
    bench.start()
    bench.join()
    seconds = time.perf_counter() - began[0], time.process_time() - began[1]
    if bench._session.training.error:
        raise RuntimeError(bench._session.training.error)
    bench._saved.delete(bench.runs[-1].id)  # the next run is drawn beside as few as this one
    return seconds


def unheard(train, chosen, rows):
    """The same for a run without a bench."""
    from prunelab.live import LiveTraining

    training = LiveTraining(train, chosen, rows)
    began = time.perf_counter(), time.process_time()
    training.start()
    training.join()
    seconds = time.perf_counter() - began[0], time.process_time() - began[1]
    if training.error:
        raise RuntimeError(training.error)
    return seconds


def timings(n):
    """Seconds of the first run, of `n` at the bench, of `n` unheard by turns; of both untrained."""
    from prunelab.experiments import data as datasets
    from prunelab.networks import train_live

    rows, chosen = datasets.twin(0), settings()
    train_live.dense(rows, chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        bench = shown_bench(train_live, rows, chosen, folder)
        first = at_bench(bench)
        pairs = [(at_bench(bench), unheard(train_live, chosen, rows)) for _ in range(n)]
        again = untrained(train_live(chosen, rows), train_live.layers(rows))
        bench = shown_bench(again, rows, chosen, folder)
        panel = [at_bench(bench)[1] - unheard(again, chosen, rows)[1] for _ in range(n)]
    return {"first": first, "pairs": pairs, "panel": panel}


def untrained(run, layers):
    """A training function whose reports are those of `run`, at their pace, and that only waits."""
    from prunelab.live.records import now

    def train(settings, data, control, report):
        began = time.perf_counter()
        for each in run.history:
            time.sleep(max(began + each.seconds - time.perf_counter(), 0))
            control.at_step(each.step, settings.schedule)
            report(each)
        return replace(run, created=now(), name="")

    train.layers = layers
    return train


def notebook_imports():
    """What a notebook of the course has loaded beside TensorFlow."""
    import ipywidgets
    import matplotlib.figure
    import sklearn.datasets

    return ipywidgets, matplotlib.figure, sklearn.datasets


def memory(n):
    """Megabytes after each of `n` runs of mixed settings at two benches, and at the peak."""
    from prunelab.experiments import data as datasets
    from prunelab.networks import live_trainer, tf_keras, train_live

    notebook_imports()
    rows = datasets.twin(0)
    model = tf_keras.Sequential(
        [tf_keras.Input((125,)), tf_keras.layers.Dense(64, "relu"), tf_keras.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    arrays = (rows.x_train, rows.y_train, rows.x_val, rows.y_val)
    chosen = replace(settings(), epochs=30)
    megabytes = []
    with tempfile.TemporaryDirectory() as folder, Peak() as peak:
        benches = [
            shown_bench(train_live, rows, chosen, f"{folder}/ours"),
            shown_bench(live_trainer(model), arrays, chosen, f"{folder}/theirs"),
        ]
        for i in range(n):
            bench = benches[i % 2]
            changed = replace(chosen, learning_rate=1e-3 * (1 + i % 3), batch_size=128 + i % 4)
            bench.settings = replace(changed, layers=("hidden_1",) if i % 6 == 0 else ())
            bench.start()
            bench.join()
            megabytes.append(private_megabytes())
        stored = sum(len(bench.runs) for bench in benches)
    if stored < n:
        raise RuntimeError(f"only {stored} of {n} runs have ended well")
    return {"megabytes": megabytes, "peak": peak.megabytes, "with_files": peak.with_files}


def full_size(epochs):
    """The peak of a kernel in which the article's network is pruned at its bench, run by run."""
    from prunelab.experiments import data as datasets
    from prunelab.live import TrainingSettings
    from prunelab.networks import live_course
    from prunelab.schedules import PolynomialDecay

    notebook_imports()
    rows, peaks = datasets.article(0), []
    ramp = PolynomialDecay(0.0, 0.75, begin_step=8, end_step=8 * epochs - 8, frequency=8)
    first = TrainingSettings(ramp, epochs=epochs, batch_size=1024, seed=0)
    asked = [
        first,
        replace(first, seed=1),
        replace(first, layers=("hidden_1",)),
        replace(first, layers=("hidden_2",)),
        replace(first, layers=("hidden_1", "hidden_2"), block_size=(4, 1)),
        replace(first, layers=("hidden_1", "hidden_2"), seed=2),
        replace(first, layers=("hidden_1", "output"), seed=3),
        replace(first, seed=4),
    ]
    with tempfile.TemporaryDirectory() as folder, Peak() as peak:
        bench = shown_bench(live_course(dense_epochs=epochs), rows, first, folder)
        for each in asked:
            bench.settings = each
            bench.start()
            bench.join()
            if bench._session.training.error:
                raise RuntimeError(bench._session.training.error)
            peaks.append(peak.megabytes)
        weights = bench.runs[-1].n_weights
    return {"peaks": peaks, "weights": weights, "with_files": peak.with_files}


def verdict(met, target):
    """A target in words, and whether it is met."""
    return f"[{'met' if met else 'MISSED'}: {target}]", met


def tell_timings(pairs):
    """Parts 1 and 2, printed; whether each target is met."""
    found = in_kernel("bench_live", "timings", pairs)
    heard, silent = zip(*found["pairs"], strict=True)
    clock, processor = (statistics.median(each) for each in zip(*heard, strict=True))
    fastest = min(seconds for seconds, _ in heard)
    words, quick = verdict(clock <= SECONDS, f"at most {SECONDS:g} s")
    print(
        f"twin at the bench, 200 epochs, 1,600 steps: {clock:.2f} s by the clock (median of "
        f"{pairs}; fastest {fastest:.2f}), {processor:.2f} s of processor time; the first, which "
        f"compiles the network, {found['first'][0]:.2f} {words}"
    )
    ratios = [a[1] / b[1] - 1 for a, b in zip(heard, silent, strict=True)]
    unheard_time = statistics.median(seconds for _, seconds in silent)
    takes = statistics.median(found["panel"])
    words, cheap = verdict(takes / unheard_time < SHARE, f"under {SHARE:.0%}")
    print(
        f"panel and reports: {1000 * takes:.0f} ms of processor time a run (median of {pairs}, "
        f"{1000 * min(found['panel']):.0f} to {1000 * max(found['panel']):.0f}), "
        f"{takes / unheard_time:.1%} of training's {unheard_time:.2f} s {words}; runs that train: "
        f"{statistics.median(ratios):+.1%} ({min(ratios):+.1%} to {max(ratios):+.1%})",
        flush=True,
    )
    return [quick, cheap]


def tell_memory(runs):
    """Part 3."""
    found = in_kernel("bench_live", "memory", runs)
    per_run, error = slope(found["megabytes"])
    grows, steady = verdict(per_run < GROWTH, f"under {GROWTH:g} MB a run")
    peak, small = verdict(found["peak"] < PEAK, f"under {PEAK:,.0f} MB")
    print(f"memory: {per_run:.2f} ± {error:.2f} MB a run over {runs} runs {grows}")
    print(
        f"the twin's kernel at its peak: {found['peak']:.0f} MB of its own "
        f"({found['with_files']:.0f} with the files of its libraries) {peak}",
        flush=True,
    )
    return [steady, small]


def tell_full_size(epochs):
    """Part 4."""
    found = in_kernel("bench_live", "full_size", epochs)
    words, small = verdict(found["peaks"][-1] < PEAK, f"under {PEAK:,.0f} MB")
    print(
        f"the article's network ({found['weights']:,} weights in kernels) at its bench: after one "
        f"run {found['peaks'][0]:.0f} MB, at the peak of {len(found['peaks'])} mixed runs "
        f"{found['peaks'][-1]:.0f} MB of its own ({found['with_files']:.0f} with the files of its "
        f"libraries) {words}",
        flush=True,
    )
    return [small]


def main():
    """Print the measurements and whether each target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--runs", type=int, default=50, help="for memory (default: 50)")
    parser.add_argument("--pairs", type=int, default=9, help="for the panel (default: 9)")
    parser.add_argument("--epochs", type=int, default=4, help="at full size (default: 4)")
    parser.add_argument("--only", choices=("timings", "memory", "full_size"))
    asked = parser.parse_args()
    parts = {
        "timings": lambda: tell_timings(asked.pairs),
        "memory": lambda: tell_memory(asked.runs),
        "full_size": lambda: tell_full_size(asked.epochs),
    }
    met = [each for name, part in parts.items() if asked.only in (None, name) for each in part()]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
