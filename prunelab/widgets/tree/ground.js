// The data beside the tree: regions of one prediction, or the fitted curve, and the samples.

import { setAttributes, setText, svgElement } from "../shared/controls.js";
import { evenTicks, tickTexts } from "../shared/numbers.js";
import {
  AXIS_ROW, marked, part, setSize, spacedOut, svgOf, wrapped, writeTexts,
} from "../shared/scale.js";
import { classMark } from "./marks.js";
import { boxesOf } from "./math.js";

const GROUND_MARGIN = { top: 12, right: 12, bottom: 42, left: 50 };
const GROUND_LETTER = 8.2; // px, above the mean width
const SHADES = 12; // steps of colour for samples of a regressor

/** null where more features are used than a plane has room for. */
export function createGround(data, color) {
  if (!data.shown.length) return null;
  const layers = ["grid", "fills", "cuts", "cuts-gone", "curve-gone", "curve", "samples", "halos",
    "frame", "ticks"];
  const parts = Object.fromEntries(layers.map((name) => [name, part("g", name)]));
  parts.side = part("text", "axis", { "text-anchor": "middle" });
  const svg = svgOf(`ground pl-${data.kind}`, parts);
  const boxes = boxesOf(data);
  const curved = data.kind === "regressor" && data.shown.length === 1;
  const rows = data.kind === "classifier" && data.shown.length === 1;
  const limits = [data.limits[0], data.limits[1] ?? (curved ? data.span
    : [-0.6, data.classes.length - 0.4])];
  let frame = null;
  let outlines = []; // of each node: the rectangle it predicts for, and the cut it makes
  const marks = {}; // of the samples of a set: the path of each, and of the halo around it

  function place(width, height) {
    if (frame?.width === width && frame.height === height) return;
    frame = groundFrame(data, limits, { rows, curved, width, height });
    setSize(svg, width, height);
    drawFrame(parts, frame);
    delete marks.train;
    delete marks.val;
    if (curved) {
      const all = data.left.flatMap((below, node) => (below < 0 ? [node] : []));
      fillGroup(parts["curve-gone"], new Map([["", [curveOf(all)]]]));
    } else {
      outlines = data.left.map((below, node) =>
        ({ rect: rect(node), cut: below < 0 ? "" : cut(node) }));
    }
  }

  const rect = (node) => {
    const [[x0, x1], [y0, y1]] = [boxes[node][0], boxes[node][1] ?? limits[1]];
    const [left, top] = [frame.x(x0), frame.y(y1)];
    return `M${left.toFixed(1)},${top.toFixed(1)}H${frame.x(x1).toFixed(1)}` +
      `V${frame.y(y0).toFixed(1)}H${left.toFixed(1)}z`;
  };

  function cut(node) {
    const at = data.shown.indexOf(data.feature[node]);
    const [[x0, x1], [y0, y1]] = [boxes[node][0], boxes[node][1] ?? limits[1]];
    const where = data.threshold[node];
    if (at === 0) return `M${frame.x(where).toFixed(1)},${frame.y(y0).toFixed(1)}V${frame.y(y1).toFixed(1)}`;
    return `M${frame.x(x0).toFixed(1)},${frame.y(where).toFixed(1)}H${frame.x(x1).toFixed(1)}`;
  }

  function curveOf(leaves) {
    const sorted = [...leaves].sort((a, b) => boxes[a][0][0] - boxes[b][0][0]);
    return sorted.map((leaf, i) => `${i ? "V" : `M${frame.left},`}${frame.y(data.value[leaf]).toFixed(1)}` +
      `H${frame.x(boxes[leaf][0][1]).toFixed(1)}`).join("");
  }

  /** leaf, was: for each node the leaf it is in, now and before; which: "train" or "val". */
  function draw({ leaf, was, which, width, height }) {
    place(width, height);
    if (curved) {
      const now = leaf.flatMap((at, node) => (at === node ? [node] : []));
      fillGroup(parts.curve, new Map([["", [curveOf(now)]]]));
    } else {
      drawRegions(leaf);
    }
    const name = which in data.points ? which : "train";
    marks[name] ??= marksOf(data.points[name]);
    drawSamples(data.points[name], marks[name], leaf, was);
  }

  function drawRegions(leaf) {
    const [fills, cuts, gone] = [new Map(), [], []];
    leaf.forEach((at, node) => {
      if (at === node) add(fills, color(data.value[node]), outlines[node].rect);
      if (data.left[node] >= 0) (at < 0 ? cuts : gone).push(outlines[node].cut);
    });
    fillGroup(parts.fills, fills);
    fillGroup(parts.cuts, new Map([["", cuts]]));
    fillGroup(parts["cuts-gone"], new Map([["", gone]]));
  }

  function marksOf({ at, target }) {
    const [low, high] = data.span;
    const size = target.length > 600 ? 2.4 : 3.3;
    return target.map((truth, i) => {
      const x = frame.x(at[0][i]);
      const y = frame.y(at[1]?.[i] ?? (rows ? truth + 0.32 * jitter(i) : truth));
      const shade = Math.round((SHADES * (truth - low)) / (high - low));
      const fill = curved ? "var(--pl-soft)"
        : color(data.kind === "classifier" ? truth : low + (shade * (high - low)) / SHADES);
      const mark = classMark(data.kind === "classifier" ? truth : 0, x, y, size);
      return { fill, mark, halo: classMark(0, x, y, size + 3.4) };
    });
  }

  function drawSamples({ target, leaf: leaves }, made, leaf, was) {
    const [samples, halos] = [new Map(), []];
    leaves.forEach((end, i) => {
      const said = data.value[leaf[end]];
      const wrong = data.kind === "classifier" && said !== target[i];
      add(samples, `${made[i].fill}|${wrong ? "wrong" : "right"}`, made[i].mark);
      if (said !== data.value[was[end]]) halos.push(made[i].halo);
    });
    const order = [...samples].sort(([a], [b]) => a.endsWith("wrong") - b.endsWith("wrong"));
    fillGroup(parts.samples, new Map(order));
    fillGroup(parts.halos, new Map([["", curved ? [] : halos]]));
  }

  return { svg, draw };
}

