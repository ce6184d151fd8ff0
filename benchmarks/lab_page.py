"""A notebook that runs in a real JupyterLab, for benchmarks that time events to pixels."""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser.lab import CHROMIUM_ARGS, open_notebook, start_lab, stop_lab

CHROMIUM_NAMES = (os.environ.get("PRUNELAB_CHROMIUM", "chromium"), "chromium-browser", "chrome")
# The JavaScript that every measurement begins with.
# A message posted in an animation frame is delivered once that frame has been painted.
TIMING = """
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now());
    port2.postMessage(null);
  }));
  const pause = () => new Promise((done) => setTimeout(done, 20 + 40 * Math.random()));
  const changed = (target, isNew) => new Promise((done) => {
    const observer = new MutationObserver(() => {
      if (!isNew()) return;
      observer.disconnect();
      done();
    });
    observer.observe(target, { subtree: true, childList: true, attributes: true });
  });
  const times = [];
  const timed = async (target, act, isNew = () => true) => {
    const seen = changed(target, isNew);
    const started = performance.now();
    act();
    const [, at] = await Promise.all([seen, painted()]);
    times.push(at - started);
  };
  const all = (selector) => [...document.querySelectorAll(`.prunelab ${selector}`)];
"""


def samples_asked(description, of_what):
    """What `--samples` says: how many events to time, at least 6."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--samples", type=int, default=100, help=of_what)
    return max(parser.parse_args().samples, 6)


@contextmanager
def live_page(cells, height):
    """A Chromium page on a notebook of `cells` (code), run, with an explorer's card on show.

    Prints the number of cores and the load before it starts.
    """
    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        raise SystemExit("no Chromium on PATH: install one, or name it in PRUNELAB_CHROMIUM")
    from playwright.sync_api import sync_playwright

    load = "load average {:.1f} {:.1f} {:.1f}".format(*os.getloadavg())
    print(f"{os.cpu_count()} cores, {load}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server, address, root = start_lab(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
            page = browser.new_context(viewport={"width": 1280, "height": height}).new_page()
            open_notebook(page, address, root, "bench.ipynb", [cell.strip() for cell in cells])
            page.wait_for_selector(".prunelab .pl-card", timeout=60_000)
            yield page
            browser.close()
        finally:
            stop_lab(server)


def percentile(times, share):
    """The value below which `share` of the times lie."""
    return statistics.quantiles(times, n=100, method="inclusive")[round(100 * share) - 1]


def measure(description, cells, scripts, height):
    """Time the events of each of `scripts`, by name, on one page, and print them.

    A script is a JavaScript function from a number of samples to milliseconds.
    """
    samples = samples_asked(description, "events of each kind")
    with live_page(cells, height) as page:
        for script in scripts.values():
            page.evaluate(script, 6)
        report({name: page.evaluate(script, samples) for name, script in scripts.items()})


def report(times, judged=None):
    """Print the table, and whether those `judged`, by default all, met the target."""
    print(f"{'event to pixels':30}{'n':>5}{'p50 ms':>9}{'p95 ms':>9}{'most ms':>9}")
    for name, found in times.items():
        row = percentile(found, 0.5), percentile(found, 0.95), max(found)
        print(f"{name:30}{len(found):5}" + "".join(f"{value:9.1f}" for value in row))
    judged = times if judged is None else judged
    met = all(percentile(times[name], 0.95) <= 20 for name in judged)
    print(f"p95 at most 20 ms, {', '.join(judged)}: {met}")
