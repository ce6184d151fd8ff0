"""Compare a repeated run with the stored one: counts exactly, losses within a tolerance.

Counts (data, steps, zeros) depend only on config and seed. Losses also depend on the machine: with
another number of threads or instruction set, sums are taken in another order. A dense phase still
converges: its validation loss agreed to four digits on all machines tried. The second phase begins
with the large steps of a fresh Adam, after which the converged network differs from machine to
machine: on the twin, AVX2 and SSE4.1 in place of AVX-512 changed its validation loss by up to 6 %.
The tolerances are several times as large. A linear model has one best solution, so its tolerance is
small.
"""

from dataclasses import dataclass

from prunelab.base.text import aligned

DENSE_TOLERANCE = 0.02
LOSS_TOLERANCE = 0.25
LINEAR_TOLERANCE = 0.01
CLEARLY_LOWER = 0.9  # further training alone changes a converged network's loss only a little


@dataclass(frozen=True)
class Check:
    """One comparison: its name, both values as text, the rule, and whether the rule holds."""

    what: str
    stored: str
    fresh: str
    rule: str
    holds: bool


def compare(stored, fresh):
    """The `Check`s of two `RunResult`s: exact counts, validation losses within tolerances.

    A tolerance is the largest |fresh / stored − 1|: DENSE_TOLERANCE after the first phase,
    LOSS_TOLERANCE at the end. Training losses are not compared: those of a converged network are
    rounding errors.
    """
    return (
        _exactly("config", stored.config.digest[:16], fresh.config.digest[:16]),
        _exactly("seed", stored.seed, fresh.seed),
        _exactly("data", stored.data_digest[:16], fresh.data_digest[:16]),
        _exactly("steps, dense phase", stored.dense.steps, fresh.dense.steps),
        _exactly("steps, second phase", stored.second.steps, fresh.second.steps),
        *(
            _exactly(f"zeros in {name}", stored.zeros[name], fresh.zeros.get(name))
            for name in stored.zeros
        ),
        _each_epoch(stored, fresh),
        _nearly("val MSE, dense phase", stored.dense_val.mse, fresh.dense_val.mse, DENSE_TOLERANCE),
        _nearly("val MSE, at the end", stored.val.mse, fresh.val.mse, LOSS_TOLERANCE),
        *(
            [_nearly("test MSE, at the end", stored.test.mse, fresh.test.mse, LOSS_TOLERANCE)]
            if stored.test and fresh.test
            else []
        ),
        _same_side(stored, fresh),
    )


def compare_linear(stored, fresh):
    """The `Check`s of two `LinearResult`s: model, seed and data exact, all else within a tolerance.

    The Lasso stops at a tolerance, so the number of nonzero coefficients may differ slightly.
    """
    return (
        _exactly("model", stored.model, fresh.model),
        _exactly("seed", stored.seed, fresh.seed),
        _exactly("data", stored.data_digest[:16], fresh.data_digest[:16]),
        _nearly("penalty", stored.alpha, fresh.alpha, LINEAR_TOLERANCE),
        _nearly(
            "inputs that stay", stored.inputs.surviving, fresh.inputs.surviving, LINEAR_TOLERANCE
        ),
        _nearly("val MSE", stored.val.mse, fresh.val.mse, LINEAR_TOLERANCE),
        _nearly("test MSE", stored.test.mse, fresh.test.mse, LINEAR_TOLERANCE),
    )


def _exactly(what, stored, fresh):
    text = [f"{value:,}" if isinstance(value, int) else str(value) for value in (stored, fresh)]
    return Check(what, *text, "equal", stored == fresh)


def _each_epoch(stored, fresh):
    """The zeros of all kernels after each epoch; shown by their number of distinct totals."""
    curves = [result.second.zeros for result in (stored, fresh)]
    levels = [f"{len(set(result.epoch_sparsity))} levels" for result in (stored, fresh)]
    return Check("zeros after each epoch", *levels, "equal", curves[0] == curves[1])


def _nearly(what, stored, fresh, tolerance):
    holds = abs(fresh - stored) <= tolerance * stored
    return Check(what, f"{stored:.5g}", f"{fresh:.5g}", f"within {tolerance:.0%}", holds)


def _same_side(stored, fresh):
    """Whether the second phase clearly lowered the validation loss, as the chapter claims."""
    lower = [result.val.mse < CLEARLY_LOWER * result.dense_val.mse for result in (stored, fresh)]
    sides = ["lower" if yes else "not lower" for yes in lower]
    return Check("end against dense phase", *sides, "equal", lower[0] == lower[1])


def as_text(checks):
    """The checks as aligned lines; those that do not hold begin with `!`."""
    rows = [("", "stored", "now", "rule")]
    for check in checks:
        mark = " " if check.holds else "!"
        rows.append((f"{mark} {check.what}", check.stored, check.fresh, check.rule))
    return aligned(rows, left=[0, 3])
