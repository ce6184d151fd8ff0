"""The TuningBench without a browser: runs that are started, steered, kept, and taken over."""

import io
import json
import re
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure
from PIL import Image

from prunelab.base.text import percent
from prunelab.live import live_runs
from prunelab.live.protocol import Kernels
from prunelab.schedules import PolynomialDecay, preflight
from prunelab.schedules.steering import Steering
from prunelab.widgets import TuningBench
from prunelab.widgets.bench import explorer, session
from prunelab.widgets.bench.session import SECONDS_BETWEEN_FRAMES
from prunelab.widgets.bench.words import facts_words, ready_words, run_code
from tests.helpers.live_fake import fake_trainer, made_data
from tests.helpers.live_runs import WAIT, trained, until

SCHEDULE = PolynomialDecay(0.0, 0.75, begin_step=80, end_step=320, frequency=20)
DATA = made_data()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def make(folder):
    """A function that makes benches of quick runs (60 epochs of 8 steps) and closes them after."""
    made = []

    def bench(train=None, **settings):
        settings = {
            "schedule": SCHEDULE,
            "epochs": 60,
            "batch_size": 20,
            "folder": folder,
        } | settings
        made.append(TuningBench(train or fake_trainer(0.001), DATA, **settings))
        return made[-1]

    yield bench
    for each in made:
        each.close()
        assert each.join(WAIT)
    assert not [t for t in threading.enumerate() if t.name == "prunelab training"]


@pytest.fixture
def bench(make):
    return make()


def words(bench):
    return bench._panel.chart.words


def press(bench, name):
    bench._panel.buttons[name].click()


def rows(bench):
    return bench._panel.table.rows


def tell(bench, what, **more):
    """What the table's script sends."""
    bench._panel.table._handle_custom_msg({"do": what, **more}, [])


# ---- before a run ------------------------------------------------------------------------------


def test_preflight_speaks_before_a_run_starts(bench):
    assert words(bench)["mood"] == "good"
    assert words(bench)["headline"] == "Ready: the next run ends at 75.00 % zeros, as asked"
    assert words(bench)["caption"].endswith("32 weights will be left.")
    bench.end_step = 5000
    assert words(bench)["mood"] == "bad"
    kernels = bench.kernels  # each is rounded by itself
    zeros = percent(kernels.zeros(bench.preflight) / kernels.n_pruned)
    assert words(bench)["headline"] == f"The next run misses its target: {zeros} zeros, not 75.00 %"
    assert [finding["code"] for finding in words(bench)["findings"]] == ["ends_after_training"]
    assert bench._panel.fit.value == "end_step 5000 → 480"
    press(bench, "fit")
    assert bench.end_step == 480
    assert bench._panel.buttons["fit"].disabled


def test_controls_and_traits_move_each_other(bench):
    for name, knob in bench._panel.knobs.items():
        assert knob.field.value == getattr(bench, name), name
        assert knob.field.description == name
    bench.power = 1
    assert bench._panel.knobs["power"].slider.value == 1
    bench._panel.knobs["final_sparsity"].slider.value = 0.5
    assert (bench.final_sparsity, bench._panel.knobs["final_sparsity"].field.value) == (0.5, 0.5)
    bench._panel.knobs["batch_size"].slider.value = 5
    assert bench.batch_size == 32
    bench._panel.knobs["end_step"].field.value = 12345
    assert bench.end_step == 12345
    assert bench._panel.knobs["end_step"].slider.max == 12345
    bench._panel.knobs["final_sparsity"].field.value = 75
    assert bench._panel.knobs["final_sparsity"].field.value == 0.99
    assert words(bench)["notice"] == "final_sparsity cannot be 75: it is set to 0.99."


@pytest.mark.parametrize(("name", "value"), [("final_sparsity", 0.957), ("power", 2.3)])
def test_a_number_between_two_places_of_the_slider_stays(bench, name, value):
    """The browser puts a slider on its steps, and says so; that is no move of the reader's."""
    slider = bench._panel.knobs[name].slider
    setattr(bench, name, value)
    place = slider.value
    assert place == pytest.approx(value, abs=slider.step / 2)
    assert place / slider.step == pytest.approx(round(place / slider.step))
    slider.value = place + 1e-12
    assert getattr(bench, name) == value
    slider.value = place - slider.step
    assert getattr(bench, name) == pytest.approx(place - slider.step)


