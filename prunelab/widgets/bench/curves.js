// Loss above, sparsity below, over one axis of steps: the run that trains and those laid beside it.

import { svgElement } from "../shared/controls.js";
import { evenTicks } from "../shared/numbers.js";
import {
  AXIS_ROW, marked, part, partsOf, scaleOf, setSize, spread, svgOf, wrapped, writeTexts,
} from "../shared/scale.js";
import { sparsityAt } from "../schedule/flight.js";
import { badge, runColour, counted, dashOf, drawable, ticksOf, valueScale } from "./style.js";

const CURVES_MARGIN = { top: 20, right: 34, bottom: 44, left: 62 };
const GAP = 40; // between the two pictures
const BADGE_ROOM = 16; // px from one badge to the next

export function createCurves() {
  const parts = partsOf({
    grid: "path", dense: "path", ahead: "path", preview: "path", now: "path", runs: "g",
    steered: "g", axes: "path", ticks: "g", labels: part("g", "bench-labels"),
  });
  const svg = svgOf("bench-curves", parts);
  return { svg, draw: (state, width, height) => drawCurves(svg, parts, state, width, height) };
}

/** The runs whose curves are drawn: those ticked in the table, then the one that trains. */
function runsIn({ rows, curves, shown, live }) {
  const stored = rows.filter(({ id }) => shown.includes(id) && curves[id] && id !== live.id)
    .map((row) => ({ ...row, ...curves[row.id], still: true }));
  return live.number ? [...stored, { ...live, still: false }] : stored;
}

function drawCurves(svg, parts, state, width, height) {
  setSize(svg, width, height);
  const runs = runsIn(state);
  const frame = curvesFrame(state, runs, width, height);
  drawCurvesScales(parts, frame, state);
  parts.runs.replaceChildren(...runs.map((run) => drawRun(run, frame)));
  drawSchedule(parts, frame, state);
  const marks = runs.flatMap((run) => (run.steerings ?? []).map((steering) => [run, ...steering]));
  parts.steered.replaceChildren(...marks.map((mark, i) => steeringMark(mark, i, frame)));
  parts.labels.replaceChildren(...endLabels(runs, frame));
}

function curvesFrame({ plan, baseline, live, measure }, runs, width, height) {
  const left = CURVES_MARGIN.left;
  const right = width - CURVES_MARGIN.right;
  const low = Math.round(0.56 * (height - CURVES_MARGIN.top - CURVES_MARGIN.bottom - GAP)) + CURVES_MARGIN.top;
  const steps = Math.max(1, ...runs.map((run) => run.total_steps),
    live.busy ? 1 : plan.total_steps);
  const fits = drawable(measure);
  const values = runs.flatMap(({ points }) => points.flatMap(([, loss, validation]) =>
    [loss, validation]));
  values.push(baseline.value);
  const bottom = height - CURVES_MARGIN.bottom;
  const x = scaleOf(0, steps, left, right, false);
  const known = values.filter(fits);
  const value = valueScale(measure, known, low, CURVES_MARGIN.top,
    (least, most) => [least * 0.85, Math.max(most * 1.15, least * 1.6)]);
  const sparsity = scaleOf(0, 1, bottom, low + GAP, false);
  return { left, right, top: CURVES_MARGIN.top, low, high: low + GAP, bottom, steps, x, value, sparsity,
    fits, empty: !known.length, perEpoch: plan.steps_per_epoch };
}

function drawCurvesScales(parts, frame, { baseline, measure }) {
  const { left, right, top, low, high, bottom, x, value, sparsity } = frame;
  const texts = [{ x: 2, y: 11, text: measure.curves_axis, kind: "pl-axis" },
    { x: 2, y: high - 12, text: "zeros in the masks", kind: "pl-axis" },
    { x: (left + right) / 2, y: bottom + 37, text: `training step (${counted(frame.perEpoch)} an epoch)`,
      anchor: "middle", kind: "pl-axis" }];
  let grid = "";
  const values = frame.empty ? [] : marked(value.ticks, value.at, ticksOf(measure, value.ticks));
  const shares = [0, 0.25, 0.5, 0.75, 1].map((share) => [sparsity.at(share), `${100 * share} %`]);
  for (const [y, text] of [...values, ...shares]) {
    grid += `M${left},${y.toFixed(1)}H${right}`;
    texts.push({ x: left - 8, y: y + 4, text, anchor: "end" });
  }
  let axes = `M${left},${top}V${low}H${right}M${left},${high}V${bottom}H${right}`;
  for (const tick of evenTicks(0, frame.steps, Math.max(3, (right - left) / 90))) {
    axes += `M${x.at(tick).toFixed(1)},${bottom}v5M${x.at(tick).toFixed(1)},${low}v4`;
    texts.push({ x: x.at(tick), y: bottom + 18, text: counted(tick), anchor: "middle" });
  }
  if (frame.empty) {
    wrapped("press Start: curves are drawn here, epoch by epoch", right - left).forEach((text, i) =>
      texts.push({ x: (left + right) / 2, y: (top + low) / 2 + 4 + AXIS_ROW * i, anchor: "middle", text }));
  }
  const dense = frame.fits(baseline.value);
  const y = dense ? value.at(baseline.value) : 0;
  parts.dense.setAttribute("d", dense ? `M${left},${y.toFixed(1)}H${right}` : "");
  if (dense) {
    texts.push({ x: right - 6, y: y + (y < top + 16 ? 14 : -5), text: "dense", anchor: "end",
      kind: "pl-plain" });
  }
  parts.grid.setAttribute("d", grid);
  parts.axes.setAttribute("d", axes);
  writeTexts(parts.ticks, texts);
}

