"""The wheel and the sdist hold the course, and nothing of whoever builds them."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSIDE = "prunelab/course/reference/"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """{kind: names in it} of both, built as `python -m build` does, without its isolation."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone: git tells here what belongs to the repository")
    folder = tmp_path_factory.mktemp("dist")
    left = ROOT / "course" / "runs" / "somebody"  # as a plan that was stopped leaves it
    mine = left / "run.json"
    left.mkdir()
    try:
        mine.write_text("{}")
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    finally:
        mine.unlink(missing_ok=True)
        left.rmdir()
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as file:
        names = {"wheel": file.namelist()}
    with tarfile.open(sdist) as file:
        names["sdist"] = [name.partition("/")[2] for name in file.getnames()]
    return names


def files(folder):
    """The files of the repository below a folder, as git lists them."""
    done = subprocess.run(
        ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_wheel_holds_the_package_and_the_course_and_nothing_else(built):
    course = {name.removeprefix("course/") for name in files("course")}
    assert len([name for name in course if name.endswith(".ipynb")]) >= 8
    held = {name.removeprefix(INSIDE) for name in built["wheel"] if name.startswith(INSIDE)}
    assert held == course
    package = {name for name in built["wheel"] if not name.startswith(INSIDE)}
    assert {name for name in package if ".dist-info/" not in name} == set(files("prunelab"))


def test_the_sdist_is_the_repository_so_its_tests_can_run(built):
    wanted = {
        name for top in ("prunelab", "course", "tests", "tools", "docs") for name in files(top)
    }
    assert len(wanted) > 400
    assert wanted <= set(built["sdist"])
    assert not [name for name in built["sdist"] if name.startswith("course/runs/somebody")]
