"""Training functions for a live bench: for the course's networks, and for any compiled model.

See `prunelab.live_training` for what such a function is. It asks its control every `GROUP` steps at
most and at the begin of each epoch: so long a pause, a stop or a steering waits at most.
"""

from prunelab.keras_mlp.carried import warn_of_zeros
from prunelab.keras_mlp.live_base import IMPORT, Trainer, held
from prunelab.keras_mlp.live_checks import check_live_model
from prunelab.keras_mlp.live_course import CourseTrainer, live_course, train_live
from prunelab.keras_mlp.live_networks import copied
from prunelab.keras_mlp.live_steps import GROUP
from prunelab.keras_mlp.optimizers import Recipe
from prunelab.keras_mlp.targets import of_one_output
from prunelab.validate import shown

__all__ = [
    "GROUP",
    "CourseTrainer",
    "LiveTrainer",
    "live_course",
    "live_trainer",
    "train_live",
]


class LiveTrainer(Trainer):
    """The training function of one compiled model; made by `live_trainer`."""

    def __init__(self, model, code):
        check_live_model(model)
        if not isinstance(code, str):
            raise TypeError(f"code={shown(code)}: write the Python that makes this function again")
        asked = model._get_compile_args()
        loss, loss_weights = (of_one_output(asked[name]) for name in ("loss", "loss_weights"))
        if loss is None:
            raise ValueError(
                "model is compiled without a loss: call model.compile(optimizer, loss)"
            )
        optimizer = Recipe.of(model.optimizer)
        own = copied(model)
        if len(own.losses) != len(model.losses):
            raise ValueError(
                "model adds losses of its own (add_loss), which a copy of it does not have: put "
                "them into its loss or into a regularizer of a layer"
            )
        super().__init__(own, optimizer, loss, loss_weights=loss_weights)
        warn_of_zeros([k for k in self._kernels if not k.dense_because], stacklevel=4)
        self._weights = model.get_weights()
        self.notes = " ".join(_notes(model, asked, optimizer))
        self.name = code or f"{IMPORT} live_trainer\ntrain = live_trainer(model)"

    def __call__(self, settings, data, control=None, report=None):
        """Train a copy of the model and return the `TrainedRun`.

        data: (x, y, x_val, y_val). control: a TrainingControl, or None. report: called with an
        EpochReport after each epoch, or None. TypeError or ValueError, in one sentence, for data
        or settings that do not fit the model.
        """
        with held(settings, control, report) as control:
            return self.run(settings, self._weights, data, control, report)


def live_trainer(model, code=""):
    """A training function for any compiled tf_keras model, as `TuningBench(train=…)` takes it.

    model: Sequential or functional, with one input and one output; it keeps its weights, and every
    run begins with those it has now. What is pruned is what tfmot prunes, in models inside too; ask
    `kernels(settings)` of the result what stays dense, and why. The copy that trains has the
    model's loss and optimizer; its learning rate is that of the settings, and a schedule of rates
    is followed from there, scaled as a whole (with a rate of 0 at step 0: as it is). Metrics are
    not computed: a run reports the loss. Random layers such as Dropout follow the settings' seed.
    code: the Python that makes the same function again and calls it `train`, for code to copy.
    Raises TypeError or ValueError, in one sentence, for a model that cannot be pruned so.
    """
    return LiveTrainer(model, code)


def _notes(model, asked, optimizer):
    """What a run does otherwise than the model's own fit, in sentences."""
    eager, steps = model.run_eagerly, model._steps_per_execution
    ways = {"jit_compile": model._jit_compile, "run_eagerly": eager}
    ways["steps_per_execution"] = steps is not None and int(steps) > 1
    if named := [name for name, value in ways.items() if value]:
        said = ", ".join(named)
        yield f"A run compiles its steps in its own way: {said} of the model is not used."
    if any(asked[name] for name in ("metrics", "weighted_metrics")):
        yield "The metrics of the model are not computed: a run reports its loss."
    if optimizer.scheduled:
        first = optimizer.learning_rate
        yield "The model's schedule of learning rates is followed" + (
            f", scaled to begin at learning_rate (it is {first:g} in the model)."
            if first
            else " as it is, since it begins at 0: learning_rate changes nothing."
        )