def test_every_control_can_be_moved_to_its_ends(bench):
    for knob in bench._panel.knobs.values():
        for place in (knob.slider.max, knob.slider.min, knob.slider.max):
            knob.slider.value = place
        for typed in (-5, 0, 1, 10**12):
            knob.field.value = typed
        assert bench.settings
        assert json.dumps(words(bench), allow_nan=False)


def test_the_last_layer_cannot_be_unticked(bench):
    boxes = bench._panel.layers.boxes
    boxes["first"].value = False
    assert bench.layers == ("second",)
    boxes["second"].value = False
    assert bench.layers == ("second",)
    assert boxes["second"].value
    assert words(bench)["notice"] == "At least one layer must be pruned."


# ---- a run -------------------------------------------------------------------------------------


def test_a_run_ends_as_it_was_asked_and_stays(bench, folder):
    run = trained(bench)
    assert run.settings == bench.settings
    assert run.nonzeros == bench.promise == 32
    assert [stored.id for stored in live_runs(folder)] == [run.id]
    assert words(bench)["headline"].startswith("run 1 is done: 75.00 % zeros, validation loss ")
    (row,) = rows(bench)
    assert (row["id"], row["name"], row["zeros"], row["promised"]) == (run.id, "run 1", 0.75, 0.75)
    assert row["front"]
    assert bench._panel.chart.live == {}
    assert bench._panel.chart.shown == [run.id]
    curve = bench._panel.chart.curves[run.id]
    assert len(curve["points"]) == 60
    assert curve["points"][-1][1:3] == pytest.approx(
        [run.history[-1].loss, run.validation_loss], rel=1e-4
    )
    bench.power = 1  # from here on the words are about the next run
    assert words(bench)["headline"].startswith("Ready")


def test_pause_holds_and_resume_goes_on(make):
    bench = make(fake_trainer(0.004))
    press(bench, "start")
    assert bench._panel.buttons["start"].disabled
    until(lambda: len(bench._session.training.reports) > 3)
    press(bench, "pause")
    until(lambda: bench._session.training.state == "paused")
    seen = len(bench._session.training.reports)
    time.sleep(0.1)
    assert len(bench._session.training.reports) == seen
    assert words(bench)["headline"].startswith("run 1 is paused at epoch")
    assert bench._panel.buttons["pause"].description == "Resume"
    assert "paused" in bench._panel.left.value
    press(bench, "pause")
    assert bench._panel.buttons["pause"].description == "Pause"
    assert bench.join(WAIT)
    assert not bench.runs[0].stopped
    # A pause changes nothing about the run.
    bench.start()
    assert bench.join(WAIT)
    assert len({run.weights_digest for run in bench.runs}) == 1


def test_stop_keeps_what_there_is(make):
    bench = make(fake_trainer(0.004))
    press(bench, "start")
    until(lambda: bench._session.training.reports)
    press(bench, "stop")
    assert bench.join(WAIT)
    (run,) = bench.runs
    assert run.stopped
    assert words(bench)["mood"] == "warn"
    assert "Its masks stay as they were" in words(bench)["caption"]
    assert rows(bench)[0]["ended"].startswith("stopped, epoch")
    for name, disabled in (("start", False), ("pause", True), ("stop", True), ("steer", True)):
        assert bench._panel.buttons[name].disabled == disabled


def test_a_stopped_run_is_replayed_to_where_it_stopped(make):
    bench = make(fake_trainer(0.004))
    bench.start()
    until(lambda: len(bench._session.training.reports) > 2)
    bench.stop()
    assert bench.join(WAIT)
    (run,) = bench.runs
    tell(bench, "replay", id=run.id)
    assert bench.join(WAIT)
    again = bench.runs[-1]
    assert again.id != run.id
    assert (again.stopped, again.steps) == (True, run.steps)
    assert again.weights_digest == run.weights_digest


def test_one_run_at_a_time(make):
    bench = make(fake_trainer(0.004))
    bench.start()
    with pytest.raises(RuntimeError, match="stop it first, or wait for its end"):
        bench.start()
    bench.stop()
    bench.pause()  # nothing happens to a run that ends


