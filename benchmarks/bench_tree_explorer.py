"""From a moved slider, or a picked node, to pixels: the TreeExplorer on a tree of 201 nodes.

In a real JupyterLab. Each sample dispatches one event at a random moment and waits until the frame
that shows its effect has been painted: tree, regions, 450 samples, errors and words.
Target on a quiet machine: p95 at most 20 ms for both.
Run: python benchmarks/bench_tree_explorer.py [--samples 100]
"""

from lab_page import TIMING, measure

SETUP = """
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier
from prunelab.widgets.tree.explorer import TreeExplorer
X, y = make_classification(
    900, 2, n_informative=2, n_redundant=0, n_clusters_per_class=1, n_classes=3, flip_y=0.2,
    class_sep=0.6, random_state=3,
)
tree = DecisionTreeClassifier(max_leaf_nodes=101, random_state=0).fit(X[:450], y[:450])
assert tree.tree_.node_count == 201
"""
SHOW = """
explorer = TreeExplorer(tree, X[:450], y[:450], X[450:], y[450:])
explorer
"""
WATCH = f"""{TIMING}
  const edges = document.querySelector(".pl-edges:not(.pl-edges-gone)");
  const picked = async (act) => {{
    const before = edges.getAttribute("d");
    await timed(edges, act, () => edges.getAttribute("d") !== before);
  }};
"""
MEASURES = {
    "the slider": f"""async (samples) => {{{WATCH}
  const slider = document.querySelector('.pl-range[name="leaves"]');
  for (let i = 0; i < samples; i += 1) {{
    await pause();
    const step = 7 * (i + 1) % Number(slider.max);
    slider.value = String(step === Number(slider.value) ? step + 1 : step);
    await picked(() => slider.dispatchEvent(new Event("input", {{ bubbles: true }})));
  }}
  slider.dispatchEvent(new Event("change", {{ bubbles: true }}));
  return times;
}}""",
    "a node, by keyboard": f"""async (samples) => {{{WATCH}
  document.querySelector(".pl-along .pl-button").click();
  await painted();
  const branches = [...document.querySelectorAll(".pl-node[aria-expanded]")];
  for (let i = 0; i < samples; i += 1) {{
    const node = branches[Math.floor(i / 2) * 3 % branches.length]; // fold it, then unfold it
    node.focus();
    await pause(); // else each event would come right after a frame, the worst moment
    const key = new KeyboardEvent("keydown", {{ key: "Enter", bubbles: true }});
    await picked(() => node.dispatchEvent(key));
  }}
  return times;
}}""",
}


if __name__ == "__main__":
    measure(__doc__, (SETUP, SHOW), MEASURES, height=1600)
