"""What all tests share: the browser and when it may be missing, and one hypothesis profile."""

import os
import shutil
import signal

import pytest
from hypothesis import settings

# Two slow cores are shared by several workers: a deadline would measure the neighbours.
# In CI the same inputs come back every time; at home each run tries new ones.
settings.register_profile("prunelab", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("prunelab")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def browser_is_required():
    """True where a skipped browser test counts as a failure (CI sets it)."""
    return os.environ.get("PRUNELAB_REQUIRE_BROWSER") == "1"


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium to drive, for Playwright's `executable_path`; skips without one.

    PRUNELAB_CHROMIUM names another browser than the one on PATH.
    """
    named = os.environ.get("PRUNELAB_CHROMIUM")
    found = (
        shutil.which(named)
        if named
        else next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    )
    if found is None:
        pytest.skip(
            f"PRUNELAB_CHROMIUM={named} is not a program"
            if named
            else "no Chromium on PATH: install one (Debian: apt-get install chromium) "
            "or name it in PRUNELAB_CHROMIUM"
        )
    return found


@pytest.fixture
def interrupts_heard():
    """Interrupts raise, also where the tests run in the background and inherit that none is heard.

    What a test calls must leave the handler as it was.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    left = signal.signal(signal.SIGINT, before)
    assert left is signal.default_int_handler


@pytest.fixture
def own_folders(tmp_path, monkeypatch):
    """What a reader has done and trained is kept in the test's own folder, which is current."""
    monkeypatch.setenv("PRUNELAB_PROGRESS", str(tmp_path / "mine"))
    monkeypatch.setenv("PRUNELAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def same_threads(monkeypatch):
    """Other processes train with as many threads as this one: else their sums differ."""
    from prunelab import networks

    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PRUNELAB_THREADS", str(networks.THREADS))


def _turn_skip_into_failure(report):
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"PRUNELAB_REQUIRE_BROWSER=1, but this was skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where a browser is required, a browser test that skips fails."""
    report = yield
    if report.skipped and browser_is_required() and item.get_closest_marker("browser"):
        _turn_skip_into_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Where a browser is required, a module that skips itself while it is imported fails too."""
    report = yield
    if report.skipped and browser_is_required():
        _turn_skip_into_failure(report)
    return report
