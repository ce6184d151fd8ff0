// Errors against the number of leaves: three curves, the choices, and where each pruner stops.

import { pointIn, setAttributes, svgElement } from "../shared/controls.js";
import { evenTicks, fourDigits, percentOf, tickTexts } from "../shared/numbers.js";
import {
  drawAxes, marked, part, partsOf, setSize, svgOf, writeTexts,
} from "../shared/scale.js";
import { leavesOf, setError } from "./math.js";

const ERRORS_MARGIN = { top: 54, right: 16, bottom: 42, left: 58 };
const CHOICE_LETTER = 7.4; // px, of bold text, about
const LEAVES = [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500];
const LEAVES_GAP = 30; // px between two numbers of leaves, at least
const SETS = ["train", "cv", "val"];

/** onStep(k) is called where the reader clicks on the curves. */
export function createErrors(data, stops, onStep) {
  const parts = partsOf({
    grid: "path", band: "path", choices: "path", train: part("path", "line pl-train"),
    cv: part("path", "line pl-cv"), val: part("path", "line pl-val"), axes: "path",
    texts: part("g", "ticks"), now: "path", stems: "path", dots: part("g", "now-dots"),
    stops: "g",
  });
  const svg = svgOf("errors", parts);
  const tops = SETS.flatMap((name) => data.errors[name] ?? []);
  if (data.errors.cv) tops.push(...data.errors.cv.map((error, k) => error + data.spread[k]));
  const top = Math.max(...tops.filter(Number.isFinite)) * 1.06 || 1;
  const most = data.leaves[0];
  const points = stops.map(({ folded }) => stopAt(data, folded));
  let frame = null;

  function place(width, height) {
    if (frame?.width === width && frame.height === height) return;
    const [left, right] = [ERRORS_MARGIN.left + 10, width - ERRORS_MARGIN.right];
    const [above, bottom] = [ERRORS_MARGIN.top, height - ERRORS_MARGIN.bottom];
    const x = (leaves) => (most === 1 ? (left + right) / 2
      : left + (Math.log(leaves) / Math.log(most)) * (right - left));
    const y = (error) => bottom - (Math.min(error, top) / top) * (bottom - above);
    frame = { width, height, left, right, above, bottom, x, y };
    setSize(svg, width, height);
    drawScale(parts, frame, data, top);
    const line = (errors) => errors.map((error, k) =>
      `${k ? "L" : "M"}${x(data.leaves[k]).toFixed(1)},${y(error).toFixed(1)}`).join("");
    SETS.forEach((name) => parts[name].setAttribute("d", line(data.errors[name] ?? [])));
    if (data.errors.cv) {
      const off = (sign) => data.errors.cv.map((error, k) => Math.max(error + sign * data.spread[k], 0));
      const back = off(-1).map((error, k) => `L${x(data.leaves[k]).toFixed(1)},${y(error).toFixed(1)}`);
      parts.band.setAttribute("d", `${line(off(1))}${back.reverse().join("")}z`);
    }
    drawStops(parts, frame, points, stops);
  }

  svg.addEventListener("click", (event) => {
    const at = pointIn(svg, event)[0];
    const away = data.leaves.map((leaves) => Math.abs(frame.x(leaves) - at));
    onStep(away.indexOf(Math.min(...away)));
  });

  function draw({ folded, step, pruner, width, height }) {
    place(width, height);
    const leaves = leavesOf(data, folded);
    const x = frame.x(leaves.length);
    parts.now.setAttribute("d", `M${x.toFixed(1)},${frame.above - 4}V${frame.bottom}`);
    const errors = Object.keys(data.totals).map((name) => [name, setError(data, name, leaves)]);
    if (step !== null && data.errors.cv) errors.push(["cv", data.errors.cv[step]]);
    while (parts.dots.childNodes.length < 3) parts.dots.append(svgElement("circle"));
    [...parts.dots.childNodes].forEach((dot, i) => {
      const [name, error] = errors[i] ?? ["none", 0];
      setAttributes(dot, { cx: x.toFixed(1), cy: frame.y(error).toFixed(1),
        r: name === "none" ? 0 : 5.5, class: `pl-${name}` });
    });
    [...parts.stops.childNodes].forEach((stop) => {
      stop.classList.toggle("pl-taken", stop.dataset.name === pruner);
    });
  }
  return { svg, draw };
}

