// Loss against epoch: the median of the seeds as a line, their range as a band.

import { setAttributes, setText, svgElement } from "../shared/controls.js";
import { networks, reaches } from "./math.js";
import {
  AXIS_ROW, arrange, colourOf, drawAxes, marked, part, partsOf, scaleOf, setSize, shapeOf, spread,
  svgOf, wrapped, writeTexts,
} from "../shared/scale.js";

const CURVE_MARGIN = { top: 26, right: 16, bottom: 44, left: 62 };
const MOST_LABELS = 8;
const LABEL_ROOM = 184;
const LETTER = 7.4; // px, above the mean width

export function createCurves(plan) {
  const parts = partsOf({
    grid: "path", bands: "g", border: "path", lines: "g", axes: "path",
    texts: part("g", "ticks"), labels: part("g", "curve-labels"),
  });
  const svg = svgOf("curves", parts);
  const made = new Map(plan.arms.filter(({ linear }) => !linear)
    .map((arm) => [arm, makeCurve(arm)]));
  const curves = { svg, parts, plan, key: "" };
  /** Lay the picture out; whether anything had to move. */
  curves.place = (state, width, height) => {
    const which = whichLoss(state.measure);
    const key = [which, ...state.arms, width, height].join();
    if (curves.key === key) return false;
    curves.key = key;
    svg.toggleAttribute("data-crowded", crowded(plan, state));
    setSize(svg, width, height);
    const shown = networks(plan, state).map((arm) => ({ arm, band: arm.bands[which] }))
      .filter(({ band }) => band.middle.length);
    const labelled = !crowded(plan, state) && width >= 430;
    const what = which ? "training loss, mean of batches" : "validation loss";
    const upName = wrapped(`${what}, ${plan.data.loss.name} (log scale)`, width);
    const frame = curveFrame(shown, labelled, upName, width, height);
    const drawn = shown.map((each) => ({ ...each, curve: made.get(each.arm) }));
    for (const each of drawn) placeCurve(plan, each, frame, which);
    arrange(parts.bands, drawn.map(({ curve }) => curve.bands));
    arrange(parts.lines, drawn.map(({ curve }) => curve.lines));
    arrange(parts.labels, labelled ? drawn.map(({ curve }) => curve.label) : []);
    if (labelled) placeLabels(drawn, frame);
    drawCurveScales(parts, shown, frame);
    return true;
  };
  curves.show = ({ sparsity }) => {
    for (const group of [parts.bands, parts.lines, parts.labels]) {
      for (const { classList, dataset } of group.children) {
        classList.toggle("pl-short", !reaches(plan.byName[dataset.arm], sparsity));
      }
    }
  };
  return curves;
}

/** So many curves that their bands would hide one another: each is then drawn when pointed at. */
export const crowded = (plan, state) => networks(plan, state).length > MOST_LABELS;

/** 0: validation loss, 1: training loss, which is shown beside training measures. */
export const whichLoss = (measure) => (measure.startsWith("train_") ? 1 : 0);

function curveFrame(shown, labelled, upName, width, height) {
  const { right, bottom, left } = CURVE_MARGIN;
  const top = CURVE_MARGIN.top + AXIS_ROW * (upName.length - 1);
  const all = shown.flatMap(({ band }) => [...band.low, ...band.high]);
  const positive = all.filter((loss) => loss > 0);
  const low = positive.length ? positive.reduce((a, b) => Math.min(a, b)) : 0.1;
  const high = positive.length ? positive.reduce((a, b) => Math.max(a, b)) : 1;
  const epochs = Math.max(2, ...shown.map(({ band }) => band.middle.length));
  const frame = { left, top, right: width - (labelled ? LABEL_ROOM : right), bottom: height - bottom,
    epochs, labelled, upName, low: low * 0.85 };
  frame.x = scaleOf(1, epochs, left + 6, frame.right - 8, false);
  frame.y = scaleOf(frame.low, Math.max(high * 1.15, low * 1.5), frame.bottom, top, true);
  frame.key = [frame.right, frame.bottom, epochs, labelled, frame.low, high].join();
  frame.at = (epoch, loss) => `${frame.x.at(epoch).toFixed(1)},` +
    `${frame.y.at(Math.max(loss, frame.low)).toFixed(1)}`;
  return frame;
}

