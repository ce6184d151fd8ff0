"""Keras callbacks that harm a pruning run: by stopping it, undoing masks or cutting the rate.

Callbacks of tf_keras and Keras 3 are recognised by class name and settings, so that Keras is not
imported. The findings use the earliest time at which a callback *can* act, whatever the losses are;
whether it acts is only known in the run.
Source: `callbacks.py` of tf_keras 2.21; each finding was confirmed by training on the small twin.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from prunelab.base.checks import number, shown
from prunelab.schedules.findings import HINT, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

# Below this share of its highest value a learning rate is too low to recover from the last cuts.
LEAST_RATE = 1 / 3
ADAM = 1e-3  # Keras' default learning rate of Adam


def checked_callbacks(callbacks):
    """The callbacks as a list; TypeError, in one sentence, for anything that is not a callback."""
    if not isinstance(callbacks, tuple | list):
        raise TypeError(f"callbacks={shown(callbacks)}: write a list of Keras callbacks")
    for callback in callbacks:
        if isinstance(callback, type):
            name = callback.__name__
            raise TypeError(f"callbacks holds the class {name}: write {name}(…)")
        if not hasattr(callback, "on_epoch_end"):
            raise TypeError(f"callbacks holds {shown(callback)}: that is no callback of Keras")
    return list(callbacks)


def callback_findings(callbacks, schedule, run, learning_rate=None) -> Iterator[Finding]:
    """Findings on all callbacks but `UpdatePruningStep`, at most one per callback, in their order.

    callbacks: a checked list, or None to check only the learning rate. schedule: the pruning
    schedule. run: a `findings.Run` whose steps per epoch are known. learning_rate: the optimizer's,
    a number or a function of the step; None for Adam's default.
    """
    if callbacks is not None and not any(_is(each, "UpdatePruningStep") for each in callbacks):
        yield Finding(
            "no_pruning_step",
            "UpdatePruningStep is not among the callbacks, and tfmot stops without it.",
            "Put tfmot.sparsity.keras.UpdatePruningStep() first.",
        )
    updates = schedule.update_range(run.total_steps)
    if not updates:
        return  # nothing is pruned; the schedule's findings say so
    last = _reached(schedule, updates)
    ramp = _Ramp(-(-last // run.steps_per_epoch), run.steps_per_epoch, _first_rate(learning_rate))
    callbacks = callbacks or []
    for position, callback in enumerate(callbacks):
        for name, look in _LOOKS.items():
            if _is(callback, name):
                yield from look(callback, ramp)
        after = callbacks[position + 1 :]
        if _is(callback, "ModelCheckpoint") and any(_is(c, "UpdatePruningStep") for c in after):
            yield Finding(
                "saved_before_masks",
                "ModelCheckpoint stands before UpdatePruningStep, which sets the zeros again at "
                "the end of an epoch: without validation data in fit, what it saves has none.",
                "Put UpdatePruningStep first.",
                HINT,
            )
    yield from _rate_findings(_of_steps(learning_rate, ramp), ramp, "The optimizer's schedule")


class _Ramp:
    """The time until the last mask update that cuts; `epoch` (1, 2, …) is its epoch."""

    def __init__(self, epoch, steps_per_epoch, rate):
        self.epoch, self.steps_per_epoch, self.rate = epoch, steps_per_epoch, rate


def _is(callback, name):
    return any(kind.__name__ == name for kind in type(callback).__mro__)


def _reached(schedule, updates):
    """The first update that reaches the final sparsity of the run."""
    end = float(schedule.sparsity(updates[-1]))
    if float(schedule.sparsity(updates[0])) == end:
        return updates[0]
    return updates[-1]


def _early_stopping(callback, ramp):
    begins, patience = getattr(callback, "start_from_epoch", 0), callback.patience
    # Without a baseline, the first epoch it looks at is the best so far.
    stops = begins + patience + (getattr(callback, "baseline", None) is None)
    name = "EarlyStopping"
    if getattr(callback, "restore_best_weights", False) and begins + 1 < ramp.epoch:
        yield Finding(
            "restores_early_weights",
            f"{name} may bring back the weights of epoch {begins + 1} or later, and their zeros "
            f"with them; the last cut is in epoch {ramp.epoch}.",
            f"Write start_from_epoch={ramp.epoch - 1}, or leave restore_best_weights out.",
        )
    elif stops < ramp.epoch:
        yield Finding(
            "stops_before_the_end",
            f"{name} may stop the run after epoch {max(stops, 2)}; the last cut is in epoch "
            f"{ramp.epoch}.",
            f"Write start_from_epoch={ramp.epoch - 1}: each cut raises the loss it watches.",
        )


def _plateau(callback, ramp):
    patience = max(callback.patience, 1)
    between = patience + max(getattr(callback, "cooldown", 0) - 1, 0)
    spare = ramp.epoch - 1 - (1 + patience)  # epochs that end before the last cut's begins
    times = 0 if spare < 0 else 1 + spare // between
    left = max(callback.factor**times, min(callback.min_lr / ramp.rate, 1.0))
    if left < LEAST_RATE:
        yield _starved(
            f"ReduceLROnPlateau may lower the learning rate {times} times before the last cut in "
            f"epoch {ramp.epoch}, to {_share(left)} of it",
            f"Write a patience of {ramp.epoch} or more, or a min_lr of a third of the rate.",
        )


def _scheduler(callback, ramp):
    rate, rates = ramp.rate, []
    for epoch in range(ramp.epoch):
        try:
            rate = float(_asked(callback.schedule, epoch, rate))
        except Exception:  # a reader's function may raise anything
            yield Finding(
                "unreadable_rate",
                "The function of LearningRateScheduler gave no rate when it was asked for epoch "
                f"{epoch}.",
                "It must take (epoch, rate) and give a number.",
                HINT,
            )
            return
        rates.append(rate)
    yield from _rate_findings(rates, ramp, "LearningRateScheduler")


def _asked(function, epoch, rate):
    try:
        return function(epoch, rate)
    except TypeError:  # a function of the epoch alone, which Keras also accepts
        return function(epoch)


def _rate_findings(rates, ramp, who):
    """rates: one per epoch, up to the epoch of the last cut; empty if the rate is constant."""
    if not rates or not all(map(math.isfinite, rates)) or max(rates) <= 0:
        return
    left = rates[-1] / max(rates)
    if left < LEAST_RATE:
        yield _starved(
            f"{who} has lowered the learning rate to {_share(left)} of its highest by the last cut "
            f"in epoch {ramp.epoch}",
            "Let it fall after the last cut, or end the schedule earlier.",
        )


def _starved(what, fix):
    return Finding("rate_gone", f"{what}: too little to heal what the cuts break.", fix)


def _share(left):
    return f"{100 * left:.2g} %" if left > 0.01 else "less than 1 %"


def _checkpoint(callback, ramp):
    if getattr(callback, "save_freq", "epoch") != "epoch":
        yield Finding(
            "saved_between_masks",
            f"ModelCheckpoint(save_freq={callback.save_freq}) saves inside an epoch, where each "
            "step of the optimizer has made the weights dense: what it saves has no zeros.",
            'Write save_freq="epoch".',
        )
    if getattr(callback, "save_best_only", False) and ramp.epoch > 1:
        yield Finding(
            "saves_early_best",
            "ModelCheckpoint(save_best_only=True) may keep an epoch from before the last cut in "
            f"epoch {ramp.epoch}, with its zeros.",
            "Save the last epoch, or begin to save the best after the last cut.",
        )


_LOOKS = {
    "EarlyStopping": _early_stopping,
    "ReduceLROnPlateau": _plateau,
    "LearningRateScheduler": _scheduler,
    "ModelCheckpoint": _checkpoint,
}


def _first_rate(learning_rate):
    if learning_rate is None:
        return ADAM
    if callable(learning_rate):
        return float(learning_rate(0)) or ADAM
    return number("learning_rate", learning_rate, above=0)


def _of_steps(learning_rate, ramp):
    """The rates at the end of each epoch, for a function of the step; empty for a number."""
    if not callable(learning_rate):
        return []
    return [
        float(learning_rate(epoch * ramp.steps_per_epoch)) for epoch in range(1, ramp.epoch + 1)
    ]
