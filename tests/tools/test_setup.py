"""tools/setup.sh, tried in an empty project with an installer that only writes down its calls."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAMP = ".venv/prunelab-installed"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="setup.sh is for POSIX shells")


class Checkout:
    """A project folder, and a PATH on which `uv` is a script that logs what it was asked for."""

    def __init__(self, tmp_path):
        self.root = tmp_path / "a project"
        self.bin = tmp_path / "bin"
        self.log = tmp_path / "log"
        for folder in (self.root / "tools", self.bin, tmp_path / "shim"):
            folder.mkdir(parents=True)
        shutil.copy(ROOT / "tools/setup.sh", self.root / "tools")
        (self.root / "requirements.lock").write_text("alpha==1\n", encoding="utf-8")
        (self.root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
        # As on Debian without python3-venv; it also keeps each venv down to a tenth of a second.
        (tmp_path / "shim/ensurepip.py").write_text("raise ImportError", encoding="utf-8")
        self.python(f'PYTHONPATH="{tmp_path}/shim" exec "{sys.executable}" "$@"')
        self.installer("exit 0")

    def script(self, name, body):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def python(self, body):
        self.script("python3", body)

    def installer(self, body):
        self.script("uv", f'echo "$*" >> "{self.log}"\n{body}')

    def setup(self, **environment):
        """Run the script as make does; returns (exit code, stderr, what was installed)."""
        self.log.unlink(missing_ok=True)
        done = subprocess.run(
            ["sh", "tools/setup.sh"],
            cwd=self.root,
            env={"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.root), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        calls = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return done.returncode, done.stderr, calls


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_the_first_run_installs_the_lock_with_hashes_then_the_package(checkout):
    code, said, calls = checkout.setup()
    assert code == 0, said
    assert calls == [
        "pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock",
        "pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .",
    ]
    assert (checkout.root / STAMP).exists()


def test_the_second_run_installs_nothing_and_says_nothing(checkout):
    checkout.setup()
    assert checkout.setup() == (0, "", [])


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_file_is_installed_and_the_venv_kept(checkout, name):
    checkout.setup()
    kept = checkout.root / ".venv/kept"
    kept.touch()
    (checkout.root / name).write_text("changed", encoding="utf-8")
    assert len(checkout.setup()[2]) == 2
    assert kept.exists()
    assert checkout.setup()[2] == []


def test_a_touched_file_is_not_installed_again(checkout):
    checkout.setup()
    os.utime(checkout.root / "requirements.lock", (0, 0))
    (checkout.root / "pyproject.toml").touch()
    assert checkout.setup()[2] == []


@pytest.mark.parametrize("broken", ["exit 3", "kill -9 $PPID; sleep 1"])
def test_an_install_cut_short_leaves_no_stamp_and_is_begun_afresh(checkout, broken):
    checkout.installer(broken)
    code, _, calls = checkout.setup()
    assert code != 0
    assert len(calls) == 1
    assert not (checkout.root / STAMP).exists()
    leftover = checkout.root / ".venv/half-a-package"
    leftover.touch()
    checkout.installer("exit 0")
    code, _, calls = checkout.setup()
    assert (code, len(calls)) == (0, 2)
    assert not leftover.exists()


def test_an_update_cut_short_loses_the_old_stamp(checkout):
    checkout.setup()
    (checkout.root / "requirements.lock").write_text("changed", encoding="utf-8")
    checkout.installer("exit 3")
    checkout.setup()
    (checkout.root / "requirements.lock").write_text("alpha==1\n", encoding="utf-8")
    checkout.installer("exit 0")
    assert len(checkout.setup()[2]) == 2


def test_a_moved_checkout_gets_a_new_venv(checkout):
    checkout.setup()
    checkout.root = checkout.root.rename(checkout.root.with_name("elsewhere"))
    code, said, calls = checkout.setup()
    assert (code, len(calls)) == (0, 2)
    assert "making .venv" in said


def test_a_venv_whose_python_has_gone_is_made_again(checkout):
    checkout.setup()
    for link in (checkout.root / ".venv/bin").glob("python*"):
        link.unlink()
    code, said, calls = checkout.setup()
    assert (code, len(calls)) == (0, 2)
    assert "making .venv" in said


def test_without_a_suitable_python_one_sentence_says_so(checkout, tmp_path):
    for name in ("python3", "python3.13", "python3.12", "python3.11", "python"):
        checkout.script(name, "exit 1")
    code, said, calls = checkout.setup()
    assert (code, calls) == (1, [])
    assert said.splitlines() == [
        "setup: no Python from 3.11 to 3.13 is on PATH; "
        "install one, or name it: make setup PYTHON=/path/to/python3"
    ]


def test_the_next_python_is_tried_where_the_first_is_too_old(checkout):
    checkout.script("python3.12", (checkout.bin / "python3").read_text(encoding="utf-8"))
    for name in ("python3", "python3.13"):
        checkout.script(name, "exit 1")
    code, said, _ = checkout.setup()
    assert code == 0
    assert "with python3.12 (" in said


def test_a_python_named_that_does_not_suit_is_refused(checkout):
    code, said, calls = checkout.setup(PYTHON="no-such-python")
    assert (code, calls) == (1, [])
    assert said == "setup: PYTHON=no-such-python is not a Python from 3.11 to 3.13.\n"


def test_another_python_than_the_venvs_is_refused_not_ignored(checkout):
    checkout.setup()
    version = "3.13" if sys.version_info[:2] != (3, 13) else "3.12"
    # Answers as another version would: yes to the range, its number to the question for it.
    checkout.script("other", f'case "$2" in *print*) echo {version};; esac')
    code, said, calls = checkout.setup(PYTHON="other")
    assert (code, calls) == (1, [])
    assert "run `make clean` first" in said


def test_without_ensurepip_pip_and_uv_one_sentence_says_so(checkout):
    (checkout.bin / "uv").unlink()
    checkout.python(
        'case "$*" in *ensurepip*|*"-m pip"*) exit 1;; esac\n' + f'exec "{sys.executable}" "$@"'
    )
    code, said, _ = checkout.setup()
    assert code == 1
    assert said.splitlines()[-1] == (
        "setup: python3 has neither ensurepip nor pip; "
        "install them (Debian: apt-get install python3-venv)."
    )


def test_without_uv_the_pip_of_python_is_lent(checkout):
    (checkout.bin / "uv").unlink()
    real = (checkout.bin / "python3").read_text(encoding="utf-8").splitlines()[-1]
    log = f'echo "$*" >> "{checkout.log}"; exit 0'
    checkout.python(
        f'case "$*" in "-m pip --version") exit 0;; "-m pip --python"*) {log};; esac\n{real}'
    )
    code, said, calls = checkout.setup()
    assert code == 0, said
    pip = "-m pip --python .venv/bin/python install --quiet --disable-pip-version-check"
    assert calls == [
        f"{pip} --require-hashes -r requirements.lock",
        f"{pip} --no-deps --no-build-isolation -e .",
    ]
