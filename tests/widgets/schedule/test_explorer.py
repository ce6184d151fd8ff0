"""The ScheduleExplorer without a browser: its state, its words, its picture, its page."""

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from prunelab.schedules import ConstantSparsity, PolynomialDecay
from prunelab.widgets import ScheduleExplorer
from prunelab.widgets.schedule.state import KNOBS

COMPLETED = PolynomialDecay(0.0, 0.75, begin_step=400, end_step=1200)


@pytest.fixture
def explorer():
    """The article's schedule in the article's run."""
    return ScheduleExplorer()


# ---- what it holds ----------------------------------------------------------------------------


def test_it_starts_with_the_articles_schedule(explorer):
    assert explorer.schedule == PolynomialDecay(0.0, 0.75, 1000, 5000, power=3, frequency=100)
    assert explorer.preflight.total_steps == 1600
    assert explorer.preflight.realised_sparsity == pytest.approx(0.28940625)


def test_it_takes_a_schedule_single_knobs_or_both():
    assert ScheduleExplorer(COMPLETED).schedule == COMPLETED
    assert ScheduleExplorer(end_step=1600).schedule.end_step == 1600
    both = ScheduleExplorer(COMPLETED, frequency=10, epochs=40)
    assert both.schedule == replace(COMPLETED, frequency=10)
    assert both.preflight.total_steps == 320


def test_the_schedule_can_be_assigned_and_sent_in_one_message(explorer, sent):
    explorer.schedule = COMPLETED
    assert explorer.schedule == COMPLETED
    assert [names & set(KNOBS) for names in sent] == [{"begin_step", "end_step"}]


def test_each_knob_can_be_set_and_is_sent(explorer, sent):
    values = [0.25, 0.9, 1200, 4000, 1, 50, 4000, 512, 20]
    for name, value in zip(KNOBS, values, strict=True):
        setattr(explorer, name, value)
        assert getattr(explorer, name) == value
        assert name in sent[-1]
    assert explorer.schedule == PolynomialDecay(*values[:6])
    assert explorer.preflight.total_steps == 8 * 20


def test_make_it_fit_takes_the_suggestion(explorer):
    explorer.make_it_fit()
    assert explorer.schedule == PolynomialDecay(0.0, 0.75, 1000, 1600)
    assert explorer.preflight.ok


def test_whole_floats_are_cleaned(explorer):
    explorer.end_step, explorer.power = 1600.0, 2.0
    assert (explorer.end_step, explorer.power) == (1600, 2)
    assert isinstance(explorer.end_step, int)
    assert isinstance(explorer.power, int)


@pytest.mark.parametrize("order", [("begin_step", "end_step"), ("end_step", "begin_step")])
@pytest.mark.parametrize("ends", [(10, 20), (7000, 9000)])
def test_begin_and_end_can_be_set_in_either_order(explorer, order, ends):
    values = dict(zip(("begin_step", "end_step"), ends, strict=True))
    for name in order:
        setattr(explorer, name, values[name])
    assert (explorer.begin_step, explorer.end_step) == ends


def test_the_other_end_moves_along_and_the_notice_says_so(explorer):
    explorer.begin_step = 6000
    assert explorer.end_step == 6000
    assert explorer.notice == (
        "end_step moves along to 6000: a schedule cannot end before it begins."
    )
    explorer.end_step = 400
    assert explorer.begin_step == 400
    assert explorer.notice.startswith("begin_step moves along to 400")
    explorer.power = 1
    assert explorer.notice == ""


# ---- what it refuses --------------------------------------------------------------------------


