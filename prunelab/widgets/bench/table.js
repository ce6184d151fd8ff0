// The runs of the TuningBench as a table: show, sort, name, note, replay, copy as code, delete.

import { sortHeads } from "../shared/card.js";
import {
  OWN_KEYS, button, copyText, element, kernelOf, painter, setText, uniqueId,
} from "../shared/controls.js";
import { grouped, percentOf } from "../shared/numbers.js";
import { arrange } from "../shared/scale.js";
import { swatch } from "./style.js";

const STATE = ["rows", "shown", "sort", "undo", "code", "busy", "measure"];
const COLUMNS = { number: "run", settings: "settings", zeros: "zeros", nonzeros: "weights left",
  value: "", seconds: "trained" };

function render({ model, el }) {
  const tell = (what, more = {}) => model.send({ do: what, ...more });
  const view = build(tell, model);
  const rows = new Map();
  el.classList.add("prunelab", "pl-bench-runs");
  el.replaceChildren(view.node);
  const paint = painter(draw, view.node);

  function draw() {
    const state = Object.fromEntries(STATE.map((name) => [name, model.get(name)]));
    const now = new Set(state.rows.map(({ id }) => id));
    for (const id of rows.keys()) {
      if (!now.has(id)) rows.delete(id);
    }
    for (const run of state.rows) {
      if (!rows.has(run.id)) rows.set(run.id, createRow(run, tell));
      rows.get(run.id).show(run, state);
    }
    arrange(view.body, state.rows.map(({ id }) => rows.get(id).node));
    view.heads.show(state.sort, { value: state.measure.label });
    view.none.hidden = state.rows.length > 0;
    view.table.hidden = !state.rows.length;
    view.undoBox.hidden = !state.undo;
    setText(view.undoText, state.undo);
    view.codeBox.hidden = !state.code.text;
    setText(view.codeName, state.code.name ?? "");
    setText(view.code, state.code.text ?? "");
  }

  // Without a kernel nothing here does anything but copying what is shown.
  const heedKernel = () => {
    const live = kernelOf(model) === "live";
    for (const part of view.node.querySelectorAll("button, input")) {
      if (part !== view.copy && (!live || part.dataset.gone)) {
        part.disabled = !live;
        part.dataset.gone = live ? "" : "yes";
      }
    }
  };
  model.on("comm_live_update", heedKernel);
  const heard = STATE.map((name) => `change:${name}`);
  for (const event of heard) model.on(event, paint.soon);
  draw();
  heedKernel();
  return () => {
    paint.stop();
    model.off("comm_live_update", heedKernel);
    for (const event of heard) model.off(event, paint.soon);
  };
}

function build(tell, model) {
  const heads = sortHeads(COLUMNS, "pl-col-", (column) =>
    tell("sort", { by: model.get("sort") === column ? `-${column}` : column }));
  const body = element("tbody");
  const caption = element("caption", {}, "Runs: tick those whose curves are laid over each other");
  const table = element("table", { class: "pl-table pl-bench-table" }, caption,
    element("thead", {}, element("tr", {}, ...heads.cells,
      element("th", { scope: "col", class: "pl-col-do" },
        element("span", { class: "pl-unseen" }, "what to do with it")))), body);
  const none = element("p", { class: "pl-none" },
    "No runs yet. Each run you start stays here, also when the kernel is restarted.");
  const undoText = element("span");
  const undoBox = element("div", { class: "pl-undo", role: "status" }, undoText,
    button("Undo", "bring the deleted run back", () => tell("undo")));
  const codeName = element("span", { id: uniqueId("code") });
  const code = element("code");
  const copy = button("Copy", "copy the code", async () => {
    setText(copy, (await copyText(code.textContent)) ? "Copied" : "Select it and copy");
    setTimeout(() => setText(copy, "Copy"), 1500);
  });
  const close = button("Close", "close the code", () => tell("code", { id: null }));
  const codeBox = element("div", { class: "pl-code pl-bench-code" },
    element("div", { class: "pl-code-head" }, codeName, copy, close),
    element("pre", { tabindex: "0", "aria-labelledby": codeName.id, ...OWN_KEYS }, code));
  const node = element("div", { class: "pl-bench-view", role: "region",
    "aria-label": "Tuning bench: runs" }, undoBox,
  element("div", { class: "pl-table-box" }, table), none, codeBox);
  return { node, heads, body, table, none, undoBox, undoText, codeBox, codeName, code, copy };
}

