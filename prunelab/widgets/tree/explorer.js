// TreeExplorer in the browser: what moves what, and when to draw.

import { explorerBase, listed, sendingKnob, setText } from "../shared/controls.js";
import { createBranches } from "./branches.js";
import { buildCard, PAUSE, PLAY } from "./card.js";
import { createErrors } from "./errors.js";
import { createGround } from "./ground.js";
import { colorsOf } from "./marks.js";
import { leafOf, pathFolds, sameFold, toggled } from "./math.js";
import { nodeName, question, showFolds, showWords } from "./words.js";

const BEAT = 700; // milliseconds that a subtree is shown while the path is played
const STATE = ["step", "folded", "before", "pruner", "points", "folding"];

/** The card anew when the kernel sends other data: the folds of a long cross-validation are done. */
function render({ model, el }) {
  let end = mount({ model, el });
  const again = () => {
    const dragged = el.querySelector("input[type=range]:active");
    if (dragged) { // a hand is on it
      dragged.addEventListener("change", () => setTimeout(again), { once: true });
      return;
    }
    const focused = placeOf(el, document.activeElement);
    end();
    end = mount({ model, el });
    if (focused) el.querySelectorAll(focused.tag)[focused.at]?.focus();
  };
  model.on("change:data", again);
  return () => {
    model.off("change:data", again);
    end();
  };
}

/** Where the focus is in the card: which of its elements of one tag and name; null if elsewhere. */
function placeOf(el, active) {
  if (!active || !el.contains(active) || active === el) return null;
  const name = ["data-node", "data-name", "name", "value"].find((each) => active.hasAttribute(each));
  const tag = name ? `${active.localName}[${name}="${CSS.escape(active.getAttribute(name))}"]`
    : active.localName;
  return { tag, at: [...el.querySelectorAll(tag)].indexOf(active) };
}

function mount({ model, el }) {
  const data = model.get("data");
  const color = colorsOf(data);
  const folds = pathFolds(data);
  const indexOf = new Map(folds.map((folded, k) => [folded.join(), k]));
  const indexFor = (folded) => indexOf.get(folded.join()) ?? null;
  const stops = data.pruners.map((stop) => ({ ...stop, letter: stop.name[0].toUpperCase() }));
  const { send, paint, read, show, ...base } = explorerBase(model, el, STATE, draw);
  let looked = null;
  let held = false; // a slider is in the reader's hand
  let playing = null; // the timer, while the path is played
  let sizes = null; // read once: asking for them between two drawings costs a layout each

  function change(changes) {
    const state = read();
    const same = ([name, value]) =>
      (Array.isArray(value) ? sameFold(value, state[name]) : value === state[name]);
    base.change(Object.fromEntries(Object.entries(changes).filter((each) => !same(each))));
  }

  function toStep(step) {
    const before = folds[Math.max(step - 1, 0)];
    change({ step, folded: folds[step], before, pruner: "" });
  }

  /** One fold after another, from where we are to the root, once; another hand stops it. */
  function play() {
    if (playing !== null) {
      halt();
      return;
    }
    const step = model.get("step");
    if (step === null || step === folds.length - 1) toStep(0);
    playing = setInterval(() => {
      toStep((model.get("step") ?? -1) + 1);
      send.later();
      if (model.get("step") === folds.length - 1) halt();
    }, BEAT);
    setText(view.play, PAUSE);
  }

  function halt() {
    clearInterval(playing);
    playing = null;
    setText(view.play, PLAY);
  }

  function toFold(folded, before = model.get("folded"), pruner = "") {
    halt();
    change({ folded, before, step: indexFor(folded), pruner });
    send.later();
  }

  const stepOf = {
    leaves: (value) => data.leaves.findIndex((leaves) => leaves <= Math.max(value, 1)),
    ccp_alpha: (value) => Math.max(data.alphas.findLastIndex((alpha) => alpha <= value), 0),
  };
  const knobs = Object.fromEntries([
    ["leaves", "size of the subtree on the path", listed([...data.leaves].reverse())],
    ["ccp_alpha", "price of a leaf; scikit-learn's ccp_alpha",
      { ...listed(data.alphas), fieldStep: "any" }],
  ].map(([name, explained, scale]) => [name, sendingKnob({ name, explained, scale }, send,
    (value, inHand) => {
      held = inHand;
      halt();
      if (Number.isFinite(value)) toStep(stepOf[name](value));
      if (!held) paint.soon();
    })]));

  const name = (node, state) => nodeName(data, node, state);
  name.split = (node) => question(data, node, 3);
  const branches = createBranches(data, color, {
    name,
    onPick: (node) => toFold(toggled(data, model.get("folded"), node)),
    onLook(node) {
      if (node === looked) return;
      looked = node;
      paint.soon();
    },
  });
  const ground = createGround(data, color);
  const errors = createErrors(data, stops, (step) => {
    halt();
    toStep(step);
    send.now();
  });
  const view = buildCard({ data, color, knobs, stops, branches, ground, errors });
  view.play.addEventListener("click", play);
  view.play.disabled = folds.length < 2;
  view.unfold.addEventListener("click", () => toFold([]));
  view.stops.forEach(({ made, stop }) =>
    made.addEventListener("click", () => toFold(stop.folded, [], stop.name)));
  view.points?.group.addEventListener("change", (event) => {
    change({ points: event.target.value });
    send.now();
  });
  const widthOf = ({ svg }) => Math.max(Math.floor(svg.parentNode.clientWidth), 280);

  function draw() {
    const state = read();
    const leaf = leafOf(data, state.folded);
    const was = leafOf(data, state.before);
    sizes ??= { tree: widthOf(branches), ground: ground && widthOf(ground), errors: widthOf(errors),
      height: el.clientWidth < 700 ? 300 : 380 };
    const { height } = sizes;
    branches.draw({ leaf, looked, width: sizes.tree, height });
    const which = state.points === "validation" ? "val" : "train";
    ground?.draw({ leaf, was, which, width: sizes.ground, height });
    errors.draw({ ...state, width: sizes.errors, height: 270 });
    showWords(view, { data, knobs, looked, leaf, state, busy: held });
    showFolds(view, state.folding ?? {});
  }

  const stop = show(view.card, { onResize: () => { sizes = null; } });
  return () => {
    halt();
    stop();
  };
}

export default { render };
