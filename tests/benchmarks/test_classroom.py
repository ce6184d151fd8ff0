"""The classroom benchmark: its parts, a class of two on a real server, and the stored table."""

import asyncio
import importlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from prunelab.predictions import POINTS, Axis, ChoiceQuestion, CurveQuestion, NumberQuestion
from prunelab.widgets import TuningBench
from prunelab.widgets.shared.explorer import Explorer
from tests.helpers.live_fake import fake_trainer, made_data

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import classroom
from classroom_kernel import Answer, ClassroomError, Kernel
from classroom_memory import MB, Usage, Watch, look
from classroom_reader import MOVES, complaint_of, handle, middle
from classroom_table import lines, markdown, put, spread, stored

ROOT = Path(__file__).resolve().parents[2]

# ------------------------------------------------------------------------------------- its parts


def cell(*tags):
    return nbformat.v4.new_code_cell(metadata={"tags": list(tags)})


def answer(*outputs, status="ok"):
    return Answer(reply={"status": status}, outputs=list(outputs))


STDERR = ("stream", {"name": "stderr", "text": "FutureWarning: soon\n"})
STDOUT = ("stream", {"name": "stdout", "text": "fine\n"})
RAISED = ("error", {"ename": "ValueError", "evalue": "no"})


@pytest.mark.parametrize(
    ("got", "of", "wanted"),
    [
        (answer(STDOUT), cell(), None),
        (answer(STDOUT, RAISED, status="error"), cell(), "ValueError: no"),
        (answer(RAISED, status="error"), cell("nbval-ignore-output"), "ValueError: no"),
        (answer(status="aborted"), cell(), "the kernel's reply is 'aborted'"),
        (Answer(reply=None), cell(), "the kernel's reply is 'no reply'"),
        (answer(STDERR), cell(), "on stderr: FutureWarning: soon"),
        (answer(STDERR), cell("nbval-ignore-output"), None),
    ],
)
def test_a_cell_that_fails_in_any_way_is_an_error(got, of, wanted):
    assert complaint_of(got, of) == wanted


def test_percentiles_are_of_values_that_were_measured():
    assert spread([None, None]) is None
    assert spread([3, None, 1]) == {"n": 2, "median": 2, "p95": 3, "largest": 3}
    assert spread(range(1, 101))["p95"] == 95
    assert spread(range(1, 21))["p95"] == 19


@pytest.mark.parametrize(
    "question",
    [
        NumberQuestion("How many?", Axis(0, 100)),
        NumberQuestion("How much?", Axis(0.001, 1, log=True)),
        ChoiceQuestion("Which?", ["a", "b", "c"]),
        CurveQuestion("How?", Axis(0, 10), Axis(0.01, 2, log=True)),
    ],
)
def test_a_prediction_takes_the_guess_that_a_reader_makes(question):
    state = {"question": question.to_dict(), "points": POINTS}
    assert question.guess(middle(state)) == question.guess(middle(state))


def explorers():
    """The explorers that the chapters make."""
    names = set()
    for path in sorted((ROOT / "course").glob("*.ipynb")):
        code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        names |= set(re.findall(r"\b(\w+(?:Explorer|Bench))\(", "\n".join(code)))
    return names


def test_every_explorer_of_the_course_can_be_moved():
    assert len(explorers()) >= 4
    assert explorers() - set(MOVES) == {"TuningBench"}, "moved by a field, see the next test"


def test_the_bench_is_moved_by_its_field():
    bench = TuningBench(fake_trainer(), made_data(), epochs=20, batch_size=40)
    made, todo = {}, [bench]
    while todo:
        one = todo.pop()
        made[one.model_id] = one
        todo += getattr(one, "children", ())
    states = {key: one.get_state() for key, one in made.items()}
    widget, trait, values = handle(states, bench.model_id)
    made[widget].set_state({trait: values[1]})
    assert bench.final_sparsity == values[1]


def test_an_explorer_that_nobody_knows_how_to_move_is_an_error():
    states = {"a": {"_anywidget_id": "prunelab.widgets.new.NewExplorer"}, "b": {}}
    with pytest.raises(ClassroomError, match="no move is known for NewExplorer"):
        handle(states, "a")
    assert handle(states, "b") is None


def test_the_traits_that_are_moved_are_there():
    for path in (ROOT / "prunelab/widgets").glob("*/[!_]*.py"):
        importlib.import_module(f"prunelab.widgets.{path.parent.name}.{path.stem}")
    todo, found = [Explorer], {}
    while todo:
        todo += (one := todo.pop()).__subclasses__()
        found[one.__name__] = one
    for name, (trait, values) in MOVES.items():
        assert found[name].class_traits(sync=True)[trait]
        assert len(set(values)) > 2


