// The picture of the ScheduleExplorer: formula, masks, wall, asked and realised, as one SVG.

import { setAttributes, svgElement, uniqueId } from "../shared/controls.js";
import { percentOf } from "../shared/numbers.js";
import { sparsityAt } from "./flight.js";
import { drawLabels, drawTicks } from "./labels.js";
import { part, partsOf, setSize, svgOf } from "../shared/scale.js";

const MARGIN = { top: 54, right: 92, bottom: 50, left: 58 };

/** Where the picture ends: beyond the run and the schedule, at a round number of steps. */
export function horizon(totalSteps, endStep) {
  const needed = Math.max(1.25 * totalSteps, 1.04 * endStep);
  const unit = 10 ** Math.floor(Math.log10(needed)) / 4;
  return Math.ceil(Math.ceil(needed / unit) * unit);
}

export function createPicture() {
  const hatch = uniqueId("hatch");
  const lines = svgElement("pattern",
    { id: hatch, width: 8, height: 8, patternUnits: "userSpaceOnUse",
      patternTransform: "rotate(45)" },
    part("path", "hatch", { d: "M0,0 V8" }));
  const parts = partsOf({
    defs: svgElement("defs", {}, lines), shade: "rect",
    hatched: part("rect", "hatched", { fill: `url(#${hatch})` }), grid: "path", area: "path",
    late: "path", formula: "path", asked: "path", realised: "path", wall: "path",
    stairs: "path", rings: "path", dots: "path", gap: "path", axes: "path", ticks: "g",
    labels: "g",
  });
  const svg = svgOf("schedule", parts);
  return { svg, draw: (scene) => drawScene(svg, parts, scene) };
}

function drawScene(svg, parts, { state, flight, reach, width }) {
  // With its controls above it, all is on one screen of 1280 × 800; narrow, the labels need room.
  const height = Math.round(Math.min(Math.max(0.34 * width, width < 640 ? 290 : 270), 400));
  setSize(svg, width, height);
  const left = MARGIN.left;
  const right = width - MARGIN.right;
  const top = MARGIN.top;
  const bottom = height - MARGIN.bottom;
  const frame = {
    left, right, top, bottom, reach, width,
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
