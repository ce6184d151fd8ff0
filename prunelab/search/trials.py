"""Run one trial, in this process, in another or on a cluster: plain functions and values."""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, wraps
from math import isfinite
from numbers import Real
from time import perf_counter

import numpy as np
import optuna

from prunelab.base.checks import shown, whole
from prunelab.experiments.config import ExperimentConfig
from prunelab.experiments.results import DivergedError
from prunelab.experiments.spec import RunSpec
from prunelab.plans.measures import MEASURES, value_of

# Errors that every trial would meet: a mistake in the program, a full or locked disk.
HOPELESS = (TypeError, NameError, ImportError, SyntaxError)
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


LONGEST = 10_000  # most letters in a text that `evaluate` returns, and in a name


class ContractError(ValueError):
    """`evaluate` returned or reported something that a search cannot use."""


class _WeakError(Exception):
    """Raised inside a training to end a weak trial."""


@dataclass(frozen=True)
class Training:
    """Trains and measures candidates on the data and network of `base`, from a shared first phase.

    folder: where checkpoints go, as a text. measures: names of `plans.measures` to measure.
    """

    base: ExperimentConfig
    folder: str
    measures: tuple

    def begin(self, seed):
        """Train the first phase that all trials of `seed` share, unless it is stored already."""
        _beginning(RunSpec(self.base, seed, self.folder))

    def __call__(self, candidate, seed, report):
        """Train `candidate`; calls `report(epoch, loss)` per epoch, with those in a checkpoint."""
        from prunelab import networks

        spec = self._spec(candidate, seed)
        stopped = spec.second_checkpoints.peek()
        for epoch, loss in enumerate(stopped[1].get("val_loss", ()) if stopped else (), start=1):
            report(epoch, loss)
        result = networks.second_phase(
            spec,
            _beginning(RunSpec(self.base, seed, self.folder)),
            progress=lambda done, epochs, values: report(done, values["val_loss"]),
        )
        return {name: value_of(result, name) for name in self.measures}

    def _spec(self, candidate, seed):
        return RunSpec(candidate.config(self.base), seed, self.folder)

    def forget(self, candidate, seeds):
        """Remove the checkpoints of a candidate whose outcome is stored."""
        for seed in seeds:
            self._spec(candidate, seed).second_checkpoints.remove()

    def forget_beginnings(self, seeds):
        """Remove the first phases when no trial needs them any more."""
        _beginning.cache_clear()
        for seed in seeds:
            RunSpec(self.base, seed, self.folder).first_checkpoints.remove()


@lru_cache(maxsize=4)  # 25 MB each for the article's network
def _beginning(spec):
    from prunelab import networks

    return networks.first_phase(spec)


def begin(training, seed):
    """The task that trains the first phase of one seed."""
    training.begin(seed)


def run_trial(evaluate, candidate, seeds, objectives, judge, progress=None):
    """The task that runs one trial; its outcome is plain values ready for JSON.

    Its state is "complete", "weak" (ended early), "diverged" (the loss became NaN or infinite) or
    "failed" (an error of this trial alone; errors in HOPELESS are raised).
    per_seed: all measures as lists, one value a seed. curve: validation losses of the
    first seed as [epochs beyond the ramp's end, loss]. seconds: wall clock.
    """
    began, curve, per_seed = perf_counter(), [], {}
    outcome = {"state": "complete", "per_seed": per_seed, "curve": curve, "why": ""}
    try:
        for seed in seeds:
            first = seed == seeds[0]
            report = _reporter(judge, curve, progress, candidate) if first else _checking(progress)
            measured = evaluate(candidate, seed, report)
            for name, value in _checked(measured, objectives).items():
                per_seed.setdefault(name, []).append(value)
    except _WeakError as weak:
        outcome |= {"state": "weak", "per_seed": {}, "why": str(weak)}
    except optuna.TrialPruned as pruned:
        why = _words(pruned) or "given up by evaluate"
        outcome |= {"state": "weak", "per_seed": {}, "why": why}
    except DivergedError as error:
        outcome |= {"state": "diverged", "per_seed": {}, "why": str(error)}
    except (ContractError, *HOPELESS):
        raise
    except Exception as error:
        of_ours = isinstance(evaluate, Training) and isinstance(error, OSError)
        if of_ours or getattr(error, "errno", None) in _OF_THE_DISK:
            raise
        outcome |= {"state": "failed", "per_seed": {}, "why": failure(error)}
    return outcome | {"seconds": perf_counter() - began}