/** A text the reader may write; what is being typed is left alone. */
function writable(kind, label, onDone) {
  const input = element("input", { type: "text", class: `pl-write pl-write-${kind}`,
    "aria-label": label, maxlength: kind === "name" ? 80 : 1000, ...OWN_KEYS,
    ...(kind === "note" ? { placeholder: "note" } : {}) });
  let shown = "";
  const commit = () => {
    if (input.value !== shown) onDone(input.value);
  };
  input.addEventListener("change", commit);
  input.addEventListener("blur", commit);
  input.addEventListener("keydown", ({ key }) => {
    if (key === "Enter") input.blur(); // JupyterLab keeps Enter from having its effect
    if (key === "Escape") input.value = shown;
  });
  const show = (text) => {
    if (input.value === shown || document.activeElement !== input) input.value = text;
    shown = text;
    input.title = text;
  };
  return { input, show };
}

function createRow(run, tell) {
  const { id } = run;
  const tick = element("input",
    { type: "checkbox", "aria-label": `show run ${run.number}`, ...OWN_KEYS });
  tick.addEventListener("change", () => tell("show", { id, on: tick.checked }));
  const name = writable("name", `name of run ${run.number}`, (text) => tell("rename", { id, text }));
  const note = writable("note", `note on run ${run.number}`, (text) => tell("note", { id, text }));
  const cells = Object.fromEntries(Object.keys(COLUMNS).slice(1).map((column) =>
    [column, element("td", { class: `pl-col-${column}` }, element("span"), element("small"))]));
  const small = (text, explained, action) => {
    const made = button(text, explained, action);
    made.classList.add("pl-small");
    made.setAttribute("aria-label", `${text}, run ${run.number}`);
    return made;
  };
  const replay = small("Replay", "train it again as it was, with every steering at its step",
    () => tell("replay", { id }));
  const code = small("Code", "a cell that trains the same run without the panel",
    () => tell("code", { id }));
  const remove = small("Delete", "delete the run; Undo brings it back", () => tell("delete", { id }));
  const told = element("small", { class: "pl-run-told" }); // the columns a narrow page has no room for
  const label = element("div", { class: "pl-run-label" }, tick, swatch(run),
    element("div", { class: "pl-run-texts" }, name.input, told, note.input));
  const node = element("tr", { class: "pl-row", "data-run": id },
    element("th", { scope: "row", class: "pl-col-number" }, label), ...Object.values(cells),
    element("td", { class: "pl-col-do" }, element("div", { class: "pl-run-do" }, replay, code, remove)));

  function show(row, { shown, busy, measure }) {
    const write = (column, text, less = "") => {
      setText(cells[column].firstChild, text);
      setText(cells[column].lastChild, less);
    };
    tick.checked = shown.includes(id);
    name.show(row.name);
    note.show(row.note);
    write("settings", row.settings, row.more);
    setText(told, [row.settings, row.more, row.trained && `trained ${row.trained}`].filter(Boolean).join(" · "));
    write("zeros", row.zeros === null ? "–" : percentOf(row.zeros), row.promised === null ? ""
      : percentOf(row.promised) === percentOf(row.zeros) ? "as promised"
        : `promised ${percentOf(row.promised)}`);
    write("nonzeros", grouped(row.nonzeros), `of ${grouped(row.n_weights)}`);
    write("value", row.value_words, row.beside);
    write("seconds", row.trained, row.ended);
    node.classList.toggle("pl-best", row.front);
    node.title = row.front ? `on the front: no run has both fewer weights and a better ${measure.label}` : "";
    replay.disabled = busy;
  }
  return { node, show };
}

export default { render };