/** The size of a pruner's tree and its error on data the tree has not seen, if there are any. */
export function stopAt(data, folded) {
  const leaves = leavesOf(data, folded);
  const name = "val" in data.totals ? "val" : "train";
  return { leaves: leaves.length, error: setError(data, name, leaves) };
}

/**
 * Badges above their points, or below them where the names of the choices begin; where two would lie
 * on each other, the later one stands farther away.
 */
function drawStops(parts, frame, points, stops) {
  const taken = [];
  const stems = [];
  parts.stops.replaceChildren(...stops.map(({ name, letter }, i) => {
    const x = frame.x(points[i].leaves);
    const end = frame.y(points[i].error);
    const away = (side) => {
      let far = end + 19 * side;
      while (taken.some(([a, b]) => Math.hypot(a - x, b - far) < 19)) far += 4 * side;
      return far;
    };
    const side = away(-1) - 9 < frame.above ? 1 : -1;
    const y = away(side);
    taken.push([x, y]);
    stems.push(`M${x.toFixed(1)},${(y - 8 * side).toFixed(1)}V${end.toFixed(1)}m-3.5,0h7`);
    return svgElement("g", { class: "pl-stop", "data-name": name },
      svgElement("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 8.5 }),
      svgElement("text", { x: x.toFixed(1), y: (y + 4).toFixed(1), "text-anchor": "middle" },
        letter));
  }));
  parts.stems.setAttribute("d", stems.join(""));
}

function drawScale(parts, frame, data, top) {
  const { left, right, above, bottom } = frame;
  const rate = data.kind === "classifier";
  const ticks = evenTicks(0, top, 5);
  const numbers = tickTexts(ticks.map((tick) => (rate ? 100 * tick : tick)));
  const across = [];
  for (const tick of LEAVES.filter((leaves) => leaves <= data.leaves[0])) {
    if (frame.x(tick) - (across.at(-1)?.[0] ?? -Infinity) >= LEAVES_GAP) {
      across.push([frame.x(tick), String(tick)]);
    }
  }
  const texts = drawAxes(parts, { left: left - 10, right, top: above, bottom },
    marked(ticks, frame.y, numbers.map((text) => (rate ? `${text} %` : text))), across,
    { upName: rate ? "share of samples that are wrong" : "mean squared error",
      acrossName: "leaves (log scale)" });
  let choices = "";
  [["best", "lowest cross-validated error", 2], ["frugal", "one standard error", -2]]
    .forEach(([name, words, shift]) => {
      if (data[name] === null) return;
      const x = frame.x(data.leaves[data[name]]);
      choices += `M${x.toFixed(1)},${above - 4}V${bottom}`;
      const same = data.best === data.frugal;
      if (same && name === "frugal") return;
      // The two stand in two rows; where they are one, its words take both if they have to.
      const whole = `${words}, and one standard error`;
      const split = CHOICE_LETTER * whole.length > right - left;
      const rows = !same ? [words] : split ? [`${words},`, "and one standard error"] : [whole];
      const wide = CHOICE_LETTER * Math.max(...rows.map((row) => row.length));
      const start = Math.max(Math.min(x + shift, right - wide), left);
      const first = above - (name === "best" ? 26 : 10);
      const place = shift > 0 || x - wide < left ? { x: start } : { x: x + shift, anchor: "end" };
      rows.forEach((text, i) =>
        texts.push({ ...place, y: first + 16 * i, text, kind: "pl-choice-name" }));
    });
  parts.choices.setAttribute("d", choices);
  writeTexts(parts.texts, texts);
}

export const stopWords = (data, { leaves, error }) =>
  [String(leaves), data.kind === "classifier" ? percentOf(error) : fourDigits(error)];
