// The measured loss against sparsity: a line a criterion, and where the slider stands.

import { element, setAttributes, setText } from "../shared/controls.js";
import { fourDigits } from "../shared/numbers.js";
import { lossAt } from "./math.js";
import {
  drawAxes, logTicks, marked, part, partsOf, scaleOf, setSize, svgOf, writeTexts,
} from "../shared/scale.js";

const LOSS_LETTER = 7.4; // px, above the mean width
const LOSS_STEPS = [[1], [1, 3], [1, 2, 5], [1, 2, 3, 5, 7], [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]];
const FINEST_STEPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8];
const LOSS_MARGIN = { top: 22, right: 26, bottom: 40, left: 62 };

/** The panel's content: a picture of the losses, or how to measure them. */
export function createLosses({ losses, criteria }) {
  if (!losses) return { node: howTo(), draw: () => {} };
  const names = Object.keys(criteria);
  const parts = partsOf({
    grid: "path", flat: "path", band: part("path", "random-band"),
    ...Object.fromEntries(names.map((name) => [name, part("path", `curve pl-by-${name}`)])),
    axes: "path", texts: part("g", "ticks"), flats: "g", now: "path", dot: "circle",
    label: part("text", "dot-label"), none: part("text", "nothing"),
  });
  const svg = svgOf("losses", parts);
  const scale = lossScale(losses);
  let frame = null;

  function place(pattern, width, height) {
    if (frame?.width === width && frame.height === height && frame.pattern === pattern) return;
    const { top, right, bottom, left } = LOSS_MARGIN;
    frame = {
      width, height, pattern, left, top, right: width - right, bottom: height - bottom,
      x: (sparsity) => left + sparsity * (width - right - left),
      y: (loss) => height - bottom - scale.share(loss) * (height - bottom - top),
    };
    setSize(svg, width, height);
    drawLossScale(parts, frame, losses, scale);
    const curves = names.map((name) => losses.curves[`${pattern} ${name}`]);
    names.forEach((name, i) => parts[name].setAttribute("d", lossLine(frame, curves[i], "losses")));
    const random = losses.curves[`${pattern} random`];
    parts.band.setAttribute("d", random && losses.draws > 1 ? lossBand(frame, random) : "");
    setText(parts.none, curves.some(Boolean) ? "" : "not measured for this pattern");
    setAttributes(parts.none, { x: (frame.left + frame.right) / 2, "text-anchor": "middle",
      y: (frame.top + frame.bottom) / 2 });
  }

  function draw(data, state, width, height) {
    place(state.pattern, width, height);
    for (const name of names) parts[name].classList.toggle("pl-chosen", name === state.criterion);
    const point = lossAt(data, state);
    parts.now.setAttribute("d", point
      ? `M${frame.x(point.realised).toFixed(1)},${frame.top - 4}V${frame.bottom}` : "");
    setText(parts.label, point ? fourDigits(point.loss) : "");
    const [x, y] = point ? [frame.x(point.realised), frame.y(point.loss)] : [0, 0];
    setAttributes(parts.dot, { cx: x.toFixed(1), cy: y.toFixed(1), r: point ? 6 : 0,
      class: `pl-dot pl-by-${state.criterion}` });
    if (point) setAttributes(parts.label, freeLabel(frame, x, y, fourDigits(point.loss).length));
  }
  return { node: element("div", { class: "pl-stage" }, svg), svg, draw };
}

/** Where the loss of the dot is written: above it if possible, and on no words of the flat lines. */
function freeLabel({ left, right, top, flats }, x, y, letters) {
  const wide = LOSS_LETTER * letters;
  const above = y < top + 30 ? [18, -9] : [-9, 18];
  const places = above.flatMap((shift) => (x > right - 70 ? [-10, 10] : [10, -10])
    .map((aside) => ({ aside, shift, from: aside > 0 ? x + aside : x + aside - wide })));
  const free = ({ from, shift }) => from > left && from + wide < right + LOSS_MARGIN.right &&
    flats.every((other) => from > other.to || from + wide < other.from ||
      Math.abs(other.y - y - shift) > 13);
  const { aside, shift } = places.find(free) ?? places[0];
  return { x: (x + aside).toFixed(1), y: (y + shift).toFixed(1),
    "text-anchor": aside > 0 ? "start" : "end" };
}

