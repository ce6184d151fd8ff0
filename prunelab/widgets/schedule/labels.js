// What the picture of the ScheduleExplorer says in words and numbers: ticks and labels.

import { percentOf } from "../shared/numbers.js";
import { spread, writeTexts } from "../shared/scale.js";
import { reachesTarget, sparsityAt } from "./flight.js";

const LINE = 16; // px between two lines of text
const LETTER = 7.7; // px, above the mean width of a bold letter of 12.5 px
const DIGIT = 8.8; // px, likewise
const ABOVE = 11; // px of a line above its baseline
const BELOW = 4; // px of a line below its baseline

function niceTicks(limit, most) {
  const raw = Math.max(limit / most, 1);
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = Math.ceil([1, 2, 2.5, 5, 10].find((factor) => factor * unit >= raw) * unit);
  return Array.from({ length: Math.floor(limit / step) + 1 }, (_, i) => i * step);
}

/** A count on an axis: 1600, 12,500, 2 M, 1.25·10⁹; from a million on in so many digits. */
export function counted(value, digits = 4) {
  if (value < 1e4) return String(value);
  if (value < 1e6) return value.toLocaleString("en-US");
  const rounded = Number(value.toPrecision(digits));
  if (rounded < 1e9) return `${rounded / 1e6} M`;
  const [factor, exponent] = rounded.toExponential().split("e+");
  const power = `10${[...exponent].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;
  return factor === "1" ? power : `${factor}·${power}`;
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
  const most = Math.max(2, Math.floor((right - left) / 80));
  const each = `${counted(flight.stepsPerEpoch)} ${plural("step", flight.stepsPerEpoch)} each`;
  const names = {
    steps: ["training step", 1],
    epochs: [`epoch (${each})`, flight.stepsPerEpoch],
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

/**
 * Asked, realised, the gap between them, and where training ends.
 *
 * The first two stand at their heights, to the right of the frame. The others take the first of
 * their places that covers no label placed before. Where the gap's words find none, its arrow stands
 * alone: asked and realised are there, and the caption.
 */
export function drawLabels(parts, frame, flight, state, wall) {
  const { right, top, bottom, width } = frame;
  const yAsked = frame.y(flight.asked);
  const yRealised = frame.y(flight.realised);
  const texts = [];
  const taken = [];
  const lines = [yAsked, yRealised].map((y) => ({ left: wall, right, top: y - 2, bottom: y + 2 }));
  const put = ({ x, y, kind, words, anchor, box }) => {
    words.forEach((text, i) => texts.push({ x, y: y + i * LINE, text, kind, anchor }));
    taken.push(box);
  };
  outcomes(flight, { yAsked, yRealised, top, bottom })
    .forEach(({ y, kind, words }) => put(label(right + 8, y, kind, words)));

  const apart = !reachesTarget(flight) && Math.abs(yAsked - yRealised) > 3 * LINE;
  const [above, below] = [Math.min(yAsked, yRealised) + 3, Math.max(yAsked, yRealised) - 3];
  const arrow = wall + Math.min(0.5 * (right - wall), 140);
  if (apart) lines.push({ left: arrow - 5, right: arrow + 5, top: above, bottom: below });
  put(whereTrainingEnds(frame, flight, state, wall, { taken, lines }));

  let gap = "";
  if (apart) {
    gap = `M${arrow - 4},${above + 7} L${arrow},${above} L${arrow + 4},${above + 7} ` +
      `M${arrow},${above} V${below} ` +
      `M${arrow - 4},${below - 7} L${arrow},${below} L${arrow + 4},${below - 7}`;
    const points = (100 * Math.abs(flight.asked - flight.realised)).toFixed(2);
    const words = [points, flight.realised > flight.asked ? "points over" : "points short"];
    const found = [0.5, 0.35, 0.65, 0.2, 0.8]
      .map((share) => label(arrow + 9, above + share * (below - above) - 4, "pl-plain", words))
      .find(({ box }) => isFree(box, taken, width));
    if (found) put(found);
  }
  parts.gap.setAttribute("d", gap);
  writeTexts(parts.labels, texts);
}

/**
 * The label of the wall: at its right where it covers nothing, or lines alone; else at its left,
 * farthest from the curve; else its first line alone, for which there always is a place.
 */
function whereTrainingEnds(frame, flight, state, wall, { taken, lines }) {
  const { left, right, top, bottom, width } = frame;
  const [step, epoch] = [`step ${counted(flight.totalSteps)}`, `epoch ${counted(state.epochs)}`];
  const words = ["training ends", step, epoch];
  const column = (x, rows, anchor) => {
    const room = bottom - top - (rows.length - 1) * LINE - 1.8 * LINE;
    return [0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1].map((share) =>
      label(x, top + 1.2 * LINE + share * room, "pl-plain", rows, anchor));
  };
  const after = [
    ...column(wall + 9, [words[0], `${step}, ${epoch}`]).filter(({ box }) => box.right < right),
    ...column(wall + 9, words),
  ];
  const apart = ({ box }) => fromCurve(box, frame, flight, state);
  const before = column(wall - 9, words, "end").filter(({ box }) => box.left > left)
    .sort((one, other) => apart(other) - apart(one));
  const alone = column(wall + 9, [words[0]]);
  const free = (places, others) => places.find(({ box }) => isFree(box, others, width));
  return free(after, [...taken, ...lines]) ?? free(after, taken) ?? free(before, taken)
    ?? free(alone, taken) ?? alone[0];
}

/** What stands to the right of the frame: the sparsity asked for, and the one the run ends with. */
function outcomes(flight, { yAsked, yRealised, top, bottom }) {
  const realised = percentOf(flight.realised);
  // Above and below them are the ticks of the axes.
  const inside = (heights) => spread(heights, 2.2 * LINE, top + 8, bottom - LINE + 2);
  if (reachesTarget(flight)) {
    return [{ y: inside([yAsked - 2])[0], kind: "pl-good", words: ["as asked", realised] }];
  }
  const close = Math.max(2.2 * LINE - Math.abs(yAsked - yRealised), 0) / 2;
  const shift = yAsked < yRealised ? close : -close;
  const [asked, found] = inside([yAsked - 2 - shift, yRealised - 2 + shift]);
  return [
    { y: asked, kind: "pl-plain", words: ["asked", percentOf(flight.asked)] },
    { y: found, kind: "pl-bad", words: ["realised", realised] },
  ];
}

/** Lines of words from their first baseline down, and the room that they take. */
function label(x, y, kind, words, anchor = "start") {
  const widthOf = (line) => [...line].reduce((sum, sign) =>
    sum + (sign >= "0" && sign <= "9" ? DIGIT : LETTER), 0);
  const wide = Math.max(...words.map(widthOf));
  const left = anchor === "end" ? x - wide : x;
  const box = { left, right: left + wide, top: y - ABOVE, bottom: y + (words.length - 1) * LINE + BELOW };
  return { x, y, kind, words, anchor, box };
}

const isFree = (box, taken, width) => box.left >= 0 && box.right <= width &&
  taken.every((other) => box.right < other.left || other.right < box.left ||
    box.bottom < other.top || other.bottom < box.top);

/** How far the formula's curve and the line of what is asked stay away from a box, in px. */
function fromCurve(box, { y, reach, left, right }, flight, state) {
  const stepAt = (pixel) => ((pixel - left) / (right - left)) * reach;
  const pieces = 24;
  const heights = Array.from({ length: pieces + 1 }, (_, i) =>
    y(sparsityAt(state, stepAt(box.left + (i / pieces) * (box.right - box.left)))))
    .filter(Number.isFinite); // a ramp without length has no height where it stands
  return Math.min(...[y(flight.asked), ...heights].map((height) =>
    Math.max(box.top - height, height - box.bottom)));
}