def test_an_error_comes_up_in_words_and_in_the_log(make, caplog):
    bench = make(fake_trainer(0.001, fail_at=5))
    bench.start()
    assert bench.join(WAIT)
    assert words(bench)["mood"] == "bad"
    assert words(bench)["headline"] == "run 1 failed after epoch 4 of 60"
    assert words(bench)["caption"] == "the loss of epoch 5 is no number: lower learning_rate"
    assert "the loss of epoch 5" in caplog.text
    assert bench.runs == ()
    assert len(bench._panel.chart.live["points"]) == 4
    assert not bench._panel.buttons["start"].disabled


def test_a_run_that_cannot_be_stored_is_not_lost_in_silence(bench, monkeypatch):
    def full(run, folder):
        raise OSError("no space left on device")

    monkeypatch.setattr("prunelab.widgets.bench.saved_runs.save_live", full)
    bench.start()
    assert bench.join(WAIT)
    assert "run 1 could not be stored: no space left on device" in words(bench)["notice"]
    assert len(bench.runs) == 1, "it stays on this bench"


class Clock:
    """A time that goes on only when it is told to, with timers that ring in it."""

    def __init__(self):
        self.now, self.timers = 0.0, []

    def monotonic(self):
        return self.now

    def timer(self, seconds, ring):
        due = self.now + seconds
        made = SimpleNamespace(daemon=None, due=due, ring=ring, join=lambda timeout: None)
        made.start = lambda: self.timers.append(made)
        made.cancel = lambda: self.timers.remove(made) if made in self.timers else None
        return made

    def pass_by(self, seconds):
        ends = self.now + seconds
        while due := [timer for timer in self.timers if timer.due <= ends]:
            first = min(due, key=lambda timer: timer.due)
            self.timers.remove(first)
            self.now = max(self.now, first.due)
            first.ring()
        self.now = max(self.now, ends)


@pytest.mark.parametrize(
    ("epoch", "drawing"), [(0.02, 0), (0.02, 0.01), (0.07, 0.2), (0.07, 1), (0.29, 0.1), (2, 0.2)]
)
def test_at_most_four_frames_a_second(make, monkeypatch, epoch, drawing):
    """On a clock of its own: how busy the machine is changes nothing."""
    clock, begun, ended = Clock(), [], []
    monkeypatch.setattr(session, "time", clock)
    monkeypatch.setattr(session, "Timer", clock.timer)

    def draw(change):
        if threading.current_thread() is threading.main_thread():
            return  # the bench's own, where it starts
        begun.append(clock.now)
        clock.now += drawing
        ended.append(clock.now)

    def pause():
        clock.pass_by(epoch)
        return 0

    bench = make(fake_trainer(pause), epochs=max(20, round(4 / epoch)))
    bench._panel.chart.observe(draw, "live")
    bench.start()
    assert bench.join(WAIT)
    gaps = [later - earlier for earlier, later in zip(ended[:-2], begun[1:-1], strict=True)]
    assert len(gaps) > 1  # and one frame more when it ends
    assert min(gaps) >= SECONDS_BETWEEN_FRAMES - 1e-5
    longest = 2 * max(SECONDS_BETWEEN_FRAMES, epoch) + drawing
    assert max(gaps) <= longest, "it is drawn as often as it may be"


# ---- steering ----------------------------------------------------------------------------------


def steered_run(bench):
    """A run steered from 75 to 90 %, its end 400, and from power 3 to 1, by the buttons."""
    bench.start()
    until(lambda: bench._session.training.control.step > 120)
    bench.assign({"final_sparsity": 0.9, "end_step": 400, "power": 1})
    assert not bench._panel.buttons["steer"].disabled
    assert bench._panel.chart.plan["preview"]["final_sparsity"] == 0.9
    press(bench, "steer")
    until(lambda: bench._session.training.control.steerings)
    assert bench.join(WAIT)
    return bench.runs[-1]


