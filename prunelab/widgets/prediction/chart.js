// A chart to draw a curve on by hand, and, once revealed, the measured curve.

import { pointIn, setAttributes, svgElement, uniqueId } from "../shared/controls.js";
import { tickTexts } from "../shared/numbers.js";
import { axisName } from "./line.js";
import { drawnCurve, positionOn, valueOn } from "./words.js";
import {
  AXIS_ROW, drawAxes, marked, part, partsOf, scaleOf, setSize, svgOf, wrapped, writeTexts,
} from "../shared/scale.js";

const CHART_LETTER = 7.9; // px, above the mean width
const CHART = { top: 30, right: 20, bottom: 50, left: 62 };

/** onStroke(from, to) is called with two [place, height] while drawing, onDone() at the end. */
export function createChart(question, { onStroke, onDone }) {
  const clip = uniqueId("clip");
  const window = svgElement("rect", {});
  const parts = partsOf({
    defs: svgElement("defs", {}, svgElement("clipPath", { id: clip }, window)), grid: "path",
    axes: "path", ticks: "g", band: part("path", "truth-band"), truth: "path",
    guess: part("path", "guess-curve"), points: part("path", "guess-points"), cursor: "path",
    hint: part("text", "draw-hint"),
  });
  for (const name of ["band", "truth"]) parts[name].setAttribute("clip-path", `url(#${clip})`);
  const svg = svgOf("chart", parts);
  let frame = null;
  let current = null;
  let last = null; // the [place, height] where the pointer was before

  function draw(state, width) {
    current = state;
    const height = Math.round(Math.min(Math.max(0.5 * width, 260), 380));
    frame = chartFrame(question, width, height);
    setSize(svg, width, height);
    setAttributes(window, { x: frame.left, y: frame.top,
      width: frame.right - frame.left, height: frame.bottom - frame.top });
    svg.classList.toggle("pl-open", !state.locked);
    writeTexts(parts.ticks, drawAxes(parts, frame, frame.ys, frame.xs,
      { upName: frame.yName, above: 16, acrossName: frame.xName, under: 41 }));
    drawGuess(parts, frame, question, state);
    drawMeasured(parts, frame, question, state.locked ? state.truth : null);
  }

  function where(event) {
    const [x, y] = pointIn(svg, event);
    const places = current.guess.heights.length - 1;
    const share = (x - frame.left) / (frame.right - frame.left);
    return [Math.round(Math.min(Math.max(share, 0), 1) * places),
      valueOn(question.y, (frame.bottom - y) / (frame.bottom - frame.top))];
  }

  function stroke(event) {
    const here = where(event);
    onStroke(last ?? here, here);
    last = here;
  }

  svg.addEventListener("pointerdown", (event) => {
    if (current.locked || event.button !== 0) return;
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
    stroke(event);
  });
  // One event may stand for several places of the pointer: each of them is drawn.
  svg.addEventListener("pointermove", (event) => {
    if (last === null) return;
    const all = event.getCoalescedEvents?.() ?? [];
    (all.length ? all : [event]).forEach(stroke);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    svg.addEventListener(end, () => {
      if (last !== null) onDone();
      last = null;
    });
  }
  return { svg, draw };
}

function chartFrame({ x, y }, width, height) {
  const [xName, yName] = [x, y].map((axis) => wrapped(axisName(axis), width - 16));
  const top = CHART.top + AXIS_ROW * (yName.length - 1);
  const bottom = height - CHART.bottom - AXIS_ROW * (xName.length - 1);
  const { ticks: yTicks } = scaleOf(y.low, y.high, bottom, top, y.log);
  const yTexts = tickTexts(yTicks);
  const left = Math.max(CHART.left, 16 + CHART_LETTER * Math.max(...yTexts.map(({ length }) => length)));
  const frame = { xName, yName, left, right: width - CHART.right, top, bottom };
  const clipped = (position) => Math.min(Math.max(position, -1), 2);
  frame.across = (position) => frame.left + clipped(position) * (frame.right - frame.left);
  frame.up = (position) => frame.bottom - clipped(position) * (frame.bottom - frame.top);
  const { ticks: xTicks } = scaleOf(x.low, x.high, frame.left, frame.right, x.log);
  frame.xs = marked(xTicks, (tick) => frame.across(positionOn(x, tick)));
  frame.ys = marked(yTicks, (tick) => frame.up(positionOn(y, tick)), yTexts);
  frame.at = (place, value) =>
    `${frame.across(positionOn(x, place)).toFixed(1)},${frame.up(positionOn(y, value)).toFixed(1)}`;
  return frame;
}

function drawGuess(parts, frame, question, { guess, locked, place }) {
  const { heights } = guess;
  const share = (i) => i / (heights.length - 1);
  const drawn = drawnCurve(heights, question.y)
    .map((position, i) => `${frame.across(share(i)).toFixed(1)},${frame.up(position).toFixed(1)}`);
  parts.guess.setAttribute("d", drawn.length ? `M${drawn.join("L")}` : "");
  parts.points.setAttribute("d", drawn.filter((_, i) => heights[i] !== null)
    .map((point) => `M${point}h0`).join(""));
  const x = frame.across(share(place));
  parts.cursor.setAttribute("d", locked ? "" : `M${x},${frame.top}V${frame.bottom}`);
  setAttributes(parts.hint, { x: (frame.left + frame.right) / 2, "text-anchor": "middle",
    y: (frame.top + frame.bottom) / 2 });
  parts.hint.textContent = drawn.length || locked ? "" : "draw your curve here";
}

function drawMeasured(parts, frame, question, truth) {
  const line = (values) => truth.x.map((x, i) => frame.at(x, values[i]));
  parts.truth.setAttribute("d", truth ? `M${line(truth.y).join("L")}` : "");
  const [low, high] = truth?.interval ?? [];
  parts.band.setAttribute("d",
    low ? `M${[...line(high), ...line(low).reverse()].join("L")}z` : "");
}