function drawRun(run, { x, value, sparsity, fits }) {
  const line = (at, scale) => {
    let path = "";
    let pen = "M";
    for (const point of run.points) {
      if (!fits(point[at])) {
        pen = "M"; // what is no number leaves a gap
        continue;
      }
      path += `${pen}${x.at(point[0]).toFixed(1)},${scale.at(point[at]).toFixed(1)}`;
      pen = "L";
    }
    return path;
  };
  let held = `M${x.at(0).toFixed(1)},${sparsity.at(0).toFixed(1)}`;
  for (const [step, , , zeros] of run.points) {
    held += `H${x.at(step).toFixed(1)}V${sparsity.at(zeros).toFixed(1)}`;
  }
  const last = run.points.at(-1);
  const area = last && !run.still ? `${held}V${sparsity.at(0).toFixed(1)}Z` : "";
  const dash = dashOf(run);
  return svgElement("g", { class: `pl-run ${runColour(run)}${run.still ? "" : " pl-live"}`,
    "data-run": run.id },
  svgElement("path", { class: "pl-area", d: area }),
  svgElement("path", { class: "pl-thin", d: line(1, value) }),
  svgElement("path", { class: "pl-line", d: line(2, value), "stroke-dasharray": dash }),
  svgElement("path", { class: "pl-line", d: last ? held : "", "stroke-dasharray": dash }));
}

/** The schedule: of the knobs while nothing trains; of the run, past and ahead, while one does. */
function drawSchedule(parts, frame, { plan, live }) {
  const { x } = frame;
  let path = "";
  const segments = live.busy ? live.segments : [[0, plan.schedule]];
  const total = live.busy ? live.total_steps : plan.total_steps;
  segments.forEach(([from, schedule], i) => {
    path += curve(frame, schedule, from, segments[i + 1]?.[0] ?? total);
  });
  parts.ahead.setAttribute("d", path);
  parts.preview.setAttribute("d",
    plan.preview ? curve(frame, plan.preview, live.step ?? 0, total) : "");
  const now = live.busy ? `M${x.at(live.step).toFixed(1)},${frame.top}V${frame.low}` +
    `M${x.at(live.step).toFixed(1)},${frame.high - 6}V${frame.bottom}` : "";
  parts.now.setAttribute("d", now);
}

function curve({ x, sparsity, steps }, schedule, from, until) {
  const { begin_step: begin, end_step: end } = schedule;
  const to = Math.min(until, steps);
  const points = [];
  const add = (step) => {
    const zeros = sparsityAt(schedule, step);
    if (step >= from && step <= to && Number.isFinite(zeros)) {
      points.push(`${x.at(step).toFixed(1)},${sparsity.at(zeros).toFixed(1)}`);
    }
  };
  add(from);
  for (let i = 0; i <= 120; i += 1) add(begin + ((end - begin) * i) / 120);
  add(to);
  return points.length > 1 ? `M${points.join("L")}` : "";
}

/** Where a run was steered, and to what; the words stand where a ramp leaves room for them. */
function steeringMark([run, step, text], i, { x, high, bottom, left, right }) {
  const at = x.at(step);
  const wide = 7 * text.length + 14;
  // After its line; where that has no room, before it; where neither has, as far left as there is.
  const from = right - at > wide + 6 ? at + 6 : Math.max(at - wide + 8, left + 4);
  return svgElement("g", { class: `pl-steering ${runColour(run)}` },
    svgElement("path", { d: `M${at.toFixed(1)},${high - 4}V${bottom}` }),
    svgElement("text", { x: from.toFixed(1), y: bottom - 8 - 16 * (i % 4) }, text));
}

/** The numbers of the runs at the ends of their curves, apart from one another. */
function endLabels(runs, { x, value, fits, top, low }) {
  const ends = runs.flatMap((run) => {
    const last = run.points.findLast((point) => fits(point[2]));
    return last ? [{ run, across: x.at(last[0]) + 12, down: value.at(last[2]) }] : [];
  });
  for (const end of ends) {
    end.beside = ends.filter(({ across }) => Math.abs(across - end.across) < BADGE_ROOM);
    const room = Math.min(BADGE_ROOM, (low - top - 16) / end.beside.length);
    end.heights = spread(end.beside.map(({ down }) => down), room, top + 8, low - 8);
  }
  return ends.map((end) => {
    const mark = badge(end.run, end.across, end.heights[end.beside.indexOf(end)]);
    mark.classList.add(runColour(end.run));
    return mark;
  });
}