def failure(error):
    """The description of an error in a failed trial's record."""
    return f"{type(error).__name__}: {_words(error)}".removesuffix(": ")


def _words(error):
    """An error's message in one line: its first, or its last if TensorFlow puts the cause there."""
    lines = [" ".join(line.split()) for line in str(error).splitlines() if line.strip()] or [""]
    at = -1 if lines[0].startswith(("in user code", "Graph execution", "Exception enc")) else 0
    text = "".join(c for c in lines[at] if c.isprintable())
    return text if len(text) <= 200 else text[:197] + "..."


def _checking(progress):
    def report(epoch, loss):
        """Report that `epoch` (1, 2, …) is over, with its validation loss."""
        epoch, loss = _reported(epoch, loss)
        if not isfinite(loss):
            raise DivergedError(f"the validation loss is {loss} after epoch {epoch}")
        if progress:
            progress(epoch, loss)
        return epoch, loss

    return report


def _reported(epoch, loss):
    """The reported values as an int and a float. The loss may be a tensor of no dimensions."""
    try:
        epoch = whole("epoch", epoch)
    except ValueError as error:
        raise ContractError(f"report: {error}") from None
    no_number = isinstance(loss, bool | np.bool_) or not hasattr(loss, "__float__")
    if no_number or tuple(getattr(loss, "shape", ())):
        raise TypeError(f"report: loss={shown(loss)}: loss must be a number")
    return epoch, float(loss)


def _reporter(judge, curve, progress, candidate):
    weak, check = judge.begin(), _checking(progress)

    @wraps(check)
    def report(epoch, loss):
        epoch, loss = check(epoch, loss)
        step = epoch - judge.begins
        if step >= 0:
            curve.append([step, loss])
            if weak(step, loss) and epoch < candidate.epochs:
                raise _WeakError(f"given up after epoch {epoch}, validation loss {loss:.3g}")

    return report


def _checked(measured, objectives):
    if not isinstance(measured, Mapping):
        raise TypeError(f"evaluate returned {shown(measured)}: it must return a dict of measures")
    missing = [name for name in objectives if name not in measured]
    if missing:
        raise ContractError(
            f"evaluate measured no {missing[0]}: return it, or choose what it returns"
        )
    names = {*objectives, *MEASURES}
    checked = {str(n): _value(n, value, n in names) for n, value in measured.items()}
    for name, value in checked.items():
        if not isinstance(value, float) or isfinite(value):
            continue
        if name in names:
            raise DivergedError(f"{name} is {value}")
        checked[name] = None  # only measures must be finite numbers
    return checked


def _value(name, value, is_measure):
    """A measure as a float; other values may be a text, True, False or None as well."""
    if max(len(name), len(value) if isinstance(value, str) else 0) > LONGEST:
        raise ContractError(
            f"evaluate returned a text of more than {LONGEST:,} letters, {shown(name)}: it would "
            "be stored with each trial; write it to a file, and return the file's name"
        )
    if not is_measure and isinstance(value, np.bool_):
        value = bool(value)
    if not is_measure and (value is None or isinstance(value, bool | str)):
        return value
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()  # a NumPy scalar, also of TensorFlow after `.numpy()`
    if isinstance(value, bool) or not isinstance(value, Real):
        also = "" if is_measure else ", or texts beside its measures"
        raise TypeError(f"{name}={shown(value)}: evaluate must return numbers{also}")
    return float(value)
