"""From a moved slider, a chosen pattern, format or bar to pixels: the FootprintExplorer.

In a real JupyterLab, on a made-up measurement of a full grid's size: 47 networks, 16 formats, 13
runtimes, 3 batches, 2 numbers of threads. Each sample dispatches one event at a random moment and
waits until the frame that shows its effect has been painted: all bars, both curves and the words.
Target on a quiet machine: p95 at most 20 ms for each.
Run: python benchmarks/bench_footprint_explorer.py [--samples 100]
"""

from pathlib import Path

from lab_page import TIMING, measure

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


if __name__ == "__main__":
    measure(__doc__, (SETUP, SHOW), MEASURES, height=1700)
