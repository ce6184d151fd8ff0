// Every run a point: weights left against validation loss, the dense net, and what is promised.

import { setAttributes, svgElement } from "../shared/controls.js";
import { grouped } from "../shared/numbers.js";
import {
  drawAxes, marked, part, partsOf, scaleOf, setSize, svgOf, writeTexts,
} from "../shared/scale.js";
import { badge, runColour, counted, drawable, ticksOf, valueOf, valueScale } from "./style.js";

const FRONT_MARGIN = { top: 20, right: 20, bottom: 44, left: 58 };
const LABEL_STRIP = 18; // under the points, for what the preflight promises

export function createFront() {
  const parts = partsOf({
    grid: "path", dense: "path", promise: "path", steps: part("path", "front-line"),
    trail: "path", axes: "path", ticks: "g", points: "g",
  });
  const svg = svgOf("bench-front", parts);
  return { svg, draw: (state, width, height) => drawFront(svg, parts, state, width, height) };
}

function drawFront(svg, parts, state, width, height) {
  setSize(svg, width, height);
  const { plan, live, baseline, shown, measure } = state;
  const fits = drawable(measure);
  const rows = state.rows.filter(({ alike, value, nonzeros }) => alike && fits(value) && nonzeros > 0);
  const trail = (live.trail ?? []).filter(([left, value]) => left > 0 && fits(value));
  const frame = frontFrame(rows, trail, state, width, height);
  drawFrontScales(parts, frame, state, rows.length || trail.length);
  const at = ([left, value]) => `${frame.x.at(left).toFixed(1)},${frame.y.at(value).toFixed(1)}`;
  parts.trail.setAttribute("d", trail.length > 1 ? `M${trail.map(at).join("L")}` : "");
  setAttributes(parts.trail, { class: `pl-trail ${live.number ? runColour(live) : ""}` });
  const best = rows.filter(({ front }) => front).sort((a, b) => a.nonzeros - b.nonzeros);
  parts.steps.setAttribute("d", best.length > 1
    ? `M${best.map((row) => at([row.nonzeros, row.value])).join("L")}` : "");
  const points = rows.map((row) => pointOf(row, frame, shown.includes(row.id), measure));
  if (fits(baseline.value) && baseline.nonzeros > 0) points.push(densePoint(baseline, frame, measure));
  if (live.busy && trail.length) {
    const [nonzeros, value] = trail.at(-1);
    points.push(pointOf({ ...live, nonzeros, value }, frame, true, measure));
  }
  parts.points.replaceChildren(...points);
}

function frontFrame(rows, trail, { plan, baseline, measure }, width, height) {
  const [left, right] = [FRONT_MARGIN.left, width - FRONT_MARGIN.right];
  const [top, bottom] = [FRONT_MARGIN.top, height - FRONT_MARGIN.bottom];
  const counts = [...rows.map(({ nonzeros }) => nonzeros), ...trail.map(([count]) => count)];
  for (const count of [plan.promise, plan.n_weights, baseline.nonzeros]) {
    if (count > 0) counts.push(count);
  }
  const values = [...rows.map(({ value }) => value), ...trail.map(([, value]) => value)];
  if (drawable(measure)(baseline.value)) values.push(baseline.value);
  const span = (low, high, spare) => {
    const room = Math.max((high / low) ** 0.08, spare);
    return [low / room, high * room];
  };
  const y = valueScale(measure, values, bottom - LABEL_STRIP, top,
    (low, high) => span(low, high, 1.25));
  const ends = counts.length ? [Math.min(...counts), Math.max(...counts)] : [1e3, 1e5];
  const x = scaleOf(...span(...ends, 1.15), left, right, true);
  return { left, right, top, bottom, x, y };
}

function drawFrontScales(parts, frame, { plan, baseline, measure }, any) {
  const { left, right, top, bottom, x, y } = frame;
  const dense = drawable(measure)(baseline.value);
  const up = any || dense ? marked(y.ticks, y.at, ticksOf(measure, y.ticks)) : [];
  const across = x.ticks.map((tick) => [x.at(tick), counted(tick)]);
  const texts = drawAxes(parts, frame, up, across, { acrossName: "weights left (log scale)",
    upName: measure.front_axis, above: 11 });
  const promised = plan.promise > 0;
  const at = promised ? x.at(plan.promise) : 0;
  parts.promise.setAttribute("d", promised ? `M${at.toFixed(1)},${top}V${bottom}` : "");
  if (promised) {
    const roomy = right - at > 130;
    texts.push({ x: at + (roomy ? 6 : -6), y: bottom - 8, anchor: roomy ? "start" : "end",
      text: `promised ${grouped(plan.promise)}`, kind: "pl-promised" });
  }
  parts.dense.setAttribute("d", dense ? `M${left},${y.at(baseline.value).toFixed(1)}H${right}` : "");
  if (!any && !dense) {
    texts.push({ x: (left + right) / 2, y: (top + bottom) / 2, anchor: "middle",
      text: "each run becomes a point" });
  }
  writeTexts(parts.ticks, texts);
}

function pointOf(row, { x, y }, lit, measure) {
  const mark = badge(row, x.at(row.nonzeros), y.at(row.value));
  mark.classList.add(runColour(row), lit ? "pl-lit" : "pl-pale");
  mark.append(svgElement("title", {}, `${row.name}: ${grouped(row.nonzeros)} weights left, ` +
    `${measure.label} ${valueOf(measure, row.value)}`));
  return mark;
}

function densePoint({ value, nonzeros }, { x, y }, measure) {
  const [across, down] = [x.at(nonzeros), y.at(value)];
  const said = `dense: ${grouped(nonzeros)} weights, ${measure.label} ${valueOf(measure, value)}`;
  return svgElement("g", { class: "pl-dense-point" },
    svgElement("path", { d: `M${across.toFixed(1)},${(down - 6).toFixed(1)}l6,6l-6,6l-6,-6z` }),
    svgElement("text", { x: (across - 10).toFixed(1), y: (down + 16).toFixed(1),
      "text-anchor": "end", class: "pl-plain" }, "dense"),
    svgElement("title", {}, said));
}
