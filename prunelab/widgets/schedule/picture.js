// The picture of the ScheduleExplorer: formula, masks, wall, asked and realised, as one SVG.

import { setAttributes, svgElement, uniqueId } from "../shared/controls.js";
import { percentOf } from "../shared/numbers.js";
import { writeTexts } from "../shared/scale.js";
import { reachesTarget, sparsityAt } from "./flight.js";


const MARGIN = { top: 54, right: 92, bottom: 50, left: 58 };

/** Where the picture ends: beyond the run and the schedule, at a round number of steps. */
export function horizon(totalSteps, endStep) {
  const needed = Math.max(1.25 * totalSteps, 1.04 * endStep);
  const unit = 10 ** Math.floor(Math.log10(needed)) / 4;
  return Math.ceil(Math.ceil(needed / unit) * unit);
}

export function createPicture() {
  const hatch = uniqueId("hatch");
  const part = (tag, name, attributes = {}) =>
    svgElement(tag, { class: `pl-${name}`, ...attributes });
  const parts = {
    shade: part("rect", "shade"),
    hatched: part("rect", "hatched", { fill: `url(#${hatch})` }),
    grid: part("path", "grid"),
    area: part("path", "area"),
    late: part("path", "late"),
    formula: part("path", "formula"),
    asked: part("path", "asked"),
    realised: part("path", "realised"),
    wall: part("path", "wall"),
    stairs: part("path", "stairs"),
    rings: part("path", "rings"),
    dots: part("path", "dots"),
    gap: part("path", "gap"),
    axes: part("path", "axes"),
    ticks: part("g", "ticks"),
    labels: part("g", "labels"),
  };
  const lines = svgElement("pattern",
    { id: hatch, width: 8, height: 8, patternUnits: "userSpaceOnUse",
      patternTransform: "rotate(45)" },
    part("path", "hatch", { d: "M0,0 V8" }));
  const svg = svgElement("svg", { class: "pl-picture", role: "img" },
    svgElement("defs", {}, lines), ...Object.values(parts));
  return { svg, draw: (scene) => drawScene(svg, parts, scene) };
}

function drawScene(svg, parts, { state, flight, reach, width }) {
  // With its controls above it, all is on one screen of 1280 × 800; narrow, the labels need room.
  const height = Math.round(Math.min(Math.max(0.34 * width, width < 640 ? 290 : 270), 400));
  setAttributes(svg, { width, height, viewBox: `0 0 ${width} ${height}` });
  const left = MARGIN.left;
  const right = width - MARGIN.right;
  const top = MARGIN.top;
  const bottom = height - MARGIN.bottom;
  const frame = {
    left, right, top, bottom, reach,
    x: (step) => left + (Math.min(step, reach) / reach) * (right - left),
    y: (sparsity) => bottom - sparsity * (bottom - top),
  };
  const path = (name, d) => parts[name].setAttribute("d", d);
  const wall = frame.x(flight.totalSteps);
  const beyond = { x: wall, y: top, width: Math.max(right - wall, 0), height: bottom - top };
  setAttributes(parts.shade, beyond);
  setAttributes(parts.hatched, beyond);
  path("formula", formulaPath(frame, state, 0, Math.min(flight.totalSteps, reach)));
  path("late", formulaPath(frame, state, flight.totalSteps, reach));
  drawMasks(path, frame, state, flight);
  path("wall", `M${wall},${top - 6} V${bottom}`);
  path("asked", `M${left},${frame.y(flight.asked)} H${right}`);
  path("realised", `M${wall},${frame.y(flight.realised)} H${right}`);
  path("axes", `M${left},${top} V${bottom} H${right}`);
  drawTicks(parts, frame, state, flight);
  drawLabels(parts, frame, flight, state, wall);
}

const point = (frame, step, sparsity) =>
  `${frame.x(step).toFixed(1)},${frame.y(sparsity).toFixed(1)}`;

function formulaPath(frame, state, from, to) {
  if (from >= to) return "";
  const { begin_step: begin, end_step: end } = state;
  const points = [];
  const add = (step, sparsity) => points.push(point(frame, step, sparsity));
  const low = Math.max(begin, from);
  const high = Math.min(end, to);
  if (from !== begin) add(from, sparsityAt(state, from));
  if (begin === end && from <= begin && begin <= to) {
    add(begin, state.initial_sparsity);
    add(begin, state.final_sparsity);
  } else if (low < high) {
    const pieces = 160;
    for (let i = 0; i <= pieces; i += 1) {
      const step = low + ((high - low) * i) / pieces;
      add(step, sparsityAt(state, step));
    }
  }
  if (to !== begin) add(to, sparsityAt(state, to));
  return `M${points.join(" L")}`;
}

/** The staircase of what the masks hold, the area under it, and a dot at each update. */
function drawMasks(path, frame, state, { updates, totalSteps, realised }) {
  const room = frame.x(totalSteps) - frame.left;
  const each = (most, visit) => {
    const skip = Math.max(1, Math.ceil(updates.count / Math.max(most, 2)));
    for (let i = 0; i < updates.count; i += skip) visit(updates.first + i * updates.stride);
    if (updates.count && (updates.count - 1) % skip) visit(updates.last);
  };
  const treads = [`M${point(frame, 0, 0)}`];
  each(room, (step) => {
    treads.push(`H${frame.x(step).toFixed(1)} V${frame.y(sparsityAt(state, step)).toFixed(1)}`);
  });
  const stairs = `${treads.join(" ")} H${frame.x(totalSteps).toFixed(1)}`;
  path("stairs", stairs);
  path("area", updates.count && realised ? `${stairs} V${frame.bottom} Z` : "");
  const dots = [];
  each(room / 11, (step) => dots.push(`M${point(frame, step, sparsityAt(state, step))} h0`));
  path("dots", dots.join(""));
  path("rings", dots.join(""));
}

