"""How fast the core is: preflight, a million steps of a schedule, masks against a full sort.

Everything in one process without TensorFlow; medians of several repeats, with the target where the
course states one. Run: python benchmarks/bench_core.py
"""

import statistics
import time

import numpy as np

from prunelab.masks import magnitude_mask
from prunelab.schedules import PolynomialDecay, preflight

ARTICLE = PolynomialDecay(0.0, 0.75, begin_step=1000, end_step=5000)


def median_ms(call, repeats):
    """Median milliseconds of one call, after a call that does not count."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def sorted_mask(weights):
    """The mask by a full sort, as one would first write it."""
    magnitudes = np.abs(weights)
    return magnitudes >= np.sort(magnitudes, axis=None)[-weights.size // 4]


def main():
    """Measure and print a table."""
    run = dict(n_samples=8000, batch_size=1024, epochs=200)
    steps = np.arange(10**6)
    kernel = np.random.default_rng(0).normal(size=(1024, 1024)).astype(np.float32)
    flight = preflight(ARTICLE, **run)
    checked = median_ms(lambda: preflight(ARTICLE, **run).realised_sparsity, 1000)
    print(f"preflight, findings and realised sparsity {checked:9.3f} ms (target: under 1)")
    print(f"the suggestion                            {median_ms(flight.suggest, 300):9.3f} ms")
    million = median_ms(lambda: ARTICLE.sparsity(steps), 20)
    print(f"a million steps of a schedule             {million:9.1f} ms in one call")
    one = median_ms(lambda: ARTICLE.sparsity(1600), 1000)
    print(f"one step                                  {one:9.4f} ms")
    ours = median_ms(lambda: magnitude_mask(kernel, 0.75), 10)
    full = median_ms(lambda: sorted_mask(kernel), 10)
    print(
        f"mask of a 1024 × 1024 kernel              {ours:9.1f} ms, {full / ours:.1f} × a full sort"
    )


if __name__ == "__main__":
    main()
