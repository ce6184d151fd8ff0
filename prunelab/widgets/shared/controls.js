// Native controls that every explorer uses: labelled, focusable, and deaf to the notebook's keys.

import { settledNumber } from "./numbers.js";

/** An element with properties, attributes (any key with "-" or of SVG) and children. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

export function svgElement(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

/** Set attributes where they differ: what is set again is laid out and painted again. */
export function setAttributes(target, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (target.getAttribute(name) !== String(value)) target.setAttribute(name, value);
  }
}

/** Write text only where it differs, so that a screen reader is not told the same thing again. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Where the pointer is, [x, y] in the pixels `node` draws in, also on a page shown smaller. */
export function pointIn(node, { clientX, clientY }) {
  const box = node.getBoundingClientRect();
  const scale = node.clientWidth / box.width || 1;
  return [(clientX - box.left) * scale, (clientY - box.top) * scale];
}

// Each widget on a page may have brought its own copy of this module: the document counts for all.
const USED = Symbol.for("prunelab: ids in use");
export function uniqueId(stem) {
  document[USED] = (document[USED] ?? 0) + 1;
  return `prunelab-${stem}-${document[USED]}`;
}

// JupyterLab and Notebook 7 take arrows, Enter and letters unless the focused element says this.
export const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

// ---- scales: from a slider's position to a value and back -------------------------------------

export function linear(low, high, step) {
  return { low, high, step, toValue: (position) => position, toPosition: (value) => value };
}

/** One position for each value of a rising list; a value between two takes the nearer one. */
export function listed(values) {
  const toPosition = (value) => {
    const above = values.findIndex((stop) => stop >= value);
    if (above < 0) return values.length - 1;
    return above && value - values[above - 1] < values[above] - value ? above - 1 : above;
  };
  return {
    low: 0, high: values.length - 1, step: 1,
    toValue: (position) => values[position], toPosition,
  };
}

/** 1, 2, … 99, 100, 110, … 990, 1000, 1100, …: every number of two digits, from low to high. */
export function twoDigits(low, high) {
  const values = [];
  for (let value = low; value <= high; value += Math.max(1, 10 ** (digits(value) - 2))) {
    values.push(value);
  }
  return listed(values);
}

const digits = (value) => String(value).length;

// ---- a slider with its number field -----------------------------------------------------------

/**
 * One labelled row: a range input, a number field and a hint.
 * onMove(value) is called while the slider is dragged, onDone(value) when either has settled.
 */
export function knob({ name, explained, scale, onMove, onDone }) {
  const id = uniqueId(name);
  const slider = element("input", {
    type: "range", id, name, class: "pl-range", title: explained, ...OWN_KEYS,
  });
  const field = element("input", {
    type: "number", name, class: "pl-number", inputmode: "decimal", title: explained,
    "aria-label": `${name}, as a number`, ...OWN_KEYS,
  });
  const hint = element("span", { class: "pl-hint" });
  const row = element("div", { class: "pl-knob" },
    element("label", { for: id, title: explained }, name), slider, field, hint);
  let current = scale;
  let dragging = false;
  let typing = false;

  slider.addEventListener("input", () => {
    dragging = true;
    onMove(current.toValue(Number(slider.value)));
  });
  slider.addEventListener("change", () => {
    dragging = false;
    onDone(current.toValue(Number(slider.value)));
  });
  field.addEventListener("input", () => {
    typing = true;
  });
  const commit = () => {
    if (!typing) return;
    typing = false;
    onDone(field.valueAsNumber);
  };
  field.addEventListener("change", commit);
  // JupyterLab keeps Enter from having its effect, so no change event follows it there.
  field.addEventListener("keydown", ({ key }) => key === "Enter" && commit());

  /** Show a value; what the reader holds or is typing is left alone. */
  function show(value, text, note, newScale = current) {
    current = newScale;
    setRange(slider, { min: current.low, max: current.high, step: current.step });
    setRange(field, { step: current.fieldStep ?? (current.step < 1 ? current.step : 1) });
    const position = String(current.toPosition(value));
    if (!dragging && slider.value !== position) slider.value = position;
    if (!typing && field.value !== text) field.value = text;
    setAttributes(slider, { "aria-valuetext": note ? `${text}, ${note}` : text });
    setText(hint, note);
    const share = (current.toPosition(value) - current.low) / (current.high - current.low);
    slider.style.setProperty("--pl-share", `${100 * Math.min(Math.max(share, 0), 1)}%`);
  }
  return { row, show };
}