const jitter = (i) => 2 * ((i * 0.6180339887) % 1) - 1;

function add(map, key, piece) {
  if (map.has(key)) map.get(key).push(piece);
  else map.set(key, [piece]);
}

/** One path for each colour; "colour|kind" also sets the kind. Elements are used again. */
function fillGroup(group, pieces) {
  while (group.childNodes.length > pieces.size) group.lastChild.remove();
  while (group.childNodes.length < pieces.size) group.append(svgElement("path"));
  [...pieces].forEach(([key, parts], i) => {
    const [fill, kind = ""] = key.split("|");
    const path = group.childNodes[i];
    if (fill && path.style.getPropertyValue("--pl-color") !== fill) {
      path.style.setProperty("--pl-color", fill);
    }
    setAttributes(path, { d: parts.join(""), "data-kind": kind });
  });
}

/** Where the picture is, and what stands along its sides: as much room is left as that takes. */
function groundFrame(data, limits, { rows, curved, width, height }) {
  const steps = rows ? data.classes.map((_, at) => at) : evenTicks(...limits[1], 6);
  const sides = rows ? data.classes.map((name) => cutOff(name, 7)) : tickTexts(steps);
  const longest = Math.max(...sides.map((side) => side.length));
  const left = Math.max(GROUND_MARGIN.left, 24 + GROUND_LETTER * longest);
  const right = width - GROUND_MARGIN.right;
  const [below, beside = curved ? "y" : ""] = data.shown.map((at) => data.features[at]);
  const name = wrapped(below, right - left + 2 * GROUND_MARGIN.right);
  const top = GROUND_MARGIN.top;
  const bottom = height - GROUND_MARGIN.bottom - AXIS_ROW * (name.length - 1);
  const along = ([low, high], from, to) => (value) =>
    from + ((value - low) / (high - low)) * (to - from);
  const [x, y] = [along(limits[0], left, right), along(limits[1], bottom, top)];
  const across = marked(evenTicks(...limits[0], Math.max(3, (right - left) / 70)), x)
    .filter(([at, text]) => at + (GROUND_LETTER * text.length) / 2 < width);
  return { width, height, left, right, top, bottom, x, y, name,
    side: cutOff(beside, Math.floor(height / GROUND_LETTER)),
    across: spacedOut(across), up: marked(steps, y, sides) };
}

const cutOff = (name, letters) => (name.length > letters ? `${name.slice(0, letters - 1)}…` : name);

function drawFrame(parts, { left, right, top, bottom, name, side, across, up }) {
  const texts = [];
  let grid = "";
  for (const [x, text] of across) {
    grid += `M${x},${bottom}v5`;
    texts.push({ x, y: bottom + 18, text, anchor: "middle" });
  }
  for (const [y, text] of up) {
    grid += `M${left},${y}h-5`;
    texts.push({ x: left - 8, y: y + 4, text, anchor: "end" });
  }
  name.forEach((text, i) => texts.push({ x: (left + right) / 2, y: bottom + 36 + AXIS_ROW * i, text,
    anchor: "middle", kind: "pl-axis" }));
  parts.frame.replaceChildren(svgElement("path",
    { d: `M${left},${top}V${bottom}H${right}${grid}`, class: "pl-axes" }));
  writeTexts(parts.ticks, texts);
  const middle = (top + bottom) / 2;
  setAttributes(parts.side, { x: 14, y: middle, transform: `rotate(-90 14 ${middle})` });
  setText(parts.side, side);
}
// The marks of the tree's nodes. Many nodes of one look are one path: a fold that changes the look of
// fifty nodes then costs the browser a handful of shapes to lay out, not fifty.


const NODE_SHADES = 24; // colours of a regressor's nodes

/** draw(states, places): every node in the look of its state, at its place. */
export function createDots(data, color) {
  const group = svgElement("g", { class: "pl-dots" });
  const paths = new Map(); // a look's path, by state and tone
  const toneOf = tones(data);

  function pathOf(state, node) {
    const key = `${state} ${toneOf[node]}`;
    if (!paths.has(key)) {
      const path = svgElement("path", { "data-look": state });
      path.style.setProperty("--pl-color", color(toneOf[node]));
      paths.set(key, path);
      if (state === "gone") group.prepend(path); // what is folded lies beneath
      else group.append(path);
    }
    return paths.get(key);
  }

  function draw(states, { x, y, r }) {
    const marks = new Map([...paths.values()].map((path) => [path, ""]));
    states.forEach((state, node) => {
      const path = pathOf(state, node);
      const shape = data.kind === "classifier" && state !== "gone" ? data.value[node] : 0;
      const mark = classMark(shape, x[node], y[node], radius(r[node], state));
      marks.set(path, (marks.get(path) ?? "") + mark);
    });
    for (const [path, d] of marks) setAttributes(path, { d });
  }
  return { group, draw };
}

function radius(r, state) {
  if (state === "gone") return 0.7 * r;
  return Math.max(r, state === "folded" ? 4.2 : 0);
}

/** For each node the value whose colour it wears: its class, or its mean, rounded to a shade. */
function tones(data) {
  if (data.kind === "classifier") return data.value;
  const low = Math.min(...data.value);
  const step = (Math.max(...data.value) - low) / NODE_SHADES || 1;
  return data.value.map((value) => low + step * Math.round((value - low) / step));
}
