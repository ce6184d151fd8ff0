// Bytes or milliseconds of one format or runtime against the sparsity: what was measured, the dense
// level, the limit, and where it begins to win.

import { setAttributes } from "../shared/controls.js";
import { evenOf, pointsOf } from "./math.js";
import {
  drawAxes, marked, partsOf, scaleOf, setSize, svgOf, writeTexts,
} from "../shared/scale.js";
import { bytesText, shareText, three } from "./words.js";

const CURVE = { top: 22, right: 22, bottom: 40, left: 64, height: 214 };
const AXIS_NAME = 124; // px up to which the name of the upper axis reaches
const EVEN_LETTER = 7.6; // px, above the mean width

export function createCurve(kind, choices) {
  const parts = partsOf({
    band: "rect", grid: "path", dense: "path", limit: "path", line: "path", dots: "path",
    cross: "path", even: "path", axes: "path", ticks: "g", cursor: "path", now: "circle",
  }, "foot-");
  const svg = svgOf("foot-curve", parts);
  const curve = { svg, parts, frame: null, key: "", points: [] };

  curve.place = (measured, state, width) => {
    const key = [state.source, measured.data.sizes.length, measured.data.times.length, state.pattern,
      state.batch, state.threads, state[kind === "sizes" ? "format" : "runtime"], width].join();
    if (key === curve.key && curve.measured === measured) return;
    Object.assign(curve, { key, measured });
    setSize(svg, width, CURVE.height);
    curve.points = pointsOf(measured, choices, kind, state);
    curve.frame = curveFrameOf(curve.points, width);
    const texts = drawCurve(curve, kind);
    writeTexts(parts.ticks, [...texts, ...drawEven(curve, evenOf(measured, kind, state))]);
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

/** The curve and its axes; returns the texts of the axes. */
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
  const word = kind === "sizes" ? bytesText : three;
  const shares = right - left > 260 ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.5, 1];
  return drawAxes(parts, frame, marked(ticks, y, ticks.map(word)),
    marked(shares, x, shares.map((share) => `${100 * share} %`)),
    { upName: kind === "sizes" ? "bytes (log scale)" : "ms (log scale)", above: 12,
      acrossName: "sparsity asked for", under: 34 });
}

/** The dense level from edge to edge where it is one level. */
function stretched(path, left, right, points) {
  const levels = new Set(points.map(({ row }) => row.dense).filter(Boolean));
  if (levels.size !== 1 || !path) return path;
  const y = path.slice(1).split("L")[0].split(",")[1];
  return `M${left},${y}H${right}`;
}

/** Where it begins to win; returns the words for that, if there is such a place. */
function drawEven({ parts, frame }, { how, at, low, high }) {
  const { x, top, bottom, left, right } = frame;
  const found = how === "bisected" || how === "between";
  const [from, to] = found ? [x(low), x(high)] : [0, 0];
  setAttributes(parts.band, { x: from.toFixed(1), y: top, width: Math.max(to - from, 0).toFixed(1),
    height: found ? bottom - top : 0 });
  setAttributes(parts.even,
    { d: found ? `M${x(at ?? high).toFixed(1)},${top - 2}V${bottom}` : "" });
  if (!found) return [];
  const words = how === "bisected" ? `break-even ${shareText(at)}`
    : `break-even ${shareText(low)} to ${shareText(high)}`.replace(" % to", " to");
  const middle = how === "bisected" ? x(at) : (from + to) / 2;
  const anchor = middle > (left + right) / 2 ? "end" : "start";
  // Beside the axis' name, or, where there is no room for both, below it.
  const wide = EVEN_LETTER * words.length;
  const beside = right - wide > AXIS_NAME;
  const least = beside ? AXIS_NAME : left + 4;
  const start = Math.min(Math.max(anchor === "end" ? to + 4 - wide : from - 4, least), right - wide);
  return [{ x: start, y: beside ? 12 : top + 12, text: words, kind: "pl-foot-even-label" }];
}