function makeCurve(arm) {
  const own = { class: `pl-arm ${colourOf(arm)}`, "data-arm": arm.name };
  const [band, leader] = [part("path", "seed-band"), part("path", "leader")];
  const median = part("path", "median", { "stroke-dasharray": arm.style.dash || "none" });
  const marker = part("path", "marker", { d: shapeOf(arm) });
  return { band, median, leader, marker, key: "", bands: svgElement("g", own, band),
    lines: svgElement("g", own, median, leader, marker), label: svgElement("text", own) };
}

function placeCurve(plan, { arm, band, curve }, frame, which) {
  const key = [which, frame.key].join();
  if (curve.key === key) return;
  curve.key = key;
  const points = (losses) => losses.map((loss, i) => frame.at(i + 1, loss));
  setAttributes(curve.band,
    { d: `M${[...points(band.high), ...points(band.low).reverse()].join("L")}z` });
  setAttributes(curve.median, { d: `M${points(band.middle).join("L")}` });
  setAttributes(curve.leader, { d: leaderOf(band, frame) });
  setAttributes(curve.marker, { d: which === 0 ? shapeOf(arm) : "",
    transform: endOf(plan, arm, band, frame) });
}

/** From the end of a curve that is shorter than others to its label. */
function leaderOf({ middle }, frame) {
  if (!frame.labelled || middle.length >= frame.epochs) return "";
  return `M${frame.at(middle.length, middle.at(-1))}H${frame.right}`;
}

/** Where the arm ends up: a cut after training, or weights put back, are not on its curve. */
function endOf(plan, arm, band, frame) {
  const { mean } = arm.rows[plan.data.loss.measure];
  const last = band.middle.length;
  const loss = Math.min(Math.max(mean, frame.low), band.middle[0]);
  return `translate(${frame.at(last, loss).replace(",", " ")}) scale(0.8)`;
}

function drawCurveScales(parts, shown, frame) {
  const { right, top, bottom } = frame;
  const up = marked(frame.y.ticks, frame.y.at);
  const across = frame.x.ticks.filter((epoch) => epoch >= 1 && Number.isInteger(epoch))
    .map((epoch) => [frame.x.at(epoch), String(epoch)]);
  const texts = drawAxes(parts, frame, up, across, { acrossName: "epoch", upName: frame.upName });
  const borders = new Set(shown.filter(({ arm, band }) =>
    arm.boundary > 0 && band.middle.length > arm.boundary).map(({ arm }) => arm.boundary));
  let border = "";
  for (const boundary of borders) {
    const x = frame.x.at(boundary + 0.5);
    border += `M${x.toFixed(1)},${top - 2}V${bottom}`;
    const roomy = right - x > 96;
    texts.push({ x: roomy ? x + 5 : x - 5, y: top + 10, text: "second phase",
      anchor: roomy ? "start" : "end", kind: "pl-border-label" });
  }
  parts.border.setAttribute("d", border);
  writeTexts(parts.texts, texts);
}

function placeLabels(drawn, frame) {
  const ends = drawn.map(({ band }) => frame.y.at(Math.max(band.middle.at(-1), frame.low)));
  const heights = spread(ends.map((y) => y + 4), 15, frame.top + 8, frame.bottom);
  const most = Math.floor((LABEL_ROOM - 12) / LETTER);
  drawn.forEach(({ arm, curve: { label } }, i) => {
    setAttributes(label, { x: (frame.right + 6).toFixed(1), y: heights[i].toFixed(1) });
    setText(label, arm.label.length > most ? `${arm.label.slice(0, most - 1)}…` : arm.label);
  });
}
