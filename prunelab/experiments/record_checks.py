"""Check that the record of a run agrees with its settings.

The settings determine the epochs (except for early stopping), the steps, the layers and their
sizes, and the number of zeros in the final masks.
"""

import re

import numpy as np

from prunelab.base.checks import check_texts, shown

_DIGEST = re.compile("[0-9a-f]{64}")
_TOLERANCE = 1e-3  # relative, for the variance computed from two float32 scores


def check_run(result):
    """Raise ValueError, in one sentence, if a RunResult contradicts its config or itself."""
    config = result.config
    check_digest("data_digest", result.data_digest)
    check_texts("provenance", result.provenance)
    _check_phase("dense", result.dense, config, config.dense_epochs)
    least = config.more_epochs
    if config.patience is not None:
        least = min(config.patience, least)
    _check_phase("second", result.second, config, config.more_epochs, least)
    _check_zeros(result)
    check_scores(("dense_train", result.dense_train), ("train", result.train))
    check_scores(("dense_val", result.dense_val), ("val", result.val))
    if result.test is not None:
        check_scores(("test", result.test))
    if result.inputs is not None and result.inputs.surviving > config.n_features:
        raise ValueError(
            f"inputs.surviving={result.inputs.surviving}: the data have {config.n_features} inputs"
        )


def _check_phase(name, phase, config, epochs, least=None):
    done, least = len(phase.loss), epochs if least is None else least
    if not least <= done <= epochs:
        raise ValueError(f"{name} holds {done} epochs: its config asks for {epochs}")
    if phase.steps != done * config.steps_per_epoch:
        raise ValueError(
            f"{name}.steps={phase.steps}: {done} epochs of {config.steps_per_epoch} steps are "
            f"{done * config.steps_per_epoch}"
        )
    if min((*phase.loss, *phase.val_loss), default=0) < 0:
        raise ValueError(f"{name}: a mean squared error is not negative")


def _check_zeros(result):
    """Check names, sizes, the last epoch, and the zeros that the schedule or the cut must leave."""
    config, sizes = result.config, result.config.kernel_sizes
    if result.dense.zeros:
        raise ValueError("dense.zeros: nothing is pruned in the first phase")
    counted = result.second.zeros
    if set(counted) != (set(sizes) if config.schedule is not None else set()):
        wanted = sorted(sizes) if config.schedule is not None else "none, as no schedule prunes"
        raise ValueError(f"second.zeros names {shown(sorted(counted))}: its kernels are {wanted}")
    planned = config.planned_zeros()
    for name, size in sizes.items():
        most = max((*counted.get(name, ()), result.zeros[name]))
        if most > size:
            raise ValueError(f"zeros: {most:,} in {name}, which has {size:,} weights")
        if counted and counted[name][-1] != result.zeros[name]:
            raise ValueError(
                f"zeros: {result.zeros[name]:,} in {name}, but {counted[name][-1]:,} after the "
                "last epoch"
            )
        ramp = config.schedule
        ends = [getattr(ramp, f"{end}_sparsity", 0) for end in ("initial", "final", "target")]
        least_room = max(planned[name], size * max(ends))
        if max(counted.get(name, ()), default=0) > least_room + 16 + size // 1000:
            raise ValueError(
                f"second.zeros: {max(counted[name]):,} in {name}, where its schedule cuts at most "
                f"{round(least_room):,}"
            )
        # Tolerance: a weight may be 0 by chance, and equal weights are pruned or kept together.
        fallen = -np.diff(counted.get(name, ()))
        if ends[0] <= max(ends[1:]) and fallen.max(initial=0) > 16 + size // 1000:
            epoch = int(fallen.argmax()) + 2
            raise ValueError(
                f"second.zeros: {fallen.max():,} zeros in {name} are gone after epoch {epoch}, "
                "and its schedule never lets weights come back"
            )
        # A weight that a shake set to 0 stays 0 if it gets no gradient.
        left, room = result.zeros[name] - planned[name], 16 + size // 1000
        if not -room <= left <= room + config.shake * size:
            raise ValueError(
                f"zeros: {result.zeros[name]:,} in {name}, where its config leaves "
                f"{planned[name]:,}"
            )


def check_scores(*named):
    """Raise ValueError if MSE and R² of the same rows contradict R² = 1 − MSE / Var(y)."""
    variances = []
    for name, score in named:
        rest = 1 - score.r2
        if (score.mse == 0) != (rest == 0) and max(score.mse, rest) > 1e-9:
            raise ValueError(f"{name}: mse={score.mse:g} and r2={score.r2:g} contradict each other")
        if rest > 1e-9:
            variances.append(score.mse / rest)
    if variances and max(variances) > (1 + _TOLERANCE) * min(variances) + 1e-300:
        names = " and ".join(name for name, _ in named)
        raise ValueError(f"{names}: their mse and r2 are of targets of different variances")


def check_digest(name, value):
    """Raise ValueError if `value` is not a sha256 in hex."""
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError(f"{name}={shown(value)}: it must be a sha256 in hex")
