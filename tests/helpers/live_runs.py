"""What tests of live runs share, on any engine and on the bench."""

import time
from dataclasses import replace

WAIT = 120  # seconds, on a busy machine


def until(holds):
    """Wait until `holds()` is true."""
    deadline = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def without_seconds(run):
    """All of a run that must be again each time."""
    reports = [replace(report, seconds=0.0) for report in run.history]
    return reports, run.weights_digest, run.sparsity, run.dense, run.steerings


def trained(bench, **settings):
    """The run of a bench with these settings, trained to its end."""
    bench.assign(settings)
    bench.start()
    assert bench.join(WAIT)
    return bench.runs[-1]