def test_steering_changes_what_lies_ahead_and_the_record_says_so(make):
    bench = make(fake_trainer(0.02))
    run = steered_run(bench)
    (steering,) = run.steerings
    assert 120 < steering.step < 400
    assert steering.changes == {"final_sparsity": 0.9, "end_step": 400, "power": 1}
    assert run.history[-1].realised_sparsity == pytest.approx(0.9, abs=0.01)
    (row,) = rows(bench)
    assert row["more"].endswith("steered once")
    assert (row["promised"], row["zeros"]) == (0.75, run.history[-1].realised_sparsity)
    curve = bench._panel.chart.curves[run.id]
    assert curve["steerings"] == [[steering.step, "final_sparsity 0.9, end_step 400, power 1"]]
    assert [step for step, _ in curve["segments"]] == [0, steering.step]


def test_a_steered_run_is_replayed_bit_for_bit(make):
    bench = make(fake_trainer(0.02))
    run = steered_run(bench)
    tell(bench, "replay", id=run.id)
    assert bench._panel.table.busy
    assert bench.join(WAIT)
    again = bench.runs[-1]
    assert again.id != run.id
    assert (again.settings, again.steerings) == (run.settings, run.steerings)
    assert again.weights_digest == run.weights_digest


def test_a_steering_that_makes_no_sense_is_told_and_the_run_goes_on(make):
    bench = make(fake_trainer(0.02))
    bench.start()
    until(lambda: bench._session.training.control.realised_sparsity > 0.3)
    bench.final_sparsity = 0.1
    assert bench._panel.buttons["steer"].disabled
    assert "weights do not grow back" in words(bench)["notice"]
    with pytest.raises(ValueError, match="weights do not grow back"):
        bench.steer(final_sparsity=0.1)
    bench.final_sparsity = 0.75
    assert words(bench)["notice"] == ""
    bench.stop()


def test_while_a_run_trains_only_what_can_be_steered_moves(make):
    bench = make(fake_trainer(0.02))
    bench.start()
    free = {name for name, knob in bench._panel.knobs.items() if not knob.field.disabled}
    assert free == {"final_sparsity", "end_step", "power"}
    assert bench._panel.layers.boxes["first"].disabled
    bench.stop()
    assert bench.join(WAIT)
    assert not any(knob.field.disabled for knob in bench._panel.knobs.values())
    with pytest.raises(ValueError, match="nothing to steer; start one"):
        bench.steer(power=1)


# ---- saved runs


def test_runs_are_there_after_a_restart(make):
    first = make()
    run = trained(first)
    trained(first, final_sparsity=0.5)
    again = make()
    assert [stored.id for stored in again.runs] == [stored.id for stored in first.runs]
    assert [row["number"] for row in rows(again)] == [1, 2]
    assert again._saved.find(run.id) == run
    assert trained(again, final_sparsity=0.25).name == "run 3"


def test_runs_are_named_noted_sorted_and_shown(make, bench):
    one, two = trained(bench), trained(bench, final_sparsity=0.5)
    tell(bench, "rename", id=one.id, text="gentle")
    tell(bench, "note", id=one.id, text="the first I liked")
    tell(bench, "rename", id=two.id, text="   ")
    tell(bench, "sort", by="-nonzeros")
    assert [row["name"] for row in rows(bench)] == ["run 2", "gentle"]
    tell(bench, "sort", by="nonzeros")
    assert [row["name"] for row in rows(bench)] == ["gentle", "run 2"]
    tell(bench, "show", id=one.id, on=False)
    assert bench._panel.chart.shown == bench._panel.table.shown == [two.id]
    tell(bench, "show", id=one.id, on=True)
    assert set(bench._panel.chart.shown) == {one.id, two.id}
    again = make()
    assert (again.runs[0].name, again.runs[0].note) == ("gentle", "the first I liked")


@pytest.mark.parametrize("column", ["number", "settings", "zeros", "nonzeros", "value", "seconds"])
def test_the_table_sorts_by_each_column_both_ways(bench, column):
    for final in (0.5, 0.75, 0.25):
        trained(bench, final_sparsity=final)
    tell(bench, "sort", by=column)
    rising = [row[column] for row in rows(bench)]
    assert rising == sorted(rising)
    tell(bench, "sort", by=f"-{column}")
    assert [row[column] for row in rows(bench)] == rising[::-1]


