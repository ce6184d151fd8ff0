"""What training functions of all engines share: the control, checks of rows, digests."""

import hashlib
from collections import OrderedDict
from contextlib import contextmanager

import numpy as np

from prunelab.base.checks import refuse_hidden, shown
from prunelab.base.engines import arrays_in
from prunelab.live.control import StopTraining, TrainingControl
from prunelab.live.settings import GLOBAL, TrainingSettings

KEPT = 3  # how many of the last runs keep their weights


@contextmanager
def held(settings, control, report):
    """`with` a checked control, which is told how the run ends."""
    if not isinstance(settings, TrainingSettings):
        raise TypeError(f"settings={shown(settings)}: write a TrainingSettings")
    if control is not None and not isinstance(control, TrainingControl):
        raise TypeError(f"control={shown(control)}: write a TrainingControl, or None")
    if report is not None and not callable(report):
        raise TypeError(f"report={shown(report)}: write a function, or None")
    control = control or TrainingControl()
    try:
        yield control
    except StopTraining:
        control.finish()
        raise
    except BaseException as error:
        control.finish(error)
        raise
    control.finish()


class LastWeights:
    """The final weights of a trainer's last runs, from which their networks are made again."""

    def __init__(self):
        self._weights = OrderedDict()

    def __contains__(self, run):
        return getattr(run, "weights_digest", None) in self._weights

    def add(self, run, weights):
        """Keep the weights of this `TrainedRun`, and drop those of the oldest one."""
        self._weights[run.weights_digest] = weights
        while len(self._weights) > KEPT:
            self._weights.popitem(last=False)

    def of(self, run):
        """The weights at the end of `run`; ValueError where they are not kept any more."""
        if run not in self:
            raise not_kept(run)
        return self._weights[run.weights_digest]


def not_kept(run):
    """The ValueError for a run whose weights are not kept."""
    return ValueError(
        f"run={shown(run)}: only the networks of the last {KEPT} runs are kept; train it again "
        "with TrainingControl.replaying(run.steerings)"
    )


def check_run(settings, n_rows):
    """Refuse settings that do not fit the number of training rows."""
    if settings.batch_size > n_rows:
        raise ValueError(
            f"batch_size={settings.batch_size}: batch_size must not exceed the {n_rows} training "
            "rows"
        )
    schedule = settings.schedule
    if "begin_equals_end" in [finding.code for finding in settings.preflight(n_rows).findings]:
        raise ValueError(
            f"schedule begins and ends at step {schedule.begin_step}: the ramp has no length; "
            "raise end_step, or use ConstantSparsity for a single cut"
        )


def check_scope(settings):
    """Refuse blocks where single weights are ranked."""
    if settings.scope == GLOBAL and settings.block_size != (1, 1):
        raise ValueError(
            f"block_size={settings.block_size}: scope='global' ranks single weights; write "
            "block_size=(1, 1), or scope='layer'"
        )


def named_parts(name, given, names, what):
    """[(name, part), …] of an argument, in the order of the model's inputs or outputs."""
    if len(names) == 1 and not isinstance(given, dict):
        return [(name, given)]
    wanted = f"{len(names)} {what}s" if len(names) > 1 else f"one {what}"
    if isinstance(given, dict):
        if set(given) != set(names):
            raise ValueError(
                f"{name} has the parts {shown(sorted(map(str, given)))}: this model has {wanted}, "
                f"named {shown(names)}"
            )
        return [(f"{name}[{each!r}]", given[each]) for each in names]
    if not isinstance(given, tuple | list) or len(given) != len(names):
        found = f"{len(given)} parts" if isinstance(given, tuple | list) else shown(type(given))
        raise ValueError(
            f"{name} is {found}: this model has {wanted}, so write a list of {len(names)} arrays, "
            f"or a dict of {shown(names)}"
        )
    return [(f"{name}[{at}]", part) for at, part in enumerate(given)]


def check_rows(name, array, first, rows):
    """Refuse an array with another number of rows than `rows`, the array of the name `first`."""
    if not array.ndim or len(array) != len(rows):
        raise ValueError(
            f"{name} has shape {array.shape}: {len(rows)} rows of {first} need as many"
        )


def check_input(name, x, row):
    """Refuse an array that has no rows, or rows of another shape than `row`; None: any length."""
    sides = zip(row, x.shape[1:], strict=False)
    if x.ndim != len(row) + 1 or any(side not in (None, n) for side, n in sides) or not len(x):
        raise ValueError(f"{name} has shape {x.shape}: this model wants {rows_words(row)}")


def rows_words(row):
    """The shape of an array whose rows have the shape `row`, such as "[rows, any, 6]"."""
    return f"[{', '.join(['rows', *('any' if side is None else str(side) for side in row)])}]"


def check_output(name, y, outputs, *, own_loss=False):
    """Refuse targets that Keras would broadcast against the outputs, a meaningless loss.

    y: an array, [rows] or [rows, …]. outputs: the shape of the model's output for one row, with
    None for a side of any length. own_loss: whether the loss is the reader's own.
    """
    if None in outputs or (y.shape[1:] or (1,)) == (tuple(outputs) or (1,)):
        return
    remedy = '; a loss that takes class numbers must say "sparse" in its name' if own_loss else ""
    raise ValueError(
        f"{name} has shape {y.shape}: this model gives {tuple(outputs)} for a row, and its loss "
        f"compares the two number by number{remedy}"
    )


def numbers(name, array):
    """`array` as an array of finite real numbers; else an error in one sentence."""
    refuse_hidden(name, array)
    try:
        array = np.asarray(array)
    except ValueError:
        array = np.asarray(None)  # ragged lists
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {array.dtype}: it must be an array of real numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinity: clean it before training")
    return array


def digest(arrays, *words):
    """sha256 of arrays (shape, type, bytes), also in lists, tuples and dicts, and words."""
    sha = hashlib.sha256("\n".join(words).encode())
    for array in arrays_in(arrays):
        sha.update(f"{array.shape} {array.dtype.str}".encode())
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()
