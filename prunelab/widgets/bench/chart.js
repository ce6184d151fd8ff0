// The one chart of the TuningBench: what the kernel says in words, the curves, and the front.

import {
  element, kernelOf, markKernel, painter, setAttributes, setText, uniqueId,
} from "../shared/controls.js";
import { createCurves } from "./curves.js";
import { createFront } from "./front.js";

const STATE = ["words", "plan", "live", "rows", "curves", "shown", "baseline", "measure"];
const TEXTS = ["live", "curves"]; // those that come as JSON: many numbers travel lighter so
const MARKS = { good: "✓", warn: "!", bad: "✗", busy: "▸", paused: "‖" };

function render({ model, el }) {
  const view = build();
  el.classList.add("prunelab", "pl-bench-chart");
  el.replaceChildren(view.node);
  const paint = painter(draw, view.node);
  const parsed = Object.fromEntries(TEXTS.map((name) => [name, remembered(JSON.parse)]));
  const read = () => Object.fromEntries(STATE.map((name) => {
    const value = model.get(name);
    return [name, TEXTS.includes(name) ? parsed[name](value) : value];
  }));

  function draw() {
    const state = read();
    showWords(view, state.words);
    showMeasure(view, state.measure);
    view.steered.style.visibility = state.plan.preview ? "visible" : "hidden";
    const room = view.pair.clientWidth;
    if (room) {
      const wide = room >= 860;
      const left = wide ? Math.floor((room - 26) * 0.6) : room;
      view.curves.draw(state, left, wide ? 430 : 400);
      view.front.draw(state, wide ? room - 26 - left : room, wide ? 430 : 300);
    }
    nameParts(el.closest(".pl-bench"));
  }

  /** Without a kernel the bench's own controls, which are other widgets, could do nothing. */
  function heedKernel() {
    const live = kernelOf(model) === "live";
    const parts = el.closest(".pl-bench")?.querySelectorAll(".pl-bench-run, .pl-bench-knobs") ?? [];
    for (const part of parts) part.inert = !live;
  }
  const unmark = markKernel(model, el, heedKernel);

  const heard = STATE.map((name) => `change:${name}`);
  for (const event of heard) model.on(event, paint.soon);
  const resized = new ResizeObserver(paint.soon);
  resized.observe(view.pair);
  paint.soon();
  return () => {
    resized.disconnect();
    unmark();
    paint.stop();
    for (const event of heard) model.off(event, paint.soon);
  };
}

// `make(from)`, made again only when `from` is another one than before.
function remembered(make) {
  let last, made;
  return (from) => {
    if (from !== last) [last, made] = [from, make(from)];
    return made;
  };
}

function build() {
  const curves = createCurves();
  const front = createFront();
  const mark = element("span", { class: "pl-mark", "aria-hidden": "true" });
  const verdict = element("span");
  const headline = element("div", { class: "pl-headline", role: "status" }, mark, verdict);
  const title = element("div", { class: "pl-title" });
  const caption = element("p", { class: "pl-caption", id: uniqueId("caption") });
  const notice = element("p", { class: "pl-notice" });
  const findings = element("ul", { class: "pl-findings" });
  const words = element("div", { class: "pl-words pl-bench-words", "aria-live": "polite" },
    caption, findings, notice);
  const key = (name, text) => element("span", { class: `pl-key pl-key-${name}` }, text);
  const steered = key("preview", "if steered");
  const validation = key("validation", "");
  const training = key("training", "training loss");
  const legend = element("div", { class: "pl-legend", "aria-hidden": "true" }, validation, training,
    key("held", "masks"), key("ahead", "schedule"), steered);
  const heads = { curves: element("h4"), front: element("h4") };
  const panel = (head, picture, kind) => {
    head.className = "pl-heading";
    head.id = uniqueId("panel");
    setAttributes(picture, { "aria-labelledby": head.id, "aria-describedby": caption.id });
    return element("section", { class: `pl-panel ${kind}`, "aria-labelledby": head.id }, head,
      ...(kind === "pl-curves-panel" ? [legend] : []), picture);
  };
  const pair = element("div", { class: "pl-bench-pair" },
    panel(heads.curves, curves.svg, "pl-curves-panel"),
    panel(heads.front, front.svg, "pl-front-panel"));
  const node = element("div", { class: "pl-bench-view", role: "group",
    "aria-label": "Tuning bench: chart" }, headline, title, words, pair);
  return { node, pair, curves, front, mark, verdict, title, caption, notice, findings, steered, heads,
    validation, training };
}

function showMeasure(view, { label = "", curves = "", front = "", log }) {
  setText(view.heads.curves, curves);
  setText(view.heads.front, front);
  setText(view.validation, label.startsWith("validation") ? label : `${label}, validation`);
  view.training.hidden = !log;
}

function showWords(view, words) {
  view.node.dataset.mood = words.mood ?? "good";
  setText(view.mark, MARKS[words.mood] ?? "");
  setText(view.verdict, words.headline ?? "");
  setText(view.title, words.title ?? "");
  setText(view.caption, words.caption ?? "");
  setText(view.notice, words.notice ?? "");
  const shown = JSON.stringify(words.findings ?? []);
  if (view.findings.dataset.shown === shown) return;
  view.findings.dataset.shown = shown;
  view.findings.replaceChildren(...(words.findings ?? []).map(({ code, message, fix }) =>
    element("li", { "data-code": code }, element("span", { class: "pl-message" }, message), " ",
      element("span", { class: "pl-fix" }, fix))));
}

export default { render };

// What ipywidgets' own parts lack: names a screen reader can say, and keys the notebook leaves alone.

const FOCUSABLE = "input, button, select, textarea, .noUi-handle";

/** Name the sliders of the panel after their fields, and keep JupyterLab's keys off every control. */
export function nameParts(panel) {
  if (!panel) return;
  for (const part of panel.querySelectorAll(FOCUSABLE)) {
    if (!part.dataset.lmSuppressShortcuts) part.dataset.lmSuppressShortcuts = "true";
  }
  for (const row of panel.querySelectorAll(".pl-bench-knob")) {
    const name = row.querySelector("label")?.textContent;
    const handle = row.querySelector(".noUi-handle");
    const field = row.querySelector("input");
    if (!name || !handle) continue;
    const said = `${name}, slider, ${field?.value ?? ""}`;
    if (handle.getAttribute("aria-label") !== said) handle.setAttribute("aria-label", said);
  }
}
