"""The Makefile, .ci/run and the pip section's trial: what they promise to do, they do."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tools.try_environment import pip_section

ROOT = Path(__file__).resolve().parent.parent


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
    assert len(lines) == 4
    for line in lines:
        assert line.startswith(".venv/bin/")
        assert not re.search(r"\|\||;|\||&", line)


def test_make_test_checks_style_units_doctests_and_notebooks():
    text = make("-n", "test")
    for part in ("ruff check", "ruff format --check", "--doctest-modules", "--nbval "):
        assert part in text
    assert "--nbval-lax" not in text


def test_ci_runs_the_targets_that_exist():
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert script.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in script
    called = set(re.findall(r"^stage .*\bmake ([a-z-]+)(?: ARGS=.*)?$", script, re.M))
    assert called == {"setup", "test", "browser-test", "reproduce"}
    for target in called:
        make("-n", target)
    assert "PRUNELAB_REQUIRE_BROWSER=1 make browser-test" in script


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
    assert pip_section(text) == ["-c constraints.txt", "-e .[test]"]


@pytest.mark.parametrize(
    "text",
    ["dependencies: [pip]", "dependencies: [{pip: []}]", "dependencies: [{pip: [a]}, {pip: [b]}]"],
)
def test_a_missing_or_second_pip_section_is_refused(text):
    with pytest.raises(ValueError, match="pip sections"):
        pip_section(text)
