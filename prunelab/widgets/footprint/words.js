// The words of widgets/footprint/words.py, to the letter, and what a bar says of itself.

import { fourDigits, grouped } from "../shared/numbers.js";
import { KIND_NAMES, bestRow, evenOf, problemsOf, rowsOf } from "./math.js";

const WHERE = { stored: "in the stored measurement", here: "on this machine yet" };
const VERB = { wrong: "is wrong", failed: "failed", missing: "is missing" };
const BETTER = { sizes: ["smaller", "larger", "as large as"], times: ["faster", "slower", "as fast as"] };
const BYTE_UNITS = [["MB", 1e6], ["kB", 1e3]];
const KINDS = [["sizes", "format"], ["times", "runtime"]];

/** A number in three digits. */
export const three = (value) => fourDigits(Number(value.toPrecision(3)));

/** A sparsity in percent: 0.975 → "97.5 %". */
export const shareText = (sparsity) => `${fourDigits(100 * sparsity)} %`;

export function bytesText(count) {
  const [unit, size] = BYTE_UNITS.find(([, least]) => count >= least) ?? ["bytes", 1];
  return size === 1 ? `${count} bytes` : `${three(count / size)} ${unit}`;
}

export const valueText = (kind, value) =>
  (kind === "sizes" ? bytesText(value) : `${three(value)} ms`);

export function gainText(kind, gain) {
  const [better, worse, same] = BETTER[kind];
  if (isOne(gain)) return same.replace(/ as$/, "");
  return gain > 1 ? `${three(gain)} × ${better}` : `${three(1 / gain)} × ${worse}`;
}

const isOne = (gain) => three(gain) === "1" || three(1 / gain) === "1";

export const labelIn = (choices, name, what) =>
  choices[`${name}s`].find((each) => each.name === what).label;

export function footprintHeadline(measured, choices, state) {
  return KINDS.filter(([, name]) => state[name]).map(([kind, name]) => {
    const row = measured.of(kind, state, state[name]);
    return `${labelIn(choices, name, state[name])}: ${inShort(kind, row)}`;
  }).join(" · ");
}

function inShort(kind, row) {
  if (row.status === "unmeasured") return "not measured";
  if (row.gain === null) return row.status;
  return `${valueText(kind, row.value)}, ${gainText(kind, row.gain)}`;
}

export function footprintCaption(measured, choices, state) {
  const said = [];
  if (state.format) {
    const pattern = labelIn(choices, "pattern", state.pattern);
    said.push(`At ${shareText(state.sparsity)} (${pattern}), ${sizeWords(measured, choices, state)}`,
      evenWords(measured, "sizes", state));
  }
  if (state.runtime) {
    said.push(timeWords(measured, choices, state), evenWords(measured, "times", state));
  }
  said.push(bestWords(measured, choices, state));
  return said.filter(Boolean).join(" ");
}

function sizeWords(measured, choices, state) {
  const row = measured.of("sizes", state, state.format);
  const label = labelIn(choices, "format", state.format);
  if (row.gain === null) return `${label} ${noWords(row, state)}`;
  return `${label} takes ${bytesText(row.value)}, ${against("sizes", row)} the dense float32 ` +
    `weights (${bytesText(row.dense)}); the bound for a random mask is ` +
    `${bytesText(row.limit)}.`;
}

function timeWords(measured, choices, state) {
  const row = measured.of("times", state, state.runtime);
  const label = labelIn(choices, "runtime", state.runtime);
  if (row.gain === null) return `${label} ${noWords(row, state)}`;
  const limit = row.limit === null ? "" : `; reading and multiplying alone would take ` +
    `${three(row.limit)} ms`;
  return `${label} takes ${three(row.value)} ms for a batch of ${state.batch} with ` +
    `${threadWords(state.threads)} (quartiles ${three(row.low)} to ${three(row.high)}), ` +
    `${against("times", row)} the fastest dense runtime (${three(row.dense)} ms)${limit}.`;
}

export const threadWords = (threads) => (threads === 1 ? "one thread" : `${threads} threads`);

const against = (kind, row) =>
  (isOne(row.gain) ? BETTER[kind][2] : `${gainText(kind, row.gain)} than`);

