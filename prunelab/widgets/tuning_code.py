"""Copy as code: a cell that trains the same run without the panel."""

from prunelab.widgets.schedule_state import SCHEDULE


def run_code(settings, steerings=(), stop_at=None, *, train=None, data=None):
    """A cell that trains a run with these settings, and steers it at the same steps.

    stop_at: the steps after which it stops; None for a run that goes to its end.
    train, data: what the bench was handed; where they say how they are made, the code makes them,
    else it uses the names `train` and `data`.
    """
    imports = ["from prunelab.live_training import {}"]
    names = ["TrainingControl", "TrainingSettings"] + ["Steering"] * bool(steerings)
    imports = [f"from prunelab.live_training import {', '.join(sorted(names))}"]
    imports.append(f"from prunelab.schedules import {type(settings.schedule).__name__}")
    lines = [*imports, ""]
    lines += _train_lines(train) + _data_lines(data)
    lines += ["settings = TrainingSettings("]
    lines += _schedule_lines(settings.schedule)
    for name in ("epochs", "batch_size", "learning_rate", "layers", "block_size", "seed"):
        lines.append(f"    {name}={getattr(settings, name)!r},")
    lines.append(")")
    lines += _control_lines(steerings, stop_at)
    lines += ["run = train(settings, data, control, print)  # prints each epoch's report", "run"]
    return "\n".join(lines) + "\n"


def _schedule_lines(schedule):
    if not hasattr(schedule, "power"):
        return [f"    {schedule!r},"]
    fields = [f"        {name}={getattr(schedule, name)!r}," for name in SCHEDULE]
    return ["    PolynomialDecay(", *fields, "    ),"]


def _control_lines(steerings, stop_at):
    if not steerings and stop_at is not None:
        return [f"control = TrainingControl.replaying([], stop_at={stop_at})"]
    if not steerings:
        return ["control = TrainingControl()"]
    made = [
        f"        Steering({steering.step}, "
        + ", ".join(f"{name}={value!r}" for name, value in steering.changes.items())
        + "),"
        for steering in steerings
    ]
    ends = "    ]," if stop_at is not None else "    ]"
    stops = [f"    stop_at={stop_at},"] * (stop_at is not None)
    return ["control = TrainingControl.replaying(", "    [", *made, ends, *stops, ")"]


def _train_lines(train):
    name = getattr(train, "name", None)
    if not isinstance(name, str) or not name.strip():
        return ["# train: the training function that the bench was handed"]
    return name.strip().splitlines()


def _data_lines(data):
    name, seed = getattr(data, "name", None), getattr(data, "seed", None)
    if isinstance(name, str) and isinstance(seed, int):
        return ["from prunelab.data import load", f"data = load({name!r}, {seed})", ""]
    return ["# data: the arrays that the bench was handed, (x, y, x_val, y_val)", ""]