function setRange(input, bounds) {
  for (const [name, value] of Object.entries(bounds)) {
    if (input[name] !== String(value)) input[name] = value;
  }
}

/** A knob that sends: move(value, held) is told whether the slider is in the reader's hand. */
export function sendingKnob(options, send, move) {
  return knob({
    ...options,
    onMove(value) {
      move(value, true);
      send.later();
    },
    onDone(value) {
      move(value, false);
      send.now();
    },
  });
}

/** The knob of a sparsity; hold(held) is told whether the slider is in the reader's hand. */
export function sparsityKnob(explained, model, { send, change }, hold) {
  const scale = { ...linear(0, 0.99, 0.01), fieldStep: "any" };
  return sendingKnob({ name: "sparsity", explained, scale }, send, (value, held) => {
    hold(held);
    const [sparsity, notice] = settledNumber("sparsity", value, model.get("sparsity"));
    change({ sparsity, notice });
  });
}

export function button(text, explained, onClick) {
  const made = element("button",
    { type: "button", class: "pl-button", title: explained, ...OWN_KEYS }, text);
  made.addEventListener("click", onClick);
  return made;
}

/** A pair (or more) of radio buttons in one labelled group. */
export function choice(label, options, onChange) {
  const name = uniqueId("choice");
  const inputs = Object.fromEntries(options.map((option) =>
    [option, element("input", { type: "radio", name, value: option, ...OWN_KEYS })]));
  const group = element("fieldset", { class: "pl-choice" }, element("legend", {}, label),
    ...options.map((option) => element("label", {}, inputs[option], option)));
  group.addEventListener("change", (event) => onChange(event.target.value));
  const show = (option) => {
    inputs[option].checked = true;
  };
  return { group, show };
}

/** A labelled select of the choices called `name`; onChoose(name of the one chosen). */
export function selectOf(name, options, explained, onChoose) {
  const id = uniqueId(name);
  const select = element("select", { id, class: "pl-select", title: explained, ...OWN_KEYS },
    ...options.map(([value, label, title = ""]) => element("option", { value, title }, label)));
  select.addEventListener("change", () => onChoose(select.value));
  const row = element("div", { class: "pl-select-row" }, element("label", { for: id }, name), select);
  const show = (value) => {
    if (select.value !== String(value)) select.value = value;
  };
  return { row, show, select };
}

// ---- when to draw -----------------------------------------------------------------------------

/**
 * soon(): draw in the next frame, once however often it is asked for.
 * now(): draw at once: the work is then done while the screen waits for its next frame, not in it.
 * `root` is laid out right after, so that the frame is left with the painting.
 */
export function painter(draw, root) {
  let frame = 0;
  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
  };
  const soon = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  };
  const now = () => {
    stop();
    draw();
    void root.offsetHeight;
  };
  return { soon, now, stop };
}

/**
 * What every explorer does: read() the traits called `names`, change() some and draw at once,
 * `send` them, `paint`. show(card) puts the card into `el` and draws it: now, when the kernel
 * changes a trait, and when the stage changes its size, with `onResize` before the drawing. What it
 * returns ends it all, and sends what has not been sent yet.
 */
