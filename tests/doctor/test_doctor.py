"""Each row of the doctor's table, with a machine that is well and one that is not."""

import builtins
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from prunelab.commands.cli import main
from prunelab.course.extras import EXTRAS as EXTRAS_NEEDED
from prunelab.doctor import as_table, examine, verdict
from prunelab.doctor import command as doctor_command
from prunelab.doctor.frameworks import deep_row, keras_row, labextension_folders, labextension_rows
from prunelab.doctor.machine import (
    Row,
    cores_row,
    course_row,
    disk_row,
    free_memory,
    memory_row,
    progress_row,
    results_row,
    usable_cores,
)
from prunelab.doctor.packages import FOR, installed_version, package_rows, python_row
from prunelab.doctor.pins import find_lock

GIB = 2**30
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def hidden(monkeypatch):
    """Call with the name of a package: importing it then fails as if it were not installed."""
    real = builtins.__import__

    def hide(package):
        def refusing(name, *args, **kwargs):
            if name.partition(".")[0] == package:
                raise ImportError(name)
            return real(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", refusing)

    return hide


# ----------------------------------------------------------------------------- Python and packages


@pytest.mark.parametrize(
    ("version", "ok"),
    [((3, 10, 9), False), ((3, 11, 0), True), ((3, 13, 7), True), ((3, 14, 0), False)],
)
def test_python(version, ok):
    row = python_row(version)
    assert row.ok is ok
    assert row.found == ".".join(map(str, version))
    assert row.wanted == "3.11 to 3.13"
    assert "make setup PYTHON=" in row.advice


def test_python_range_is_that_of_the_package():
    from packaging.specifiers import SpecifierSet

    stated = SpecifierSet(importlib.metadata.metadata("prunelab")["Requires-Python"])
    for minor in range(9, 17):
        assert python_row((3, minor, 1)).ok is stated.contains(f"3.{minor}.1")


def lock_of(tmp_path, *pins):
    path = tmp_path / "requirements.lock"
    path.write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")
    return path


def test_packages_as_locked_are_well(tmp_path):
    lock = lock_of(tmp_path, "alpha==1.2", "beta==3", "alpha==0.9 ; python_version < '3'")
    rows = package_rows(lock, ["Alpha>=1"], {"alpha": "1.2", "beta": "3"}.get)
    assert rows == [
        Row("alpha", "1.2", "1.2 (locked)", True, rows[0].advice),
        Row("other pinned packages", "1 of 1", "all as locked", True, rows[1].advice),
    ]


@pytest.mark.parametrize(
    ("installed", "found", "ok"),
    [
        ({"alpha": "1.3", "beta": "3"}, ["1.3", "1 of 1"], [False, True]),
        ({"beta": "3"}, ["not installed", "1 of 1"], [False, True]),
        ({"alpha": "1.2", "beta": "4"}, ["1.2", "0 of 1 (not beta 4)"], [True, False]),
        ({"alpha": "1.2"}, ["1.2", "0 of 1 (not beta missing)"], [True, False]),
    ],
)
def test_packages_that_differ_from_the_lock_are_amiss(tmp_path, installed, found, ok):
    lock = lock_of(tmp_path, "alpha==1.2", "beta==3")
    rows = package_rows(lock, ["alpha>=1"], installed.get)
    assert [row.found for row in rows] == found
    assert [row.ok for row in rows] == ok
    assert all("make setup" in row.advice for row in rows)


def test_many_packages_amiss_are_counted_not_listed(tmp_path):
    lock = lock_of(tmp_path, "alpha==1", *(f"p{number}==1" for number in range(9)))
    row = package_rows(lock, ["alpha>=1"], {"alpha": "1"}.get)[1]
    assert row.found.startswith("0 of 9 (not p0 missing, ")
    assert row.found.endswith(" and 4 more)")


@pytest.mark.parametrize(
    ("version", "ok"), [("1.0", True), ("1.9", True), ("2.0", False), (None, False)]
)
def test_without_a_lock_the_ranges_count(version, ok):
    (row,) = package_rows(None, ["alpha>=1,<2"], lambda name: version)
    assert (row.ok, row.wanted) == (ok, "<2,>=1 (range)")


EXTRAS = [
    "alpha>=1",
    'beta>=2; extra == "tensorflow"',
    'gamma>=3; extra == "tensorflow"',
    'prunelab[tensorflow]; extra == "all"',
    'beta>=2; (sys_platform == "none") and extra == "search"',
]


def test_an_extra_that_is_not_there_is_one_row_and_not_amiss():
    rows = package_rows(None, EXTRAS, {"alpha": "1"}.get)
    assert [(row.name, row.ok, row.absent) for row in rows] == [
        ("alpha", True, False), ("prunelab[tensorflow]", True, True),
        ("prunelab[search]", True, True),
    ]  # fmt: skip
    assert rows[1].advice == "pip install 'prunelab[tensorflow]'"
    table = as_table(rows).splitlines()
    assert table[-1] == "All is well but for 2 not installed."
    assert [line[0] for line in table[2:4]] == ["–", " "]
    assert verdict(rows).splitlines()[0] == "All is well for what is installed."
    assert "for the chapters that train networks: pip install" in verdict(rows)


def test_half_an_extra_is_amiss():
    rows = package_rows(None, EXTRAS, {"alpha": "1", "beta": "2"}.get)
    assert [(row.name, row.ok) for row in rows if not row.absent] == [
        ("alpha", True), ("beta", True), ("gamma", False),
    ]  # fmt: skip
    assert verdict(rows).startswith("gamma: not installed. ")


def test_with_a_lock_every_extra_is_wanted(tmp_path):
    lock = lock_of(tmp_path, "alpha==1", "beta==2", "gamma==3")
    rows = package_rows(lock, EXTRAS, {"alpha": "1", "beta": "2"}.get)
    assert [(row.name, row.ok) for row in rows] == [
        ("alpha", True), ("beta", True), ("gamma", False),
    ]  # fmt: skip


def test_without_the_test_tools_what_only_they_need_is_not_missed(tmp_path):
    lock = lock_of(tmp_path, "alpha==1", "pytest==9", "pluggy==2", "other==3")
    stated = ["alpha>=1", 'pytest>=8; extra == "test"']
    rows = package_rows(lock, stated, {"alpha": "1", "other": "3"}.get)
    assert [(row.name, row.found, row.ok) for row in rows[1:]] == [
        ("other pinned packages", "1 of 1", True)
    ]
    rows = package_rows(lock, stated, {"alpha": "1", "pytest": "9", "other": "3"}.get)
    assert [(row.found, row.ok) for row in rows[1:]] == [("2 of 3 (not pluggy missing)", False)]


def test_the_extras_are_those_of_the_package():
    from packaging.requirements import Requirement

    stated = importlib.metadata.metadata("prunelab").get_all("Provides-Extra")
    assert set(FOR) == set(EXTRAS_NEEDED) == set(stated) - {"all", "test", "jax", "torch"}
    for extra, modules in EXTRAS_NEEDED.items():
        needs = [
            Requirement(text).name
            for text in importlib.metadata.requires("prunelab")
            if re.search(f"extra == ['\"]{extra}['\"]", text)
        ]
        assert {name.replace("_", "-") for name in modules} <= set(needs)


def test_packages_whose_marker_excludes_this_machine_are_not_asked_for():
    requirements = ["alpha>=1", "beta>=1 ; python_version < '3'"]
    assert [row.name for row in package_rows(None, requirements, lambda name: "1")] == ["alpha"]


def test_no_metadata_and_no_packaging_are_rows_not_tracebacks(hidden):
    (row,) = package_rows(None, [])
    assert (row.name, row.ok) == ("prunelab", False)
    hidden("packaging")
    (row,) = package_rows(None, ["alpha>=1"])
    assert (row.name, row.ok) == ("packaging", False)


def test_find_lock_looks_beside_the_package(tmp_path):
    module = tmp_path / "prunelab/doctor/packages.py"
    assert find_lock(module) is None
    lock = lock_of(tmp_path)
    assert find_lock(module) == lock.resolve()
    assert find_lock() == ROOT / "requirements.lock"


def test_installed_version():
    assert installed_version("pytest") == pytest.__version__
    assert installed_version("no-such-distribution") is None


# ------------------------------------------------------------------------------------------- Keras


def tensorflow_with(keras_name):
    """sys.modules after `import tensorflow`, its keras being of that name or still lazy."""
    tensorflow = types.ModuleType("tensorflow")
    if keras_name is not None:
        tensorflow.keras = types.ModuleType(keras_name)
    return {"tensorflow": tensorflow}


@pytest.mark.parametrize(
    ("modules", "environ", "ok", "found"),
    [
        ({}, {}, True, "not chosen yet"),
        ({}, {"TF_USE_LEGACY_KERAS": "1"}, True, "not chosen yet"),
        ({}, {"TF_USE_LEGACY_KERAS": ""}, True, "not chosen yet"),
        ({}, {"TF_USE_LEGACY_KERAS": "0"}, False, "not chosen yet, but TF_USE_LEGACY_KERAS=0"),
        (tensorflow_with(None), {}, True, "not chosen yet"),
        (tensorflow_with("lazy_loader"), {}, True, "not chosen yet"),
        (tensorflow_with("tf_keras.api._v2.keras"), {}, True, "Keras 2 (tf_keras), loaded"),
        (tensorflow_with("keras._tf_keras.keras"), {}, False, "Keras 3, already loaded"),
        (
            tensorflow_with("keras._tf_keras.keras"),
            {"TF_USE_LEGACY_KERAS": "1"},
            False,
            "Keras 3, already loaded",
        ),
    ],
)
def test_keras(modules, environ, ok, found):
    row = keras_row(modules, environ)
    assert (row.ok, row.found) == (ok, found)
    assert ok or row.advice


def test_keras_does_not_wake_the_lazy_loader():
    class Loader(types.ModuleType):
        def __getattr__(self, name):
            raise AssertionError(f"asked for {name}")

    tensorflow = types.ModuleType("tensorflow")
    tensorflow.keras = Loader("keras_lazy")
    assert keras_row({"tensorflow": tensorflow}, {}).ok


def test_keras_3_is_seen_in_a_real_tensorflow():
    """The real lazy loader, before and after its first use, and both of its outcomes."""
    code = (
        "import sys; from prunelab.doctor.frameworks import keras_row\n"
        "import tensorflow\n"
        "print(keras_row().found)\n"
        "tensorflow.keras.Sequential\n"
        "print(keras_row().found)"
    )
    found = {}
    for flag in ("0", "1"):
        environ = {**os.environ, "TF_USE_LEGACY_KERAS": flag, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=300
        )
        found[flag] = done.stdout.splitlines()
    assert found == {
        "0": ["not chosen yet, but TF_USE_LEGACY_KERAS=0", "Keras 3, already loaded"],
        "1": ["not chosen yet", "Keras 2 (tf_keras), loaded"],
    }


# ------------------------------------------------------------------------------------- the machine


@pytest.mark.parametrize(("free", "ok"), [(23 * GIB, True), (2 * GIB, True), (GIB, False)])
def test_memory(free, ok):
    row = memory_row(free)
    assert (row.ok, row.found) == (ok, f"{free / GIB:.1f} GiB")


def test_memory_without_psutil_is_a_row_not_a_traceback(hidden):
    hidden("psutil")
    assert free_memory() is None
    assert not memory_row().ok


def cgroup(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / name.replace("_", ".")).write_text(text, encoding="ascii")
    return tmp_path


def test_memory_is_what_the_machine_or_the_container_leaves(tmp_path):
    assert free_memory(tmp_path / "none") > 2**20
    assert free_memory(cgroup(tmp_path, memory_max="3000", memory_current="1000")) == 2000
    stat = "anon 400\ninactive_file 500\nactive_file 100\n"
    assert free_memory(cgroup(tmp_path, memory_stat=stat)) == 2500
    assert free_memory(cgroup(tmp_path, memory_max="100", memory_stat="anon 400\n")) == 0
    assert free_memory(cgroup(tmp_path, memory_max="max")) > 2**20


@pytest.mark.parametrize(("cores", "ok"), [(8, True), (2, True), (1, False), (0.5, False)])
def test_cores(cores, ok):
    row = cores_row(cores)
    assert (row.ok, row.found) == (ok, f"{cores:g}")


def test_cores_respect_affinity_and_quota(tmp_path):
    everything = usable_cores(tmp_path / "none")
    assert 1 <= everything <= os.cpu_count()
    assert usable_cores(cgroup(tmp_path, cpu_max="50000 100000")) == 0.5
    assert usable_cores(cgroup(tmp_path, cpu_max="max 100000")) == everything
    assert usable_cores(cgroup(tmp_path, cpu_max="99900000 100000")) == everything


def test_results_where_writing_works(tmp_path):
    assert results_row(tmp_path).ok
    assert results_row(tmp_path / "new/and/deeper").ok
    assert list(tmp_path.iterdir()) == [], "asking leaves nothing behind"


def test_results_go_where_runs_are_stored(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRUNELAB_RUNS", str(tmp_path / "mine"))
    assert results_row().name == f"results in {tmp_path / 'mine'}"
    assert results_row().ok
    (tmp_path / "mine").touch()
    assert not results_row().ok
    assert results_row(".").ok
    monkeypatch.delenv("PRUNELAB_RUNS")
    assert results_row().name == f"results in {ROOT / 'course' / 'runs'}"


def test_the_doctor_asks_about_the_default_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PRUNELAB_RUNS", str(tmp_path / "mine"))
    main(["doctor"])
    assert f"results in {tmp_path / 'mine'}" in capsys.readouterr().out
    main(["doctor", "--folder", str(tmp_path)])
    assert f"results in {tmp_path} " in capsys.readouterr().out


def test_progress_goes_where_answers_are_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PRUNELAB_PROGRESS", str(tmp_path / "mine"))
    assert progress_row().ok
    assert list(tmp_path.iterdir()) == [], "asking leaves nothing behind"
    main(["doctor"])
    assert f"progress in {tmp_path / 'mine'}" in capsys.readouterr().out
    (tmp_path / "mine").touch()
    assert not progress_row().ok
    assert "PRUNELAB_PROGRESS" in progress_row().advice
    monkeypatch.delenv("PRUNELAB_PROGRESS")
    assert progress_row().name == f"progress in {ROOT / 'course' / 'progress'}"


def test_results_where_it_does_not(tmp_path, monkeypatch):
    file = tmp_path / "a-file"
    file.touch()
    row = results_row(file)
    assert not row.ok
    assert "--folder" in row.advice

    def full(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    row = results_row(tmp_path)
    assert (row.ok, row.found) == (False, "Permission denied")


@pytest.mark.parametrize(("free", "ok"), [(5 * GIB, True), (GIB // 2, False)])
def test_disk(tmp_path, free, ok):
    assert disk_row(tmp_path, free).ok is ok


def test_the_course_and_where_it_is_not(tmp_path, monkeypatch):
    row = course_row()
    assert row.ok
    assert "reference" in row.found
    assert not course_row(tmp_path).ok
    monkeypatch.setenv("PRUNELAB_COURSE", str(tmp_path))
    row = course_row()
    assert (row.found, row.ok) == ("not found", False)
    assert "PRUNELAB_COURSE" in row.advice


def test_disk_of_a_folder_yet_to_be_made(tmp_path):
    assert disk_row(tmp_path / "new").found.endswith(" GiB")


# --------------------------------------------------------------------------- JupyterLab, TensorFlow

MANAGER = "@jupyter-widgets/jupyterlab-manager"


def extension(folder, name, text):
    path = folder / name / "package.json"
    path.parent.mkdir(parents=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")


def test_extensions_that_are_there(tmp_path):
    extension(tmp_path, MANAGER, {"version": "5.0.16"})
    extension(tmp_path, "anywidget", {"version": "0.11.0"})
    rows = labextension_rows([tmp_path / "none", tmp_path])
    assert [(row.found, row.ok) for row in rows] == [("5.0.16", True), ("0.11.0", True)]


@pytest.mark.parametrize(
    ("manifest", "found"),
    [
        (None, "not found"),
        ({"version": "3.1.11"}, "3.1.11"),
        ({"name": "no version"}, "unreadable"),
        ({"version": 5}, "unreadable"),
        ([], "unreadable"),
        ("{ broken", "unreadable"),
    ],
)
def test_extensions_missing_old_or_broken(tmp_path, manifest, found):
    if manifest is not None:
        extension(tmp_path, MANAGER, manifest)
    row, anywidget = labextension_rows([tmp_path])
    assert (row.found, row.ok, anywidget.ok) == (found, False, False)
    assert "make setup" in row.advice


def test_an_old_extension_in_front_hides_the_right_one(tmp_path):
    extension(tmp_path / "front", MANAGER, {"version": "3.0.0"})
    extension(tmp_path / "behind", MANAGER, {"version": "5.0.0"})
    row = labextension_rows([tmp_path / "front", tmp_path / "behind"])[0]
    assert (row.found, row.ok) == ("3.0.0", False)
    assert "old copy" in row.advice


def test_this_environment_has_the_extensions():
    assert [row.ok for row in labextension_rows()] == [True, True]


def test_no_jupyter_is_a_row_not_a_traceback(hidden):
    hidden("jupyter_core")
    assert labextension_folders() is None
    (row,) = labextension_rows()
    assert not row.ok


@pytest.mark.parametrize(
    ("code", "found", "ok"),
    [
        ("print('noise'); print('2.21.0')", "2.21.0", True),
        ("import sys; sys.exit('ImportError: no module')", "ImportError: no module", False),
        ("import sys; sys.exit(3)", "no message", False),
        ("import os; os.kill(os.getpid(), 4)", "killed by signal 4", False),
    ],
)
def test_deep(code, found, ok):
    row = deep_row([sys.executable, "-c", code])
    assert (row.found, row.ok) == (found, ok)
    assert ok or row.advice


def test_deep_gives_up_in_time():
    row = deep_row([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.2)
    assert (row.found, row.ok) == ("not within 0.2 s", False)


# --------------------------------------------------------------------------------------- the table


def test_the_table_gives_advice_for_what_is_amiss_only():
    rows = [
        Row("one", "1", "1 or more", True, "unused advice"),
        Row("three", "0", "3", False, "Get three."),
    ]
    assert as_table(rows).splitlines() == [
        "              found  wanted",
        "ok     one    1      1 or more",
        "AMISS  three  0      3",
        "       -> Get three.",
        "1 of 2 amiss.",
    ]
    assert as_table(rows[:1]).splitlines()[-1] == "All is well."


def test_rows_cannot_be_changed():
    with pytest.raises(AttributeError):
        python_row().ok = True


def test_each_row_that_can_be_amiss_has_advice():
    for row in examine():
        assert row.ok or row.advice, row


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_the_exit_code(monkeypatch, capsys, ok, code):
    args = types.SimpleNamespace(folder="here", deep=True)
    asked = []

    def examined(*arguments):
        asked.append(arguments)
        return [Row("one", "1", "1", True), Row("two", "2", "2", ok, "Do.")]

    monkeypatch.setattr("prunelab.doctor.examine", examined)
    assert doctor_command(args) == code
    assert asked == [("here", True)]
    assert capsys.readouterr().out.startswith("compared with requirements.lock\n")


def test_outside_a_checkout_the_table_says_what_it_was_compared_with(monkeypatch, capsys):
    monkeypatch.setattr("prunelab.doctor.find_lock", lambda: None)
    main(["doctor"])
    out = capsys.readouterr().out
    assert out.startswith("compared with the ranges in the package metadata\n")
    assert "(range)" in out
    assert "(locked)" not in out


def test_doctor_is_quick_and_leaves_tensorflow_alone(tmp_path):
    code = (
        "import sys; from prunelab.commands.cli import main; code = main(['doctor'])\n"
        "heavy = {'tensorflow', 'keras', 'tf_keras', 'numpy', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 10 + code)"
    )
    started = time.process_time(), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode in (10, 11), done.stderr
    assert time.monotonic() - started[1] < 20  # 0.3 s on a quiet machine
    for title in ("Python", "tensorflow", "tf.keras here", "free memory", "jupyterlab-manager"):
        assert title in done.stdout
