// The table of the PlanExplorer: a row an arm, sorted by the button over a column.

import { sortHeads } from "../shared/card.js";
import { OWN_KEYS, element, setText } from "../shared/controls.js";
import { reaches, sortedArms } from "./math.js";
import { swatch } from "./card.js";
import { arrange } from "../shared/scale.js";

const COLUMNS = {
  arm: "arm", seeds: "seeds", zeros: "zeros", weights: "weights left", mean: "mean",
  change: "to the control", agree: "seeds that agree",
};

export function createTable(plan, { onSort, onLight }) {
  const heads = sortHeads(COLUMNS, "pl-", onSort);
  const rows = new Map(plan.arms.map((arm) => [arm.name, createRow(arm, onLight)]));
  const body = element("tbody");
  const caption = element("caption");
  const table = element("table", { class: "pl-table" }, caption,
    element("thead", {}, element("tr", {}, ...heads.cells)), body);
  const node = element("div", { class: "pl-table-box", tabindex: "0", role: "region",
    "aria-label": "table of arms", ...OWN_KEYS }, table);
  let order = "";

  function show(state, best) {
    const { label, log } = plan.data.measures[state.measure];
    heads.show(state.sort,
      { mean: label, change: log ? "ratio to the control" : "minus the control" });
    setText(caption, `${label}: ${log ? "geometric mean" : "mean"} over seeds, and its 95 % ` +
      "interval; the control is compared with seed by seed");
    const found = sortedArms(plan, state);
    const now = found.map(({ name }) => name).join();
    if (now !== order) arrange(body, found.map(({ name }) => rows.get(name).node));
    order = now;
    for (const arm of found) showRow(state, rows.get(arm.name), best);
  }
  return { node, show };
}

function createRow(arm, onLight) {
  const cells = Object.fromEntries(Object.keys(COLUMNS).slice(1).map((column) =>
    [column, element("td", { class: `pl-${column}` }, element("span"), element("small"))]));
  const node = element("tr", { class: "pl-row pl-arm", "data-arm": arm.name },
    element("th", { scope: "row", title: arm.about }, swatch(arm), arm.label.replaceAll(" %", "\u00a0%")),
    ...Object.values(cells));
  node.addEventListener("pointerenter", () => onLight(arm.name));
  node.addEventListener("pointerleave", () => onLight(null));
  return { node, cells, arm };
}

function showRow(state, { node, cells, arm }, best) {
  for (const [column, text] of Object.entries(arm.cells)) setText(cells[column].firstChild, text);
  for (const [column, [text, small]] of Object.entries(arm.texts[state.measure].cells)) {
    setText(cells[column].firstChild, text);
    setText(cells[column].lastChild, small);
  }
  node.classList.toggle("pl-short", !arm.linear && !reaches(arm, state.sparsity));
  node.classList.toggle("pl-best", arm.name === best?.name);
}
