// How the runs of the TuningBench look: colour, dash and number, the same in chart and table.

import { svgElement } from "../shared/controls.js";
import { fourDigits, tickTexts } from "../shared/numbers.js";
import { scaleOf } from "../shared/scale.js";

const COLOURS = 6;
const DASHES = ["none", "7 3", "2 3"];

export const runColour = ({ number }) => `pl-t${(number - 1) % COLOURS}`;
export const dashOf = ({ number }) => DASHES[Math.floor((number - 1) / COLOURS) % DASHES.length];

/** A line and the number of a run, as the chart shows it. */
export function swatch(run) {
  const wide = 15 + 7 * String(run.number).length;
  return svgElement("svg", { class: `pl-swatch ${runColour(run)}`, width: 22 + wide, height: 18,
    viewBox: `0 0 ${22 + wide} 18`, "aria-hidden": "true" },
  svgElement("path", { class: "pl-line", d: "M1,9H22", "stroke-dasharray": dashOf(run) }),
  badge(run, 22 + wide / 2, 9));
}

/** The run's number on a disk of its colour. */
export function badge(run, x, y) {
  const wide = Math.max(15, 8 + 7 * String(run.number).length);
  return svgElement("g", { class: "pl-badge" },
    svgElement("rect", { x: x - wide / 2, y: y - 7.5, width: wide, height: 15, rx: 7.5 }),
    svgElement("text", { class: "pl-badge-text", x, y: y + 4, "text-anchor": "middle" },
      run.number));
}

/** Whether a value of the measure can be drawn: on a logarithmic scale it must be above 0. */
export const drawable = ({ log }) => (value) => Number.isFinite(value) && (!log || value > 0);

/** The scale of a measure: logarithmic with the room that `spare(least, most)` gives, or even. */
export function valueScale({ log, share }, values, from, to, spare) {
  const least = values.length ? values.reduce((a, b) => Math.min(a, b)) : log ? 0.01 : 0;
  const most = values.length ? values.reduce((a, b) => Math.max(a, b)) : 1;
  if (log) return scaleOf(...spare(least, most), from, to, true);
  const room = Math.max(0.08 * (most - least), 0.02 * Math.max(Math.abs(most), Math.abs(least)), 1e-6);
  const [low, high] = [least - room, most + room];
  return scaleOf(share ? Math.max(low, 0) : low, share ? Math.min(high, 1.005) : high, from, to, false);
}

/** A value of the measure in words: a share of examples in percent. */
export const valueOf = ({ share }, value) =>
  (share ? `${Number((100 * value).toPrecision(4))} %` : fourDigits(value));

/** The numbers on the axis of a measure, likewise. */
export const ticksOf = ({ share }, ticks) =>
  (share ? tickTexts(ticks.map((tick) => 100 * tick)).map((tick) => `${tick} %`) : tickTexts(ticks));

/** A count on an axis: 950, 12 k, 2.1 M. */
export function counted(value) {
  if (value < 1000) return String(Math.round(value));
  const [size, unit] = value < 1e6 ? [1e3, "k"] : [1e6, "M"];
  return `${Number((value / size).toPrecision(3))} ${unit}`;
}
