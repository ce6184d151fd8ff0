"""The command that executes notebooks: repeatable, atomic, and in a form strict nbval accepts."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from prunelab.course import new_reader
from tests.helpers.sample_chapter import GRADIENT, code, words
from tools import arithmetic, course, stored_form

ROOT = Path(__file__).resolve().parents[2]
FIGURE = "from matplotlib.pyplot import subplots\nfig, ax = subplots(figsize=(2, 1))"
WIDGET = "from ipywidgets import IntSlider\nIntSlider(3)"
NOW = "import time\ntime.perf_counter_ns()"
RAISES = "from prunelab.base.checks import whole\nwhole('n', 1.5)"
PRINTS = "for i in range(3):\n    print(i, flush=True)"


def write(path, *cells):
    """A notebook as JupyterLab might leave it: with metadata that is not to be stored."""
    nb = nbformat.v4.new_notebook(cells=list(cells))
    nb.metadata = {"kernelspec": {"name": "other", "display_name": "Other"}, "widgets": {}}
    nb.cells[-1].metadata["collapsed"] = False
    nbformat.write(nb, path)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A notebook with each kind of output, executed once."""
    cells = [
        words("# Try it"),
        code(PRINTS),
        code(FIGURE),
        code(WIDGET),
        code(NOW, tags=["nbval-ignore-output"]),
        code(RAISES, tags=["raises-exception"]),
    ]
    path = write(tmp_path_factory.mktemp("course") / "01_try_it.ipynb", *cells)
    assert course.run(path, timeout=60) is True
    return path