def test_what_is_deleted_can_be_brought_back(bench, folder):
    one, two = trained(bench), trained(bench, final_sparsity=0.5)
    tell(bench, "delete", id=one.id)
    tell(bench, "delete", id=two.id)
    assert live_runs(folder) == []
    assert bench._panel.table.undo == "run 2 was deleted."
    tell(bench, "undo")
    assert [run.id for run in live_runs(folder)] == [two.id]
    tell(bench, "undo")
    assert {run.id for run in live_runs(folder)} == {one.id, two.id}
    assert bench._panel.table.undo == ""
    assert [row["number"] for row in rows(bench)] == [1, 2]
    tell(bench, "undo")  # nothing left to bring back


def test_the_front_holds_runs_that_none_beats(bench):
    for final in (0.25, 0.5, 0.75, 0.9):
        trained(bench, final_sparsity=final)
    pairs = [(row["nonzeros"], row["value"]) for row in rows(bench)]
    for row in rows(bench):
        pair = (row["nonzeros"], row["value"])
        beaten = any(a <= pair[0] and b <= pair[1] and (a, b) != pair for a, b in pairs)
        assert row["front"] == (not beaten)


def test_runs_on_other_data_stay_but_are_not_compared(make, bench, folder):
    trained(bench)
    other = TuningBench(
        fake_trainer(0.001), made_data(seed=1), folder=folder, schedule=SCHEDULE, batch_size=20,
        epochs=60,
    )  # fmt: skip
    trained(other)
    assert [row["alike"] for row in rows(other)] == [False, True]
    assert [row["front"] for row in rows(other)] == [False, True]
    assert rows(other)[0]["more"].endswith("other data or network")
    lowest = f"lowest validation loss {other.measure.words(other.runs[1].validation_loss)}"
    assert other.facts().endswith(f"; 1 run, {lowest}, besides 1 of other data or network")
    picture = Figure()
    other.draw(picture)
    assert [line.get_label() for line in picture.axes[0].lines] == ["run 2"]
    # Another seed begins with other weights, but is a run on the same data all the same.
    trained(other, seed=5)
    assert [row["alike"] for row in rows(other)] == [False, True, True]
    other.close()


def test_nonsense_from_the_page_is_passed_over(bench):
    run = trained(bench)
    before = rows(bench)
    for message in ({}, {"do": "delete"}, {"do": "delete", "id": "x"}, {"do": "sort", "by": 3}):
        bench._panel.table._handle_custom_msg(message, [])
    tell(bench, "rename", id=run.id, text=5)
    tell(bench, "note", id=run.id, text="x" * 5000)
    assert len(rows(bench)[0]["note"]) == 2000
    tell(bench, "note", id=run.id, text="")
    assert rows(bench) == before


def test_a_damaged_file_is_told_and_the_others_are_there(make, folder):
    trained(make())
    (folder / "live" / "20200101000000-0123456789.json").write_text("{")
    again = make()
    assert len(again.runs) == 1
    assert "20200101000000-0123456789.json is damaged" in words(again)["notice"]


# ---- the dense network -------------------------------------------------------------------------


def test_the_baseline_is_what_is_given_or_what_the_runs_began_with(make, bench):
    assert bench.baseline == {}
    run = trained(bench)
    assert bench.baseline == {"loss": run.dense, "nonzeros": 128}
    assert make(baseline=0.25).baseline == {"loss": 0.25, "nonzeros": 128}
    assert make(baseline=(0.25, 99)).baseline == {"loss": 0.25, "nonzeros": 99}
    assert make(baseline=run).baseline == {"loss": run.validation_loss, "nonzeros": 32}


@pytest.mark.parametrize("wrong", [0, -1.0, "dense", (1, 2, 3), (0.5, 0), float("nan")])
def test_an_impossible_baseline_is_refused(make, wrong):
    with pytest.raises((TypeError, ValueError), match="baseline"):
        make(baseline=wrong)


# ---- copy as code ------------------------------------------------------------------------------


def test_the_code_trains_the_same_run(make):
    bench = make(fake_trainer(0.02))
    run = steered_run(bench)
    scope = {"data": DATA}
    exec(bench.code_of(run), scope)
    assert scope["run"].weights_digest == run.weights_digest
    assert scope["run"].steerings == run.steerings
    tell(bench, "code", id=run.id)
    assert bench._panel.table.code == {"name": "run 1 as code", "text": bench.code_of(run.id)}
    tell(bench, "code", id=None)
    assert bench._panel.table.code == {}


