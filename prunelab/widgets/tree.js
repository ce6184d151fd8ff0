// TreeExplorer in the browser: the card, the controls, the words and when to draw.

import {
  button, choice, element, knob, listed, sender, setText, uniqueId,
} from "./shared/controls.js";
import { createBranches } from "./tree_branches.js";
import { createErrors, stopAt, stopWords } from "./tree_errors.js";
import { createGround } from "./tree_ground.js";
import { colorsOf } from "./tree_marks.js";
import {
  counted, describe, errorWords, leafOf, leavesOf, pathFolds, percent, sameFold, setError, short,
  toggled,
} from "./tree_math.js";

const STATE = ["step", "folded", "before", "pruner", "points"];
const HINT = "Click a node to fold its branch into a leaf, and again to unfold it; a grey node " +
  "grows back. By keyboard: arrows, then Enter.";

function render({ model, el }) {
  const data = model.get("data");
  const color = colorsOf(data);
  const folds = pathFolds(data);
  const indexOf = new Map(folds.map((folded, k) => [folded.join(), k]));
  const indexFor = (folded) => indexOf.get(folded.join()) ?? null;
  const stops = data.pruners.map((stop) => ({ ...stop, letter: stop.name[0].toUpperCase() }));
  const send = sender(model);
  const read = () => Object.fromEntries(STATE.map((name) => [name, model.get(name)]));
  let looked = null;
  let held = false; // a slider is in the reader's hand
  let frame = 0;

  function change(changes) {
    const state = read();
    for (const [name, value] of Object.entries(changes)) {
      const same = Array.isArray(value) ? sameFold(value, state[name]) : value === state[name];
      if (!same) model.set(name, value);
    }
    drawSoon();
  }

  function toStep(step) {
    const before = folds[Math.max(step - 1, 0)];
    change({ step, folded: folds[step], before, pruner: "" });
  }

  function toFold(folded, before = model.get("folded"), pruner = "") {
    change({ folded, before, step: indexFor(folded), pruner });
    send.now();
  }

  const stepOf = {
    leaves: (value) => data.leaves.findIndex((leaves) => leaves <= Math.max(value, 1)),
    ccp_alpha: (value) => Math.max(data.alphas.findLastIndex((alpha) => alpha <= value), 0),
  };
  const knobs = Object.fromEntries([
    ["leaves", "size of the subtree on the path", listed([...data.leaves].reverse())],
    ["ccp_alpha", "price of a leaf; scikit-learn's ccp_alpha",
      { ...listed(data.alphas), fieldStep: "any" }],
  ].map(([name, explained, scale]) => [name, knob({
    name, explained, scale,
    onMove(value) {
      held = true;
      if (Number.isFinite(value)) toStep(stepOf[name](value));
      send.later();
    },
    onDone(value) {
      held = false;
      if (Number.isFinite(value)) toStep(stepOf[name](value));
      drawSoon();
      send.now();
    },
  })]));

  const name = (node, state) => nodeName(data, node, state);
  name.split = (node) => question(data, node, 3);
  const branches = createBranches(data, {
    name,
    onPick: (node) => toFold(toggled(data, model.get("folded"), node)),
    onLook(node) {
      if (node === looked) return;
      looked = node;
      drawSoon();
    },
  });
  const ground = createGround(data, color);
  const errors = createErrors(data, stops, (step) => {
    toStep(step);
    send.now();
  });
  const view = build({ data, color, knobs, stops, branches, ground, errors });
  view.unfold.addEventListener("click", () => toFold([]));
  view.stops.forEach(({ made, stop }) =>
    made.addEventListener("click", () => toFold(stop.folded, [], stop.name)));
  view.points?.group.addEventListener("change", (event) => {
    change({ points: event.target.value });
    send.now();
  });
  el.classList.add("prunelab");
  el.replaceChildren(view.card);

  function drawSoon() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  }

  const widthOf = ({ svg }) => Math.max(Math.floor(svg.parentNode.clientWidth), 280);

  function draw() {
    const state = read();
    const leaf = leafOf(data, state.folded);
    const was = leafOf(data, state.before);
    const wide = Math.max(el.clientWidth, 300);
    const height = wide < 700 ? 300 : 380;
    branches.draw({ leaf, looked, width: widthOf(branches), height, color });
    const which = state.points === "validation" ? "val" : "train";
    ground?.draw({ leaf, was, which, width: widthOf(ground), height });
    errors.draw({ ...state, width: widthOf(errors), height: 270 });
    showWords(view, { data, knobs, looked, leaf, state, busy: held });
  }

  const heard = STATE.map((trait) => `change:${trait}`);
  for (const event of heard) model.on(event, drawSoon);
  const resized = new ResizeObserver(drawSoon);
  resized.observe(view.card);
  draw();

  return () => {
    send.finish();
    resized.disconnect();
    cancelAnimationFrame(frame);
    for (const event of heard) model.off(event, drawSoon);
  };
}

