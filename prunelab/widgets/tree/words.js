// What the TreeExplorer says: headline, caption, each node's name, the numbers of its controls.

import { setAttributes, setText } from "../shared/controls.js";
import { fourDigits, percentOf } from "../shared/numbers.js";
import {
  counted, describe, errorWords, leavesOf, nodeState, sameFold, setError,
} from "./math.js";

const HINT = "Click a node to fold its branch into a leaf, and again to unfold it; a grey node " +
  "grows back. By keyboard: arrows, then Enter.";

/** What a split asks, its threshold in so many digits. */
export function question(data, node, digits) {
  const name = data.features[data.feature[node]];
  if (data.threshold[node] > 1e300) return `${name} is known`;
  const lacks = data.missing_left[node] && data.missing.includes(data.feature[node]);
  return `${name} ≤ ${Number(data.threshold[node].toPrecision(digits))}${lacks ? " or missing" : ""}`;
}

/** What a node holds and what a click on it does. */
export function nodeName(data, node, state) {
  const holds = data.kind === "classifier"
    ? `${data.classes[data.value[node]]} ${percentOf(data.share[node])}`
    : `mean ${fourDigits(data.value[node])}`;
  const size = `${data.samples[node]} ${data.samples[node] === 1 ? "sample" : "samples"}, ${holds}`;
  const act = {
    split: `asks ${data.left[node] < 0 ? "" : question(data, node, 4)}; open, folds into a leaf`,
    folded: "folded into a leaf; unfolds", leaf: "a leaf", gone: "folded away; grows back",
  }[state];
  return `Node ${node}: ${size}; ${act}`;
}

/** How far the folds of a cross-validation are that takes long. */
export function showFolds({ folds, bar, folded }, { done, total }) {
  if (folds.hidden !== !total) folds.hidden = !total;
  if (!total) return;
  setAttributes(bar, { max: total, value: done });
  setText(folded, `${done} of ${total} folds`);
}

/** Every text, hint and number beside the pictures. */
export function showWords(view, { data, knobs, looked, leaf, state, busy }) {
  const leaves = leavesOf(data, state.folded);
  const all = data.leaves[0];
  const judged = "val" in data.totals ? ["val", "validation"] : ["train", "training"];
  const error = errorWords(data, setError(data, judged[0], leaves));
  setText(view.headline, `${counted(leaves.length)} of ${(data.left.length + 1) / 2}: ` +
    (data.kind === "classifier" ? `${error} of ${judged[1]} samples wrong`
      : `${judged[1]} error ${error}`));
  const place = state.pruner ? `the tree of ${state.pruner.replaceAll("_", " ")} pruning`
    : state.step === null ? "folded by hand" : "on the cost-complexity path";
  setText(view.title, `${data.model}, ${data.totals.train} training samples · ${place}`);
  setAttributes(view.words, { "aria-busy": busy });
  setText(view.caption, [describe(data, state), ...data.notes].join(" "));
  const nearest = state.step ?? data.leaves.findIndex((count) => count <= leaves.length);
  const hint = state.step === null ? "not on the path" : `${nearest} of ${data.alphas.length - 1}`;
  knobs.leaves.show(leaves.length, String(leaves.length), `of ${all}`);
  knobs.ccp_alpha.show(data.alphas[nearest],
    state.step === null ? "" : fourDigits(data.alphas[nearest]), hint);
  setText(view.look, looked === null ? HINT : nodeName(data, looked, nodeState(data, leaf, looked)));
  view.unfold.disabled = !state.folded.length;
  view.points?.show(state.points);
  for (const { made, stop } of view.stops) {
    setAttributes(made, { "aria-pressed": sameFold(stop.folded, state.folded) });
  }
}