export function explorerBase(model, el, names, draw) {
  const send = sender(model);
  const paint = painter(draw, el);
  const read = () => Object.fromEntries(names.map((name) => [name, model.get(name)]));

  function change(changes) {
    assign(model, changes);
    paint.now();
  }

  function hear() {
    keepUnsent(model);
    paint.soon();
  }

  function show(card, { stage = card, onResize = () => {} } = {}) {
    el.classList.add("prunelab");
    el.replaceChildren(card);
    for (const name of names) model.on(`change:${name}`, hear);
    const unmark = markKernel(model, el, paint.soon);
    const resized = new ResizeObserver(() => {
      onResize();
      paint.soon();
    });
    resized.observe(stage);
    draw();
    return () => {
      send.finish();
      resized.disconnect();
      paint.stop();
      unmark();
      for (const name of names) model.off(`change:${name}`, hear);
    };
  }
  return { send, paint, read, change, show };
}

const unsent = new WeakMap(); // model → what the reader has set since the last message, by name

/** Set traits where they differ: what is set again is sent again. */
export function assign(model, changes) {
  if (!unsent.has(model)) unsent.set(model, new Map());
  for (const [name, value] of Object.entries(changes)) {
    if (model.get(name) === value) continue;
    unsent.get(model).set(name, value);
    model.set(name, value);
  }
}

/**
 * The kernel tells every page what one of them has sent. What comes while a hand has moved on, and
 * has not sent that yet, is older than the hand: the hand's value stays.
 */
function keepUnsent(model) {
  for (const [name, value] of unsent.get(model) ?? []) {
    if (model.get(name) !== value) model.set(name, value);
  }
}

// ---- whether a kernel listens -----------------------------------------------------------------

const GONE = "No kernel listens to this view: it was restarted or shut down. What is moved here " +
  "reaches no notebook; run the cell again.";

const behind = new WeakMap(); // model → the model of ipywidgets behind it, which knows

/**
 * What anywidget hands over hides whether the comm lives. The event of a change brings the model
 * behind it along; the change is one of a name that no kernel takes.
 */
function modelBehind(model) {
  if (!behind.has(model)) {
    const event = "change:prunelab_asks";
    const hear = (own) => behind.set(model, own);
    model.on(event, hear);
    model.set("prunelab_asks", (model.get("prunelab_asks") ?? 0) + 1);
    model.off(event, hear);
  }
  return behind.get(model);
}

/** "live", "gone" (restarted, shut down, or an exported notebook) or "page" (a saved page). */
export function kernelOf(model) {
  if (typeof model.send !== "function") return "page";
  return modelBehind(model)?.comm_live === false ? "gone" : "live";
}

/** A line at the head of `el` where the kernel is gone; onChange hears of it. Returns the end. */
export function markKernel(model, el, onChange) {
  const mark = element("p", { class: "pl-kernel", role: "status" });
  el.prepend(mark);
  let was = null;
  mark.hidden = true;
  const show = () => {
    const gone = kernelOf(model) === "gone";
    if (gone === was) return;
    mark.hidden = !gone;
    setText(mark, gone ? GONE : "");
    if (gone || was) onChange();
    was = gone;
  };
  model.on("comm_live_update", show);
  show();
  return () => model.off("comm_live_update", show);
}

// ---- sending and copying ----------------------------------------------------------------------

const PAUSE_OF_HAND = 150; // ms

/**
 * Tell the kernel when a slider pauses, and at once when it rests. Each message makes JupyterLab
 * show a busy kernel, which costs as much as a drawing: while a hand moves, none is sent.
 */
export function sender(model) {
  let timer = null;
  const now = () => {
    clearTimeout(timer);
    timer = null;
    unsent.get(model)?.clear();
    model.save_changes();
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(now, PAUSE_OF_HAND);
  };
  const finish = () => {
    if (timer !== null) now();
  };
  return { now, later, finish };
}

/** Put text on the clipboard; true where that worked. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // a page from plain http has no clipboard of its own
  }
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const area = element("textarea", { "aria-hidden": "true", ...OWN_KEYS });
  area.value = text;
  area.style.cssText = "position:fixed;opacity:0";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return copied;
}
