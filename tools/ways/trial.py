"""What the trials share: a folder that is removed, how each ends, and pages in a real Chromium."""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FAILURES = (subprocess.SubprocessError, AssertionError, OSError)


class MissingError(Exception):
    """What a trial needs and this machine does not have; the trial is skipped."""


def run_trial(attempt, doc, *, python=sys.executable, options=None):
    """Read the command line, call attempt(folder, arguments), print how it ended; the exit code.

    doc: what the trial is, in its first line. python: the default of --python. options: {name:
    how `add_argument` takes it} of what the trial takes besides --keep and --python.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--keep", metavar="DIR", help="work there, and leave it; default: nowhere")
    parser.add_argument("--python", default=python, help="the interpreter of the trial's venv")
    for name, how in (options or {}).items():
        parser.add_argument(name, **how)
    args = parser.parse_args()
    return carried_out(lambda folder: attempt(folder, args), keep=args.keep)


def carried_out(body, *, keep=None):
    """Call body(folder) and print how it ended; 0, or 1 where it failed.

    keep: the folder to work in, which stays; None takes a temporary one.
    """
    with tempfile.TemporaryDirectory(prefix="prunelab-way-") as made:
        folder = Path(keep or made).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            body(folder)
        except MissingError as reason:
            print(f"skipped: {reason}")
        except FAILURES as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
    return 0


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def chromium():
    """The path of a Chromium that Playwright can drive. Raises MissingError without one."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        raise MissingError("playwright is not installed: it comes with prunelab[test]") from None
    names = (os.environ["PRUNELAB_CHROMIUM"],) if "PRUNELAB_CHROMIUM" in os.environ else CHROMIUM
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise MissingError("there is no Chromium: install one, or name it in PRUNELAB_CHROMIUM")
    return found


@contextlib.contextmanager
def served(line, address, *, cwd, env, log):
    """`with` a server that this command starts, once `address` answers; it ends with the `with`."""
    with open(log, "wb") as said:
        server = subprocess.Popen(
            [str(word) for word in line], cwd=cwd, env=env, stdout=said, stderr=said,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_for(address, server, log)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(15)


def _wait_for(address, server, log, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            urlopen(address, timeout=5).close()
            return
        except HTTPError:
            return  # it answers
        except OSError:
            time.sleep(0.3)
    last = Path(log).read_text("utf-8", "replace").splitlines()[-5:]
    raise AssertionError(f"{address} did not answer: {' | '.join(last)}")


@contextlib.contextmanager
def page(executable, width=1280, height=900):
    """`with` a page of a headless Chromium."""
    from playwright.sync_api import Error, sync_playwright

    from tests.browser.lab import CHROMIUM_ARGS

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=CHROMIUM_ARGS)
        opened = browser.new_page(viewport={"width": width, "height": height})
        opened.set_default_timeout(60_000)
        try:
            yield opened
        except Error as error:  # a part of the page that does not come
            raise AssertionError(str(error).splitlines()[0]) from error
        finally:
            browser.close()
