"""Small runs on the twin, one of each kind of arm, for the tests of running, killing and plans."""

from dataclasses import replace

from prunelab.experiments import ExperimentConfig, one_shot
from prunelab.schedules import PolynomialDecay

RAMP = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=10, frequency=2)
CONTROL = ExperimentConfig("tiny_control", "twin", (16, 8), 250, dense_epochs=4, more_epochs=4)
TINY = replace(CONTROL, name="tiny", schedule=RAMP)
CONTINUED = replace(CONTROL, name="tiny_continued", fresh_optimizer=False)
RANDOM = replace(CONTROL, name="tiny_random", schedule=one_shot(0.75), criterion="random")
# At this rate the validation loss goes up and down: patience counts, starts anew, and ends it.
STOPPED = replace(CONTROL, name="tiny_stopped", learning_rate=0.05, more_epochs=30, patience=3)
L2 = replace(CONTROL, name="tiny_l2", l2=1e-3)
FROM_START = replace(TINY, name="tiny_from_start", dense_epochs=0, more_epochs=8)
DENSE = replace(CONTROL, name="tiny_dense", more_epochs=0)
CUT = replace(DENSE, name="tiny_cut", cut=0.5)
SHAKEN = replace(CONTROL, name="tiny_shaken", shake=0.75, criterion="random")
RESTARTED = replace(FROM_START, name="tiny_restarted", restart=4)
NEURONS = replace(TINY, name="tiny_neurons", pattern="neurons")
GROUPS = replace(CONTROL, name="tiny_groups", schedule=one_shot(0.5), pattern="2:4")
ARMS = (
    *(TINY, CONTROL, CONTINUED, RANDOM, STOPPED, L2, FROM_START, DENSE, CUT),
    *(SHAKEN, RESTARTED, NEURONS, GROUPS),
)


def without_seconds(result):
    """The result as it must be again each time: all but its wall clock."""
    return replace(
        result,
        dense=replace(result.dense, seconds=0.0),
        second=replace(result.second, seconds=0.0),
    )
