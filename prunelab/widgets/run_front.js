// Sparsity against a measure: every run a point, each arm a marker with its interval.

import { setAttributes, svgElement } from "./shared/controls.js";
import { fourDigits } from "./shared/numbers.js";
import { chosen, networks, reaches } from "./run_math.js";
import { colourOf, scaleOf, shapeOf, spread } from "./run_scale.js";
import { runName } from "./run_words.js";

const FRONT_MARGIN = { top: 26, right: 16, bottom: 44, left: 62 };
const SHARES = [0, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999];
const FAR = 6; // a level so many times lower than all networks is drawn below a break

const part = (tag, name, attributes = {}) => svgElement(tag, { class: `pl-${name}`, ...attributes });
const shifted = (x, y) => `translate(${x.toFixed(1)} ${y.toFixed(1)})`;

export function createFront(plan) {
  const parts = {
    below: part("rect", "below"), grid: part("path", "grid"), levels: part("g", "levels"),
    families: part("g", "families"), axes: part("path", "axes"),
    points: part("g", "points", { role: "listbox", "aria-label": "runs: arrow keys go through them" }),
    wall: part("path", "threshold"), ring: part("circle", "best-ring"),
    looked: part("circle", "looked"), texts: part("g", "ticks"), labels: part("g", "level-labels"),
  };
  const svg = svgElement("svg", { class: "pl-picture pl-front", role: "group" },
    ...Object.values(parts));
  const front = { svg, parts, plan, frame: null, key: "", dots: [], markers: new Map() };
  front.place = (state, width, height) => {
    const key = [state.measure, ...state.arms, width, height].join();
    if (front.key === key) return;
    front.key = key;
    setAttributes(svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    front.frame = frameOf(plan, state, width, height);
    drawScales(front, state);
    drawArms(front, state);
    drawLevels(front, state);
  };
  front.show = (state, best) => showThreshold(front, state, best);
  /** Ring one run, or none. */
  front.look = (dot) => setAttributes(parts.looked,
    dot ? { cx: dot.x.toFixed(1), cy: dot.y.toFixed(1), r: 8 } : { r: 0 });
  front.nearest = (x, y) => {
    const distance = (dot) => Math.hypot(dot.x - x, dot.y - y);
    const near = front.dots.reduce((a, b) => (a && distance(a) <= distance(b) ? a : b), null);
    return near && distance(near) < 16 ? near : null;
  };
  return front;
}

// ---- where things are -------------------------------------------------------------------------

function frameOf(plan, state, width, height) {
  const { measure } = state;
  const { log } = plan.data.measures[measure];
  const { top, right, bottom, left } = FRONT_MARGIN;
  const shown = networks(plan, state);
  const drawn = shown.includes(plan.control) ? shown : [...shown, plan.control];
  const linear = chosen(plan, state).filter((arm) => arm.linear);
  const levels = [plan.control, ...linear].map((arm) => ({ arm, row: plan.row(arm, measure) }));
  let [low, high] = reach(plan, drawn, measure, log);
  const far = levels.filter(({ row }) => log && row.mean < low / FAR)
    .sort((a, b) => b.row.mean - a.row.mean);
  for (const { row } of levels.filter((level) => !far.includes(level))) {
    [low, high] = [Math.min(low, row.mean), Math.max(high, row.mean)];
  }
  const room = log ? (high / low) ** 0.05 : 0.06 * (high - low || Math.abs(high) || 1);
  const strip = far.length ? 16 * far.length + 14 : 0;
  const frame = { log, left, top, right: width - right, bottom: height - bottom, strip, levels, far };
  const floor = frame.bottom - strip;
  const ends = log ? [low / Math.max(room, 1.05), high * Math.max(room, 1.05)]
    : [low - room, high + room];
  frame.y = scaleOf(...ends, floor, top, log);
  frame.floor = floor;
  frame.inside = (value) => Math.min(Math.max(frame.y.at(log ? Math.max(value, 1e-300) : value), top),
    floor);
  return placeAcross(frame, shown);
}

/** The lowest and highest value: of all runs, and of intervals as far as they are not endless. */
function reach(plan, arms, measure, log) {
  const runs = arms.flatMap((arm) => arm.values[measure]);
  const [low, high] = [Math.min(...runs), Math.max(...runs)];
  const spare = log ? 1.5 : 0.3 * (high - low);
  const [least, most] = log ? [low / spare, high * spare] : [low - spare, high + spare];
  const rows = arms.map((arm) => plan.row(arm, measure)).filter((row) => row.low !== null);
  return [Math.max(least, Math.min(low, ...rows.map((row) => row.low))),
    Math.min(most, Math.max(high, ...rows.map((row) => row.high)))];
}

/** Across: the share of weights gone, on the log scale of what is left; neighbours make room. */
function placeAcross(frame, shown) {
  const depth = (arm) => -Math.log10(Math.max(1 - arm.gone, 1e-6));
  const groups = [];
  for (const arm of [...shown].sort((a, b) => a.gone - b.gone)) {
    const last = groups.at(-1);
    if (last && Math.abs(depth(arm) - last.depth) < 0.03) last.arms.push(arm);
    else groups.push({ depth: depth(arm), arms: [arm] });
  }
  groups.forEach((group) => group.arms.sort((a, b) => a.at - b.at));
  const wide = frame.right - frame.left;
  const most = Math.max(1, ...groups.map(({ arms }) => arms.length));
  const gap = Math.min(17, wide / 3.2 / most);
  const half = (group) => ((group ? group.arms.length : 1) * gap) / 2 + 6;
  const [begin, end] = [Math.min(0, groups[0]?.depth ?? 0),
    Math.max(groups.at(-1)?.depth ?? 0, 0.31)];
  const [from, to] = [frame.left + half(groups[0]), frame.right - half(groups.at(-1))];
  frame.xAt = (deep) => from + ((deep - begin) / (end - begin)) * (to - from);
  frame.x = new Map();
  frame.edges = groups.map((group) => {
    const middle = frame.xAt(group.depth);
    group.arms.forEach((arm, i) =>
      frame.x.set(arm.name, middle + (i - (group.arms.length - 1) / 2) * gap));
    return { left: middle - half(group) + 2, right: middle + half(group) - 2, arm: group.arms[0] };
  });
  frame.gap = gap;
  return frame;
}

// ---- drawing ----------------------------------------------------------------------------------

function textAt({ x, y, text, anchor = "start", kind = "" }) {
  return svgElement("text",
    { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, class: kind }, text);
}

function drawScales({ parts, plan, frame }, { measure }) {
  const { left, right, top, bottom, floor } = frame;
  const texts = [];
  let grid = "";
  for (const tick of frame.y.ticks) {
    const y = frame.y.at(tick);
    grid += `M${left},${y.toFixed(1)}H${right}`;
    texts.push({ x: left - 8, y: y + 4, text: fourDigits(tick), anchor: "end" });
  }
  let axes = frame.strip
    ? `M${left},${top}V${floor - 3}l5,3l-10,5l5,3V${bottom}H${right}`
    : `M${left},${top}V${bottom}H${right}`;
  let last = -100;
  for (const share of SHARES) {
    const x = frame.xAt(-Math.log10(1 - share));
    if (x > right || x < left || x - last < 36) continue;
    last = x;
    axes += `M${x.toFixed(1)},${bottom}v5`;
    texts.push({ x, y: bottom + 18, text: `${Number((100 * share).toFixed(1))} %`, anchor: "middle" });
  }
  const under = right - left > 380 ? "weights gone, % of the control’s (log scale of what is left)"
    : "weights gone, % of the control’s";
  texts.push({ x: (left + right) / 2, y: bottom + 37, text: under, anchor: "middle", kind: "pl-axis" });
  const { label } = plan.data.measures[measure];
  texts.push({ x: 2, y: 13, text: `${label}${frame.log ? " (log scale)" : ""}`, kind: "pl-axis" });
  parts.grid.setAttribute("d", grid);
  parts.axes.setAttribute("d", axes);
  parts.texts.replaceChildren(...texts.map(textAt));
}

function drawArms(front, { measure, arms }) {
  const { plan, frame, parts } = front;
  const held = front.dots.find(({ node }) => node === document.activeElement);
  front.dots = [];
  front.markers = new Map();
  const groups = networks(plan, { arms }).map((arm) => drawArm(front, arm, measure));
  parts.points.replaceChildren(...groups);
  const again = held && front.dots.find(({ arm, i }) => arm === held.arm && i === held.i);
  front.tabStop = again ?? front.dots[0] ?? null;
  front.tabStop?.node.setAttribute("tabindex", "0");
  again?.node.focus();
  parts.families.replaceChildren(...familyLines(front, measure, arms));
}

function drawArm(front, arm, measure) {
  const { plan, frame } = front;
  const row = plan.row(arm, measure);
  const x = frame.x.get(arm.name);
  const y = frame.inside(row.mean);
  const whisker = row.low === null ? ""
    : `M${x.toFixed(1)},${frame.inside(row.low).toFixed(1)}V${frame.inside(row.high).toFixed(1)}`;
  const wide = Math.min(3.4, frame.gap / 4);
  const dots = arm.values[measure].map((value, i) => {
    const at = { x: x + wide * (i % 3 - 1), y: frame.inside(value), arm, i };
    at.node = svgElement("circle", { cx: at.x.toFixed(1), cy: at.y.toFixed(1), r: 2.6,
      class: "pl-run", role: "option", tabindex: "-1", "aria-selected": "false",
      "aria-label": runName(plan, arm, i, measure), "data-lm-suppress-shortcuts": "true" });
    return at;
  });
  front.dots.push(...dots);
  const marker = svgElement("path", { class: "pl-marker", d: shapeOf(arm), transform: shifted(x, y) });
  front.markers.set(arm.name, { x, y });
  return svgElement("g", { class: `pl-arm ${colourOf(arm)}`, "data-arm": arm.name },
    svgElement("path", { class: "pl-whisker", d: whisker }), ...dots.map(({ node }) => node), marker);
}

/** A line through the arms that differ in their number alone. */
function familyLines({ plan, markers }, measure, arms) {
  const families = new Map();
  for (const arm of networks(plan, { arms }).filter(({ family }) => family)) {
    families.set(arm.family, [...(families.get(arm.family) ?? []), arm]);
  }
  return [...families.values()].filter((members) => members.length > 1).map((members) => {
    const points = [...members].sort((a, b) => a.gone - b.gone)
      .map(({ name }) => markers.get(name)).map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`);
    return svgElement("path", { class: `pl-family ${colourOf(members[0])}`, d: `M${points.join("L")}` });
  });
}

function drawLevels({ plan, frame, parts }) {
  const { left, right, floor, levels, far } = frame;
  const drawn = levels.map(({ arm, row }) => {
    const at = far.indexOf(far.find((level) => level.arm === arm));
    const y = at < 0 ? frame.inside(row.mean) : floor + 18 + 16 * at;
    const band = row.low === null || at >= 0 ? "" : `M${left},${frame.inside(row.low).toFixed(1)}` +
      `H${right}V${frame.inside(row.high).toFixed(1)}H${left}z`;
    return { arm, y, row, at, band };
  });
  parts.levels.replaceChildren(...drawn.map(({ arm, y, band }) =>
    svgElement("g", { class: `pl-arm pl-level ${colourOf(arm)}`, "data-arm": arm.name },
      svgElement("path", { class: "pl-level-band", d: arm === plan.control ? band : "" }),
      svgElement("path", { class: arm.linear ? "pl-level-linear" : "pl-level-control",
        d: `M${left},${y.toFixed(1)}H${right}` }))));
  const heights = spread(drawn.map(({ y }) => y - 5), 14, frame.top + 10, frame.bottom - 4);
  parts.labels.replaceChildren(...drawn.map(({ arm, row }, i) => textAt({
    x: right - 4, y: heights[i], anchor: "end",
    text: arm === plan.control ? "the control" : `${arm.label} ${fourDigits(row.mean)}`,
  })));
}

/** What the slider moves: the line, who is beyond it, and the best of them. */
function showThreshold({ parts, frame, plan, markers }, { sparsity }, best) {
  let x = frame.xAt(-Math.log10(1 - sparsity));
  for (const { left, right, arm } of frame.edges) {
    if (reaches(arm, sparsity)) x = Math.min(x, left);
    else x = Math.max(x, right);
  }
  x = Math.min(Math.max(x, frame.left), frame.right);
  const asked = sparsity > 0;
  const height = frame.bottom - frame.top;
  setAttributes(parts.below,
    { x: frame.left, y: frame.top, height, width: asked ? (x - frame.left).toFixed(1) : 0 });
  parts.wall.setAttribute("d", asked ? `M${x.toFixed(1)},${frame.top - 4}V${frame.bottom}` : "");
  for (const group of parts.points.children) {
    group.classList.toggle("pl-short", !reaches(plan.byName[group.dataset.arm], sparsity));
  }
  const mark = best && markers.get(best.arm);
  setAttributes(parts.ring, mark ? { cx: mark.x.toFixed(1), cy: mark.y.toFixed(1), r: 10 } : { r: 0 });
}
