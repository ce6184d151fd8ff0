// Sparsity against a measure: every run a point, each arm a marker with its interval.

import { OWN_KEYS, setAttributes, svgElement } from "../shared/controls.js";
import { fourDigits } from "../shared/numbers.js";
import { frameOf } from "./frame.js";
import { networks, reaches } from "./math.js";
import {
  arrange, colourOf, drawAxes, marked, part, partsOf, setSize, shapeOf, spread, svgOf, writeTexts,
} from "../shared/scale.js";
import { runName } from "./words.js";

const SHARES = [0, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999];

const shifted = (x, y) => `translate(${x.toFixed(1)} ${y.toFixed(1)})`;

export function createFront(plan) {
  const parts = partsOf({
    below: "rect", grid: "path", levels: "g", families: "g", axes: "path",
    points: part("g", "points", { role: "listbox", "aria-label": "runs: arrow keys go through them" }),
    wall: part("path", "threshold"), ring: part("circle", "best-ring"), looked: "circle",
    texts: part("g", "ticks"), labels: part("g", "level-labels"),
  });
  const svg = svgOf("front", parts, "group");
  const marks = new Map(plan.arms.filter(({ linear }) => !linear)
    .map((arm) => [arm.name, makeMark(arm)]));
  const front = { svg, parts, plan, marks, frame: null, key: "", dots: [], tabStop: null,
    families: familiesOf(plan), levels: new Map() };
  parts.families.append(...front.families.map(({ node }) => node));
  /** Lay the picture out; whether anything had to move. */
  front.place = (state, width, height) => {
    const key = [state.measure, ...state.arms, width, height].join();
    if (front.key === key) return false;
    front.key = key;
    setSize(svg, width, height);
    front.frame = frameOf(plan, state, width, height);
    drawScales(front);
    drawArms(front, state);
    drawLevels(front);
    return true;
  };
  front.show = (state, best) => showThreshold(front, state, best);
  /** Ring one run, or none. */
  front.look = (dot) => setAttributes(parts.looked,
    dot ? { cx: dot.x.toFixed(1), cy: dot.y.toFixed(1), r: 8 } : { r: 0 });
  /** The one run that Tab stops at: there the arrow keys begin. */
  front.stopAt = (dot) => {
    if (dot === front.tabStop) return;
    front.tabStop?.node.setAttribute("tabindex", "-1");
    front.tabStop = dot;
    dot?.node.setAttribute("tabindex", "0");
  };
  front.nearest = (x, y) => {
    const distance = (dot) => Math.hypot(dot.x - x, dot.y - y);
    const near = front.dots.reduce((a, b) => (a && distance(a) <= distance(b) ? a : b), null);
    return near && distance(near) < 16 ? near : null;
  };
  return front;
}

// ---- drawing ----------------------------------------------------------------------------------

function drawScales({ parts, frame }) {
  const { left, right, top, bottom, floor } = frame;
  const up = marked(frame.y.ticks, frame.y.at);
  const across = [];
  for (const share of SHARES) {
    const x = frame.xAt(-Math.log10(1 - share));
    if (x > right || x < left || x - (across.at(-1)?.[0] ?? -100) < 36) continue;
    across.push([x, `${Number((100 * share).toFixed(1))} %`]);
  }
  const spine = frame.strip ? `M${left},${top}V${floor - 3}l5,3l-10,5l5,3V${bottom}` : undefined;
  writeTexts(parts.texts, drawAxes(parts, frame, up, across, { spine,
    acrossName: "weights gone, % of the control’s", upName: frame.upName }));
}

function makeMark(arm) {
  const whisker = part("path", "whisker");
  const marker = part("path", "marker", { d: shapeOf(arm) });
  const dots = arm.seeds.map((_, i) => ({ arm, i, x: 0, y: 0,
    node: part("circle", "run", { r: 2.6, role: "option", tabindex: "-1", "aria-selected": "false",
      ...OWN_KEYS }) }));
  const node = svgElement("g", { class: `pl-arm ${colourOf(arm)}`, "data-arm": arm.name },
    whisker, ...dots.map((dot) => dot.node), marker);
  return { arm, node, whisker, dots, marker, x: 0, y: 0 };
}

