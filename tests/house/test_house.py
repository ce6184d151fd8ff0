"""The Makefile, .ci/run and the pip section's trial: what they promise to do, they do."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tools.ways.environment import pip_section

ROOT = Path(__file__).resolve().parents[2]


TARGETS = ["setup", "test", "test-portable", "browser-test", "backends-test", "reproduce"]


def make(*arguments):
    # These tests run under `make test`: its own flags must not reach the make they ask.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environ.pop("MFLAGS", None)
    done = subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_make_without_a_target_lists_them_all():
    targets = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.M)[1].split()
    assert len(targets) > 8
    assert [line.split()[0] for line in make().splitlines()] == targets


def test_make_test_stops_at_the_first_failure():
    """Every recipe line is a command of its own that nothing excuses from failing."""
    lines = [line for line in make("-n", "test").splitlines() if "setup.sh" not in line]
    assert len(lines) == 5
    for line in lines:
        assert line.startswith(".venv/bin/")
        assert not re.search(r"\|\||;|\||&", line)


def test_make_test_checks_style_units_doctests_and_notebooks():
    text = make("-n", "test")
    for part in ("ruff check", "ruff format --check", "mypy", "--doctest-modules", "--nbval "):
        assert part in text
    assert "--nbval-lax" not in text


def test_ci_runs_the_targets_that_exist():
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert script.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in script
    called = set(re.findall(r"^stage .*\bmake ([a-z-]+)(?: ARGS=.*)?$", script, re.M))
    assert called == set(TARGETS)
    for target in called:
        make("-n", target)
    assert "PRUNELAB_REQUIRE_BROWSER=1 make browser-test" in script
    assert script.index("make test-portable") > script.index('"make test" make test')


@pytest.fixture
def ci(tmp_path):
    """.ci/run in a folder of its own, with scripts for make and Python; returns (code, output)."""

    def run(make="exit 0", environment="echo installed", backends="exit 0"):
        programs = {"bin/make": make, "bin/chromium": "exit 0", "bin/python3": "exit 0"}
        programs[".venv/bin/python"] = environment
        (tmp_path / ".ci").mkdir()
        shutil.copy(ROOT / ".ci/run", tmp_path / ".ci")
        (tmp_path / "tools").mkdir()
        (tmp_path / "tools/backends.sh").write_text(f'echo "backends $1"\n{backends}\n', "utf-8")
        for name, body in programs.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'#!/bin/sh\necho "called $0 $*"\n{body}\n', encoding="utf-8")
            path.chmod(0o755)
        done = subprocess.run(
            ["bash", ".ci/run"],
            cwd=tmp_path,
            env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout

    return run


def test_ci_times_each_stage_and_shows_the_install(ci):
    code, out = ci()
    assert code == 0, out
    assert len(re.findall(r"^=== .+: \d+\.\d minutes$", out, re.M)) == 11
    assert re.search(r"^=== all passed in \d+\.\d minutes$", out, re.M)
    assert "\ninstalled\n" in out
    assert "\nbackends install\n" in out
    order = re.findall(r"^called \S+/make (\S+)", out, re.M)
    assert order == TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_ci_fails_where_a_target_fails(ci, target):
    code, out = ci(make=f'[ "$1" != {target} ] || exit 2')
    assert code == 2
    assert re.search(rf"^=== FAILED in: make {target}\b", out, re.M)
    assert "all passed" not in out


def test_ci_fails_where_the_install_in_the_background_fails(ci):
    code, out = ci(environment="echo no such package; exit 7")
    assert code == 7
    assert "\nno such package\n" in out
    assert "=== FAILED in: environment.yml: install, import, doctor" in out


def test_ci_fails_where_the_backends_cannot_be_installed(ci):
    code, out = ci(backends="echo no such build; exit 6")
    assert code == 6
    assert "\nno such build\n" in out
    assert "=== FAILED in: backends: install" in out


def test_ci_leaves_no_install_running_behind_a_failure(ci, tmp_path):
    begun = time.monotonic()
    install = "trap 'kill $!; touch stopped; exit 143' TERM; sleep 50 & touch begun; wait"
    make = '[ "$1" != test ] || { until [ -e begun ]; do sleep 0.05; done; exit 2; }'
    code, _ = ci(make=make, environment=install)
    assert code == 2
    assert (tmp_path / "stopped").exists()
    assert time.monotonic() - begun < 30


def test_hooks_are_local_and_call_files_that_exist():
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    for hook in repos[0]["hooks"]:
        assert hook["language"] == "system"
        words = hook["entry"].split()
        assert words[0].startswith(".venv/bin/")
        if "-m" in words:
            module = words[words.index("-m") + 1]
            assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file()


def test_pip_section_is_read():
    text = (ROOT / "environment.yml").read_text("utf-8")
    assert pip_section(text) == ["-c constraints.txt", "-e .[all]"]


@pytest.mark.parametrize(
    "text",
    ["dependencies: [pip]", "dependencies: [{pip: []}]", "dependencies: [{pip: [a]}, {pip: [b]}]"],
)
def test_a_missing_or_second_pip_section_is_refused(text):
    with pytest.raises(ValueError, match="pip sections"):
        pip_section(text)
