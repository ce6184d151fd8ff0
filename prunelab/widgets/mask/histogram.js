// The weights by value: what stays below, what is cut on top, and the edge between them.

import { setAttributes, setText, svgElement, uniqueId } from "../shared/controls.js";
import { evenTicks, fourDigits, grouped } from "../shared/numbers.js";
import { drawAxes, marked, part, partsOf, setSize, svgOf, writeTexts } from "../shared/scale.js";
import { GROUP } from "./math.js";

const BINS = 61; // odd, so that the middle one holds the weights around zero
const HISTOGRAM_MARGIN = { top: 22, right: 26, bottom: 40, left: 62 };

export function createHistogram({ weights }) {
  const largest = weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0) || 1;
  const binOf = Uint8Array.from(weights, (w) =>
    Math.min(Math.floor(((w + largest) / (2 * largest)) * BINS), BINS - 1));
  const all = new Uint32Array(BINS);
  for (const bin of binOf) all[bin] += 1;
  const most = Math.max(...all);
  const kept = new Uint32Array(BINS);
  const stripes = uniqueId("stripes");
  const pattern = svgElement("pattern", { id: stripes, width: 5, height: 5,
    patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
  part("rect", "stripe-back", { width: 5, height: 5 }), part("path", "stripe", { d: "M0,0V5" }));
  const parts = partsOf({
    defs: svgElement("defs", {}, pattern), grid: "path", cut: "path", outline: "path",
    stay: "path", axes: "path", texts: part("g", "ticks"), edges: "path",
    label: part("text", "edge-label"),
  });
  parts.cut.style.fill = `url(#${stripes})`;
  const svg = svgOf("histogram", parts);
  let frame = null;

  function place(width, height) {
    if (frame?.width === width && frame.height === height) return;
    const { top, right, bottom, left } = HISTOGRAM_MARGIN;
    frame = {
      width, height, left, top, right: width - right, bottom: height - bottom,
      x: (w) => left + ((w + largest) / (2 * largest)) * (width - right - left),
      y: (count) => height - bottom - (count / most) * (height - bottom - top),
    };
    setSize(svg, width, height);
    parts.outline.setAttribute("d", bars(frame, new Uint32Array(BINS), all));
    drawHistogramScale(parts, frame, largest, most);
  }

  function draw(state, { threshold }, width, height) {
    place(width, height);
    parts.stay.setAttribute("d", bars(frame, new Uint32Array(BINS), kept));
    parts.cut.setAttribute("d", bars(frame, kept, all));
    const edge = state.pattern === "unstructured" && threshold !== null ? threshold : null;
    parts.edges.setAttribute("d", edge === null ? "" : [-edge, edge].map((w) =>
      `M${frame.x(w).toFixed(1)},${frame.top - 6}V${frame.bottom}`).join(""));
    drawEdgeLabel(parts.label, frame, edge);
  }
  return { svg, binOf, kept, draw };
}

/** A path of bars from one list of counts up to another. */
function bars(frame, from, to) {
  const path = [];
  const wide = (frame.right - frame.left) / BINS;
  for (let bin = 0; bin < BINS; bin += 1) {
    if (from[bin] >= to[bin]) continue;
    const x = frame.left + bin * wide;
    path.push(`M${x.toFixed(2)},${frame.y(from[bin]).toFixed(1)}V${frame.y(to[bin]).toFixed(1)}` +
      `H${(x + wide).toFixed(2)}V${frame.y(from[bin]).toFixed(1)}Z`);
  }
  return path.join("");
}

function drawEdgeLabel(label, frame, edge) {
  setText(label, edge === null ? "" : `|w| = ${fourDigits(edge)}`);
  if (edge === null) return;
  const x = frame.x(edge);
  const near = x > frame.right - 96;
  setAttributes(label, { x: (near ? x - 5 : x + 5).toFixed(1), y: frame.top + 2,
    "text-anchor": near ? "end" : "start" });
}

function drawHistogramScale(parts, frame, largest, most) {
  const up = evenTicks(0, most, 4).map((tick) => [frame.y(tick), grouped(tick)]);
  const across = marked(evenTicks(-largest, largest, frame.width > 420 ? 7 : 5), frame.x)
    .map(([x, number]) => [x, number.replace("-", "−")]);
  writeTexts(parts.texts, drawAxes(parts, frame, up, across,
    { upName: "weights in a bin", acrossName: "weight w", under: 36, above: 12 }));
}

/** What the histogram cannot show by a line, in words. */
export function edgeNote({ pattern, criterion }) {
  if (criterion === "random") return "A random mask cuts large and small weights alike.";
  if (pattern === GROUP) return "In each group of four two weights go, so there is no single threshold.";
  if (pattern === "unstructured") return "";
  return "The threshold is on the mean of a unit, so some large weights go and some small ones stay.";
}
