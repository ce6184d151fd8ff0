// A number on its axis: the guess with its range, and, once revealed, the measured value.

import { pointIn, setAttributes, svgElement } from "../shared/controls.js";
import { measuredWords, positionOn, valueOn } from "./words.js";
import {
  AXIS_ROW, marked, part, partsOf, scaleOf, setSize, spacedOut, svgOf, wrapped, writeTexts,
} from "../shared/scale.js";

const LINE_SIDE = 34;
const LINE_HEIGHT = 124;
const LINE_BASE = 76; // the axis; the range lies above it, the ticks below
const LINE_RANGE = 54;

/** onMove(name, value) and onDone() are called while a handle is dragged, and when it is let go. */
export function createLine(question, { onMove, onDone }) {
  const { axis } = question;
  const parts = partsOf({
    grid: "path", axes: "path", ticks: "g", band: part("path", "truth-band"),
    range: part("path", "guess-range"), ends: part("path", "guess-ends"), truth: "path",
    dot: part("circle", "guess-dot"), labels: "g",
  });
  const svg = svgOf("line", parts);
  let frame = null;
  let current = null;
  let held = null; // the handle in the reader's hand

  function nearest(x, guess) {
    const away = (name) => Math.abs(frame.at(guess[name]) - x);
    return ["value", "low", "high"].reduce((best, name) => (away(name) < away(best) ? name : best));
  }

  function draw(state, width) {
    current = state;
    const { guess, touched, locked, truth } = state;
    frame = lineFrame(axis, width);
    const height = LINE_HEIGHT + AXIS_ROW * (frame.name.length - 1);
    setSize(svg, width, height);
    svg.classList.toggle("pl-untouched", !touched);
    svg.classList.toggle("pl-open", !locked);
    drawAxis(parts, frame);
    const [low, value, high] = [guess.low, guess.value, guess.high].map(frame.at);
    parts.range.setAttribute("d", `M${low},${LINE_RANGE}H${high}`);
    parts.ends.setAttribute("d", [low, high].map((x) => `M${x},${LINE_RANGE - 11}v22`).join(""));
    setAttributes(parts.dot, { cx: value, cy: LINE_RANGE, r: 7 });
    drawTruth(parts, frame, question, locked ? truth : null, width);
  }

  const at = (event) => pointIn(svg, event)[0];
  const drag = (event) => held && onMove(held, valueOn(axis, frame.positionAt(at(event))));
  svg.addEventListener("pointerdown", (event) => {
    const name = event.button === 0 && !current.locked && nearest(at(event), current.guess);
    if (!name) return;
    held = name;
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
    drag(event);
  });
  svg.addEventListener("pointermove", drag);
  for (const end of ["pointerup", "pointercancel"]) {
    svg.addEventListener(end, () => {
      if (held) onDone();
      held = null;
    });
  }
  return { svg, draw };
}

function lineFrame(axis, width) {
  const [left, right] = [LINE_SIDE, width - LINE_SIDE];
  const { ticks } = scaleOf(axis.low, axis.high, left, right, axis.log);
  const clipped = (position) => Math.min(Math.max(position, 0), 1);
  const at = (value) => left + clipped(positionOn(axis, value)) * (right - left);
  return {
    left, right, at, name: wrapped(axisName(axis), width),
    ticks: spacedOut(marked(ticks, at)),
    positionAt: (x) => (x - left) / (right - left),
  };
}

function drawAxis(parts, frame) {
  parts.axes.setAttribute("d", `M${frame.left},${LINE_BASE}H${frame.right}`);
  parts.grid.setAttribute("d",
    frame.ticks.map(([x]) => `M${x},${LINE_BASE - 44}v49`).join(""));
  writeTexts(parts.ticks, [
    ...frame.ticks.map(([x, text]) => ({ x, y: LINE_BASE + 20, text, anchor: "middle" })),
    ...frame.name.map((text, i) => ({ x: (frame.left + frame.right) / 2,
      y: LINE_BASE + 41 + AXIS_ROW * i, text, anchor: "middle", kind: "pl-axis" })),
  ]);
}

/** What an axis measures, its unit and its kind: "loss, MSE (log scale)". */
export function axisName({ label, unit, log }) {
  const name = label && unit ? `${label}, ${unit}` : label || unit;
  return log ? `${name} (log scale)`.trim() : name;
}

function drawTruth(parts, frame, question, truth, width) {
  const x = truth ? frame.at(truth.value) : 0;
  parts.truth.setAttribute("d", truth ? `M${x},${LINE_BASE + 6}V24` : "");
  const ends = truth?.interval?.map(frame.at);
  parts.band.setAttribute("d", ends ? `M${ends[0]},${LINE_BASE}V28H${ends[1]}V${LINE_BASE}z` : "");
  if (!truth) return writeTexts(parts.labels, []);
  const words = measuredWords(question, truth);
  const half = 3.6 * words.length + 12;
  const place = Math.min(Math.max(x, half), width - half);
  return writeTexts(parts.labels,
    [{ x: place, y: 16, text: words, anchor: "middle", kind: "pl-truth-label" }]);
}