@pytest.mark.parametrize("steers", [False, True])
def test_the_code_of_a_stopped_run_stops_where_it_did(steers, make):
    bench = make(fake_trainer(0.02))
    bench.start()
    until(lambda: len(bench._session.training.reports) > 1)
    if steers:
        bench.steer(final_sparsity=0.9)
    until(lambda: len(bench._session.training.control.steerings) == steers)
    bench.stop()
    assert bench.join(WAIT)
    (run,) = bench.runs
    assert len(run.steerings) == steers
    scope = {"data": DATA}
    exec(bench.code_of(run), scope)
    assert scope["run"].stopped
    assert scope["run"].steps == run.steps
    assert scope["run"].weights_digest == run.weights_digest


def test_the_code_of_the_next_run(make):
    bench = make(block_rows=4, layers=["second"], learning_rate=0.002)
    scope = {"data": DATA}
    exec(bench.code.replace("fake_trainer()", "fake_trainer(0)"), scope)
    assert scope["settings"] == bench.settings


def test_the_code_names_a_data_set_of_the_course_and_a_function_of_the_readers_own(bench):
    from prunelab.experiments import data

    assert "data = load('twin', 0)" in run_code(bench.settings, data=data.twin(0))
    assert "# train: the training function that the bench was handed" in run_code(bench.settings)
    steered = run_code(bench.settings, (Steering(5, power=1.5),))
    assert "Steering(5, power=1.5)," in steered


# ---- cells and benches -------------------------------------------------------------------------


@pytest.fixture
def cell(monkeypatch):
    """Pretend to be run by a notebook's cell: cell("a", 1) is its first execution."""

    def run(name, request):
        monkeypatch.setattr(explorer, "this_execution", lambda: (name, f"{name}-{request}"))

    yield run
    explorer._made.clear()


def test_two_benches_live_side_by_side(make, cell):
    cell("a", 1)
    one, other = make(fake_trainer(0.004)), make(fake_trainer(0.004))
    one.start()
    other.start()
    assert one.join(WAIT)
    assert other.join(WAIT)
    assert len(one.runs) == len(other.runs) == 1
    assert one.runs[0].id != other.runs[0].id
    again = make()
    assert len(again.runs) == 2


def test_a_bench_finds_what_another_one_has_stored(make):
    one, other = make(), make()
    first, second = trained(one), trained(other, seed=1)
    assert [run.name for run in other.runs] == ["run 1", "run 2"]
    assert [run.id for run in other.runs] == [first.id, second.id]
    assert [row["number"] for row in rows(other)] == [1, 2]
    assert [run.id for run in one.runs] == [first.id]
    third = trained(one, seed=2)
    assert third.name == "run 3"
    assert [run.id for run in one.runs] == [first.id, second.id, third.id]


def test_a_cell_run_again_goes_on_with_what_trains(make, cell):
    train = fake_trainer(0.01)
    cell("a", 1)
    first = make(train)
    first.start()
    until(lambda: first._session.training.reports)
    cell("a", 2)
    second = make(train)
    assert second.training
    assert not first.training
    assert "The cell was run again: run 1 goes on here." in words(second)["notice"]
    assert first._panel.chart.comm is None, "the earlier panel is closed"
    until(lambda: second._panel.chart.live.get("points"))
    assert second.join(WAIT)
    assert [run.stopped for run in second.runs] == [False]


def test_a_cell_run_again_with_other_data_stores_what_trained(make, cell):
    cell("a", 1)
    first = make(fake_trainer(0.01))
    first.start()
    until(lambda: first._session.training.reports)
    cell("a", 2)
    second = make(fake_trainer(0.01))
    assert not second.training
    assert "run 1 was stopped and stored" in words(second)["notice"]
    assert [run.stopped for run in second.runs] == [True]
    assert first.join(0)


def test_another_cell_leaves_the_first_alone(make, cell):
    cell("a", 1)
    first = make(fake_trainer(0.01))
    first.start()
    cell("b", 1)
    make(fake_trainer(0.01))
    assert first.training


def test_closing_stops_what_trains(make, folder):
    bench = make(fake_trainer(0.01))
    bench.start()
    until(lambda: bench._session.training.reports)
    bench.close()
    assert bench.join(WAIT)
    assert [run.stopped for run in live_runs(folder)] == [True]