def nbval(*paths):
    """What strict nbval says of notebooks: a letter for each code cell, in order."""
    options = ["--nbval", "--nbval-sanitize-with", str(ROOT / "tests/nbval_sanitize.cfg")]
    options += ["-q", "--tb=no", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return done.stdout.split()[0]


def test_stores_what_readers_need_and_no_more(made):
    nb = nbformat.read(made, as_version=4)
    assert stored_form.problems(nb) == []
    assert nb.metadata.keys() == {"kernelspec", "language_info", "prunelab"}
    assert all(cell.metadata.keys() <= {"tags", "jupyter"} for cell in nb.cells)
    prints, figure, widget, _, raises = nb.cells[1:]
    assert [output.text for output in prints.outputs] == ["0\n1\n2\n"]
    assert "image/png" in figure.outputs[0].data
    assert dict(widget.outputs[0].data) == {"text/plain": "IntSlider(value=3)"}
    assert raises.outputs[0].ename == "ValueError"
    assert str(ROOT) not in "".join(raises.outputs[0].traceback)


def test_a_second_run_changes_nothing(made):
    before = made.read_bytes(), made.stat().st_mtime_ns
    assert course.run(made, timeout=60) is False
    assert (made.read_bytes(), made.stat().st_mtime_ns) == before


def test_strict_nbval_accepts_it_and_rejects_changed_outputs(made, tmp_path):
    nb = nbformat.read(made, as_version=4)
    nb.cells[1].outputs[0].text = "0\n1\n3\n"
    nb.cells[2].outputs[0].data["text/plain"] = "<Figure size 1x1 with 2 Axes>"
    nb.cells[3].outputs[0].data["text/plain"] = "IntSlider(value=4)"
    nb.cells[5].outputs[0].evalue = "another message"
    changed = tmp_path / "02_changed.ipynb"
    nbformat.write(nb, changed)
    assert nbval(made, changed) == "....." + "FFF.F"


def test_a_failing_cell_leaves_the_file_as_it_was(tmp_path, capsys):
    path = write(tmp_path / "03_it_fails.ipynb", words("# It"), code("a = 1"), code("a / 0"))
    before = path.read_bytes()
    assert course.main([str(path)]) == 1
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    error = capsys.readouterr().err
    assert "03_it_fails: cell 3 failed" in error
    assert "ZeroDivisionError" in error
    assert "\x1b" not in error


def test_a_file_edited_meanwhile_is_left_as_edited(tmp_path):
    edit = "from pathlib import Path\np = Path('04_it_moves.ipynb')\n_ = p.write_text('edited')"
    path = write(tmp_path / "04_it_moves.ipynb", code(edit))
    with pytest.raises(course.CourseError, match="edited while it ran"):
        course.run(path, timeout=60)
    assert path.read_text() == "edited"


def test_a_cell_that_takes_too_long_is_named(tmp_path):
    path = write(tmp_path / "05_it_waits.ipynb", code("import time\ntime.sleep(30)"))
    with pytest.raises(course.CourseError, match="cell 1 ran longer than 2 s"):
        course.run(path, timeout=2)


def test_fresh_outputs_replace_volatile_ones_only_where_code_changed(made):
    stored = nbformat.read(made, as_version=4)
    nb = copy.deepcopy(stored)
    nb.cells[4].outputs[0].data["text/plain"] = "another time"
    assert stored_form.keep_volatile(copy.deepcopy(nb), stored) == stored
    nb.cells[1].source += "  # changed"
    assert stored_form.keep_volatile(copy.deepcopy(nb), stored) == nb


# What a kernel prints of the arithmetic it runs in: another text in each family.
TELLS = "import os\nprint('the same')\nprint(os.environ.get('OPENBLAS_CORETYPE', 'none'))"
SUMS = "import numpy as np\nx = np.random.default_rng(0).random((300, 300), np.float32)\n"
DIGITS = SUMS + "for _ in range(40):\n    x = x @ x.T\n    x /= np.abs(x).max()\nprint({})"


@pytest.fixture
def two(monkeypatch):
    """Two families, the second one known by its variable."""
    told = {"native": {}, "haswell": {"OPENBLAS_CORETYPE": "Haswell"}}
    plain = {k: v for k, v in os.environ.items() if k not in arithmetic.SWITCHES}
    monkeypatch.setattr(arithmetic, "environment", lambda name: plain | told[name])
    monkeypatch.setattr(course, "two_families", lambda: ("native", "haswell"))


def test_a_cell_whose_text_differs_is_named_with_both_texts_and_not_stamped(two, tmp_path, capsys):
    path = write(tmp_path / "08_it_differs.ipynb", words("# It"), code("print(1)"), code(TELLS))
    before = path.read_bytes()
    assert course.main([str(path)]) == 1
    assert path.read_bytes() == before
    error = capsys.readouterr().err
    assert (
        "08_it_differs: what is printed under native arithmetic (-) and under haswell (+)" in error
    )
    assert "cell 3:" in error
    assert "cell 2:" not in error
    assert "\n-none\n+Haswell\n" in error
    assert "the same" not in error


def test_a_cell_that_always_differs_may_and_pictures_are_not_compared(two, tmp_path):
    picture = (
        "import os\nfrom matplotlib.pyplot import subplots\n"
        "wide = 2 + len(os.environ.get('OPENBLAS_CORETYPE', ''))\n"
        "fig, ax = subplots(figsize=(wide, 1))"
    )
    volatile = code(TELLS, tags=["nbval-ignore-output"])
    path = write(tmp_path / "09_it_may.ipynb", words("# It"), volatile, code(picture))
    assert course.main([str(path)]) == 0
    nb = nbformat.read(path, as_version=4)
    assert stored_form.problems(nb) == []
    assert nb.cells[1].outputs[0].text == "the same\nnone\n", "what is stored is this machine's own"


@pytest.mark.parametrize(
    "ends", ["raise ValueError(who)", "who", "from IPython.display import HTML\nHTML(who)"]
)
def test_errors_values_and_html_are_compared_too(two, tmp_path, ends):
    source = "import os\nwho = os.environ.get('OPENBLAS_CORETYPE', 'none')\n" + ends
    path = write(tmp_path / "10_it_ends.ipynb", code(source, tags=["raises-exception"]))
    with pytest.raises(course.CourseError, match="cell 1:"):
        course.run(path, timeout=60, families=("native", "haswell"))


def test_the_second_family_is_another_than_the_machines_own(monkeypatch):
    monkeypatch.setattr(arithmetic, "taken_up", lambda say: ["haswell", "skylakex", "nehalem"])
    for native, other in (("skylakex", "haswell"), ("haswell", "skylakex"), (None, "haswell")):
        monkeypatch.setattr(arithmetic, "is_native", lambda name, native=native: name == native)
        assert course.two_families() == ("native", other)
    monkeypatch.setattr(arithmetic, "taken_up", lambda say: ["native"])
    monkeypatch.setattr(arithmetic, "is_native", lambda name: True)
    said = []
    assert course.two_families(said.append) == ("native",)
    assert "this machine cannot stand for another" in said[0]


def test_digits_beyond_the_room_are_found_on_this_machine(tmp_path):
    """With real kernels: the last digits of products differ, the first ones do not."""
    families = course.two_families(lambda words: None)
    rough = write(tmp_path / "11_rough.ipynb", code(DIGITS.format("f'{x.mean():.2f}'")))
    assert course.run(rough, timeout=60, families=families)
    fine = write(tmp_path / "12_fine.ipynb", code(DIGITS.format("repr(x.tolist())[:4000]")))
    if len(families) == 1:
        assert course.run(fine, timeout=60, families=families)
        return
    with pytest.raises(course.CourseError, match="cell 1:"):
        course.run(fine, timeout=60, families=families)


def test_check_names_what_was_edited(made, tmp_path, capsys):
    assert course.main(["--check", str(made)]) == 0
    nb = nbformat.read(made, as_version=4)
    nb.cells[1].source = "print(7)"
    edited = tmp_path / "06_it_was_edited.ipynb"
    nbformat.write(nb, edited)
    assert course.main(["--check", str(edited)]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[1:] == [
        "06_it_was_edited: its code has changed since it was executed; run `make course`"
    ]


def test_names_choose_chapters(tmp_path):
    for name in ("03_b_c", "04_d_e", ".04_hidden"):
        (tmp_path / f"{name}.ipynb").touch()
    assert [p.stem for p in course.find([], tmp_path)] == ["03_b_c", "04_d_e"]
    assert [p.stem for p in course.find(["04"], tmp_path)] == ["04_d_e"]
    with pytest.raises(course.CourseError, match="there are: 03_b_c, 04_d_e"):
        course.find(["9"], tmp_path)


def test_an_empty_course_is_an_error(tmp_path):
    with pytest.raises(course.CourseError, match="no notebook"):
        course.find([], tmp_path)


def test_an_old_format_is_refused_with_the_way_out(tmp_path):
    nb = nbformat.v4.new_notebook()
    nb.nbformat_minor = 4
    path = tmp_path / "07_it_is_old.ipynb"
    path.write_text(nbformat.v4.writes(nb))
    with pytest.raises(course.CourseError, match=r"format is 4\.4, not 4\.5; open it"):
        course.read(path)


def test_a_picture_loses_its_notes_but_not_its_pixels():
    import base64
    import io

    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    picture, notes, file = (
        Image.open(io.BytesIO(base64.b64decode(GRADIENT))),
        PngInfo(),
        io.BytesIO(),
    )
    notes.add_text("Software", "a program with a version")
    picture.save(file, "PNG", pnginfo=notes)
    stripped = stored_form.strip_png(file.getvalue())
    assert b"Software" in file.getvalue()
    assert b"Software" not in stripped
    assert Image.open(io.BytesIO(stripped)).tobytes() == picture.tobytes()


def test_notebooks_are_executed_as_a_new_reader(tmp_path, monkeypatch):
    for name in ("PRUNELAB_RUNS", "PRUNELAB_PROGRESS", "PRUNELAB_COURSE", "MPLBACKEND"):
        monkeypatch.setenv(name, "of-the-writer")
    env = course._kernel_environment(str(tmp_path), arithmetic.NATIVE)
    assert env | new_reader(tmp_path) == env
    assert "of-the-writer" not in env.values()
