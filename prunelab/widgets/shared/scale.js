// Scales, axes, texts and styles that the pictures of the explorers share.

import { setAttributes, setText, svgElement } from "./controls.js";
import { evenTicks, tickTexts } from "./numbers.js";

const SHAPES = {
  circle: "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0z",
  square: "M-4.6,-4.6h9.2v9.2h-9.2z",
  triangle: "M0,-6L5.6,4.2H-5.6z",
  diamond: "M0,-6.4L5.4,0L0,6.4L-5.4,0z",
  pentagon: "M0,-6L5.7,-1.9L3.5,4.9H-3.5L-5.7,-1.9z",
  wedge: "M0,6L5.6,-4.2H-5.6z",
};

const AXIS_LETTER = 7.8; // px, above the mean width of a letter or digit of 12.5 to 13 px
const LOG_STEPS = [[1], [1, 3], [1, 2, 5], [1, 2, 3, 5, 7]];
const MOST_LOG_TICKS = 9;
export const AXIS_ROW = 15; // px between two rows of an axis' name

/** A part of a picture, in the style of `pl-name`. */
export const part = (tag, name, attributes = {}) =>
  svgElement(tag, { class: `pl-${name}`, ...attributes });

/** The parts of a picture by name: a tag makes one in the style `pl-` + stem + name. */
export const partsOf = (made, stem = "") => Object.fromEntries(Object.entries(made)
  .map(([name, tag]) => [name, typeof tag === "string" ? part(tag, `${stem}${name}`) : tag]));

/** The picture of all parts, the later ones on top. */
export const svgOf = (name, parts, role = "img") =>
  svgElement("svg", { class: `pl-picture pl-${name}`, role }, ...Object.values(parts));

export function setSize(svg, width, height) {
  setAttributes(svg, { width, height, viewBox: `0 0 ${width} ${height}` });
}

export const shapeOf = ({ style }) => SHAPES[style.shape] ?? "M-9,0h18";
export const colourOf = ({ style }) => `pl-c-${style.colour}`;

/** From values to pixels: logarithmic where asked for. `from` is the pixel of `low`. */
export function scaleOf(low, high, from, to, log) {
  const read = log ? Math.log : (value) => value;
  const [a, b] = [read(low), read(high)];
  const ticks = log ? logTicks(low, high, LOG_STEPS, 3) : [];
  return {
    at: (value) => from + ((read(value) - a) / (b - a)) * (to - from),
    ticks: ticks.length ? ticks : evenTicks(low, high, 5),
  };
}

/** Ticks in every decade, by the first of `choices` that makes `least` of them; [] if none does. */
export function logTicks(low, high, choices, least) {
  const inside = (steps) => {
    const found = [];
    for (let ten = Math.floor(Math.log10(low)); ten <= Math.log10(high); ten += 1) {
      found.push(...steps.map((step) => Number((step * 10 ** ten).toPrecision(3))));
    }
    return found.filter((tick) => tick >= low && tick <= high);
  };
  const found = choices.map(inside).find(({ length }) => length >= least) ?? [];
  const every = Math.ceil(found.length / MOST_LOG_TICKS);
  return found.filter((_, i) => i % every === 0);
}

/** Where ticks stand along an axis, and their texts: [place, text] each. */
export const marked = (ticks, at, texts = tickTexts(ticks)) =>
  ticks.map((tick, i) => [at(tick), texts[i]]);

/** Of the texts along an axis, [place, text] each, every one or so many apart that none touches. */
export function spacedOut(ticks) {
  const touches = (every) => ticks.some(([x, text], i) => i >= every && i % every === 0
    && x - ticks[i - every][0] < (AXIS_LETTER * (text.length + ticks[i - every][1].length)) / 2 + 6);
  let every = 1;
  while (touches(every)) every += 1;
  return ticks.filter((_, i) => i % every === 0);
}

/** Words in as few rows as are not wider than so many px. */
export function wrapped(words, width) {
  const rows = [""];
  for (const word of words.split(" ")) {
    const longer = `${rows.at(-1)} ${word}`.trim();
    if (rows.at(-1) && AXIS_LETTER * longer.length > width) rows.push(word);
    else rows[rows.length - 1] = longer;
  }
  return rows;
}

/** Move labels apart: their heights, at least `gap` from one another and within [top, bottom]. */
export function spread(heights, gap, top, bottom) {
  const order = heights.map((y, i) => [y, i]).sort(([a], [b]) => a - b);
  const placed = [];
  order.forEach(([y]) => placed.push(Math.max(y, (placed.at(-1) ?? top - gap) + gap)));
  for (let i = placed.length - 1, most = bottom; i >= 0; i -= 1, most -= gap) {
    placed[i] = Math.max(Math.min(placed[i], most), top);
  }
  const found = [];
  order.forEach(([, i], at) => { found[i] = placed[at]; });
  return found;
}

// Parts of a picture that are made once and moved ever after: making them anew costs a layout each.


/** Bring kept nodes into a parent, in this order, with as few moves as one more or less needs. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  [...parent.children].filter((node) => !wanted.has(node)).forEach((node) => node.remove());
  nodes.forEach((node, i) => {
    if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null);
  });
}

/**
 * Draw two axes into the paths `grid` and `axes`: a line across and a word for each [place, word] of
 * `up`, a mark and a word for each of `across`. Returns their texts, with the names of both axes, for
 * `writeTexts`. upName, acrossName: the rows of each, or one. under, above: where the names stand,
 * below the frame and from the top of the picture.
 * spine: the line up, where it has a break.
 */
export function drawAxes({ grid, axes }, { left, right, top, bottom }, up, across,
  { upName, acrossName, under = 37, above = 13, spine = `M${left},${top}V${bottom}` }) {
  const shown = spacedOut(across);
  // A line on the frame's own would lie under it.
  const lines = up.filter(([y]) => y !== bottom).map(([y]) => `M${left},${y.toFixed(1)}H${right}`);
  const marks = shown.map(([x]) => `M${x.toFixed(1)},${bottom}v5`);
  grid.setAttribute("d", lines.join(""));
  axes.setAttribute("d", `${spine}H${right}${marks.join("")}`);
  return [
    ...up.map(([y, text]) => ({ x: left - 8, y: y + 4, text, anchor: "end" })),
    ...shown.map(([x, text]) => ({ x, y: bottom + 18, text, anchor: "middle" })),
    ...[acrossName].flat().map((text, i) => ({ x: (left + right) / 2,
      y: bottom + under + i * AXIS_ROW, text, anchor: "middle", kind: "pl-axis" })),
    ...[upName].flat().map((text, i) => ({ x: 2, y: above + i * AXIS_ROW, text, kind: "pl-axis" })),
  ];
}

/** Texts of a scale, in the nodes that are there already: {x, y, text, anchor, kind}. */
export function writeTexts(group, texts) {
  texts.forEach((text, i) =>
    placeText(group.children[i] ?? group.appendChild(svgElement("text")), text));
  while (group.children.length > texts.length) group.lastChild.remove();
}

function placeText(node, { x, y, text, anchor = "start", kind = "" }) {
  setAttributes(node, { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, class: kind });
  setText(node, text);
}