def test_nobody_waits_for_a_kernel_that_died():
    async def ask():
        kernel = Kernel(None)
        kernel._send = lambda kind, content: kernel.waiting.setdefault("a", Answer()) and "a"
        dying = asyncio.get_running_loop().call_soon
        dying(kernel._take, "iopub", "status", None, {"execution_state": "restarting"})
        await kernel.execute("1 + 1", timeout=60)

    with pytest.raises(ClassroomError, match="execute_request: the kernel died, perhaps for want"):
        asyncio.run(ask())


# ---------------------------------------------------------------------------------------- memory


def test_memory_is_what_the_system_says():
    private, pss, peak = look(os.getpid())
    assert private == pytest.approx(psutil.Process().memory_full_info().uss / MB, rel=0.1)
    assert private <= pss <= peak
    assert look(2**22 + 1) is None


def test_a_kernel_is_counted_with_the_processes_it_starts():
    hold = "x = bytearray(60_000_000); print(flush=True); input()"
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{hold}'])"
    process = subprocess.Popen(
        [sys.executable, "-c", start, "runtime/kernel-one.json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        process.stdout.readline()
        watch = Watch(os.getpid())
        watch.look()
        alone = Usage()
        alone.look([process.pid])
    finally:
        process.communicate(b"\n", timeout=10)
    assert watch.most_kernels == 1
    assert watch.kernels["one"].private > alone.private + 57
    before = watch.kernels["one"].peak_private
    watch.look()
    assert watch.kernels["one"].peak_private == before, "a kernel that is gone keeps its peak"


# ----------------------------------------------------------------------------- a class of two


BROKEN = ["print('fine')", "1 / 0", "import sys; print('careful', file=sys.stderr)", "print('on')"]


@pytest.fixture(scope="module")
def class_of_two(tmp_path_factory):
    """Rows of two readers on a real server: the first chapter, then one that is broken."""
    course = tmp_path_factory.mktemp("course")
    first = next((ROOT / "course").glob("00_*.ipynb"))
    shutil.copy(first, course)
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in BROKEN])
    nbformat.write(broken, course / "99_break.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classroom, "COURSE", course)
        words = "--readers 2 --chapters 00 99 --arrive 0 --think 0.05 --moves 2 --minutes 1"
        began = time.time()
        rows = classroom.hold(classroom.parsed(words.split()))
    return rows, began, len([c for c in nbformat.read(first, 4).cells if c.cell_type == "code"])


def test_two_readers_run_every_cell_and_move_the_explorer(class_of_two):
    (row, _), _, n_cells = class_of_two
    assert row["errors"] == 0, row["first_errors"]
    assert (row["readers"], row["at_once"], row["cells"]) == (2, 2, 2 * n_cells)
    assert row["answer"]["n"] >= 4
    assert 0 < row["answer"]["median"] <= row["answer"]["p95"] < 10
    assert row["opened"]["largest"] < row["first_explorer"]["largest"] < 60
    kernel = row["kernel"]
    assert 50 < kernel["private"]["median"] <= kernel["pss"]["median"] < 225
    assert kernel["pss"]["largest"] <= kernel["peak_resident"]["largest"]
    assert row["server"]["before"] > 30
    assert row["peak_total"] > 2 * kernel["pss"]["median"]
    assert row["processor_a_reader"] > 0.5


def test_errors_of_cells_are_counted_and_the_reader_goes_on(class_of_two):
    _, row = class_of_two[0]
    assert (row["cells"], row["errors"]) == (2 * len(BROKEN), 4)
    assert row["first_errors"] == [
        "2 × 99_break.ipynb, code cell 1: ZeroDivisionError: division by zero",
        "2 × 99_break.ipynb, code cell 2: on stderr: careful",
    ]
    assert row["first_explorer"] is None
    assert row["answer"] is None
    assert any("ZeroDivisionError" in line for line in lines(row))


def test_nothing_is_left_running(class_of_two):
    began = class_of_two[1]
    left = []
    for process in psutil.process_iter(["cmdline", "create_time"]):
        words = " ".join(process.info["cmdline"] or ())
        if process.info["create_time"] > began - 1 and "classroom-" in words:
            left.append(words)
    assert not left


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--readers", "0"], "--readers 0: write 1 to 10000"),
        (["--think", "-1"], "--think -1.0: write 0 to 10000"),
        (["--chapters", "0"], "--chapters 0: "),
        (["--chapters", "77"], "--chapters 77: 0 chapters begin so"),
    ],
)
def test_a_class_that_cannot_be_held_is_refused(words, said, capsys):
    with pytest.raises(SystemExit):
        classroom.parsed(words)
    assert said in capsys.readouterr().err