// ---- the card ---------------------------------------------------------------------------------

function build({ data, color, knobs, stops, branches, ground, errors }) {
  const captionId = uniqueId("caption");
  const headline = element("div", { class: "pl-headline", id: uniqueId("title") });
  const title = element("div", { class: "pl-title" });
  const caption = element("p", { class: "pl-caption", id: captionId });
  const words = element("div", { class: "pl-words pl-tree-words", "aria-live": "polite" }, caption);
  const look = element("p", { class: "pl-look" });
  const unfold = button("Unfold all", "go back to the whole tree", () => {});
  const panel = (kind, label, ...children) =>
    element("section", { class: `pl-panel ${kind}`, "aria-label": label }, ...children);
  const heading = (text) => element("h4", { class: "pl-heading" }, text);
  const points = ground && "val" in data.points
    ? choice("samples", ["training", "validation"], () => {}) : null;
  const beside = ground
    ? [element("div", { class: "pl-stage" }, ground.svg), classKey(data, color), points?.group]
    : [element("p", { class: "pl-none" }, noGround(data))];
  for (const picture of [ground, errors].filter(Boolean)) {
    picture.svg.setAttribute("aria-labelledby", headline.id);
    picture.svg.setAttribute("aria-describedby", captionId);
  }
  const buttons = stops.map((stop) => ({ stop, made: stopButton(data, stop) }));
  const absent = Object.entries(data.absent).map(([name, why]) =>
    element("li", {}, `${name.replaceAll("_", " ")}: ${why}`));
  const card = element("div", { class: "pl-card", role: "group", "aria-label": "Tree explorer" },
    headline, title,
    element("div", { class: "pl-along" }, knobs.leaves.row, knobs.ccp_alpha.row, unfold),
    words,
    element("div", { class: `pl-pair${ground ? "" : " pl-single"}` },
      panel("pl-tree-panel", "the tree", heading("the tree"),
        element("div", { class: "pl-stage" }, branches.svg), look),
      panel("pl-ground-panel", "the data", heading(groundTitle(data)),
        ...beside.filter(Boolean))),
    element("div", { class: "pl-pair pl-lower" },
      panel("pl-errors-panel", "errors", heading("error against leaves"), errorKey(data),
        element("div", { class: "pl-stage" }, errors.svg)),
      panel("pl-stops-panel", "pruners", heading("where each pruner would stop"),
        element("div", { class: "pl-stop-list", role: "group",
          "aria-label": "take the tree of a pruner" },
        element("div", { class: "pl-stop-head", "aria-hidden": "true" },
          element("span"), element("span", {}, "pruner"), element("span", {}, "leaves"),
          element("span", {}, "val" in data.totals ? "validation" : "training")),
        ...buttons.map(({ made }) => made)),
        element("ul", { class: "pl-absent" }, ...absent))));
  return { card, headline, title, caption, words, look, unfold, points, stops: buttons };
}

const groundTitle = (data) => (data.kind === "classifier" ? "what it predicts, and the samples"
  : data.shown.length === 1 ? "the fitted curve" : "what it predicts, and the samples");

function noGround(data) {
  return data.used > 2
    ? `The tree asks about ${data.used} features: its regions have no picture in a plane.`
    : "The tree asks about no feature: there are no regions to draw.";
}

