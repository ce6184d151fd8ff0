// The arms to choose from, which are also the key to the pictures.

import { button, element, svgElement } from "./shared/controls.js";
import { colourOf, shapeOf } from "./run_scale.js";

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
    [name, element("input", { type: "checkbox", value: name,
      "data-lm-suppress-shortcuts": "true" })]));
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