// What the picture of the ScheduleExplorer says in words and numbers: ticks and labels.


const LINE = 16; // px between two lines of text

function niceTicks(limit, most) {
  const raw = Math.max(limit / most, 1);
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = Math.ceil([1, 2, 2.5, 5, 10].find((factor) => factor * unit >= raw) * unit);
  return Array.from({ length: Math.floor(limit / step) + 1 }, (_, i) => i * step);
}

/** A count on an axis: 1600, 12,500, 2 M. */
export function counted(value) {
  if (value < 1e4) return String(value);
  return value < 1e6 ? value.toLocaleString("en-US") : `${Number((value / 1e6).toPrecision(4))} M`;
}

/** Both axes, in steps and in epochs, and the grid. */
export function drawTicks(parts, frame, state, flight) {
  const { left, right, top, bottom, reach } = frame;
  const texts = [];
  let grid = "";
  for (const sparsity of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    const y = frame.y(sparsity);
    grid += `M${left},${y} H${right}`;
    texts.push({ x: left - 8, y: y + 4, text: `${100 * sparsity} %`, anchor: "end" });
  }
  const most = Math.max(3, Math.floor((right - left) / 80));
  const names = {
    steps: ["training step", 1],
    epochs: [`epoch (${flight.stepsPerEpoch} ${plural("step", flight.stepsPerEpoch)} each)`,
      flight.stepsPerEpoch],
  };
  const other = state.axis === "epochs" ? "steps" : "epochs";
  for (const [axis, edge, out] of [[state.axis, bottom, 1], [other, top, -1]]) {
    const [name, stepsPerUnit] = names[axis];
    for (const tick of niceTicks(reach / stepsPerUnit, most)) {
      const x = frame.x(tick * stepsPerUnit);
      grid += `M${x},${edge} v${5 * out}`;
      texts.push({ x, y: edge + (out > 0 ? 20 : -10), text: counted(tick), anchor: "middle" });
    }
    texts.push({
      x: (left + right) / 2, y: edge + (out > 0 ? 41 : -32), text: name, anchor: "middle",
      kind: "pl-axis",
    });
  }
  const zeros = right - left > 400 ? "zeros in the masks" : "zeros"; // beside the upper axis' name
  texts.push({ x: left - 50, y: top - 32, text: zeros, kind: "pl-axis" });
  parts.grid.setAttribute("d", grid);
  writeTexts(parts.ticks, texts);
}

const plural = (word, count) => (count === 1 ? word : `${word}s`);

/** Asked, realised, the gap between them, and where training ends. */
export function drawLabels(parts, frame, flight, state, wall) {
  const { right, top, bottom } = frame;
  const yAsked = frame.y(flight.asked);
  const yRealised = frame.y(flight.realised);
  const texts = [];
  const lines = (x, y, kind, ...words) =>
    words.forEach((text, i) => texts.push({ x, y: y + i * LINE, text, kind }));
  const apart = Math.abs(yAsked - yRealised) > 3 * LINE;
  if (reachesTarget(flight)) {
    lines(right + 8, yAsked - 2, "pl-good", "as asked", percentOf(flight.realised));
  } else {
    const sign = yAsked < yRealised ? 1 : -1; // asked above realised, or below
    const shift = apart ? 0 : (2.2 * LINE - Math.abs(yAsked - yRealised)) / 2;
    lines(right + 8, yAsked - 2 - sign * shift, "pl-plain", "asked", percentOf(flight.asked));
    lines(right + 8, yRealised - 2 + sign * shift, "pl-bad", "realised",
      percentOf(flight.realised));
  }
  const taken = [yAsked, yRealised];
  let gap = "";
  if (apart && !reachesTarget(flight)) {
    const [above, below] = [Math.min(yAsked, yRealised) + 3, Math.max(yAsked, yRealised) - 3];
    const x = wall + Math.min(0.5 * (right - wall), 140);
    gap = `M${x - 4},${above + 7} L${x},${above} L${x + 4},${above + 7} M${x},${above} V${below} ` +
      `M${x - 4},${below - 7} L${x},${below} L${x + 4},${below - 7}`;
    const points = (100 * Math.abs(flight.asked - flight.realised)).toFixed(2);
    lines(x + 9, (above + below) / 2 - 4, "pl-plain", `${points}`, "points short");
    if (flight.realised > flight.asked) texts.at(-1).text = "points over";
    taken.push((above + below) / 2);
  }
  parts.gap.setAttribute("d", gap);
  const [step, epoch] = [`step ${counted(flight.totalSteps)}`, `epoch ${counted(state.epochs)}`];
  const when = right - wall > 175 ? [`${step}, ${epoch}`] : [step, epoch];
  lines(wall + 9, freePlace(top, bottom, 1 + when.length, taken), "pl-plain",
    "training ends", ...when);
  writeTexts(parts.labels, texts);
}

/** The first baseline of so many lines, as far up as leaves the heights in `taken` free. */
function freePlace(top, bottom, count, taken) {
  const tall = (count - 1) * LINE;
  const room = bottom - top - tall - 1.8 * LINE;
  const places = [0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1]
    .map((share) => top + 1.2 * LINE + share * room);
  const middle = (y) => y + tall / 2 - 4;
  const free = (y) => Math.min(...taken.map((other) => Math.abs(other - middle(y))));
  return places.find((y) => free(y) > tall / 2 + 1.6 * LINE)
    ?? places.reduce((a, b) => (free(b) > free(a) ? b : a));
}