function drawArms(front, { measure, arms }) {
  const shown = networks(front.plan, { arms }).map(({ name }) => front.marks.get(name));
  for (const mark of shown) placeMark(front, mark, measure);
  arrange(front.parts.points, shown.map(({ node }) => node));
  front.dots = shown.flatMap(({ dots }) => dots);
  if (!front.dots.includes(front.tabStop)) front.stopAt(front.dots[0] ?? null);
  for (const family of front.families) drawFamily(family, shown);
}

function placeMark({ plan, frame }, mark, measure) {
  const { arm, dots } = mark;
  const row = arm.rows[measure];
  const x = frame.x.get(arm.name);
  Object.assign(mark, { x, y: frame.inside(row.mean) });
  setAttributes(mark.marker, { transform: shifted(x, mark.y) });
  setAttributes(mark.whisker, { d: row.low === null ? ""
    : `M${x.toFixed(1)},${frame.inside(row.low).toFixed(1)}V${frame.inside(row.high).toFixed(1)}` });
  const wide = Math.min(3.4, frame.gap / 4);
  dots.forEach((dot, i) => {
    Object.assign(dot, { x: x + wide * (i % 3 - 1), y: frame.inside(arm.values[measure][i]) });
    setAttributes(dot.node, { cx: dot.x.toFixed(1), cy: dot.y.toFixed(1) });
    if (dot.measure !== measure) dot.node.setAttribute("aria-label", runName(plan, arm, i, measure));
    dot.measure = measure;
  });
}

/** A line through the arms that differ in their number alone. */
function familiesOf({ arms }) {
  const firsts = arms.filter(({ family }, at) =>
    family && arms.findIndex((other) => other.family === family) === at);
  return firsts.map((arm) => ({ family: arm.family,
    node: svgElement("path", { class: `pl-family ${colourOf(arm)}` }) }));
}

function drawFamily({ family, node }, shown) {
  const points = shown.filter(({ arm }) => arm.family === family)
    .sort((a, b) => a.arm.gone - b.arm.gone).map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`);
  setAttributes(node, { d: points.length > 1 ? `M${points.join("L")}` : "" });
}

function makeLevel(arm, isControl) {
  const band = part("path", "level-band");
  const line = part("path", isControl ? "level-control" : "level-linear");
  return { band, line, node: svgElement("g",
    { class: `pl-arm pl-level ${colourOf(arm)}`, "data-arm": arm.name }, band, line) };
}

function drawLevels({ plan, frame, parts, levels }) {
  const { left, right, floor, far } = frame;
  const drawn = frame.levels.map(({ arm, row }) => {
    if (!levels.has(arm)) levels.set(arm, makeLevel(arm, arm === plan.control));
    const at = far.findIndex((level) => level.arm === arm);
    const y = at < 0 ? frame.inside(row.mean) : floor + 18 + 16 * at;
    const banded = arm === plan.control && row.low !== null && at < 0;
    setAttributes(levels.get(arm).line, { d: `M${left},${y.toFixed(1)}H${right}` });
    setAttributes(levels.get(arm).band, { d: banded ? `M${left},${frame.inside(row.low).toFixed(1)}` +
      `H${right}V${frame.inside(row.high).toFixed(1)}H${left}z` : "" });
    return { arm, y, row };
  });
  arrange(parts.levels, drawn.map(({ arm }) => levels.get(arm).node));
  const heights = spread(drawn.map(({ y }) => y - 5), 14, frame.top + 10, frame.bottom - 4);
  writeTexts(parts.labels, drawn.map(({ arm, row }, i) => ({
    x: right - 4, y: heights[i], anchor: "end",
    text: arm === plan.control ? "the control" : `${arm.label} ${fourDigits(row.mean)}`,
  })));
}

/** What the slider moves: the line, who is beyond it, and the best of them. */
function showThreshold({ parts, frame, plan, marks }, { sparsity }, best) {
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
  const mark = best && marks.get(best.name);
  setAttributes(parts.ring, mark ? { cx: mark.x.toFixed(1), cy: mark.y.toFixed(1), r: 10 } : { r: 0 });
}