# ---- as text, as a picture ---------------------------------------------------------------------


def test_repr_is_one_line_of_facts(bench):
    assert repr(bench) == (
        "TuningBench(initial_sparsity=0.0, final_sparsity=0.75, begin_step=80, end_step=320, "
        "power=3, frequency=20; 480 steps, promised 75.00 %, findings: none; 0 runs)"
    )
    run = trained(bench)
    found = re.search(r"1 run, lowest validation loss (\S+)\)$", repr(bench))
    assert float(found[1]) == pytest.approx(run.validation_loss, rel=1e-3)


def test_without_a_kernel_there_is_a_picture(bench):
    for _ in range(2):
        bundle, _ = bench._repr_mimebundle_()
        assert bundle["text/plain"] == repr(bench)
        picture = Image.open(io.BytesIO(bundle["image/png"]))
        assert picture.size[0] >= 800
        assert len(picture.getcolors(256)) > 5
        assert len(bundle["image/png"]) < 100_000
        trained(bench)
        trained(bench, final_sparsity=0.5)


def test_what_travels_is_json(bench):
    trained(bench)
    chart = bench._panel.chart
    for name in ("words", "plan", "live", "rows", "curves", "shown", "baseline", "measure"):
        json.dumps(getattr(chart, name), allow_nan=False)


def test_nonsense_is_refused_in_one_sentence(folder):
    for wrong in (None, 5, "train"):
        with pytest.raises(TypeError, match="write a training function"):
            TuningBench(wrong, DATA, folder=folder)
    with pytest.raises(TypeError, match="write a Dataset"):
        TuningBench(fake_trainer(), None, folder=folder)
    with pytest.raises(TypeError, match="final is not a setting of TuningBench; it takes train"):
        TuningBench(fake_trainer(), DATA, folder=folder, final=0.5)
    with pytest.raises(TypeError, match="folder is a int"):
        TuningBench(fake_trainer(), DATA, folder=5)
    with pytest.raises(ValueError, match=r"for 75 % write 0\.75"):
        TuningBench(fake_trainer(), DATA, folder=folder, final_sparsity=75)


def test_a_training_function_without_layers_has_no_promise(make):
    def train(settings, data, control, report):
        return replace(fake_trainer(0)(settings, data, control, report), name="mine")

    bench = make(train)
    assert bench.promise is None
    assert bench._panel.layers.row.layout.display == "none"
    assert trained(bench).name == "mine"
    assert bench._panel.chart.plan["promise"] is None


# ---- a pace for the hand ------------------------------------------------------------------------


def test_a_pace_changes_no_result_and_is_shown_and_chosen(make, bench):
    free = trained(bench, schedule=SCHEDULE)
    assert bench.pace == 0
    assert bench._panel.left.value == "to steer by hand, choose a pace first"
    labels = dict(bench._panel.pace.options)
    assert next(iter(labels)) == "as fast as it can"
    bench._panel.pace.set_state({"index": list(labels.values()).index(40)})
    assert bench.pace == 40
    bench.pace = 400
    assert bench._panel.pace.label == "400 epochs a second"
    assert bench._panel.left.value == ""
    paced = trained(bench, schedule=SCHEDULE)
    assert paced.weights_digest == free.weights_digest
    bench.start()
    assert bench._session.pace == 400 * bench._session.total_steps / bench.epochs
    bench.pace = 0
    assert bench._session.pace is None
    bench.stop()
    assert bench.join(WAIT)
    for wrong in (-1, float("nan"), 1e9):
        with pytest.raises(ValueError, match="pace"):
            bench.pace = wrong


def test_the_range_of_a_slider_of_steps_follows_and_goes_beyond_the_run(bench):
    for end in (50_000, 480, 2**31 - 1, 480):
        bench._panel.knobs["end_step"].field.set_state({"value": end})
        slider = bench._panel.knobs["end_step"].slider
        assert bench.end_step == end
        total = bench.preflight.total_steps
        assert total < slider.max < 1.1 * max(end, 1.25 * total)


