// The tree itself: branches that are kept in ink, what is folded in grey, nodes to click and walk.

import { OWN_KEYS, pointIn, setAttributes, svgElement } from "../shared/controls.js";
import { part, setSize, svgOf } from "../shared/scale.js";
import { createDots } from "./ground.js";
import { nodeState } from "./math.js";

const PAD = { top: 30, right: 20, bottom: 18, left: 20 };
const REACH = 18; // px around a node in which a click is meant for it

/** onPick(node) folds or unfolds; onLook(node or null) says what a node holds. */
export function createBranches(data, color, { onPick, onLook, name }) {
  const folds = part("path", "edges pl-edges-gone");
  const edges = part("path", "edges");
  const ring = part("circle", "ring", { r: 0 });
  const texts = part("g", "splits", { "aria-hidden": "true" });
  const dots = createDots(data, color);
  // What is focused and read aloud; the dots beneath are what is seen.
  const spots = data.left.map(() => svgElement("circle"));
  const nodes = data.left.map((_, node) => svgElement("g", {
    class: "pl-node", role: "treeitem", tabindex: "-1", "data-node": node,
    "aria-level": data.depth[node] + 1, ...OWN_KEYS,
  }, spots[node]));
  const group = svgElement("g", { role: "tree", "aria-label": "the tree, node by node" }, ...nodes);
  const svg = svgOf("branches", [folds, edges, texts, dots.group, ring, group], "group");
  const places = { x: [], y: [], r: [], elbows: [], width: 0 };
  const shown = []; // the state in which each node is drawn
  let splits = []; // the questions that have room, with their nodes
  let home = 0; // the one node that Tab stops at

  function stopAt(node) {
    nodes[home].setAttribute("tabindex", "-1");
    home = node;
    nodes[home].setAttribute("tabindex", "0");
  }

  function nearest(event) {
    const [x, y] = pointIn(svg, event);
    let best = null;
    let least = REACH ** 2;
    places.x.forEach((at, node) => {
      const distance = (at - x) ** 2 + (places.y[node] - y) ** 2;
      if (distance < least) [best, least] = [node, distance];
    });
    return best;
  }

  function walk(node, key) {
    const beside = (step) => {
      const row = data.depth.flatMap((depth, other) => (depth === data.depth[node] ? [other] : []))
        .sort((a, b) => data.x[a] - data.x[b]);
      return row[row.indexOf(node) + step];
    };
    const next = {
      ArrowUp: () => data.parent[node], ArrowDown: () => data.left[node],
      ArrowLeft: () => beside(-1), ArrowRight: () => beside(1),
      Home: () => 0, End: () => data.left.length - 1,
    }[key];
    return next?.();
  }

  group.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = walk(home, event.key);
    if (next >= 0) nodes[next].focus();
    if (event.key === "Enter" || event.key === " ") onPick(home);
    else if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
  });
  group.addEventListener("focusin", (event) => {
    const node = Number(event.target.closest("[data-node]").dataset.node);
    if (node !== home) stopAt(node);
    onLook(node);
  });
  group.addEventListener("focusout", () => onLook(null));
  svg.addEventListener("pointermove", (event) => {
    const node = nearest(event);
    svg.classList.toggle("pl-near", node !== null);
    onLook(node);
  });
  svg.addEventListener("pointerleave", () => onLook(null));
  svg.addEventListener("click", (event) => {
    const node = nearest(event);
    if (node === null) return;
    nodes[node].focus();
    onPick(node);
  });
  stopAt(home);

  function place(width, height) {
    if (places.width === width && places.height === height) return;
    const wide = Math.max(...data.x, 1);
    const deep = Math.max(...data.depth, 1);
    const room = (width - PAD.left - PAD.right) / wide;
    const row = (height - PAD.top - PAD.bottom) / deep;
    const alone = Math.max(...data.x) === 0;
    places.x = data.x.map((x) => (alone ? width / 2 : PAD.left + x * room));
    places.y = data.depth.map((depth) => PAD.top + depth * row);
    const largest = Math.min(13, 0.46 * Math.max(room, 7), 0.42 * Math.max(row, 9));
    places.r = data.samples.map((count) =>
      Math.max(2.6, largest * Math.sqrt(count / data.totals.train) ** 0.55));
    places.elbows = data.parent.map((up, node) => (up < 0 ? "" : elbow(places, up, node)));
    Object.assign(places, { width, height });
    spots.forEach((spot, node) => setAttributes(spot,
      { cx: places.x[node].toFixed(1), cy: places.y[node].toFixed(1), r: places.r[node].toFixed(1) }));
    setSize(svg, width, height);
    splits = writeSplits(data, places, name);
    texts.replaceChildren(...splits.map(({ text }) => text));
  }

  /** leaf: for each node the leaf it is in; looked: the node under the pointer or focus. */
  function draw({ leaf, looked, width, height }) {
    place(width, height);
    const [kept, gone] = [[], []];
    data.parent.forEach((up, node) => {
      if (up >= 0) (leaf[up] < 0 ? kept : gone).push(places.elbows[node]);
    });
    setAttributes(edges, { d: kept.join("") });
    setAttributes(folds, { d: gone.join("") });
    const states = leaf.map((_, node) => nodeState(data, leaf, node));
    dots.draw(states, places);
    states.forEach((state, node) => {
      if (shown[node] !== state) describe(node, state);
    });
    for (const { text, node } of splits) {
      const display = leaf[node] < 0 ? "" : "none";
      if (text.style.display !== display) text.style.display = display;
    }
    setAttributes(ring, looked === null ? { r: 0 }
      : { cx: places.x[looked], cy: places.y[looked], r: places.r[looked] + 5 });
  }

  function describe(node, state) {
    shown[node] = state;
    const expanded = data.left[node] < 0 ? {} : { "aria-expanded": state === "split" };
    setAttributes(nodes[node],
      { "data-state": state, ...expanded, "aria-label": name(node, state) });
  }
  return { svg, draw };
}

function elbow({ x, y }, up, node) {
  const middle = (y[up] + y[node]) / 2;
  return `M${x[up].toFixed(1)},${y[up].toFixed(1)}C${x[up].toFixed(1)},${middle.toFixed(1)} ` +
    `${x[node].toFixed(1)},${middle.toFixed(1)} ${x[node].toFixed(1)},${y[node].toFixed(1)}`;
}

/** The question of a split above its node, where neighbours leave room for it. */
function writeSplits(data, places, name) {
  const taken = [];
  const made = [];
  data.left.forEach((left, node) => {
    const words = left < 0 ? "" : name.split(node);
    const half = 3.3 * words.length + 4;
    const x = Math.min(Math.max(places.x[node], half), places.width - half);
    const y = places.y[node] - places.r[node] - 5;
    const box = [x - half, x + half, y - 11, y + 4];
    const hits = (other) =>
      box[0] < other[1] && other[0] < box[1] && box[2] < other[3] && other[2] < box[3];
    const onNode = data.left.some((_, other) => {
      const [cx, cy, r] = [places.x[other], places.y[other], Math.max(places.r[other] + 1, 4)];
      return other !== node && hits([cx - r, cx + r, cy - r, cy + r]);
    });
    if (!words || onNode || taken.some(hits)) return;
    taken.push(box);
    const text = svgElement("text",
      { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": "middle" }, words);
    made.push({ text, node });
  });
  return made;
}
