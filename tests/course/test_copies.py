"""A learner's copy: made, brought up to date, begun afresh; nothing of the learner's is lost."""

import json
import shlex
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from prunelab.commands import course as commands
from prunelab.commands.cli import main
from prunelab.course import copies, places
from prunelab.course.editions import text

REFERENCE = places.BESIDE
NOON = datetime(2026, 1, 31, 12)


@pytest.fixture
def reference(tmp_path, monkeypatch):
    """A course of two chapters, which a test may change as a newer version of it."""
    folder = tmp_path / "reference"
    (folder / "data").mkdir(parents=True)
    (folder / "runs" / "mine").mkdir(parents=True)
    (folder / "progress").mkdir()
    (folder / "progress" / "progress.json").write_text("somebody's")
    (folder / "runs" / "mine" / "five.journal").write_text("somebody's")
    (folder / "runs" / "short.json").write_text("{}")
    (folder / "data" / "a.json").write_text("1")
    for name in ("00_start_here", "03_schedule_the_sparsity"):
        (there,) = REFERENCE.glob(f"[0-9][0-9]_{name[3:]}.ipynb")  # whatever its number
        shutil.copy(there, folder / f"{name}.ipynb")
    monkeypatch.setattr(places, "BESIDE", folder)
    return folder


def names(folder):
    return sorted(str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file())


def change(path, source):
    """As a learner does: the first cell says something else."""
    values = json.loads(path.read_text("utf-8"))
    values["cells"][0]["source"] = source
    path.write_text(json.dumps(values), encoding="utf-8")


def first(path):
    return text(json.loads(path.read_text("utf-8"))["cells"][0])


def test_a_copy_holds_the_chapters_and_what_they_read_and_nothing_of_anybody(reference, tmp_path):
    done = copies.make(tmp_path / "mine")
    assert names(tmp_path / "mine") == [
        ".prunelab-course.json",
        "00_start_here.ipynb",
        "03_schedule_the_sparsity.ipynb",
        "data/a.json",
        "runs/short.json",
    ]
    assert len(done.written) == 4
    assert copies.is_copy(tmp_path / "mine")
    assert copies.edition(tmp_path / "mine") == "learner"
    assert copies.edition(reference) == "reference"


def test_made_again_it_writes_nothing(reference, tmp_path):
    copies.make(tmp_path / "mine")
    before = {name: (tmp_path / "mine" / name).read_bytes() for name in names(tmp_path / "mine")}
    done = copies.make(tmp_path / "mine")
    assert done == copies.Copied(tmp_path / "mine")
    assert str(done).endswith("mine is up to date.")
    assert before == {n: (tmp_path / "mine" / n).read_bytes() for n in names(tmp_path / "mine")}


def test_a_newer_course_comes_in_and_what_was_changed_stays(reference, tmp_path):
    mine = tmp_path / "mine"
    copies.make(mine)
    change(mine / "03_schedule_the_sparsity.ipynb", "# My notes")
    (mine / "data" / "a.json").write_text("mine")
    for name in ("00_start_here", "03_schedule_the_sparsity"):
        change(reference / f"{name}.ipynb", "# Newer")
    (reference / "data" / "a.json").write_text("2")
    (reference / "data" / "b.json").write_text("3")
    (mine / "data" / "b.json").write_text("also mine")
    done = copies.make(mine)
    assert done.renewed == ("00_start_here.ipynb",)
    assert set(done.kept) == {"03_schedule_the_sparsity.ipynb", "data/a.json", "data/b.json"}
    assert first(mine / "00_start_here.ipynb") == "# Newer"
    assert first(mine / "03_schedule_the_sparsity.ipynb") == "# My notes"
    assert (mine / "data" / "a.json").read_text() == "mine"
    assert (mine / "data" / "b.json").read_text() == "also mine"
    assert f"`prunelab course {mine} --reset 03_schedule_the_sparsity` gives it" in str(done)
    assert f"move yours away, and `prunelab course {mine}` gives it" in str(done)
    (mine / "data" / "a.json").rename(mine / "a.json")
    assert "data/a.json" in copies.make(mine).written
    assert (mine / "data" / "a.json").read_text() == "2"


