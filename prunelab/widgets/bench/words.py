"""The texts of the TuningBench: headlines, captions, the rows of its table, its log, its code."""

from prunelab.base.text import percent
from prunelab.live.settings import GLOBAL
from prunelab.schedules.flight import preflight
from prunelab.schedules.schedule import PolynomialDecay
from prunelab.widgets.bench.measures import Measure
from prunelab.widgets.schedule.state import SCHEDULE, describe


def mood_of(flight):
    """ "good", "warn" or "bad": whether the schedule reaches its target, and with findings."""
    reached = percent(flight.realised_sparsity) == percent(flight.schedule.final_sparsity)
    return "good" if flight.ok else "warn" if reached else "bad"


def ready_words(flight, epochs, promise, kernels=None, unfit=""):
    """The chart's words while nothing trains: what preflight says of the next run.

    kernels: the `Kernels` of the run, or None. unfit: why its settings do not fit the network.
    """
    mood = "bad" if unfit else mood_of(flight)
    realised, near = _realised(flight, kernels), mood == "good"
    if kernels is not None:
        off = abs(realised - flight.schedule.final_sparsity) * kernels.n_pruned
        near = off <= sum(block for _, block in kernels.pruned.values())
    zeros, asked = percent(realised), percent(flight.schedule.final_sparsity)
    met = "as asked" if zeros == asked else f"{'near' if near else 'not'} {asked}"
    verdict = f"{zeros} zeros, {met}"
    if kernels is not None and kernels.dense:
        said, _, network = kernels.words(realised).partition(";")
        verdict = f"{said}, {met};{network}"
    left = "" if promise is None else f" {promise:,} weights will be left."
    return {
        "mood": mood,
        "headline": {
            "good": f"Ready: the next run ends at {verdict}",
            "warn": f"Ready, but look below: the next run ends at {verdict}",
            "bad": (unfit and "The next run cannot begin: the settings do not fit the network")
            or f"The next run misses its target: {verdict}",
        }[mood],
        "title": schedule_words(flight.schedule) + f" · {flight.total_steps:,} steps",
        "caption": unfit or describe(flight, epochs, realised) + left,
        "findings": [vars(finding) for finding in flight.findings],
    }


def _realised(flight, kernels):
    """The sparsity at the end of a run: as tfmot rounds it for each kernel, if they are known."""
    if kernels is None:
        return flight.realised_sparsity
    return kernels.zeros(flight) / kernels.n_pruned


def live_words(training, total_steps, measure, *, busy, pausing, name):
    """The chart's words while a run trains, and once it has ended; measure: comes first."""
    reports, settings = training.reports, training.settings
    last = reports[-1] if reports else None
    where = f"epoch {last.epoch if last else 0} of {settings.epochs}"
    if not busy and training.state == "failed":
        return {
            "mood": "bad",
            "headline": f"{name} failed after {where}" if last else f"{name} failed at its start",
            "title": schedule_words(settings.schedule),
            "caption": training.error,
        }
    if not busy:
        return _ended_words(training, name, measure)
    headline = f"{name} is paused at {where}" if pausing else f"{name} is training: {where}"
    before = getattr(training.control, "busy", "")
    if before:
        return {
            "mood": "paused" if pausing else "busy",
            "headline": f"{name} is paused" if pausing else f"{name} is {before}",
            "title": schedule_words(settings.schedule),
            "caption": "Every run with this seed begins with it; later ones begin at once.",
        }
    steps = training.control.step if last is None else last.step
    title = f"step {steps:,} of {total_steps:,}"
    if last:
        title += f" · {measure.at_epoch(last)} · {percent(last.realised_sparsity)} zeros"
    caption = schedule_words(training.control.schedule or settings.schedule)
    steerings = len(training.control.steerings)
    if steerings:
        caption += f" · steered {_times(steerings)}"
    return {
        "mood": "paused" if pausing else "busy",
        "headline": headline,
        "title": title,
        "caption": f"It follows {caption}. To change what lies ahead, move final_sparsity, "
        "end_step or power and press Steer.",
    }


def _ended_words(training, name, measure):
    run = training.result
    if run is None:
        return {"mood": "warn", "headline": f"{name} was stopped", "caption": training.error}
    ended = "was stopped" if run.stopped else "is done"
    return {
        "mood": "warn" if run.stopped else "good",
        "headline": f"{name} {ended}: {run.zeros_words}{'; ' if run.left_dense else ', '}"
        f"{measure.ended(run)}",
        "title": schedule_words(run.settings.schedule),
        "caption": f"{run.nonzeros:,} of {run.n_weights:,} weights are left{measure.others(run)}. "
        f"{run.steps:,} steps in {duration(run.seconds)}"
        + (f", steered {_times(len(run.steerings))}." if run.steerings else ".")
        + _by_layer(run)
        + (" Its masks stay as they were when it stopped." if run.stopped else ""),
    }


def schedule_words(schedule):
    """A schedule in one short line: "0 → 75 %, steps 400–1200, power 3, every 100"."""
    steps = f"steps {schedule.begin_step:,}–{schedule.end_step:,}"
    if not isinstance(schedule, PolynomialDecay):
        return f"{_percents(schedule.target_sparsity)}, from step {schedule.begin_step:,}"
    ramp = f"{_percents(schedule.initial_sparsity)} → {_percents(schedule.final_sparsity)}"
    return f"{ramp}, {steps}, power {schedule.power:g}, every {schedule.frequency:,}"