const noWords = (row, { source }) => (row.status === "unmeasured"
  ? `was not measured ${WHERE[source]}.` : ended(`${VERB[row.status]}: ${row.why}`));

const ended = (sentence) => (sentence.endsWith(".") ? sentence : `${sentence}.`);

export function evenWords(measured, kind, state) {
  const { how, at, low, high, by } = evenOf(measured, kind, state);
  const [from, to] = [low, high].map((end) => (end === null ? "" : shareText(end)));
  const more = by ? ` by more than ${shareText(by)}` : "";
  return {
    bisected: () => `It is better than dense from ${shareText(at)} on ` +
      `(found between ${from} and ${to}).`,
    between: () => `It becomes better than dense${more} between ${from} and ${to}.`,
    always: () => `It is better than dense${more} from ${from} on.`,
    never: () => `Up to ${to} it is never better than dense${more}.`,
    mixed: () => `It is better than dense${more} at some sparsities, not at others.`,
    unknown: () => "",
  }[how]();
}

function bestWords(measured, choices, state) {
  const said = KINDS.flatMap(([kind, name]) => {
    const row = bestRow(rowsOf(measured, choices, kind, state));
    if (!row) return [];
    const most = kind === "sizes" ? "smallest" : "fastest";
    return [`the ${most} is ${labelIn(choices, name, row.what)} (${valueText(kind, row.value)})`];
  });
  return said.length ? `Of those whose predictions are right, ${said.join(" and ")}.` : "";
}

export function problemLines(measured, choices, state) {
  return KINDS.flatMap(([kind, name]) =>
    problemsOf(rowsOf(measured, choices, kind, state)).map(({ status, why, names }) =>
      ended(`${names.map((each) => labelIn(choices, name, each)).join(" · ")}: ${status}, ${why}`)));
}

/** The notice for a sparsity or batch that was moved to the nearest measured one. */
export function notMeasured(choices, name, asked, state) {
  if (name === "batch") {
    return `A batch of ${asked} was not measured; the nearest that was is ${state.batch}.`;
  }
  return `${shareText(asked)} was not measured with ${labelIn(choices, "pattern", state.pattern)}; ` +
    `the nearest that was is ${shareText(state.sparsity)}.`;
}

// ---- what Python does not say -----------------------------------------------------------------

/** One bar, in a few words: for the ears. */
export function barName(choices, kind, row) {
  const label = labelIn(choices, KIND_NAMES[kind], row.what);
  if (row.status === "unmeasured") return `${label}: not measured`;
  if (row.value === null) return `${label}: ${row.status}`;
  const value = valueText(kind, row.value);
  return row.gain === null ? `${label}: ${row.status}, ${value}`
    : `${label}: ${value}, ${gainText(kind, row.gain)} than dense`.replace(/( as \w+) than/, "$1 as");
}

/** One bar with all that is known of it: for the line under the pictures. */
export function barWords(measured, choices, kind, row) {
  const { data } = measured;
  const { about } = choices[`${KIND_NAMES[kind]}s`].find(({ name }) => name === row.what);
  const said = [`${ended(barName(choices, kind, row))}`];
  if (row.why) said.push(ended(row.why[0].toUpperCase() + row.why.slice(1)));
  if (kind === "sizes") {
    if (about) said.push(`It contains: ${ended(about)}`);
    if (row.value !== null) said.push(`${grouped(row.value)} bytes; bound ${grouped(row.limit)}.`);
  } else {
    if (about) said.push(`A call: ${ended(about)}`);
    if (row.low !== null) {
      said.push(`Quartiles ${three(row.low)} to ${three(row.high)} ms of ${row.samples} samples; ` +
        `dense ${row.dense === null ? "failed" : `${three(row.dense)} ms`}` +
        `${row.limit === null ? "" : `; limit ${three(row.limit)} ms`}.`);
    }
  }
  if (row.error !== null) said.push(`Its predictions differ from the network's by ${fourDigits(100 * row.error)} %.`);
  if (row.status !== "unmeasured") said.push(`Measured ${data.created} on ${data.machine}.`);
  return said.join(" ");
}
