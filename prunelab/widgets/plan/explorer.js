// PlanExplorer in the browser: what moves what, and when to draw.

import { explorerBase, pointIn, setText, sparsityKnob } from "../shared/controls.js";
import { HINT, buildRunCard, createArms, showRunWords } from "./card.js";
import { createCurves } from "./curves.js";
import { createFront } from "./front.js";
import { bestOf, planOf } from "./math.js";
import { createTable } from "./table.js";
import { runWords } from "./words.js";

const STATE = ["arms", "sparsity", "measure", "sort", "notice"];
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

function render({ model, el }) {
  const plan = planOf(model.get("data"));
  const front = createFront(plan);
  const curves = createCurves(plan);
  const base = explorerBase(model, el, STATE, draw);
  let held = false; // the slider is in the reader's hand
  let waiting = null; // the table's next drawing
  let sizes = null; // read once: asking for them between two drawings costs a layout each
  let looked = null; // the run under the pointer or the focus
  let lit = null; // the arm that stands out

  function choose(changes) {
    base.change({ ...changes, notice: "" });
    base.send.now();
  }

  const explained = "the share of the control's weights that are gone in an arm, at least";
  const slider = sparsityKnob(explained, model, base, (inHand) => {
    held = inHand;
  });
  const arms = createArms(plan, { onChoose: (names) => choose({ arms: names }), onLight: light });
  const table = createTable(plan, { onLight: light,
    onSort: (column) => choose({ sort: model.get("sort") === column ? `-${column}` : column }) });
  const view = buildRunCard({ plan, arms, front, curves, table, knob: slider,
    onMeasure: (measure) => choose({ measure }) });

  function draw() {
    const state = base.read();
    const best = bestOf(plan, state);
    sizes ??= [front.svg, curves.svg].map((svg) =>
      Math.max(Math.floor(svg.parentNode.clientWidth), 260));
    const height = Math.round(Math.min(Math.max(0.62 * sizes[0], 300), 400));
    const moved = [front.place(state, sizes[0], height), curves.place(state, sizes[1], height)];
    front.show(state, best);
    curves.show(state);
    // While a slider is in hand, the table waits until it pauses: it would take most of each frame.
    clearTimeout(waiting);
    waiting = held ? setTimeout(() => table.show(state, best), 120) : null;
    if (!held) table.show(state, best);
    if (moved.includes(true)) shine(); // parts that were not there before take part, too
    arms.show(state.arms);
    showRunWords(view, plan, state, held);
    const again = looked && front.dots.find(({ arm, i }) => arm === looked.arm && i === looked.i);
    look(again ?? null);
  }

  // ---- looking --------------------------------------------------------------------------------

  /** Let one arm stand out everywhere. */
  function light(name) {
    if (name === lit) return;
    lit = name;
    view.card.toggleAttribute("data-lit", name !== null);
    shine();
    if (!looked) showLooked();
  }

  function shine() {
    for (const part of view.card.querySelectorAll(".pl-arm")) {
      part.classList.toggle("pl-lit", part.dataset.arm === lit);
    }
  }

  function look(dot) {
    const same = looked?.node === dot?.node;
    looked = dot;
    front.look(dot);
    if (!same) light(dot ? dot.arm.name : null);
    showLooked();
  }

  function showLooked() {
    const arm = lit && plan.byName[lit];
    setText(view.look, looked ? runWords(plan, looked.arm, looked.i, model.get("measure"))
      : arm?.about ? `${arm.label}: ${arm.about}` : HINT);
  }

  front.svg.addEventListener("pointermove", (event) => {
    const dot = front.nearest(...pointIn(front.svg, event));
    if (dot?.node !== looked?.node) look(dot);
  });
  front.svg.addEventListener("pointerleave", () => look(null));
  const dotOf = (node) => front.dots.find((dot) => dot.node === node);
  const stage = front.svg.parentNode; // Chromium lets Tab stop at an SVG part that listens for focus
  stage.addEventListener("focusin", ({ target }) => look(dotOf(target) ?? null));
  stage.addEventListener("focusout", () => look(null));
  stage.addEventListener("keydown", (event) => {
    const here = dotOf(event.target);
    const next = here && stepFrom(here, event.key);
    if (!next) return;
    event.preventDefault();
    front.stopAt(next);
    next.node.focus();
  });

  /** Left and right go from run to run, up and down from arm to arm. */
  function stepFrom(here, key) {
    const { dots } = front;
    if (key === "Home") return dots[0];
    if (key === "End") return dots.at(-1);
    if (key in STEPS) return dots[dots.indexOf(here) + STEPS[key]];
    if (key !== "ArrowUp" && key !== "ArrowDown") return null;
    const names = [...new Set(dots.map(({ arm }) => arm))];
    const arm = names[names.indexOf(here.arm) + (key === "ArrowDown" ? 1 : -1)];
    const same = dots.filter((dot) => dot.arm === arm);
    return same[Math.min(here.i, same.length - 1)];
  }

  const stop = base.show(view.card, { onResize: () => { sizes = null; } });
  return () => {
    clearTimeout(waiting);
    stop();
  };
}

export default { render };