function stopButton(data, stop) {
  const [leaves, error] = stopWords(data, stopAt(data, stop.folded));
  const label = stop.name.replaceAll("_", " ");
  const made = button("", `take the tree of ${label} pruning`, () => {});
  made.classList.add("pl-stop-button");
  made.dataset.name = stop.name;
  made.append(element("span", { class: "pl-badge", "aria-hidden": "true" }, stop.letter),
    element("span", {}, label),
    element("span", { class: "pl-figure" }, leaves, element("span", { class: "pl-spoken" }, " leaves, ")),
    element("span", { class: "pl-figure" }, error));
  return made;
}

function classKey(data, color) {
  const key = element("div", { class: "pl-legend pl-classes", "aria-hidden": "true" });
  if (data.kind === "classifier") {
    key.append(...data.classes.slice(0, 8).map((label, at) => {
      const mark = element("span", { class: `pl-swatch pl-shape-${at % 4}` });
      mark.style.setProperty("--pl-color", color(at));
      return element("span", { class: "pl-item" }, mark, label);
    }), element("span", { class: "pl-item" }, element("span", { class: "pl-swatch pl-is-wrong" }), "wrong"));
  }
  if (data.kind === "classifier" || data.shown.length === 2) {
    key.append(element("span", { class: "pl-item" },
      element("span", { class: "pl-swatch pl-is-new" }), "changed by the last fold"));
  }
  if (data.kind === "regressor") {
    const [low, high] = data.span.map((end) => Number(end.toPrecision(2)));
    key.append(element("span", { class: "pl-item" },
      `mean ${low}`, element("span", { class: "pl-ramp" }), String(high)));
  }
  if (data.kind === "regressor" && data.shown.length === 1) {
    key.append(element("span", { class: "pl-key pl-key-now" }, "the tree on show"),
      element("span", { class: "pl-key pl-key-full" }, "nothing folded"));
  }
  return key;
}

function errorKey(data) {
  const key = (name, text) => element("span", { class: `pl-key pl-key-${name}` }, text);
  return element("div", { class: "pl-legend pl-error-key", "aria-hidden": "true" },
    key("train", "training"), ...(data.errors.val ? [key("val", "validation")] : []),
    ...(data.errors.cv ? [key("cv", "cross-validated, ± one standard error")] : []));
}

// ---- what the state says ----------------------------------------------------------------------

function question(data, node, digits) {
  return `${data.features[data.feature[node]]} ≤ ${Number(data.threshold[node].toPrecision(digits))}`;
}

function nodeName(data, node, state) {
  const holds = data.kind === "classifier"
    ? `${data.classes[data.value[node]]} ${percent(data.share[node])}`
    : `mean ${short(data.value[node])}`;
  const size = `${data.samples[node]} ${data.samples[node] === 1 ? "sample" : "samples"}, ${holds}`;
  const act = {
    split: `asks ${data.left[node] < 0 ? "" : question(data, node, 4)}; open, folds into a leaf`,
    folded: "folded into a leaf; unfolds", leaf: "a leaf", gone: "folded away; grows back",
  }[state];
  return `Node ${node}: ${size}; ${act}`;
}

function showWords(view, { data, knobs, looked, leaf, state, busy }) {
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
  view.words.setAttribute("aria-busy", String(busy));
  setText(view.caption, describe(data, state));
  const nearest = state.step ?? data.leaves.findIndex((count) => count <= leaves.length);
  const hint = state.step === null ? "by hand" : `${nearest} of ${data.alphas.length - 1}`;
  knobs.leaves.show(leaves.length, String(leaves.length), `of ${all}`);
  knobs.ccp_alpha.show(data.alphas[nearest],
    state.step === null ? "" : short(data.alphas[nearest]), hint);
  setText(view.look, looked === null ? HINT : nodeName(data, looked, nodeState(data, leaf, looked)));
  view.unfold.disabled = !state.folded.length;
  view.points?.show(state.points);
  for (const { made, stop } of view.stops) {
    made.setAttribute("aria-pressed", String(sameFold(stop.folded, state.folded)));
  }
}

function nodeState(data, leaf, node) {
  if (leaf[node] < 0) return "split";
  if (leaf[node] !== node) return "gone";
  return data.left[node] < 0 ? "leaf" : "folded";
}

export default { render };