def row_words(run, measure, baseline):
    """A run as its row of the table: texts, and the numbers used for sorting.

    measure: the `Measure` that is shown. baseline: the bench's, which it is compared with.
    """
    settings = run.settings
    more = [
        f"{settings.epochs} epochs, batch {settings.batch_size}, rate {settings.learning_rate:g}"
    ]
    if settings.block_size != (1, 1):
        more.append("blocks {} × {}".format(*settings.block_size))
    if settings.layers:
        more.append(f"{', '.join(settings.layers)} only")
    if settings.scope == GLOBAL:
        more.append("all weights ranked together")
    more.append(f"seed {settings.seed}")
    if run.steerings:
        more.append(f"steered {_times(len(run.steerings))}")
    done = run.history[-1].epoch if run.history else 0
    pruned = _pruned_zeros(run)
    return {
        "name": run.name,
        "note": run.note,
        "settings": schedule_words(settings.schedule),
        "more": ", ".join(more),
        "zeros": pruned,
        "promised": promised(run),
        "nonzeros": run.nonzeros,
        "n_weights": run.n_weights,
        "value": measure.of(run),
        "value_words": measure.words(measure.of(run)),
        "beside": measure.beside(run, baseline),
        "seconds": run.seconds,
        "trained": duration(run.seconds),
        "ended": f"stopped, epoch {done}" if run.stopped else f"{done} epochs",
    }


def _pruned_zeros(run):
    """The zeros in the pruned layers, from the last report, as the masks have them."""
    return run.history[-1].realised_sparsity if run.history else 0.0


def promised(run):
    """What preflight expected before the run began; None if it cannot be computed."""
    if not run.history or run.stopped:
        return None
    total = run.history[-1].step
    return preflight(run.settings.schedule, total_steps=total).realised_sparsity


def duration(seconds):
    """A time in words: "0.4 s", "12 s", "3 min 5 s", "1 h 4 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def changes_words(before, after):
    """What the button Make it fit would change: "end_step 5000 → 1600"; empty for nothing."""
    changed = [name for name in SCHEDULE if getattr(before, name) != getattr(after, name)]
    return ", ".join(f"{n} {getattr(before, n):g} → {getattr(after, n):g}" for n in changed)


def facts_words(flight, runs, kernels=None, measure=Measure(), others=0):  # noqa: B008 (frozen)
    """The text of `repr`: the next run, what preflight expects, and the runs so far, in one line.

    kernels: the `Kernels` of the next run, or None. measure: what the runs are compared by.
    runs: those that can be compared; others: the number of those with other data or networks.
    """
    promised = percent(_realised(flight, kernels))
    if kernels is not None and kernels.dense:
        promised = kernels.words(_realised(flight, kernels))
    knobs = ", ".join(f"{name}={getattr(flight.schedule, name)!r}" for name in SCHEDULE)
    codes = ", ".join(finding.code for finding in flight.findings) or "none"
    words = f"{len(runs)} run{'s' * (len(runs) != 1)}"
    if best := measure.best(runs):
        words += f", {best}"
    if others:
        words += f", besides {others} of other data or network"
    return f"{knobs}; {flight.total_steps} steps, promised {promised}, findings: {codes}; {words}"


def _percents(sparsity):
    return f"{100 * sparsity:.4g} %"


def together_words(kernels, layers):
    """What the chosen layers mean in weights, all together.

    kernels: the `Kernels` of the next run, or None. layers: of the network, by name.
    """
    if kernels is None:
        return ""
    chosen = sum(bool(kernels.of_layer(name).pruned) for name in layers)
    said = (
        f"{chosen} of {len(layers)} layers: {kernels.n_pruned:,} of the network's "
        f"{kernels.n_weights:,} weights, {100 * kernels.n_pruned / kernels.n_weights:.3g} %"
    )
    return said + "; layers of small weights lose more" * kernels.together


def _by_layer(run):
    """The zeros of each pruned kernel of a run that ranked all weights together."""
    if run.settings.scope != GLOBAL:
        return ""
    zeros = [
        f"{name} {percent(share)}"
        for name, share in run.sparsity.items()
        if name not in run.left_dense
    ]
    more = f" and {len(zeros) - 6} more" if len(zeros) > 6 else ""
    return f" Zeros by layer: {', '.join(zeros[:6])}{more}."


def _times(count):
    return "once" if count == 1 else f"{count} times"


def run_code(settings, steerings=(), stop_at=None, *, train=None, data=None):
    """The code of a cell that trains a run with these settings, and steers it at the same steps.

    stop_at: the steps after which it stops; None for a run that goes to its end.
    train, data: those of the bench. If they say how they are made, the code makes them; otherwise
    it uses the names `train` and `data`.
    """
    names = ["TrainingControl", "TrainingSettings"] + ["Steering"] * bool(steerings)
    imports = [f"from prunelab.live.protocol import {', '.join(sorted(names))}"]
    imports.append(f"from prunelab.schedules import {type(settings.schedule).__name__}")
    lines = [*imports, ""]
    lines += _train_lines(train) + _data_lines(data)
    lines += ["settings = TrainingSettings("]
    lines += _schedule_lines(settings.schedule)
    scope = ["scope"] * (settings.scope == GLOBAL)
    for name in ("epochs", "batch_size", "learning_rate", "layers", "block_size", "seed", *scope):
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
        return ["from prunelab.experiments.data import load", f"data = load({name!r}, {seed})", ""]
    return ["# data: the arrays that the bench was handed, (x, y, x_val, y_val)", ""]