def test_the_wrong_kind_of_schedule_and_unknown_settings_are_refused(explorer):
    for wrong in (ConstantSparsity(0.5, 0), 0.5, None):
        with pytest.raises(TypeError, match=r"write a prunelab\.schedules PolynomialDecay"):
            explorer.schedule = wrong
    with pytest.raises(TypeError, match="final is not a setting of ScheduleExplorer; it takes"):
        ScheduleExplorer(final=0.5)
    with pytest.raises(ValueError, match="end_step must not be before begin_step"):
        ScheduleExplorer(begin_step=500, end_step=400)
    with pytest.raises(ValueError, match="from 1 to 1_000_000"):
        ScheduleExplorer(replace(COMPLETED, frequency=2_000_000))


# ---- what it says -----------------------------------------------------------------------------


def test_repr_states_the_facts_in_one_line(explorer):
    assert repr(explorer) == (
        "ScheduleExplorer(initial_sparsity=0.0, final_sparsity=0.75, begin_step=1000, "
        "end_step=5000, power=3, frequency=100; 1600 steps, 7 mask updates, asked 75.00 %, "
        "realised 28.94 %, findings: ends_after_training)"
    )


@pytest.mark.parametrize(
    ("knobs", "caption"),
    [
        (
            {},
            "In 1600 steps (200 epochs of 8 steps) the masks are updated 7 times, from step "
            "1000 to step 1600, and end at 28.94 % zeros. Asked: 75.00 %.",
        ),
        (
            {"end_step": 1600},
            "In 1600 steps (200 epochs of 8 steps) the masks are updated 7 times, from step "
            "1000 to step 1600, and end at 75.00 % zeros, as asked.",
        ),
        (
            {"epochs": 1},
            "In 8 steps (1 epoch of 8 steps) the masks are never updated: 0.00 % zeros. "
            "Asked: 75.00 %.",
        ),
        (
            {"begin_step": 0, "end_step": 100, "epochs": 13},
            "In 104 steps (13 epochs of 8 steps) the masks are updated once, at step 100, "
            "and end at 75.00 % zeros, as asked.",
        ),
    ],
)
def test_caption(knobs, caption):
    assert ScheduleExplorer(**knobs).caption == caption


def test_the_code_makes_the_same_schedule_in_tfmot():
    """Run it as it is, against the library itself, in a process of its own."""
    explorers = [ScheduleExplorer(), ScheduleExplorer(COMPLETED, power=0.5, final_sparsity=1e-5)]
    probe = (
        "import json, numpy\n"
        "print(json.dumps([type(callbacks[0]).__name__, schedule.get_config()['config'],"
        "[float(schedule(step)[1]) for step in range(0, 6000, 50)]]))\n"
    )
    program = probe.join([*(explorer.code for explorer in explorers), ""])
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(lines) == len(explorers)
    for explorer, (callback, config, curve) in zip(explorers, lines, strict=True):
        assert callback == "UpdatePruningStep"
        assert config == asdict(explorer.schedule)
        wanted = [float(explorer.schedule.sparsity(step)) for step in range(0, 6000, 50)]
        assert curve == pytest.approx(wanted, abs=1e-6)


# ---- picture and page -------------------------------------------------------------------------


def test_the_page_cannot_be_broken_by_its_title_or_state(explorer):
    explorer.page_title = '</title><script>alert("x")</script>{{STATE}}'
    explorer.notice = "</script><script>alert('x')</script><!-- {{MODULE}}"
    page = explorer.page()
    assert page.count("<script") == ScheduleExplorer().page().count("<script")
    assert "alert(&quot;x&quot;)" in page
    state = re.search(r'id="state">(.*?)</script>', page)[1]
    assert json.loads(state)["notice"] == explorer.notice


def test_save_html_refuses_what_is_no_place(explorer, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*missing; make it first"):
        explorer.save_html(tmp_path / "missing" / "page.html")
    with pytest.raises(IsADirectoryError, match="add a file name to it"):
        explorer.save_html(tmp_path)
    with pytest.raises(TypeError, match="path is a int: write a file name"):
        explorer.save_html(3)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_older_page(explorer, tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("older", encoding="utf-8")

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        explorer.save_html(path)
    assert path.read_text(encoding="utf-8") == "older"
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]
