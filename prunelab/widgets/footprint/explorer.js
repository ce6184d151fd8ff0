// FootprintExplorer in the browser: what moves what, and when to draw.

import {
  explorerBase, kernelOf, listed, pointIn, selectOf, sendingKnob, setText,
} from "../shared/controls.js";
import { createBars } from "./bars.js";
import { LOOK_HINT, buildFootprintCard, createSource, createWork, showFootprintWords } from "./card.js";
import { createCurve } from "./curve.js";
import { KIND_NAMES, measuredOf, rowsOf, settledState, stopsOf } from "./math.js";
import { barWords, labelIn, notMeasured, shareText, threadWords } from "./words.js";

const HEARD = ["pattern", "sparsity", "batch", "threads", "format", "runtime", "source", "notice",
  "here", "work"];
const FARTHEST = 6;
const BOTH = ["sizes", "times"];

function render({ model, el }) {
  const choices = model.get("choices");
  const stored = measuredOf(model.get("data"));
  let own = null; // what was measured here, and the data it was made of
  const { send, paint, read, change, show } = explorerBase(model, el, HEARD, draw);
  let inHand = false;
  let widths = null; // read once: asking for them between two drawings costs a layout each
  let reaches = new Map();
  let looked = null; // { kind, at } of the bar under the pointer or the focus
  let found = {};

  function measuredNow(source) {
    const here = model.get("here");
    if (here && own?.data !== here) {
      own = measuredOf(here);
      reaches = new Map();
    }
    return source === "here" && own ? own : stored;
  }

  function choose(changes) {
    const state = { ...read(), ...changes };
    const made = settledState(choices, state);
    const notice = made.sparsity === state.sparsity ? ""
      : notMeasured(choices, "sparsity", state.sparsity, made);
    change({ ...changes, sparsity: made.sparsity, batch: made.batch, notice });
    send.later(); // first the picture, then the message
  }

  function move(name, value, held) {
    inHand = held;
    if (!Number.isFinite(value)) {
      paint.now();
      return;
    }
    const made = settledState(choices, { ...read(), [name]: value });
    change({ [name]: made[name], notice: made[name] === value ? "" : movedWords(name, value, made) });
  }

  function movedWords(name, value, made) {
    if (name === "batch" || (value >= 0 && value < 1)) return notMeasured(choices, name, value, made);
    return `sparsity cannot be ${value}, a fraction below 1 is wanted: it is set to ${made.sparsity}.`;
  }

  const stopKnob = (name, explained) => sendingKnob({ name, explained, scale: stopScale([0]) },
    send, (value, held) => move(name, value, held));

  const knobs = {
    sparsity: stopKnob("sparsity",
      "the share of weights set to 0 or removed; it stops at the values that were measured"),
    batch: stopKnob("batch", "rows a call answers; it stops at the values that were measured"),
  };
  const named = (name) => choices[`${name}s`].map((each) => [each.name, each.label, each.about]);
  const selects = Object.fromEntries([["pattern", "which weights are set to 0 or removed"],
    ["format", "how the file is written"], ["runtime", "which program computes the answers"]].map(([name, explained]) =>
    [name, selectOf(name, named(name), explained, (value) => choose({ [name]: value }))]));
  if (choices.threads.length > 1) {
    selects.threads = selectOf("threads", choices.threads.map((count) => [count, String(count)]),
      "how many threads a runtime may use", (value) => choose({ threads: Number(value) }));
  }
  const source = createSource((value) => choose({ source: value }));
  const work = createWork(() => {
    send.now();
    model.send({ do: model.get("work").state === "running" ? "stop" : "measure" });
  });
  const described = { sizes: "formats: the arrow keys move through them",
    times: "runtimes: the arrow keys move through them" };
  const bars = Object.fromEntries(BOTH.map((kind) =>
    [kind, createBars(kind, choices, choices[`${KIND_NAMES[kind]}s`], described[kind])]));
  const curves = Object.fromEntries(BOTH.map((kind) => [kind, createCurve(kind, choices)]));
  const view = buildFootprintCard({ choices, bars, curves, knobs, selects, source, work });

  function draw() {
    const state = read();
    const measured = measuredNow(state.source);
    widths ??= Object.fromEntries(BOTH.map((kind) =>
      [kind, Math.max(Math.floor(bars[kind].svg.parentNode.clientWidth), 300)]));
    for (const kind of BOTH) {
      found[kind] = rowsOf(measured, choices, kind, state);
      bars[kind].place(reachOf(measured, kind, state), widths[kind]);
      bars[kind].show(found[kind], state[KIND_NAMES[kind]], inHand);
      curves[kind].place(measured, state, widths[kind]);
      curves[kind].show(state);
    }
    showControls(state);
    showFootprintWords(view, measured, state, inHand);
    if (looked) showLooked();
  }

  function showControls(state) {
    const stops = stopsOf(choices, state.pattern);
    knobs.sparsity.show(state.sparsity, String(state.sparsity), shareText(state.sparsity), stopScale(stops));
    knobs.batch.show(state.batch, String(state.batch), state.batch === 1 ? "one row" : `${state.batch} rows`,
      stopScale(choices.batches.length ? choices.batches : [1]));
    for (const [name, select] of Object.entries(selects)) select.show(state[name]);
    source.show(state.source, model.get("here") !== null);
    work.show(model.get("work"), kernelOf(model), `${labelIn(choices, "pattern", state.pattern)} at ` +
      `${shareText(state.sparsity)}, batch ${state.batch}, ${threadWords(choices, state.threads)}`);
  }

  /** [lowest, highest] of value over dense among all there is, so that no slider moves the scale. */
  function reachOf(measured, kind, { source: of, batch, threads }) {
    const key = [of, kind, kind === "times" ? [batch, threads] : ""].join();
    if (!reaches.has(key)) {
      const all = ratiosOf(measured, kind, batch, threads);
      const most = Math.min(Math.max(2, ...all), FARTHEST); // what is worse still ends in an arrow
      reaches.set(key, [Math.min(0.5, ...all) / 1.25, most * 1.1]);
    }
    return reaches.get(key);
  }

  // ---- looking ----------------------------------------------------------------------------------

  function look(kind, at) {
    if (looked && looked.kind !== kind) bars[looked.kind].look(-1);
    looked = at < 0 ? null : { kind, at };
    bars[kind].look(at);
    showLooked();
  }

  function showLooked() {
    setText(view.look, looked ? barWords(measuredNow(model.get("source")), choices, looked.kind,
      found[looked.kind][looked.at]) : LOOK_HINT);
  }

  for (const kind of BOTH) {
    const { svg, lines } = bars[kind];
    const stage = svg.parentNode; // Chromium lets Tab stop at an SVG part that listens for focus
    const take = (at) => {
      if (at >= 0) choose({ [KIND_NAMES[kind]]: found[kind][at].what });
    };
    const atPointer = (event) => bars[kind].rowAt(pointIn(svg, event)[1]);
    const atNode = (node) => lines.findIndex((line) => line.node === node);
    svg.addEventListener("pointermove", (event) => {
      const at = atPointer(event);
      if (looked?.kind !== kind || looked.at !== at) look(kind, at);
    });
    svg.addEventListener("pointerleave", () => look(kind, -1));
    svg.addEventListener("click", (event) => take(atPointer(event)));
    stage.addEventListener("focusin", ({ target }) => look(kind, atNode(target)));
    stage.addEventListener("focusout", () => look(kind, -1));
    stage.addEventListener("keydown", (event) => {
      const at = atNode(event.target);
      const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 }[event.key];
      if (event.key === "Enter" || event.key === " ") take(at);
      else if (next === undefined) return;
      else if (lines[next]) bars[kind].focus(next);
      event.preventDefault();
    });
  }

  return show(view.card, { onResize: () => { widths = null; } });
}

/** One position for each stop; with a single stop the slider stays where it is. */
function stopScale(stops) {
  const scale = listed(stops);
  return { ...scale, high: Math.max(scale.high, 1), fieldStep: "any",
    toValue: (position) => stops[Math.min(position, stops.length - 1)] };
}

function ratiosOf({ data }, kind, batch, threads) {
  if (kind === "sizes") {
    return data.sizes.flatMap(([, , size, bound]) => [size, bound])
      .filter((size) => size > 0).map((size) => size / data.dense_bytes);
  }
  return data.times.filter(([, , inBatch, by]) => inBatch === batch && by === threads)
    .flatMap(([, , , , median, , , , dense]) => (median && dense ? [median / dense] : []));
}

export default { render };
