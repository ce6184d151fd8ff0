"""A search without training: a space, an objective of milliseconds, and what it leaves behind."""

import os
import time
from pathlib import Path

from prunelab.search import Choice, Real, Space, Whole

SPACE = Space(
    base=None,
    steps_per_epoch=8,
    epochs=20,
    final_sparsity=Real(0.5, 0.98),
    begin_step=Whole(0, 80, 20),
    ramp_steps=Whole(20, 160, 20),
    power=3,
    frequency=Choice(10, 20),
    learning_rate=Real(1e-4, 1e-2, log=True),
)


def made(candidate, seed, report):
    """Losses by a formula: the sparser and the farther from 2e-3, the worse; falling by epoch."""
    schedule = candidate.schedule
    error = 1e-3 * (1 + seed) + 1e-2 * schedule.final_sparsity**40
    error += abs(candidate.learning_rate - 2e-3) + 1e-6 * schedule.begin_step
    for epoch in range(1, candidate.epochs + 1):
        report(epoch, error * (1 + 1 / epoch))
    return {"validation_mse": error, "nonzeros": round(33_000 * (1 - schedule.final_sparsity))}


def logged(candidate, seed, report):
    """As `made`, with a line in a file when it begins and when it ends, and time to be killed in.

    The file is named by the environment; a line is written by one call, so no kill can tear it.
    """
    log = os.open(os.environ["MADE_SEARCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, f"begin {candidate.name} {seed}\n".encode())
    time.sleep(0.02)
    outcome = made(candidate, seed, report)
    os.write(log, f"end {candidate.name} {seed}\n".encode())
    os.close(log)
    return outcome


def log_lines(path):
    """The lines of the log as (what, trial, seed)."""
    lines = Path(path).read_text().splitlines() if Path(path).exists() else []
    return [(what, int(name.removeprefix("trial_")), int(seed)) for what, name, seed in
            (line.split() for line in lines)]  # fmt: skip


def plain(results):
    """The trials without their wall clock and their numbers, which a kill may leave out."""
    return [
        (trial.state, trial.params, trial.values, trial.curve, trial.why)
        for trial in results.trials
    ]
