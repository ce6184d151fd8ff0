// One bar a format or runtime, from the dense line to the left where it wins, to the right where it
// loses; the limit as a line. Logarithmic: as far to the left is as many times smaller.

import { OWN_KEYS, setAttributes, setText, svgElement } from "../shared/controls.js";
import { part, partsOf, setSize, svgOf, writeTexts } from "../shared/scale.js";
import { barName, gainText, valueText } from "./words.js";

const BAR = { row: 21, top: 30, bottom: 26, thick: 11 };
const NAME_LINE = 15; // px of a name above its bar, where there is no room beside it
const LEAST_BARS = 60; // px
const LETTER_WIDTH = 6.1; // px, on average
const VALUE_ROOM = 172;
const FACTORS = [1000, 100, 10, 4, 2];
const SIDES = { sizes: ["smaller", "larger"], times: ["faster", "slower"] };
const ARROW = `l7,${BAR.thick / 2}l-7,${BAR.thick / 2}`; // it goes on beyond the picture

export function createBars(kind, choices, list, described) {
  const parts = partsOf({
    chosen: "rect", grid: "path", win: "path", lose: "path", wrong: "path", cross: "path",
    whiskers: "path", limit: "path", dense: "path", ticks: "g",
    rows: part("g", "foot-rows", { role: "listbox", "aria-label": described }), looked: "rect",
  }, "foot-");
  const svg = svgOf("foot-bars", parts, "group");
  const lines = list.map(({ name, label }, at) => makeLine(name, label, at));
  parts.rows.append(...lines.map(({ node }) => node));
  const bars = { svg, parts, lines, kind, frame: null, key: "", looked: -1, stop: 0 };

  /** Lay the picture out; reach: [lowest, highest] value over dense. */
  bars.place = (reach, width) => {
    const key = [...reach, width].join();
    if (key === bars.key) return;
    bars.key = key;
    bars.frame = barFrame(reach, width, list);
    setSize(svg, width, bars.frame.height);
    drawBarScale(bars);
    lines.forEach((line, at) => placeLine(bars, line, at));
    bars.look(bars.looked);
  };

  /** Draw the rows; chosen: the name of the one that is chosen. */
  bars.show = (found, chosen, inHand) => {
    drawBars(bars, found);
    found.forEach((row, at) => {
      const line = lines[at];
      setText(line.value, row.value === null ? statusText(row) : valueText(kind, row.value));
      setText(line.gain, row.value === null ? "" : row.gain === null ? `✕ ${row.status}`
        : gainText(choices, kind, row.gain));
      line.node.classList.toggle("pl-foot-bad", row.gain === null);
      if (!inHand) setAttributes(line.node, { "aria-label": barName(choices, kind, row) });
      setAttributes(line.node, { "aria-selected": String(row.what === chosen) });
    });
    const at = found.findIndex(({ what }) => what === chosen);
    setAttributes(parts.chosen, at < 0 ? { height: 0 } : bandOf(bars.frame, at));
  };

  bars.look = (at) => {
    bars.looked = at;
    setAttributes(parts.looked, at < 0 ? { width: 0, height: 0 } : bandOf(bars.frame, at));
  };

  bars.rowAt = (y) => {
    const at = Math.floor((y - BAR.top) / bars.frame.row);
    return at >= 0 && at < list.length ? at : -1;
  };

  bars.focus = (at) => {
    setAttributes(lines[bars.stop].node, { tabindex: -1 });
    bars.stop = at;
    setAttributes(lines[at].node, { tabindex: 0 });
    lines[at].node.focus();
  };
  return bars;
}

const statusText = ({ status }) =>
  ({ unmeasured: "not measured", failed: "✕ failed", missing: "✕ missing", wrong: "✕ wrong" }[status]
    ?? status);

function makeLine(name, label, at) {
  const title = svgElement("text", { class: "pl-foot-name" }, label);
  const value = part("text", "foot-value", { "text-anchor": "end" });
  const gain = part("text", "foot-gain");
  const node = svgElement("g",
    { role: "option", tabindex: at ? -1 : 0, "data-what": name, ...OWN_KEYS }, title, value, gain);
  return { node, title, value, gain };
}

