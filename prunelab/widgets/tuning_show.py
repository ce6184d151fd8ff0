"""What a TuningBench shows: its state written to the parts of its panel."""

from prunelab.widgets.tuning_panel import put
from prunelab.widgets.tuning_state import STEERABLE, schedule_values
from prunelab.widgets.tuning_words import changes_words, duration, live_words, ready_words


def show_all(bench):
    """Everything: after a knob was moved, a button pressed, a run ended."""
    panel, shelf = bench._panel, bench._shelf
    if panel is None:
        return
    changes = changes_words(bench.schedule, bench.preflight.suggest())
    panel.show_knobs(
        bench.knobs, bench.layers, bench.preflight, busy=bench.training, changes=changes
    )
    rows, baseline = shelf.rows(bench._sort), bench.baseline
    shown = [run_id for run_id in bench._shown if run_id in shelf.all]
    undo = f"{shelf.deleted[-1].name} was deleted." if shelf.deleted else ""
    put(
        panel.table, rows=rows, shown=shown, sort=bench._sort, undo=undo, code=bench._code,
        busy=bench.training, baseline=baseline,
    )  # fmt: skip
    curves = {row["id"]: None for row in rows}
    if set(panel.chart.curves) != set(curves):
        put(panel.chart, curves=shelf.curves())
    by_number = sorted(rows, key=lambda row: row["number"])
    put(panel.chart, rows=by_number, shown=shown, baseline=baseline)
    show_live(bench)


def show_live(bench):
    """What moves while a run trains, and with the knobs: words, plan, curves, progress."""
    panel, session = bench._panel, bench._session
    flight, promise = bench.preflight, bench.promise
    busy = bench.training
    ahead = _ahead(bench) if busy else None
    plan = {
        "schedule": schedule_values(bench.schedule),
        "preview": ahead and schedule_values(ahead),
        "idle": not busy,
        "total_steps": flight.total_steps,
        "steps_per_epoch": flight.steps_per_epoch,
        "promise": promise,
        "n_weights": _all_weights(bench),
    }
    words = ready_words(flight, bench.epochs, promise, bench.kernels, bench.unfit)
    if session is not None and (busy or bench._looks_back):
        words = _run_words(session, busy)
    words["notice"] = _notice(bench, session)
    put(panel.chart, live=_live(bench, session, busy), plan=plan, words=words)
    panel.show_buttons(busy=busy, pausing=busy and session.pausing, steerable=ahead is not None)
    panel.show_pace(bench.pace)
    left = _left(session, busy) or ("" if bench.pace else "to steer by hand, choose a pace first")
    panel.show_progress(_done(session, busy), left)


def show_frame(bench):
    """What moves by itself while a run trains; the rest where it must.

    What the knobs would steer depends on how far the run is.
    """
    panel, session = bench._panel, bench._session
    if changed(bench) or panel.chart.plan["preview"]:
        show_live(bench)
        return
    words = _run_words(session, True) | {"notice": _notice(bench, session)}
    put(panel.chart, live=_live(bench, session, True), words=words)
    panel.show_progress(_done(session, True), _left(session, True))


def changed(bench):
    """What the knobs would steer in the run that trains: the values that differ, by name."""
    now = bench._session.training.control.schedule if bench.training else None
    if now is None:
        return {}
    wanted = {name: getattr(bench, name) for name in STEERABLE}
    return {name: value for name, value in wanted.items() if getattr(now, name) != value}


def _ahead(bench):
    """The schedule that Steer would lead to; None where the knobs change nothing, or must not."""
    wanted, bench._hindrance = changed(bench), ""
    if not wanted:
        return None
    try:
        return bench._session.training.control.preview(**wanted)
    except ValueError as error:
        bench._hindrance = str(error)
        return None


def _live(bench, session, busy):
    """The run that trains, or failed: its curves so far and its way across the front."""
    if session is None or (not busy and (session.run is not None or not bench._looks_back)):
        return {}
    reports, curves = session.training.reports, session.curves()
    all_weights, pruned = _all_weights(bench), sum(session.sizes.values())
    trail = [
        [round(all_weights - zeros * pruned), validation]
        for _, _, validation, zeros in curves["points"]
        if pruned and all_weights
    ]
    return curves | {
        "id": "live",
        "number": session.number,
        "name": session.name,
        "busy": busy,
        "step": reports[-1].step if reports else session.training.control.step,
        "trail": trail,
    }


def _all_weights(bench):
    kernels = bench.kernels
    return (sum(bench.sizes.values()) if kernels is None else kernels.n_weights) or None


def _run_words(session, busy):
    words = live_words(
        session.training,
        session.total_steps,
        busy=busy,
        pausing=session.pausing,
        name=session.name,
    )
    return {"title": "", "findings": []} | words


def _notice(bench, session):
    said = [bench._said, bench.notice]
    if session is not None:
        said += [session.problem, session.training.control.refused]
    if bench.training:
        said.append(bench._hindrance)
    return " ".join(dict.fromkeys(filter(None, said)))


def _done(session, busy):
    """How much of the run is over, a fraction."""
    if session is None:
        return 0.0
    if not busy and session.training.state == "done":
        return 1.0
    reports = session.training.reports
    return reports[-1].step / session.total_steps if reports else 0.0


def _left(session, busy):
    """How much is done and how long the rest will take, in words."""
    if not busy:
        return ""
    reports, left = session.training.reports, session.seconds_left
    if left is None:
        return "starting …"
    done = f"{100 * reports[-1].step / session.total_steps:.0f} %"
    return f"{done} · paused" if session.pausing else f"{done} · about {duration(left)} left"