def test_what_stays_dense_is_in_the_headline_before_and_after(make):
    """A network of which tfmot prunes a part: the promise counts both, and the run keeps it."""
    inner = fake_trainer()
    why = "is a Bidirectional, which tfmot does not prune"

    def train(settings, data, control, report):
        run = inner(replace(settings, layers=("second",)), data, control, report)
        sparsity = {"second": run.sparsity["second"], "first": 0.0}
        return replace(run, sparsity=sparsity, left_dense={"first": (96, why)})

    def kernels(settings, data):
        if settings.block_size != (1, 1):
            raise ValueError("block_size=(4, 1): it divides no kernel")
        return Kernels({"second": (32, 1)}, {"first": (96, why)})

    train.layers, train.kernels, train.learning_rate = {"second": 32}, kernels, 0.03
    train.notes = "Metrics are not computed."
    bench = make(train=train)
    assert bench.learning_rate == 0.03
    assert words(bench)["notice"] == "Metrics are not computed."
    both = "75.00 % zeros of 32, as asked; 18.75 % of the network's 128: "
    both += f"first stays dense, because it {why}"
    assert words(bench)["headline"] == f"Ready: the next run ends at {both}"
    assert both.replace(", as asked", "") in repr(bench)
    assert bench.promise == 128 - 24
    bench.block_rows = 4
    assert bench.promise is None
    assert "cannot begin" in words(bench)["headline"]
    assert words(bench)["caption"] == bench.unfit == "block_size=(4, 1): it divides no kernel"
    bench.block_rows = 1
    bench.start()
    assert bench.join(60)
    (run,) = bench.runs
    assert run.nonzeros == 104
    after = both.replace(", as asked", "")
    assert words(bench)["headline"].startswith(f"run 1 is done: {after}; validation loss ")


def test_the_headline_promises_what_each_kernel_rounds_to():
    """72 of 90 and 7 of 9 weights (tfmot rounds each kernel), 79.80 % where 80 % are asked."""
    ramp = PolynomialDecay(0.0, 0.8, begin_step=2, end_step=20, frequency=2)
    flight = preflight(ramp, total_steps=40)
    kernels = Kernels({"a": (90, 1), "b": (9, 1)}, {})
    said = ready_words(flight, 5, 20, kernels)
    assert said["headline"] == "Ready: the next run ends at 79.80 % zeros, near 80.00 %"
    assert "end at 79.80 % zeros. Asked: 80.00 %." in said["caption"]
    assert "promised 79.80 %" in facts_words(flight, (), kernels)
    blocks = Kernels({"a": (80, 20)}, {})  # 3 of 4 blocks
    said = ready_words(flight, 5, 20, blocks)
    assert said["headline"] == "Ready: the next run ends at 75.00 % zeros, near 80.00 %"
    assert "as asked" in ready_words(flight, 5, 20, Kernels({"a": (100, 1)}, {}))["headline"]


# ---- layers and scope ---------------------------------------------------------------------------


def test_a_scope_is_chosen_on_the_page_and_each_layers_zeros_are_told(make):
    bench = make()
    boxes = bench._panel.layers
    assert boxes.boxes["first"].description == "first · 96 weights, 75 %, 24 left"
    assert boxes.together.value == "2 of 2 layers: 128 of the network's 128 weights, 100 %"
    boxes.boxes["second"].value = False
    assert boxes.together.value == "1 of 2 layers: 96 of the network's 128 weights, 75 %"
    boxes.boxes["second"].value = True
    boxes.scope.set_state({"index": 1})
    assert bench.scope == bench.settings.scope == "global"
    assert "left" not in boxes.boxes["first"].description
    run = trained(bench)
    assert run.nonzeros == bench.promise == 32
    zeros = [f"{name} {percent(share)}" for name, share in run.sparsity.items()]
    assert f"Zeros by layer: {', '.join(zeros)}." in words(bench)["caption"]
    assert run.settings.scope == "global"
    assert "all weights ranked together" in rows(bench)[0]["more"]
    assert "scope='global'" in bench.code_of(run)
    tell(bench, "replay", id=run.id)
    assert bench.join(WAIT)
    assert bench.runs[-1].weights_digest == run.weights_digest


def test_a_training_function_of_one_scope_shows_no_choice(make):
    train = fake_trainer(0)
    del train.scopes
    bench = make(train)
    assert bench._panel.layers.scope.layout.display == "none"
    with pytest.raises(ValueError, match="gives every kernel the same sparsity"):
        bench.scope = "global"
