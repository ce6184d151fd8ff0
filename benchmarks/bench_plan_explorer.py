"""From a moved slider, a chosen arm or another measure to pixels: the PlanExplorer.

In a real JupyterLab, on made-up results of the short plan's size: 15 arms and 2 linear models, 8
seeds. Each sample dispatches one event at a random moment and waits until the frame that shows its
effect has been painted: both pictures and the words; after an arm or a measure the table, too.
(While the slider is dragged, the table waits until the hand pauses.)
Target on a quiet machine: p95 at most 20 ms for each.
Run: python benchmarks/bench_plan_explorer.py [--samples 100]
"""

from pathlib import Path

from lab_page import TIMING, measure

ROOT = Path(__file__).resolve().parents[1]
SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.helpers.made_plans import made_results
from prunelab.plans import PLANS
from prunelab.widgets.plan.explorer import PlanExplorer
results = made_results(PLANS["short"])
"""
SHOW = """
explorer = PlanExplorer(results)
explorer
"""
MEASURES = {
    "the slider": f"""async (samples) => {{{TIMING}
      const [slider] = all('.pl-range[name="sparsity"]');
      for (let i = 0; i < samples; i += 1) {{
        await pause();
        slider.value = String((37 * (i + 1) % 98 + 1) / 100);
        await timed(all(".pl-headline")[0],
          () => slider.dispatchEvent(new Event("input", {{ bubbles: true }})));
      }}
      slider.value = "0";
      slider.dispatchEvent(new Event("change", {{ bubbles: true }}));
      return times;
    }}""",
    "an arm": f"""async (samples) => {{{TIMING}
      const boxes = all(".pl-arm-list input");
      for (let i = 0; i < samples; i += 1) {{
        await pause();
        await timed(all(".pl-points")[0], () => boxes[Math.floor(i / 2) % 15].click());
      }}
      return times;
    }}""",
    "a measure": f"""async (samples) => {{{TIMING}
      const [select] = all(".pl-select");
      for (let i = 0; i < samples; i += 1) {{
        await pause();
        select.selectedIndex = (i + 2) % select.options.length;
        await timed(all(".pl-points")[0],
          () => select.dispatchEvent(new Event("change", {{ bubbles: true }})));
      }}
      return times;
    }}""",
}


if __name__ == "__main__":
    measure(__doc__, (SETUP, SHOW), MEASURES, height=1900)
