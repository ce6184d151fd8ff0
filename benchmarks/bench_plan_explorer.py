"""From a moved slider, a chosen arm or another measure to pixels: the PlanExplorer.

In a real JupyterLab, on made-up results of the short plan's size: 15 arms and 2 linear models, 8
seeds. Each sample dispatches one event at a random moment and waits until the frame that shows its
effect has been painted: both pictures and the words; after an arm or a measure the table, too.
(While the slider is dragged, the table waits until the hand pauses.)
Target on a quiet machine: p95 at most 20 ms for each.
Run: python benchmarks/bench_plan_explorer.py [--samples 100]
"""

from pathlib import Path

from lab_page import TIMING, live_page, percentile, samples_asked

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
WATCH = f"""{TIMING}
  const timed = async (watched, act) => {{
    const seen = changed(watched, () => true);
    const started = performance.now();
    act();
    const [, at] = await Promise.all([seen, painted()]);
    times.push(at - started);
  }};
  const all = (selector) => [...document.querySelectorAll(`.prunelab ${{selector}}`)];
"""
MEASURES = {
    "the slider": f"""async (samples) => {{{WATCH}
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
    "an arm": f"""async (samples) => {{{WATCH}
      const boxes = all(".pl-arm-list input");
      for (let i = 0; i < samples; i += 1) {{
        await pause();
        await timed(all(".pl-points")[0], () => boxes[Math.floor(i / 2) % 15].click());
      }}
      return times;
    }}""",
    "a measure": f"""async (samples) => {{{WATCH}
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
    with live_page((SETUP, SHOW), height=1900) as page:
        for script in MEASURES.values():
            page.evaluate(script, 6)
        times = {name: page.evaluate(script, samples) for name, script in MEASURES.items()}
    report(times)


if __name__ == "__main__":
    main()
