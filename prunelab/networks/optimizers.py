"""Make an optimizer again from its configuration, and reset it for each live run."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.backend import tf_keras
from prunelab.networks.carried import check_optimizer

if TYPE_CHECKING:
    from tf_keras.optimizers.schedules import LearningRateSchedule as _Schedule
else:
    _Schedule = tf_keras.optimizers.schedules.LearningRateSchedule


@dataclass(frozen=True)
class Recipe:
    """What is needed to make an optimizer again: its class and its configuration."""

    kind: type
    config: dict

    @classmethod
    def of(cls, optimizer):
        """The recipe of an optimizer; ValueError, in one sentence, if it cannot be used for
        pruning."""
        check_optimizer(optimizer)
        kind = type(optimizer)
        inside = getattr(optimizer, "optimizer", None)
        if isinstance(inside, tf.compat.v1.train.Optimizer):
            raise ValueError(
                f"the optimizer is tf.compat.v1.train's {type(inside).__name__}, which cannot be "
                "made again: compile with one of tf_keras.optimizers"
            )
        try:
            recipe = cls(kind, _with_schedule(optimizer))
            recipe.make()
        except Exception as error:  # the reader's own class may raise anything
            said = str(error).strip().partition("\n")[0]
            raise ValueError(
                f"the optimizer {kind.__name__} cannot be made again ({type(error).__name__}: "
                f"{said[:120]}): it and its schedule of learning rates must have a get_config that "
                "their own __init__ takes"
            ) from error
        return recipe

    @property
    def scheduled(self):
        """Whether its learning rate is a schedule."""
        return _schedule(self.config.get("learning_rate")) is not None

    @property
    def learning_rate(self):
        """Its compiled learning rate, for a schedule the rate at step 0; None if unknown."""
        rate = self.config.get("learning_rate")
        schedule = _schedule(rate)
        try:
            rate = float(f"{float(rate if schedule is None else schedule(0)):.7g}")
        except (TypeError, ValueError):  # it is a function without arguments, in a legacy optimizer
            return None
        return rate if 0 < rate < math.inf else None

    def make(self):
        """A new optimizer, and a function that sets its learning rate.

        For a schedule, that function sets the rate at step 0, and scales the whole schedule with
        it.
        """
        schedule = _schedule(self.config.get("learning_rate"))
        if schedule is None:
            made = self.kind.from_config(self.config | {"learning_rate": 1e-3})
            return made, lambda rate: setattr(made, "learning_rate", rate)
        scaled = _Scaled(schedule)
        return self.kind.from_config(self.config | {"learning_rate": scaled}), scaled.begin_with


def _with_schedule(optimizer):
    """An optimizer's configuration, with its learning-rate schedule as an object of any class."""
    rate = getattr(optimizer, "_learning_rate", None)
    if rate is None:
        rate = getattr(optimizer, "_hyper", {}).get("learning_rate")  # a legacy optimizer's
    own = {"learning_rate": rate} if isinstance(rate, _Schedule) else {}
    return optimizer.get_config() | own


class _Scaled(_Schedule):
    """A learning-rate schedule times a factor set by each run; a factor of 1 changes no bit."""

    def __init__(self, schedule):
        self.schedule, self.first = schedule, float(schedule(0))
        self.factor = tf.Variable(1.0, trainable=False)

    def begin_with(self, rate):
        """Scale the schedule to begin at `rate`; one that begins at 0 (a warm-up) is unchanged."""
        near = math.isclose(rate, self.first, rel_tol=1e-6)
        self.factor.assign(1.0 if near or not self.first > 0 else rate / self.first)

    def __call__(self, step):
        """The learning rate at `step`."""
        rate = self.schedule(step)
        return rate * tf.cast(self.factor, rate.dtype)

    def get_config(self):
        """The configuration of the unscaled schedule."""
        return self.schedule.get_config()


def _schedule(rate):
    if isinstance(rate, dict):
        return tf_keras.optimizers.schedules.deserialize(rate)
    return rate if isinstance(rate, _Schedule) else None


def build(optimizer, trainable):
    """Create the optimizer's variables for the `trainable` variables of the model."""
    if hasattr(optimizer, "build"):
        optimizer.build(trainable)
    else:
        optimizer.iterations  # noqa: B018 (a legacy optimizer makes its variables when asked)
        optimizer._create_all_weights(trainable)


def variables_of(optimizer, *, rates=True):
    """All variables of an optimizer, including those that its `variables` leaves out.

    These are Nadam's running product and the learning rates of legacy optimizers. rates: whether to
    include the learning rate.
    """
    listed = optimizer.variables
    listed = list(listed() if callable(listed) else listed)  # a method in legacy optimizers
    known = {id(variable) for variable in listed}
    reachable = tf.train.TrackableView(optimizer).descendants()
    own = [v for v in reachable if isinstance(v, tf.Variable) and id(v) not in known]
    return listed + [v for v in own if rates or not v.name.startswith("learning_rate")]
