// What prunelab.trees.nodes and widgets/tree/state.py compute, for a page without a kernel.
// Python is the truth; a test compares every function here with it on random folds.

import { fourDigits, percentOf } from "../shared/numbers.js";

// ---- folds: sorted lists of node ids whose branches have become leaves ------------------------

/** `nodes` without leaves, repeats and all that lies below another. */
export function topmost(data, nodes) {
  const marked = new Set(nodes);
  const hidden = (node) => above(data, node).some((up) => marked.has(up));
  return [...marked].filter((node) => data.left[node] >= 0 && !hidden(node)).sort((a, b) => a - b);
}

export function above(data, node) {
  const found = [];
  for (let up = data.parent[node]; up >= 0; up = data.parent[up]) found.push(up);
  return found;
}

/** For each node, the leaf that it is in or below; -1 for the splits that are left. */
export function leafOf(data, folded) {
  const stop = new Set(folded);
  const leaf = new Array(data.left.length).fill(-1);
  leaf.forEach((_, node) => {
    const up = data.parent[node];
    if (up >= 0 && leaf[up] >= 0) leaf[node] = leaf[up];
    else if (data.left[node] < 0 || stop.has(node)) leaf[node] = node;
  });
  return leaf;
}

export function leavesOf(data, folded) {
  return leafOf(data, folded).flatMap((leaf, node) => (leaf === node ? [node] : []));
}

/** "split", "folded" (a branch that is a leaf), "leaf", or "gone": below a leaf. */
export function nodeState(data, leaf, node) {
  if (leaf[node] < 0) return "split";
  if (leaf[node] !== node) return "gone";
  return data.left[node] < 0 ? "leaf" : "folded";
}

/** The fold after a click on `node`: see TreeNodes.toggled. */
export function toggled(data, folded, node) {
  const leaf = leafOf(data, folded)[node];
  if (leaf < 0) return topmost(data, [...folded, node]);
  const kept = folded.filter((other) => other !== leaf);
  if (leaf === node) return topmost(data, kept);
  const way = [node, ...above(data, node)];
  way.length = way.indexOf(leaf);
  const opened = new Set(way.slice(1));
  const beside = [...opened, leaf].flatMap((up) => [data.left[up], data.right[up]]);
  return topmost(data, [...kept, ...beside.filter((other) => !opened.has(other))]);
}

/** The fold of each subtree of the path, largest first. */
export function pathFolds(data) {
  let marked = [];
  return data.folds.map((step) => (marked = topmost(data, [...marked, ...step])));
}

export const sameFold = (a, b) => a.length === b.length && a.every((node, i) => node === b[i]);

/** The box of each node in the features that are shown: [[low, high], …]. */
export function boxesOf({ left, right, feature, threshold, shown, limits }) {
  const boxes = new Array(left.length);
  boxes[0] = limits;
  left.forEach((_, node) => {
    if (left[node] < 0) return;
    const at = shown.indexOf(feature[node]);
    const low = boxes[node].map((side) => [...side]);
    const high = boxes[node].map((side) => [...side]);
    if (at >= 0) {
      const [from, to] = boxes[node][at];
      low[at][1] = high[at][0] = Math.min(Math.max(threshold[node], from), to);
    }
    boxes[left[node]] = low;
    boxes[right[node]] = high;
  });
  return boxes;
}

// ---- errors and changes -----------------------------------------------------------------------

export function setError(data, name, leaves) {
  return leaves.reduce((total, leaf) => total + data.loss[name][leaf], 0) / data.totals[name];
}

/** How many training samples change class (or prediction), and by how much on average. */
export function moved(data, before, folded) {
  const [old, now] = [leafOf(data, before), leafOf(data, folded)];
  let count = 0;
  let distance = 0;
  data.left.forEach((left, node) => {
    const [was, is] = [data.value[old[node]], data.value[now[node]]];
    if (left < 0 && was !== is) {
      count += data.samples[node];
      distance += data.samples[node] * Math.abs(was - is);
    }
  });
  return [count, count ? distance / count : 0];
}

// ---- words ------------------------------------------------------------------------------------

export const errorWords = (data, error) =>
  (data.kind === "classifier" ? percentOf(error) : fourDigits(error));

export function describe(data, { folded, before, step }) {
  const leaves = leavesOf(data, folded);
  const where = step === null ? "not on the path"
    : `subtree ${step} of ${data.alphas.length - 1} on the path, ` +
      `ccp_alpha ${fourDigits(data.alphas[step])}`;
  const parts = [["train", "training"], ["val", "validation"]]
    .filter(([name]) => name in data.totals)
    .map(([name, label]) => `${label} ${errorWords(data, setError(data, name, leaves))}`);
  if (step !== null && data.errors.cv) {
    parts.push(`cross-validated ${errorWords(data, data.errors.cv[step])} ± ` +
      errorWords(data, data.spread[step]));
  }
  return [`${counted(leaves.length)} of ${(data.left.length + 1) / 2}: ${where}.`,
    `${data.measure}: ${parts.join(", ")}.`, lastFold(data, folded, before)]
    .filter(Boolean).join(" ");
}

/** What changed from one fold to the next, in a sentence; none where nothing did. */
export function lastFold(data, folded, before) {
  if (sameFold(folded, before)) return "";
  const fresh = folded.filter((node) => !before.includes(node));
  const gone = before.filter((node) => !folded.includes(node));
  const old = leavesOf(data, before).length;
  const grows = leavesOf(data, folded).length - old;
  const both = topmost(data, [...folded, ...before]);
  let what = `The last change goes from ${counted(old)} to ${old + grows}`;
  if (grows < 0 && sameFold(both, folded)) {
    const was = counted(fresh.length - grows);
    what = fresh.length === 1 ? `Folding node ${fresh[0]} turns ${was} into one`
      : `Folding ${fresh.length} branches turns ${was} into ${fresh.length}`;
  } else if (grows > 0 && sameFold(both, before) && gone.length === 1) {
    what = `Unfolding node ${gone[0]} brings ${counted(grows)} back`;
  }
  const [count, distance] = moved(data, before, folded);
  const whom = `${count} of ${data.totals.train} training samples`;
  if (data.kind === "classifier") {
    return count ? `${what} and changes the predicted class of ${whom}.`
      : `${what}; no training sample changes its predicted class.`;
  }
  const by = count ? `, by ${fourDigits(distance)} on average` : "";
  return `${what} and moves the prediction of ${whom}${by}.`;
}

export const counted = (count) => `${count} ${count === 1 ? "leaf" : "leaves"}`;