# -------------------------------------------------------------------------------- what is stored


def test_a_row_takes_the_place_of_its_like(tmp_path, class_of_two):
    path = tmp_path / "measured" / "rows.json"
    first, broken = class_of_two[0]
    for found in (broken, first, first | {"readers": 60}, first | {"errors": 7}):
        put(path, found)
    rows = stored(path)["rows"]
    assert [(row["chapter"], row["readers"], row["errors"]) for row in rows] == [
        ("00_start_here", 2, 7),
        ("00_start_here", 60, 0),
        ("99_break", 2, 4),
    ]
    table = list(markdown(rows))
    assert len(table) == 2 + 3
    assert {line.count("|") for line in table} == {table[0].count("|")}
    path.write_text('{"format": 0, "rows": []}')
    with pytest.raises(ValueError, match="measure it anew"):
        stored(path)


def test_the_guides_table_is_what_was_measured():
    rows = stored(classroom.MEASURED)["rows"]
    assert {row["readers"] for row in rows} >= {60}
    guide = (ROOT / "course/TEACHING.md").read_text("utf-8")
    assert "\n".join(["<!-- classroom -->", *markdown(rows), "<!-- /classroom -->"]) in guide


def test_the_guides_sentences_say_what_was_measured():
    # By subject, as they were called when they were measured; two have become four since.
    rows = {row["chapter"].partition("_")[2]: row for row in stored(classroom.MEASURED)["rows"]}
    schedule, trees = rows["schedule_the_sparsity"], rows["prune_a_decision_tree"]
    first, masks = rows["start_here"], rows["mask_small_weights"]
    audit, last = rows["audit_a_pruning_experiment"], rows["weigh_what_you_saved"]
    guide = (ROOT / "course/TEACHING.md").read_text("utf-8")
    for said in (
        f"{schedule['first_explorer']['median']:.0f} s in *schedule the sparsity*",
        f"{trees['first_explorer']['median']:.0f} s in the chapter on trees",
        f"add its {first['server']['before']:.0f} MB",
        f"takes {schedule['processor_a_reader']} s of a core",
        f"{trees['processor_a_reader']} s for that on trees",
        f"{first['processor_a_reader']} s for *start here*",
        f"in {masks['a_reader']:.0f} MB each",
        f"took {masks['peak_total'] / 1000:.1f} GB at the peak",
        f"a reader takes {masks['processor_a_reader']} s of a core",
        f"was there after {masks['first_explorer']['median']:.0f} s",
        f"the longest cell took {masks['cell']['largest']:.0f} s "
        f"({audit['cell']['largest']:.0f} s)",
        f"took {audit['a_reader']:.0f} MB each and {audit['peak_total'] / 1000:.1f} GB",
        f"(of the audit {audit['processor_a_reader']} s)",
        f"Forty readers of that chapter took {last['a_reader']:.0f} MB each "
        f"and {last['peak_total'] / 1000:.1f} GB in all",
        f"the largest kernel had {last['kernel']['peak_pss']['largest']:.0f} MB",
        f"this class arrived within {last['pace']['arrive'] / 60:.0f} minutes",
        f"{last['first_explorer']['median']:.0f} s of waiting",
    ):
        assert said in guide
    assert {row["pace"]["think"] for row in rows.values()} == {3}
    others = {row["pace"]["arrive"] for row in rows.values() if row is not last}
    assert others == {60}
    assert not any(row["swapped"] or row["errors"] for row in rows.values())
    assert all(row["server"]["a_reader"] < 1.5 for row in rows.values())
    light_ones = "start_here prune_a_decision_tree schedule_the_sparsity prune_a_network_fairly"
    for subject, row in rows.items():
        light = subject in light_ones.split()  # without TensorFlow
        assert row["readers"] >= (60 if light else 40)
        assert row["a_reader"] <= (225 if light else 460)
        assert row["kernel"]["peak_pss"]["largest"] < 1000


def test_no_host_or_path_is_stored():
    text = classroom.MEASURED.read_text("utf-8")
    assert not re.search(r"/home|/tmp|/work|/usr|127\.0|localhost", text)
