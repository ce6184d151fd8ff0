// The card of the PlanExplorer: where its controls, pictures, words and table stand.

import { cardWords, picturePanel } from "../shared/card.js";
import { OWN_KEYS, button, element, selectOf, setText, svgElement } from "../shared/controls.js";
import { percentOf } from "../shared/numbers.js";
import { colourOf, shapeOf } from "../shared/scale.js";
import { crowded, whichLoss } from "./curves.js";
import { describe, headlineOf, titleOf } from "./words.js";

export const HINT = "Point at a run, or move to it with the arrow keys, to read here how it " +
  "was made.";

export function buildRunCard({ plan, arms, front, curves, table, knob, onMeasure }) {
  const { headline, title, caption, notice, words } = cardWords("run");
  setText(title, titleOf(plan));
  const look = element("p", { class: "pl-look", "aria-live": "polite" }, HINT);
  const measures = Object.entries(plan.data.measures).map(([name, { label }]) => [name, label]);
  const measure = selectOf("measure", measures, "", onMeasure);
  measure.row.className = "pl-measure";
  const frontPanel = picturePanel(front.svg, caption, "pl-front-panel");
  const curvesPanel = picturePanel(curves.svg, caption, "pl-curves-panel");
  const card = element("div", { class: "pl-card", role: "group", "aria-label": "Run explorer" },
    headline, title,
    element("div", { class: "pl-run-controls" }, knob.row, measure.row),
    words,
    arms.group,
    element("div", { class: "pl-run-pair" }, frontPanel.section, curvesPanel.section),
    look, table.node);
  return { card, headline, caption, notice, words, look, measure, knob,
    frontHead: frontPanel.head, curvesHead: curvesPanel.head };
}

/** Everything in words: called for each state. */
export function showRunWords(view, plan, state, busy) {
  setText(view.headline, headlineOf(plan, state));
  // While a slider is in hand, a screen reader waits; it reads the words once it is let go.
  view.words.setAttribute("aria-busy", String(busy));
  setText(view.caption, describe(plan, state));
  setText(view.notice, state.notice);
  const { label } = plan.data.measures[state.measure];
  setText(view.frontHead, `${label}: every run, and each arm with its interval`);
  const loss = whichLoss(state.measure) ? "training" : "validation";
  const range = crowded(plan, state) ? "; point at an arm for its range" : " and range of the seeds";
  setText(view.curvesHead, `${loss} loss: median${range}`);
  view.measure.show(state.measure);
  view.knob.show(state.sparsity, String(state.sparsity),
    state.sparsity > 0 ? `at least ${percentOf(state.sparsity)} gone` : "any sparsity");
}

// The arms to choose from, which are also the key to the pictures.


/** A line with a marker, as the arm is drawn. */
export function swatch(arm) {
  return svgElement("svg", { class: `pl-swatch ${colourOf(arm)}`, width: 30, height: 14,
    viewBox: "-15 -7 30 14", "aria-hidden": "true" },
  svgElement("path", { class: "pl-median", d: "M-14,0H14",
    "stroke-dasharray": arm.style.dash || "none" }),
  ...(arm.linear ? [] : [svgElement("path", { class: "pl-marker", d: shapeOf(arm),
    transform: "scale(0.85)" })]));
}

/** Checkboxes, one an arm, with buttons for all and none. onLight(name or null): one is looked at. */
export function createArms(plan, { onChoose, onLight }) {
  const boxes = new Map(plan.arms.map(({ name }) =>
    [name, element("input", { type: "checkbox", value: name, ...OWN_KEYS })]));
  const labels = plan.arms.map((arm) => {
    const label = element("label", { class: "pl-arm-choice", title: arm.about },
      boxes.get(arm.name), swatch(arm), element("span", {}, arm.label));
    label.addEventListener("pointerenter", () => onLight(arm.name));
    label.addEventListener("pointerleave", () => onLight(null));
    boxes.get(arm.name).addEventListener("focus", () => onLight(arm.name));
    boxes.get(arm.name).addEventListener("blur", () => onLight(null));
    return label;
  });
  const list = element("div", { class: "pl-arm-list" }, ...labels);
  list.addEventListener("change", () =>
    onChoose([...boxes].filter(([, box]) => box.checked).map(([name]) => name)));
  const group = element("fieldset", { class: "pl-group pl-arms" }, element("legend", {}, "arms"),
    list, element("div", { class: "pl-arm-buttons" },
      button("All arms", "show every arm", () => onChoose([...boxes.keys()])),
      button("Control alone", "show the control and nothing else",
        () => onChoose([plan.control.name]))));
  const show = (names) => {
    for (const [name, box] of boxes) box.checked = names.includes(name);
  };
  return { group, show };
}
