"""The tests that drive a browser, and once more those that failed: JupyterLab has races of its own.

    python -m tools.browser_tests              all of them
    python -m tools.browser_tests ARGUMENT…    arguments of pytest, a file for example

A second try forgives a race and hides nothing else. So it is given only where the first run came
to its end with every test reported; what crashed, was ended from inside, or has more than three
failures is red at once. Which tests are tried again is read from this run's own reports, never from
pytest's cache, which another run may have left. What was tried again is printed, passed or not.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from prunelab.base.terminal import any_terminal

MOST = 3  # tests that are tried again
REPORT = "PRUNELAB_BROWSER_REPORT"  # the file to which pytest, in its own process, writes
ROOT = Path(__file__).resolve().parents[1]


# ---- inside pytest: `-p tools.browser_tests` ----------------------------------------------------


def _write(word, name):
    """One line, on disk before anything else happens: what follows may end the process."""
    with open(os.environ[REPORT], "a", encoding="utf-8") as file:
        file.write(f"{word} {name}\n")


def pytest_collection_finish(session):
    """Each test that is to be run."""
    for item in session.items:
        _write("chosen", item.nodeid)


def pytest_runtest_logreport(report):
    """What became of each phase of a test; its teardown is the last."""
    if report.failed:
        _write("failed", report.nodeid)
    if report.when == "call" and report.passed:
        _write("passed", report.nodeid)
    if report.when == "teardown":
        _write("ended", report.nodeid)


# ---- outside ------------------------------------------------------------------------------------


class Run:
    """One run of pytest: its exit code, and the tests that it chose, ended, passed and failed."""

    def __init__(self, arguments, folder):
        with tempfile.TemporaryDirectory() as made:
            report = Path(made) / "report"
            report.touch()
            command = [sys.executable, "-m", "pytest", "-p", "tools.browser_tests"]
            done = subprocess.run(
                [*command, "-p", "no:cacheprovider", *arguments],
                cwd=folder,
                env=_environment() | {REPORT: str(report)},
                check=False,
            )
            lines = report.read_text("utf-8").splitlines()
        self.code = done.returncode
        told = [line.partition(" ")[::2] for line in lines]
        for word in ("chosen", "ended", "passed", "failed"):
            setattr(self, word, list(dict.fromkeys(name for said, name in told if said == word)))

    @property
    def unreported(self):
        """The tests that were to be run and did not come to their end."""
        return [name for name in self.chosen if name not in self.ended]


def _environment():
    """As here, and this checkout can be imported from wherever the tests are."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path}


def _trouble(run):
    """Why a run cannot be believed, in a sentence; None where every test was reported."""
    if run.code not in (0, 1):
        return f"pytest ended with exit code {run.code}"
    if run.unreported:
        return f"{len(run.unreported)} tests were not reported, the first {run.unreported[0]}"
    if not run.chosen:
        return "there was no test to run"
    if run.code == 1 and not run.failed:
        return "pytest ended with exit code 1, and no test had failed"
    if run.code == 0 and run.failed:
        return f"pytest ended with exit code 0, though {run.failed[0]} failed"
    return None


def browser_tests(arguments, folder=ROOT):
    """Run them, and once more those that failed, at most three; the exit code: 0 or not."""
    first = Run(arguments, folder)
    trouble = _trouble(first)
    if trouble:
        print(f"browser tests: {trouble}; nothing is tried again")
        return first.code or 1
    if first.code == 0:
        return 0
    listed = "".join(f"\n  {name}" for name in first.failed)
    if len(first.failed) > MOST:
        print(f"browser tests: {len(first.failed)} failed, more than {MOST} to try again:{listed}")
        return 1
    print(f"browser tests: {len(first.failed)} failed and are tried once more:{listed}", flush=True)
    second = Run(first.failed, folder)
    trouble = _trouble(second)
    left = [name for name in first.failed if name not in second.passed or name in second.failed]
    if trouble or left:
        print(f"browser tests: not mended by a second try ({trouble or left[0]}):{listed}")
        return second.code or 1
    print(f"browser tests: passed when tried once more:{listed}")
    return 0


@any_terminal()
def main(argv=None):
    """Entry of `python -m tools.browser_tests`; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    named = [argument for argument in arguments if (ROOT / argument.partition("::")[0]).exists()]
    return browser_tests(["-m", "browser", *arguments, *([] if named else ["tests"])])


if __name__ == "__main__":
    sys.exit(main())
