"""The nine numbers behind the ScheduleExplorer: their bounds, how they adjust, and their words.

`flight.js` computes the same in JavaScript; a test compares the two on random input.
"""

from prunelab.base.text import percent
from prunelab.schedules.schedule import LARGEST_STEP
from prunelab.widgets.shared.numbers import settled as within_bounds

SCHEDULE = (
    "initial_sparsity",
    "final_sparsity",
    "begin_step",
    "end_step",
    "power",
    "frequency",
)
RUN = ("n_samples", "batch_size", "epochs")
KNOBS = SCHEDULE + RUN

# (least, most) of each number that is no sparsity; those with whole bounds are whole numbers.
# n_samples × epochs stays below 2**53, where JavaScript still counts exactly.
BOUNDS = {
    "begin_step": (0, LARGEST_STEP),
    "end_step": (0, LARGEST_STEP),
    "frequency": (1, 10**6),
    "n_samples": (1, 10**9),
    "batch_size": (1, 10**9),
    "epochs": (1, 10**6),
    "power": (0.0, 1000.0),
}
MOVED_ALONG = "{name} moves along to {value}: a schedule cannot end before it begins."
PAGE_DATA = {
    "bounds": {name: [*pair, isinstance(pair[0], int)] for name, pair in BOUNDS.items()},
    "moved_along": MOVED_ALONG,
}  # what `settle` of state.js takes


def settle(state, changes, bounds=BOUNDS):
    """`state` with `changes` made, adjusted to possible values, and a sentence on the adjustment.

    Like `shared.numbers.settled`, with these bounds. If begin_step and end_step would cross, the
    one that was not moved is moved too, so that either can be set first.
    """
    settled, notice = within_bounds(state, changes, bounds)
    if settled["begin_step"] > settled["end_step"]:
        ended = "end_step" in changes and "begin_step" not in changes
        taken, kept = ("begin_step", "end_step") if ended else ("end_step", "begin_step")
        settled[taken] = settled[kept]
        moved = MOVED_ALONG.format(name=taken, value=settled[taken])
        notice = f"{notice} {moved}".strip()
    return settled, notice


def describe(flight, epochs, sparsity=None):
    """The caption: what `flight`, a Preflight of so many epochs, says in one or two sentences.

    sparsity: what it ends with where the kernels are known; None for that of `flight`.
    """
    steps = flight.schedule.update_range(flight.total_steps)
    asked = percent(flight.schedule.final_sparsity)
    realised = percent(flight.realised_sparsity if sparsity is None else sparsity)
    length = f"{flight.steps_per_epoch} step{'s' * (flight.steps_per_epoch != 1)}"
    epochs = f"{epochs} epoch{'s' * (epochs != 1)} of {length}"
    run = f"In {flight.total_steps} steps ({epochs}) the masks are "
    if not steps:
        return f"{run}never updated: {percent(0)} zeros. Asked: {asked}."
    when = f"from step {steps[0]} to step {steps[-1]}"
    if len(steps) == 1:
        when = f"at step {steps[0]}"
    count = "once" if len(steps) == 1 else f"{len(steps)} times"
    outcome = ", as asked." if asked == realised else f". Asked: {asked}."
    return f"{run}updated {count}, {when}, and end at {realised} zeros{outcome}"


def tfmot_code(schedule, batch_size, epochs):
    """The schedule and its callback in tfmot, to copy; the model's three lines are comments."""
    knobs = "".join(f"    {name}={getattr(schedule, name)!r},\n" for name in SCHEDULE)
    return f"""import tensorflow_model_optimization as tfmot

schedule = tfmot.sparsity.keras.PolynomialDecay(
{knobs})
callbacks = [tfmot.sparsity.keras.UpdatePruningStep()]  # without it, fit stops with an error
# model = tfmot.sparsity.keras.prune_low_magnitude(model, pruning_schedule=schedule)
# model.compile("adam", "mse")
# model.fit(x, y, batch_size={batch_size}, epochs={epochs}, callbacks=callbacks)
"""