def test_a_chapter_that_was_run_is_the_learners_and_one_that_was_only_saved_is_not(
    reference, tmp_path
):
    mine = tmp_path / "mine"
    copies.make(mine)
    for name, count in (("00_start_here", None), ("03_schedule_the_sparsity", 1)):
        values = json.loads((mine / f"{name}.ipynb").read_text("utf-8"))
        for cell in values["cells"]:
            cell["source"] = "".join(cell["source"])  # as another program saves it
            if cell["cell_type"] == "code":
                cell["execution_count"] = count
        (mine / f"{name}.ipynb").write_text(json.dumps(values), encoding="utf-8")
        change(reference / f"{name}.ipynb", "# Newer")
    done = copies.make(mine)
    assert done.renewed == ("00_start_here.ipynb",)
    assert done.kept == ("03_schedule_the_sparsity.ipynb",)


def test_a_chapter_keeps_its_subject_when_the_course_counts_anew(reference, tmp_path):
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    copies.make(mine)
    copies.make(theirs)
    change(theirs / "03_schedule_the_sparsity.ipynb", "# My notes")
    (reference / "03_schedule_the_sparsity.ipynb").rename(
        reference / "04_schedule_the_sparsity.ipynb"
    )
    assert copies.make(mine).renewed == ("04_schedule_the_sparsity.ipynb",)
    assert not (mine / "03_schedule_the_sparsity.ipynb").exists()
    copies.make(theirs)
    assert first(theirs / "03_schedule_the_sparsity.ipynb") == "# My notes"
    assert not (theirs / "04_schedule_the_sparsity.ipynb").exists()
    done = copies.make(theirs, reset="3", now=NOON)
    assert (theirs / "04_schedule_the_sparsity.ipynb").exists()
    assert first(theirs / done.set_aside) == "# My notes"


@pytest.mark.parametrize("wanted", ["03", "3", "schedule", "03_schedule_the_sparsity.ipynb"])
def test_reset_sets_one_chapter_aside_and_gives_a_fresh_one(reference, tmp_path, wanted):
    mine = tmp_path / "mine"
    copies.make(mine)
    for words in ("# One", "# Two"):
        change(mine / "03_schedule_the_sparsity.ipynb", words)
        done = copies.make(mine, reset=wanted, now=NOON)
        assert done.written == ("03_schedule_the_sparsity.ipynb",)
        assert first(mine / done.set_aside) == words
    assert done.set_aside == "set_aside/03_schedule_the_sparsity-20260131-120000-2.ipynb"
    assert first(mine / "03_schedule_the_sparsity.ipynb").startswith("# Schedule the sparsity")


def test_a_chapter_that_was_deleted_comes_back(reference, tmp_path):
    copies.make(tmp_path / "mine")
    (tmp_path / "mine" / "00_start_here.ipynb").unlink()
    assert copies.make(tmp_path / "mine").written == ("00_start_here.ipynb",)


def test_a_class_gets_a_copy_that_stays_one_for_a_class(reference, tmp_path):
    copies.make(tmp_path / "mine", for_class=True)
    copies.make(tmp_path / "mine")
    assert copies.edition(tmp_path / "mine") == "class"


def test_folders_of_others_are_refused_before_anything_is_written(reference, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"^folder=.*full: it holds files and is no copy"):
        copies.make(tmp_path / "full")
    assert names(tmp_path / "full") == ["thesis.txt"]
    with pytest.raises(FileExistsError, match="this is a file"):
        copies.make(tmp_path / "full" / "thesis.txt")
    with pytest.raises(ValueError, match=r"^reset='99': name one chapter of 00_start_here, 03_"):
        copies.make(tmp_path / "new", reset="99")
    assert names(tmp_path / "new") == []


@pytest.mark.parametrize(
    "damage",
    ["{", "[]", '{"format": 2, "edition": "learner", "files": {}}',
     '{"format": 1, "edition": "learner", "files": {"x": {"name": "../../x", "digest": ""}}}'],
)  # fmt: skip
def test_a_damaged_manifest_is_said_and_nothing_is_touched(reference, tmp_path, damage):
    copies.make(tmp_path / "mine")
    (tmp_path / "mine" / copies.MANIFEST).write_text(damage)
    with pytest.raises(ValueError, match="cannot be read"):
        copies.make(tmp_path / "mine")
    assert copies.edition(tmp_path / "mine") == "reference"


# ------------------------------------------------------------------- other chapters, and pages