function howTo() {
  return element("p", { class: "pl-none" },
    "No losses were measured. To see what each cut costs, measure them and hand them over: ",
    element("code", {}, "MaskExplorer(weights, losses=mask_losses(model.get_weights(), x_val, " +
      "y_val, layer=0))"),
    " with mask_losses from prunelab.masks.losses.");
}

/** Every loss of the table on one scale, so that patterns can be compared: logarithmic if it can. */
function lossScale(losses) {
  const all = [losses.dense, losses.constant,
    ...Object.values(losses.curves).flatMap(({ low, high }) => [...low, ...high])];
  const [low, high] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  const log = low > 0 && high / low >= 1.5;
  const [from, to] = log ? [low * 0.8, high * 1.12] : [0, 1.08 * high || 1];
  const { at, ticks } = scaleOf(from, to, 0, 1, log);
  return { share: at, ticks: log ? lossTicks(from, to) : ticks, log };
}

function lossTicks(from, to) {
  const ticks = logTicks(from, to, LOSS_STEPS, 4);
  return ticks.length ? ticks : logTicks(from, to, [FINEST_STEPS], 1);
}

const lossPoint = (frame, sparsity, loss) =>
  `${frame.x(sparsity).toFixed(1)},${frame.y(loss).toFixed(1)}`;

function lossLine(frame, curve, which) {
  if (!curve) return "";
  const points = curve.realised.map((realised, i) => lossPoint(frame, realised, curve[which][i]));
  // One point has no length: it is drawn as a short bar.
  return points.length > 1 ? `M${points.join("L")}` : `M${points[0]}m-14,0h28`;
}

function lossBand(frame, curve) {
  const up = curve.realised.map((realised, i) => lossPoint(frame, realised, curve.high[i]));
  const down = curve.realised.map((realised, i) => lossPoint(frame, realised, curve.low[i])).reverse();
  if (up.length === 1) return `M${up[0]}m-9,0h18V${down[0].split(",")[1]}h-18z`;
  return `M${up.join("L")}L${down.join("L")}z`;
}

function drawLossScale(parts, frame, losses, { ticks, log }) {
  const { left, right, bottom } = frame;
  const across = [0, 25, 50, 75, 100].map((percent) => [frame.x(percent / 100), `${percent} %`]);
  writeTexts(parts.texts, drawAxes(parts, frame, marked(ticks, frame.y), across,
    { upName: `${losses.measured_on} MSE${log ? " (log scale)" : ""}`,
      acrossName: "sparsity, % zeros", under: 36, above: 12 }));
  const [dense, constant] = [frame.y(losses.dense), frame.y(losses.constant)];
  parts.flat.setAttribute("d", [dense, constant].map((y) => `M${left},${y.toFixed(1)}H${right}`).join(""));
  // The upper line has its words above it, the lower one below it, if the axis leaves them room.
  const below = (y) => (y + 18 > bottom ? -5 : 14);
  const [under, over] = constant <= dense ? [below(dense), -5] : [-5, below(constant)];
  const words = ["nothing cut", "predicting the mean"];
  const [cut, mean] = words.map((text) => LOSS_LETTER * text.length);
  frame.flats = [{ from: right - cut, to: right, y: dense + under },
    { from: left + 8, to: left + 8 + mean, y: constant + over }];
  writeTexts(parts.flats, [{ x: right, y: dense + under, text: words[0], anchor: "end" },
    { x: left + 8, y: constant + over, text: words[1] }]);
}