function barFrame([low, high], width, list) {
  const longest = Math.max(...list.map(({ label }) => label.length), 0);
  const beside = 14 + LETTER_WIDTH * longest;
  const right = width - VALUE_ROOM;
  const above = right - beside < LEAST_BARS;
  const left = above ? 10 : beside;
  const row = BAR.row + (above ? NAME_LINE : 0);
  const bottom = BAR.top + list.length * row;
  const [a, b] = [Math.log(low), Math.log(high)];
  const at = (ratio) => left + ((Math.log(ratio) - a) / (b - a)) * (right - left);
  return { left, right, bottom, width, low, high, at, above, row, height: bottom + BAR.bottom,
    inside: (ratio) => Math.min(Math.max(at(ratio), left), right),
    y: (index) => BAR.top + (index + 1) * row - BAR.row / 2 }; // of a bar's middle
}

const bandOf = ({ width, row }, at) => ({ x: 1, width: width - 2, y: BAR.top + at * row + 0.5,
  height: row - 1, rx: 4 });

function placeLine({ frame }, { title, value, gain }, at) {
  const y = (frame.y(at) + 4.2).toFixed(1);
  setAttributes(title, { x: 6, y: (frame.y(at) + 4.2 - (frame.above ? NAME_LINE : 0)).toFixed(1) });
  setAttributes(value, { x: frame.right + 66, y });
  setAttributes(gain, { x: frame.right + 74, y });
}

function drawBarScale({ parts, frame, kind }) {
  const { left, bottom, low, high, at } = frame;
  const texts = [];
  let grid = "";
  let taken = [at(1)];
  for (const factor of FACTORS) {
    for (const [ratio, sign] of [[1 / factor, "÷"], [factor, "×"]]) {
      const x = at(ratio);
      if (ratio < low || ratio > high || x < 20 || taken.some((other) => Math.abs(other - x) < 34)) continue;
      taken = [...taken, x];
      grid += `M${x.toFixed(1)},${BAR.top - 4}V${bottom}`;
      texts.push({ x, y: bottom + 15, text: `${sign}${factor}`, anchor: "middle" });
    }
  }
  const [better, worse] = SIDES[kind];
  const dense = at(1);
  texts.push({ x: dense, y: bottom + 15, text: "dense", anchor: "middle", kind: "pl-plain" });
  if (dense - left > 60) texts.push({ x: dense - 8, y: 17, text: `← ${better}`, anchor: "end" });
  texts.push({ x: dense + 8, y: 17, text: `${worse} →` });
  parts.grid.setAttribute("d", grid);
  parts.dense.setAttribute("d", `M${dense.toFixed(1)},${BAR.top - 6}V${bottom + 3}`);
  writeTexts(parts.ticks, texts);
}

/** All bars in a few paths: so few parts are drawn faster than one for each row. */
function drawBars({ parts, frame, kind }, found) {
  const { at, inside, right, row: tall, y } = frame;
  const drawn = { win: "", lose: "", wrong: "", cross: "", whiskers: "", limit: "" };
  const zero = at(1);
  let before = null;
  found.forEach((row, i) => {
    const middle = y(i);
    const [top, bottom] = [middle + BAR.row / 2 - tall, middle + BAR.row / 2];
    if (row.value !== null && row.dense) {
      const far = at(row.value / row.dense) > right + 1;
      const end = far ? right - 7 : inside(row.value / row.dense);
      const name = row.gain === null ? "wrong" : row.gain >= 1 ? "win" : "lose";
      const from = Math.abs(end - zero) < 2 ? end + (end < zero ? 2 : -2) : zero;
      drawn[name] += `M${from.toFixed(1)},${(middle - BAR.thick / 2).toFixed(1)}H${end.toFixed(1)}` +
        `${far ? ARROW : `v${BAR.thick}`}H${from.toFixed(1)}z`;
      if (row.gain === null) drawn.cross += crossAt(end, middle);
      if (kind === "times" && row.low !== null && row.gain !== null && !far) {
        const [low, high] = [inside(row.low / row.dense), inside(row.high / row.dense)];
        drawn.whiskers += `M${low.toFixed(1)},${middle}H${high.toFixed(1)}` +
          `M${low.toFixed(1)},${middle - 3}v6M${high.toFixed(1)},${middle - 3}v6`;
      }
    }
    if (row.limit && row.dense) {
      const x = inside(row.limit / row.dense).toFixed(1);
      drawn.limit += before === null ? `M${x},${top}V${bottom}` : `H${x}V${bottom}`;
      before = x;
    } else before = null;
  });
  for (const [name, d] of Object.entries(drawn)) setAttributes(parts[name], { d });
}

const crossAt = (x, y) => `M${(x - 4).toFixed(1)},${y - 4}l8,8m0,-8l-8,8`;