def test_a_number_of_the_copy_means_the_copys_chapter(reference, tmp_path):
    mine, second = tmp_path / "mine", reference / "02_schedule_the_sparsity.ipynb"
    (reference / "03_schedule_the_sparsity.ipynb").rename(second)
    copies.make(mine)
    change(mine / second.name, "# My notes")
    second.rename(reference / "03_schedule_the_sparsity.ipynb")
    shutil.copy(reference / "00_start_here.ipynb", reference / "02_fold_a_decision_tree.ipynb")
    done = copies.make(mine, reset="2", now=NOON)
    assert first(mine / done.set_aside) == "# My notes"
    assert set(done.written) == {
        "02_fold_a_decision_tree.ipynb",
        "03_schedule_the_sparsity.ipynb",
    }


def test_the_glossary_is_in_every_copy_and_is_brought_up_to_date(reference, tmp_path):
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    copies.make(mine)  # an older course, without it
    shutil.copy(REFERENCE / "glossary.ipynb", reference)
    assert copies.make(mine).written == ("glossary.ipynb",)
    copies.make(theirs)
    change(theirs / "glossary.ipynb", "# My words")
    change(reference / "glossary.ipynb", "# Newer")
    assert copies.make(mine).renewed == ("glossary.ipynb",)
    assert first(mine / "glossary.ipynb") == "# Newer"
    assert copies.make(theirs).kept == ("glossary.ipynb",)
    done = copies.make(theirs, reset="glossary", now=NOON)
    assert first(theirs / done.set_aside) == "# My words"
    assert first(theirs / "glossary.ipynb") == "# Newer"


# ------------------------------------------------------------------------------------ the commands


def test_the_command_makes_it_here_and_goes_on_from_inside(
    reference, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["course"]) == 0
    assert "prunelab lab prunelab-course" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path / "prunelab-course")
    assert main(["course", "--reset", "schedule"]) == 0
    assert "set_aside/03_schedule_the_sparsity-" in capsys.readouterr().out
    assert not Path("prunelab-course").exists()


def test_what_is_said_can_be_typed_as_it_stands(reference, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["course", "my Übung"]) == 0
    said = capsys.readouterr().out.splitlines()
    line = said[-1].removeprefix("Open it: ")
    assert shlex.split(line) == ["prunelab", "lab", "my Übung"]
    monkeypatch.chdir(tmp_path / "my Übung")
    assert main(["course"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "this folder is up to date."
    assert main(["course", "--reset", "schedule"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "1 file is new in this folder."


@pytest.fixture
def started(monkeypatch):
    """What would be started in JupyterLab's place."""
    lines = []
    monkeypatch.setattr(commands, "_run", lambda line, environment: lines.append(line) or 0)
    return lines


def test_lab_opens_the_copy_at_the_first_page(reference, tmp_path, monkeypatch, started):
    monkeypatch.chdir(tmp_path)
    assert main(["lab", "--no-browser", "--port", "8899"]) == 0
    assert main(["lab", "other", "--port=1"]) == 0
    assert main(["lab", "--reference", "--no-browser"]) == 0
    roots = [next(w for w in line if "root_dir" in w).partition("=")[2] for line in started]
    assert roots == [str(tmp_path / "prunelab-course"), str(tmp_path / "other"), str(reference)]
    for line in started:
        assert "--LabApp.default_url=/lab/tree/00_start_here.ipynb" in line
    assert started[0][-3:] == ["--no-browser", "--port", "8899"]
    assert started[2][-1] == "--no-browser"
    assert copies.is_copy("other")


def test_lab_asks_nothing_about_news_and_keeps_what_else_is_configured(tmp_path, monkeypatch):
    """Read by JupyterLab's own server, which combines the defaults of all these folders."""
    own = tmp_path / "labconfig"
    own.mkdir()
    setting = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
    (own / "default_setting_overrides.json").write_text(json.dumps(setting), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    code = (
        "import json; from jupyterlab_server.settings_utils import _get_overrides\n"
        "print(json.dumps(_get_overrides('nowhere')[0]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=commands.lab_environment(), capture_output=True,
        text=True, check=True, timeout=60,
    )  # fmt: skip
    found = json.loads(done.stdout)
    news = found["@jupyterlab/apputils-extension:notification"]
    assert news == {"fetchNews": "false"}
    assert found["@jupyterlab/notebook-extension:tracker"] == {"windowingMode": "none"}


def test_lab_says_what_is_missing(reference, tmp_path, monkeypatch, started, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("prunelab.course.extras.find_spec", lambda name: None)
    assert main(["lab"]) == 2
    assert "pip install 'prunelab[lab]'" in capsys.readouterr().err
    assert started == []
    assert list(tmp_path.glob("prunelab*")) == []
