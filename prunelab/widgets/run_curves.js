// Loss against epoch: the median of the seeds as a line, their range as a band.

import { setAttributes, svgElement } from "./shared/controls.js";
import { fourDigits } from "./shared/numbers.js";
import { networks, reaches } from "./run_math.js";
import { colourOf, scaleOf, shapeOf, spread } from "./run_scale.js";

const CURVE_MARGIN = { top: 26, right: 16, bottom: 44, left: 62 };
const MOST_LABELS = 8;
const LABEL_ROOM = 168;
const LETTER = 6.6; // px, on average

export function createCurves(plan) {
  const part = (tag, name) => svgElement(tag, { class: `pl-${name}` });
  const parts = {
    grid: part("path", "grid"), bands: part("g", "bands"), border: part("path", "border"),
    lines: part("g", "lines"), axes: part("path", "axes"), texts: part("g", "ticks"),
    labels: part("g", "curve-labels"),
  };
  const svg = svgElement("svg", { class: "pl-picture pl-curves", role: "img" },
    ...Object.values(parts));
  const curves = { svg, parts, plan, key: "" };
  curves.place = (state, width, height) => {
    const which = whichLoss(state.measure);
    const key = [which, ...state.arms, width, height].join();
    if (curves.key === key) return;
    curves.key = key;
    svg.toggleAttribute("data-crowded", crowded(plan, state));
    setAttributes(svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    const shown = networks(plan, state).map((arm) => ({ arm, band: plan.band(arm, which) }))
      .filter(({ band }) => band.middle.length);
    const labelled = !crowded(plan, state) && width >= 430;
    const frame = curveFrame(shown, labelled, width, height);
    drawCurves(curves, shown, frame, which);
    drawCurveScales(parts, shown, frame, which);
    parts.labels.replaceChildren(...(labelled ? curveLabels(shown, frame) : []));
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

function curveFrame(shown, labelled, width, height) {
  const { top, right, bottom, left } = CURVE_MARGIN;
  const all = shown.flatMap(({ band }) => [...band.low, ...band.high]);
  const positive = all.filter((loss) => loss > 0);
  const low = positive.length ? positive.reduce((a, b) => Math.min(a, b)) : 0.1;
  const high = positive.length ? positive.reduce((a, b) => Math.max(a, b)) : 1;
  const epochs = Math.max(2, ...shown.map(({ band }) => band.middle.length));
  const frame = { left, top, right: width - (labelled ? LABEL_ROOM : right), bottom: height - bottom,
    epochs, labelled, low: low * 0.85 };
  frame.x = scaleOf(1, epochs, left + 6, frame.right - 8, false);
  frame.y = scaleOf(frame.low, Math.max(high * 1.15, low * 1.5), frame.bottom, top, true);
  frame.at = (epoch, loss) => `${frame.x.at(epoch).toFixed(1)},` +
    `${frame.y.at(Math.max(loss, frame.low)).toFixed(1)}`;
  return frame;
}

function drawCurves({ parts, plan }, shown, frame, which) {
  const path = (losses) => losses.map((loss, i) => frame.at(i + 1, loss));
  const group = ({ name, style }, ...children) => svgElement("g",
    { class: `pl-arm pl-c-${style.colour}`, "data-arm": name }, ...children);
  parts.bands.replaceChildren(...shown.map(({ arm, band }) => group(arm, svgElement("path",
    { class: "pl-seed-band", d: `M${[...path(band.high), ...path(band.low).reverse()].join("L")}z` }))));
  parts.lines.replaceChildren(...shown.map(({ arm, band }) => group(arm,
    svgElement("path", { class: "pl-median", d: `M${path(band.middle).join("L")}`,
      "stroke-dasharray": arm.style.dash || "none" }),
    svgElement("path", { class: "pl-leader", d: leader(band, frame) }),
    ...(which === 0 ? [endMark(plan, arm, band, frame)] : []))));
}

/** From the end of a curve that is shorter than others to its label. */
function leader({ middle }, frame) {
  if (!frame.labelled || middle.length >= frame.epochs) return "";
  return `M${frame.at(middle.length, middle.at(-1))}H${frame.right}`;
}

/** Where the arm ends up: a cut after training, or weights put back, are not on its curve. */
function endMark(plan, arm, band, frame) {
  const { mean } = plan.row(arm, "validation_mse");
  const last = band.middle.length;
  const loss = Math.min(Math.max(mean, frame.low), band.middle[0]);
  return svgElement("path", { class: "pl-marker", d: shapeOf(arm),
    transform: `translate(${frame.at(last, loss).replace(",", " ")}) scale(0.8)` });
}

function drawCurveScales(parts, shown, frame, which) {
  const { left, right, top, bottom, epochs } = frame;
  const texts = [];
  const text = (x, y, anchor, kind, words) => texts.push(svgElement("text",
    { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, class: kind }, words));
  let grid = "";
  for (const tick of frame.y.ticks) {
    const y = frame.y.at(tick);
    grid += `M${left},${y.toFixed(1)}H${right}`;
    text(left - 8, y + 4, "end", "", fourDigits(tick));
  }
  let axes = `M${left},${top}V${bottom}H${right}`;
  for (const tick of frame.x.ticks.filter((epoch) => epoch >= 1 && Number.isInteger(epoch))) {
    const x = frame.x.at(tick);
    axes += `M${x.toFixed(1)},${bottom}v5`;
    text(x, bottom + 18, "middle", "", String(tick));
  }
  text((left + right) / 2, bottom + 37, "middle", "pl-axis", "epoch");
  text(2, 13, "start", "pl-axis",
    `${which ? "training loss, mean of batches" : "validation loss"}, MSE (log scale)`);
  const borders = new Set(shown.filter(({ arm, band }) =>
    arm.boundary > 0 && band.middle.length > arm.boundary).map(({ arm }) => arm.boundary));
  let border = "";
  for (const boundary of borders) {
    const x = frame.x.at(boundary + 0.5);
    border += `M${x.toFixed(1)},${top - 2}V${bottom}`;
    const roomy = right - x > 96;
    text(roomy ? x + 5 : x - 5, top + 10, roomy ? "start" : "end", "pl-border-label", "second phase");
  }
  parts.grid.setAttribute("d", grid);
  parts.axes.setAttribute("d", axes);
  parts.border.setAttribute("d", border);
  parts.texts.replaceChildren(...texts);
}

function curveLabels(shown, frame) {
  const ends = shown.map(({ band }) => frame.y.at(Math.max(band.middle.at(-1), frame.low)));
  const heights = spread(ends.map((y) => y + 4), 15, frame.top + 8, frame.bottom);
  const most = Math.floor((LABEL_ROOM - 12) / LETTER);
  return shown.map(({ arm }, i) => svgElement("text", { x: (frame.right + 6).toFixed(1),
    y: heights[i].toFixed(1), class: `pl-arm ${colourOf(arm)}`, "data-arm": arm.name },
  arm.label.length > most ? `${arm.label.slice(0, most - 1)}…` : arm.label));
}
