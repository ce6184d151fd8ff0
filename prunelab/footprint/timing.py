"""Time a network in every runtime, after checking its predictions, in turn with dense runtimes."""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import number, sparsity_fraction, whole
from prunelab.base.host import give_back
from prunelab.base.text import first_line
from prunelab.footprint import networks
from prunelab.footprint.measurement import TimeRow, rounded
from prunelab.footprint.models.network import KerasNetwork
from prunelab.footprint.models.subject import model_or_network, rows_for
from prunelab.footprint.networks import n_weights, resized, to_model, zeros_of
from prunelab.footprint.patterns import pattern_named
from prunelab.footprint.runtimes import DENSE_RUNTIMES, runtime_named, runtimes_for
from prunelab.masks.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike
    from tf_keras import Model

    from prunelab.footprint.machine_limits import Limits

SAMPLE = 0.002  # seconds, least length of a sample: short calls are repeated within it
FEWEST = 3


def interleaved(calls, *, repeats=9, seconds=2.0, clock=perf_counter, rng=None):
    """The seconds that each of `calls` takes: a dict of lists, one number for each round.

    calls: {name: function without arguments}. Each is called once to warm up and to see how long it
    takes; then come `repeats` rounds, each of which calls all of them in a new random order. A call
    that has taken `seconds` in total is left out once it has three samples.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    loops, samples = {}, {name: [] for name in calls}
    for name, call in calls.items():
        call()
        begun = clock()
        call()
        loops[name] = max(1, min(1000, round(SAMPLE / max(clock() - begun, 1e-7))))
    names, spent = list(calls), dict.fromkeys(calls, 0.0)
    for _ in range(max(repeats, FEWEST)):
        for name in rng.permutation(names) if names else ():
            if spent[name] > seconds and len(samples[name]) >= FEWEST:
                continue
            call, loop = calls[name], loops[name]
            begun = clock()
            for _ in range(loop):
                call()
            taken = clock() - begun
            spent[name] += taken
            samples[name].append(taken / loop)
    return samples


def summary(samples):
    """(median, first quartile, third quartile) in milliseconds of samples in seconds."""
    low, median, high = np.percentile(1000 * np.asarray(samples), [25, 50, 75])
    return float(median), float(low), float(high)


CHECKED_ROWS = 64
BATCHES = (1, 64, 1024)


def time(
    model: Network | Model,
    x: ArrayLike | Sequence[ArrayLike] | Mapping[str, ArrayLike],
    runtimes: str | Iterable[str] | None = None,
    *,
    batches: Iterable[int] = BATCHES,
    threads: int = 1,
    dense: Network | Model | None = None,
    pattern: str = "dense",
    sparsity: float = 0.0,
    repeats: int = 9,
    seconds: float = 1.0,
    limits: Limits | None = None,
    report: Callable[[int, int, str], object] | None = None,
) -> tuple[TimeRow, ...]:
    """A `TimeRow` for each of `batches` and `runtimes`, names of RUNTIMES.

    model: a built Sequential or functional model of tf_keras, of any layers, or a
    `prunelab.masks.Network`. x: rows [rows, …], repeated if a batch needs more; for several inputs
    a list in their order, or a dict by their names. runtimes: None means all that can run `model`;
    NumPy's and SciPy's run only models like the course's MLP. dense: the unpruned network; its
    fastest dense float runtime is measured in the same rounds, and every row's `ratio` is against
    it. None: `model` itself. threads: how many each runtime may use; if TensorFlow has another
    number in this process, a new process measures. pattern, sparsity: labels for the rows. repeats,
    seconds: see `interleaved`. limits: `Limits` with the same number of threads, for the rows'
    `limit`. report: `report(done, total, text)`. First every output is compared with the network's;
    a wrong one is timed too, with status "wrong"; one that is right and
    not what its name says, such as an int8 file of float32 kernels, has a remark.
    """
    network = model_or_network(model)
    dense = network if dense is None else model_or_network(dense)
    network, dense = _of_one_kind(network, dense)
    chosen = runtimes_for(network, runtimes)
    x = rows_for(network, x)
    batches = [whole("batches", batch, at_least=1, at_most=2**20) for batch in batches]
    options = {
        "threads": whole("threads", threads, at_least=1, at_most=1024),
        "pattern": pattern_named(pattern).name,
        "sparsity": sparsity_fraction("sparsity", sparsity),
        "repeats": whole("repeats", repeats, at_least=1, at_most=10_000),
        "seconds": number("seconds", seconds, above=0),
    }
    if not _threads_fit(options["threads"], chosen):
        from prunelab.footprint.worker import time_in_subprocess

        if isinstance(network, KerasNetwork):
            raise ValueError(
                f"threads={options['threads']}: TensorFlow has {_tensorflows()} in this process, "
                "and this model runs here alone; begin Python with PRUNELAB_THREADS set to as many"
            )
        names, options = [r.name for r in chosen], options | {"batches": batches}
        return time_in_subprocess(network, dense, x, names, options, limits, report)
    rows = []
    with _blas_threads(options["threads"]):
        for done, batch in enumerate(batches):
            rows += _time_batch(network, dense, x, chosen, batch, options, limits)
            if report:
                report(done + 1, len(batches), f"batch {batch}")
    give_back(n_weights(dense))
    return tuple(rows)


def _threads_fit(threads, chosen):
    if not any(runtime.tensorflow for runtime in (*chosen, *map(runtime_named, DENSE_RUNTIMES))):
        return True
    return threads == _tensorflows()


def _tensorflows():
    from prunelab.networks.backend import THREADS

    return THREADS


def _of_one_kind(network, dense):
    """Both as a `Network`, or both as a `KerasNetwork`, so that the same runtimes run them."""
    both = (network, dense)
    if len({isinstance(each, Network) for each in both}) == 2:
        both = [KerasNetwork(to_model(e)) if isinstance(e, Network) else e for e in both]
    return both


@contextmanager
def _blas_threads(threads):
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=threads, user_api="blas"):
        yield


def _time_batch(network, dense, x, chosen, batch, options, limits):
    rows = resized(x, batch)
    calls, found = {}, {}
    for runtime in chosen:
        call, status, why, error = _prepared(runtime, network, x, rows, options["threads"])
        found[runtime.name] = (status, why, error)
        if call is not None:
            calls[runtime.name] = call
    for runtime in map(runtime_named, DENSE_RUNTIMES):
        if not (runtime.any_model or isinstance(dense, Network)):
            continue
        call, status, _, _ = _prepared(runtime, dense, x, rows, options["threads"])
        if status == "right":
            calls[f"dense {runtime.name}"] = call
    samples = interleaved(calls, repeats=options["repeats"], seconds=options["seconds"])
    medians = [summary(taken)[0] for name, taken in samples.items() if name.startswith("dense ")]
    reference = rounded(min(medians)) if medians else None
    return [
        _row(runtime, network, batch, options, found[runtime.name], samples, reference, limits)
        for runtime in chosen
    ]


def _prepared(runtime, network, x, rows, threads):
    """(call or None, status, why, error): made, run and compared; errors give the status."""
    try:
        call = runtime.make(network, rows, threads)
        found, again = np.array(call()), np.array(call())
        error, expected = _compared(runtime, network, x, rows, threads, found)
        if runtime.reference:
            plain = runtime_named(runtime.reference).make(network, rows, threads)()
            scale = networks.reference(network, x[:CHECKED_ROWS])
            drift = networks.relative_error(found, plain, scale=scale)
        else:
            drift = 0.0
    except ImportError as missing:
        return None, "missing", first_line(missing), None
    except Exception as failed:
        return None, "failed", f"it could not be run: {first_line(failed)}", None
    status, why = networks.verdict(error, runtime.tolerance, "this runtime")
    if status == "right":
        what = "against the file without the sparsity flag, it"
        status, why = networks.verdict(drift, networks.SAME_INT8_TOLERANCE, what)
    if status == "right" and not np.allclose(found, again, rtol=1e-3, atol=1e-6 * expected):
        status, why = "wrong", "a second call with the same rows gave other predictions"
    return call, status, why, error


def _compared(runtime, network, x, rows, threads, found):
    """(relative error, size of a prediction); a single row is judged on the scale of many."""
    scale = networks.reference(network, x[:CHECKED_ROWS])
    checked = min(len(rows), CHECKED_ROWS)
    pairs = [(found[:checked], networks.reference(network, rows[:checked]))]
    if len(rows) == 1:
        for at in range(1, min(9, len(x))):
            row = x[at : at + 1]
            single = runtime.make(network, row, threads)()
            pairs.append((single, networks.reference(network, row)))
    predicted, expected = (np.concatenate(side) for side in zip(*pairs, strict=True))
    size = float(np.sqrt(np.mean(np.square(scale))))
    return networks.relative_error(predicted, expected, scale=scale), size


def _row(runtime, network, batch, options, found, samples, reference, limits):
    status, why, error = found
    taken = samples.get(runtime.name, [])
    median, low, high = map(rounded, summary(taken)) if taken else (None, None, None)
    limit = None
    if limits is not None and taken:
        limit = rounded(limits.milliseconds(*runtime.work(network, batch), int8=runtime.int8))
    return TimeRow(
        pattern=options["pattern"],
        sparsity=options["sparsity"],
        zeros=rounded(zeros_of(network), 8),
        weights=n_weights(network),
        status=status,
        error=networks.finite(error),
        why=why,
        runtime=runtime.name,
        batch=batch,
        threads=options["threads"],
        median=median,
        low=low,
        high=high,
        samples=len(taken),
        dense=reference,
        limit=limit,
        remark=runtime.remark(network) if status == "right" else "",
    )
