// Bytes or milliseconds of one format or runtime against the sparsity: what was measured, the dense
// level, the limit, and where it begins to win.

import { setAttributes, svgElement } from "../shared/controls.js";
import { evenOf, pointsOf } from "./math.js";
import { scaleOf } from "../shared/scale.js";
import { bytesText, shareText, three } from "./words.js";

const CURVE = { top: 22, right: 18, bottom: 40, left: 64, height: 214 };
const AXIS_NAME = 124; // px up to which the name of the upper axis reaches
const EVEN_LETTER = 7.6; // px, above the mean width
const curveLayer = (tag, name) => svgElement(tag, { class: `pl-foot-${name}` });

export function createCurve(kind, choices) {
  const parts = {
    band: curveLayer("rect", "band"), grid: curveLayer("path", "grid"),
    dense: curveLayer("path", "dense"), limit: curveLayer("path", "limit"),
    line: curveLayer("path", "line"), dots: curveLayer("path", "dots"),
    cross: curveLayer("path", "cross"), even: curveLayer("path", "even"),
    axes: curveLayer("path", "axes"), ticks: curveLayer("g", "ticks"),
    cursor: curveLayer("path", "cursor"), now: svgElement("circle", { class: "pl-foot-now" }),
  };
  const svg = svgElement("svg", { class: "pl-picture pl-foot-curve", role: "img" },
    ...Object.values(parts));
  const curve = { svg, parts, frame: null, key: "", points: [] };

  curve.place = (measured, state, width) => {
    const key = [state.source, measured.data.sizes.length, measured.data.times.length, state.pattern,
      state.batch, state.threads, state[kind === "sizes" ? "format" : "runtime"], width].join();
    if (key === curve.key && curve.measured === measured) return;
    Object.assign(curve, { key, measured });
    setAttributes(svg, { width, height: CURVE.height, viewBox: `0 0 ${width} ${CURVE.height}` });
    curve.points = pointsOf(measured, choices, kind, state);
    curve.frame = curveFrameOf(curve.points, width);
    drawCurve(curve, kind);
    drawEven(curve, evenOf(measured, kind, state));
  };

  /** Move the line of the sparsity on show. */
  curve.show = ({ sparsity }) => {
    const { x, top, bottom, y } = curve.frame;
    setAttributes(parts.cursor, { d: `M${x(sparsity).toFixed(1)},${top}V${bottom}` });
    const here = curve.points.find((point) => point.sparsity === sparsity && point.row.value !== null);
    setAttributes(parts.now, here ? { cx: x(sparsity).toFixed(1), cy: y(here.row.value).toFixed(1), r: 6 }
      : { r: 0 });
  };
  return curve;
}

function curveFrameOf(points, width) {
  const values = points.flatMap(({ row }) => [row.value, row.dense, row.limit])
    .filter((value) => value > 0);
  const [low, high] = values.length ? [Math.min(...values) / 1.2, Math.max(...values) * 1.3] : [0.1, 1];
  const { top, right, bottom, left, height } = CURVE;
  const scale = scaleOf(low, high, height - bottom, top, true);
  const [from, to] = [left + 8, width - right];
  return { left, top, right: width - right, bottom: height - bottom, y: scale.at, ticks: scale.ticks,
    x: (sparsity) => from + sparsity * (to - from) };
}

function drawCurve({ parts, frame, points }, kind) {
  const { left, right, top, bottom, x, y, ticks } = frame;
  const at = (sparsity, value) => `${x(sparsity).toFixed(1)},${y(value).toFixed(1)}`;
  const through = (name) => {
    const there = points.filter(({ row }) => row[name] > 0);
    return there.length ? `M${there.map(({ sparsity, row }) => at(sparsity, row[name])).join("L")}` : "";
  };
  const right_ = points.filter(({ row }) => row.gain !== null);
  const wrong = points.filter(({ row }) => row.gain === null && row.value !== null);
  setAttributes(parts.line, { d: right_.length
    ? `M${right_.map(({ sparsity, row }) => at(sparsity, row.value)).join("L")}` : "" });
  setAttributes(parts.dots, { d: right_.map(({ sparsity, row }) => `M${at(sparsity, row.value)}h0`).join("") });
  setAttributes(parts.cross, { d: wrong.map(({ sparsity, row }) =>
    `M${x(sparsity) - 4},${y(row.value) - 4}l8,8m0,-8l-8,8`).join("") });
  setAttributes(parts.dense, { d: stretched(through("dense"), left, right, points) });
  setAttributes(parts.limit, { d: through("limit") });
  const texts = [];
  const text = (tx, ty, anchor, words, name = "") => texts.push(svgElement("text",
    { x: tx.toFixed(1), y: ty.toFixed(1), "text-anchor": anchor, class: name }, words));
  let grid = "";
  for (const tick of ticks) {
    grid += `M${left},${y(tick).toFixed(1)}H${right}`;
    text(left - 7, y(tick) + 4, "end", kind === "sizes" ? bytesText(tick) : three(tick));
  }
  let axes = `M${left},${top}V${bottom}H${right}`;
  for (const share of right - left > 260 ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.5, 1]) {
    axes += `M${x(share).toFixed(1)},${bottom}v5`;
    text(x(share), bottom + 17, share === 1 ? "end" : "middle", `${100 * share} %`);
  }
  text((left + right) / 2, bottom + 34, "middle", "sparsity asked for", "pl-axis");
  text(2, 12, "start", kind === "sizes" ? "bytes (log scale)" : "ms (log scale)", "pl-axis");
  setAttributes(parts.grid, { d: grid });
  setAttributes(parts.axes, { d: axes });
  parts.ticks.replaceChildren(...texts);
}

/** The dense level from edge to edge where it is one level. */
function stretched(path, left, right, points) {
  const levels = new Set(points.map(({ row }) => row.dense).filter(Boolean));
  if (levels.size !== 1 || !path) return path;
  const y = path.slice(1).split("L")[0].split(",")[1];
  return `M${left},${y}H${right}`;
}

function drawEven({ parts, frame }, { how, at, low, high }) {
  const { x, top, bottom, left, right } = frame;
  const marked = how === "bisected" || how === "between";
  const [from, to] = marked ? [x(low), x(high)] : [0, 0];
  setAttributes(parts.band, { x: from.toFixed(1), y: top, width: Math.max(to - from, 0).toFixed(1),
    height: marked ? bottom - top : 0 });
  setAttributes(parts.even, { d: marked ? `M${x(at ?? high).toFixed(1)},${top - 2}V${bottom}` : "" });
  if (!marked) return;
  const words = how === "bisected" ? `break-even ${shareText(at)}`
    : `break-even ${shareText(low)} to ${shareText(high)}`.replace(" % to", " to");
  const middle = how === "bisected" ? x(at) : (from + to) / 2;
  const anchor = middle > (left + right) / 2 ? "end" : "start";
  // Beside the axis' name, or, where there is no room for both, below it.
  const wide = EVEN_LETTER * words.length;
  const beside = right - wide > AXIS_NAME;
  const least = beside ? AXIS_NAME : left + 4;
  const start = Math.min(Math.max(anchor === "end" ? to + 4 - wide : from - 4, least), right - wide);
  const label = svgElement("text", { class: "pl-foot-even-label", y: beside ? 12 : top + 12,
    "text-anchor": "start", x: start.toFixed(1) }, words);
  parts.ticks.append(label);
}
