"""From a moved slider, a chosen pattern, format or bar to pixels: the FootprintExplorer.

In a real JupyterLab, on a made-up measurement of a full grid's size: 47 networks, 16 formats, 13
runtimes, 3 batches, 2 numbers of threads. Each sample dispatches one event at a random moment and
waits until the frame that shows its effect has been painted: all bars, both curves and the words.
Target on a quiet machine: p95 at most 20 ms for each.
Run: python benchmarks/bench_footprint_explorer.py [--samples 100]
"""

from pathlib import Path

from lab_page import TIMING, live_page, percentile, samples_asked

ROOT = Path(__file__).resolve().parents[1]
SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.helpers.made_footprint import made_measurement
from prunelab.widgets.footprint.explorer import FootprintExplorer
measured = made_measurement(sparsities=(0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.98))
"""
SHOW = """
explorer = FootprintExplorer(measured)
explorer
"""
WATCH = f"""{TIMING}
  const timed = async (watched, act) => {{
    const seen = changed(watched, () => true);
    const started = performance.now();
    act();
    const [, at] = await Promise.all([seen, painted()]);
    times.push(at - started);
  }};
  const all = (selector) => [...document.querySelectorAll(`.prunelab ${{selector}}`)];
  const drag = async (name, stops) => {{
    const [slider] = all(`.pl-range[name="${{name}}"]`);
    for (let i = 0; i < samples; i += 1) {{
      await pause();
      slider.value = String((Number(slider.value) + 1 + i % 2) % stops);
      await timed(all(".pl-card")[0],
        () => slider.dispatchEvent(new Event("input", {{ bubbles: true }})));
    }}
    slider.dispatchEvent(new Event("change", {{ bubbles: true }}));
  }};
  const select = async (at) => {{
    const list = all(".pl-foot-select")[at];
    for (let i = 0; i < samples; i += 1) {{
      await pause();
      list.selectedIndex = (list.selectedIndex + 1) % list.options.length;
      await timed(all(".pl-card")[0],
        () => list.dispatchEvent(new Event("change", {{ bubbles: true }})));
    }}
  }};
"""
MEASURES = {
    "the sparsity": f"async (samples) => {{{WATCH} await drag('sparsity', 10); return times; }}",
    "the batch": f"async (samples) => {{{WATCH} await drag('batch', 3); return times; }}",
    "a pattern": f"async (samples) => {{{WATCH} await select(0); return times; }}",
    "a format": f"async (samples) => {{{WATCH} await select(1); return times; }}",
    "a runtime": f"async (samples) => {{{WATCH} await select(2); return times; }}",
}


def report(times):
    """Print the table and whether the target was met."""
    print(f"{'event to pixels':28}{'n':>5}{'p50 ms':>9}{'p95 ms':>9}{'most ms':>9}")
    for name, found in times.items():
        row = percentile(found, 0.5), percentile(found, 0.95), max(found)
        print(f"{name:28}{len(found):5}" + "".join(f"{value:9.1f}" for value in row))
    met = all(percentile(found, 0.95) <= 20 for found in times.values())
    print(f"p95 at most 20 ms: {met}")


def main():
    """Measure in one notebook of a JupyterLab, print."""
    samples = samples_asked(__doc__, "events of each kind")
    with live_page((SETUP, SHOW), height=1700) as page:
        for script in MEASURES.values():
            page.evaluate(script, 6)
        times = {name: page.evaluate(script, samples) for name, script in MEASURES.items()}
    report(times)


if __name__ == "__main__":
    main()
