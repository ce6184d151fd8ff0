"""From a moved slider to pixels: the MaskExplorer on a matrix of 256 × 256 weights.

In a real JupyterLab. Each sample dispatches one event at a random moment and waits until the frame
that shows its effect has been painted: heatmap, histogram, losses and words. The patterns are
ranked once before; the article's own kernel, 1000 × 1024, is measured beside it.
Target on a quiet machine: p95 at most 20 ms on 256 × 256.
Run: python benchmarks/bench_mask_explorer.py [--samples 100]
"""

from lab_page import TIMING, live_page, report, samples_asked

SETUP = """
import numpy as np
from prunelab.masks.losses import mask_losses
from prunelab.masks.patterns import PATTERNS
from prunelab.widgets.mask.explorer import MaskExplorer
rng = np.random.default_rng(0)
def network(inputs, units):
    return [rng.normal(size=(inputs, units)), np.zeros(units), rng.normal(size=(units, 1)), [0.0]]
def losses(layers):
    x, y = rng.normal(size=(50, len(layers[0]))), rng.normal(size=50)
    grid = np.arange(0, 1, 0.05)
    return mask_losses(layers, x, y, layer=0, sparsities=grid, patterns=["unstructured", "4x4"])
"""
SHOW = """
layers = network({inputs}, {units})
explorer = MaskExplorer(layers[0], losses(layers), pattern="{pattern}")
explorer
"""
KINDS = {
    "256 × 256, single weights": {"inputs": 256, "units": 256, "pattern": "unstructured"},
    "256 × 256, 4 × 4 blocks": {"inputs": 256, "units": 256, "pattern": "4x4"},
    "1000 × 1024, single weights": {"inputs": 1000, "units": 1024, "pattern": "unstructured"},
}
JUDGED = [name for name in KINDS if name.startswith("256")]
# The heatmap is a canvas: its pixels change in the same call as the histogram's bars, which tell.
MEASURE = f"""async ([samples, at]) => {{{TIMING}
  const card = document.querySelectorAll(".prunelab .pl-card")[at];
  card.scrollIntoView();
  const slider = card.querySelector('.pl-range[name="sparsity"]');
  const bars = card.querySelector(".pl-stay");
  for (let i = 0; i < samples; i += 1) {{
    await pause();
    const before = bars.getAttribute("d");
    slider.value = String(0.2 + (7 * i % 75) / 100);
    await timed(bars, () => slider.dispatchEvent(new Event("input", {{ bubbles: true }})),
      () => bars.getAttribute("d") !== before);
  }}
  return times;
}}"""


def main():
    """Start JupyterLab and Chromium, measure in one notebook, print."""
    samples = samples_asked(__doc__, "moves of each slider")
    cells = [SETUP, *(SHOW.format(**kind) for kind in KINDS.values())]
    with live_page(cells, height=1500) as page:
        page.locator(".prunelab .pl-card").nth(len(KINDS) - 1).wait_for(timeout=60_000)
        times = {}
        for at, name in enumerate(KINDS):
            page.evaluate(MEASURE, [6, at])
            times[name] = page.evaluate(MEASURE, [samples, at])
    report(times, JUDGED)


if __name__ == "__main__":
    main()
