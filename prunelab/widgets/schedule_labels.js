// What the picture of the ScheduleExplorer says in words and numbers: ticks and labels.

import { setAttributes, setText, svgElement } from "./shared/controls.js";
import { reachesTarget } from "./schedule_math.js";
import { percent } from "./schedule_state.js";

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
    lines(right + 8, yAsked - 2, "pl-good", "as asked", percent(flight.realised));
  } else {
    const sign = yAsked < yRealised ? 1 : -1; // asked above realised, or below
    const shift = apart ? 0 : (2.2 * LINE - Math.abs(yAsked - yRealised)) / 2;
    lines(right + 8, yAsked - 2 - sign * shift, "pl-plain", "asked", percent(flight.asked));
    lines(right + 8, yRealised - 2 + sign * shift, "pl-bad", "realised",
      percent(flight.realised));
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

/** Reuse the text elements of a group; the picture is drawn at every move of a slider. */
function writeTexts(group, texts) {
  while (group.childNodes.length > texts.length) group.lastChild.remove();
  while (group.childNodes.length < texts.length) group.append(svgElement("text"));
  texts.forEach(({ x, y, text, anchor = "start", kind = "" }, i) => {
    const node = group.childNodes[i];
    setAttributes(node, { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, class: kind });
    setText(node, text);
  });
}
