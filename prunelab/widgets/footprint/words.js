// What is said of a state, put together from the sentences of words.py, and what a bar says of itself.

import { filled, fourDigits, grouped } from "../shared/numbers.js";
import { KIND_NAMES, bestRow, evenOf, problemsOf, rowsOf } from "./math.js";

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

export function gainText({ sentences }, kind, gain) {
  if (isOne(gain)) return sentences.same[kind];
  const [factor, way] = gain > 1 ? [gain, "better"] : [1 / gain, "worse"];
  return filled(sentences.gain, { factor: three(factor), word: sentences[way][kind] });
}

const isOne = (gain) => three(gain) === "1" || three(1 / gain) === "1";

export const threadWords = ({ sentences }, count) =>
  (count === 1 ? sentences.one_thread : filled(sentences.threads, { count }));

export const labelIn = (choices, name, what) =>
  choices[`${name}s`].find((each) => each.name === what).label;

export function footprintHeadline(measured, choices, state) {
  return KINDS.filter(([, name]) => state[name]).map(([kind, name]) => {
    const said = inShort(choices, kind, measured.of(kind, state, state[name]));
    return filled(choices.sentences.short, { label: labelIn(choices, name, state[name]), said });
  }).join(" · ");
}

function inShort(choices, kind, row) {
  if (row.status === "unmeasured") return choices.sentences.not_measured;
  if (row.gain === null) return row.status;
  return `${valueText(kind, row.value)}, ${gainText(choices, kind, row.gain)}`;
}

export function footprintCaption(measured, choices, state) {
  const said = [];
  if (state.format) {
    const pattern = labelIn(choices, "pattern", state.pattern);
    const lead = filled(choices.sentences.at, { share: shareText(state.sparsity), pattern });
    said.push(lead + rowWords(measured, choices, "sizes", state),
      evenOf(measured, "sizes", state).said);
  }
  if (state.runtime) {
    said.push(rowWords(measured, choices, "times", state), evenOf(measured, "times", state).said);
  }
  said.push(bestWords(measured, choices, state));
  return said.filter(Boolean).join(" ");
}

function rowWords(measured, choices, kind, state) {
  const { sentences } = choices;
  const name = KIND_NAMES[kind];
  const row = measured.of(kind, state, state[name]);
  const label = labelIn(choices, name, state[name]);
  if (row.status === "unmeasured") return filled(sentences.unmeasured[state.source], { label });
  if (row.gain === null) return ended(filled(sentences[row.status], { label, why: row.why }));
  const against = `${gainText(choices, kind, row.gain)} ${isOne(row.gain) ? "as" : "than"}`;
  const write = kind === "sizes" ? bytesText : three;
  const numbers = Object.fromEntries(["value", "dense", "low", "high", "limit"].map((part) =>
    [part, row[part] === null ? "" : write(row[part])]));
  if (kind === "sizes") return filled(sentences.size, { label, against, ...numbers });
  const limit = row.limit === null ? "" : filled(sentences.time_limit, { limit: numbers.limit });
  return filled(sentences.time, { label, against, ...numbers, limit, batch: state.batch,
    threads: threadWords(choices, state.threads) });
}

const ended = (sentence) => (sentence.endsWith(".") ? sentence : `${sentence}.`);

function bestWords(measured, choices, state) {
  const { sentences } = choices;
  const said = KINDS.flatMap(([kind, name]) => {
    const row = bestRow(rowsOf(measured, choices, kind, state));
    return row ? [filled(sentences.most[kind],
      { label: labelIn(choices, name, row.what), value: valueText(kind, row.value) })] : [];
  });
  return said.length ? filled(sentences.best, { said: said.join(" and ") }) : "";
}

export function problemLines(measured, choices, state) {
  return KINDS.flatMap(([kind, name]) =>
    problemsOf(rowsOf(measured, choices, kind, state)).map(({ status, why, names }) => {
      const labels = names.map((each) => labelIn(choices, name, each)).join(" · ");
      return ended(filled(choices.sentences.problem, { labels, status, why }));
    }));
}

/** The notice for a sparsity or batch that was moved to the nearest measured one. */
export function notMeasured(choices, name, asked, state) {
  const { sentences } = choices;
  if (name === "batch") return filled(sentences.batch_moved, { asked, made: state.batch });
  return filled(sentences.sparsity_moved, { asked: shareText(asked),
    pattern: labelIn(choices, "pattern", state.pattern), made: shareText(state.sparsity) });
}

// ---- what Python does not say -----------------------------------------------------------------

/** One bar, in a few words: for the ears. */
export function barName(choices, kind, row) {
  const label = labelIn(choices, KIND_NAMES[kind], row.what);
  if (row.status === "unmeasured") return `${label}: not measured`;
  if (row.value === null) return `${label}: ${row.status}`;
  const value = valueText(kind, row.value);
  return row.gain === null ? `${label}: ${row.status}, ${value}`
    : `${label}: ${value}, ${gainText(choices, kind, row.gain)} ${isOne(row.gain) ? "as" : "than"} dense`;
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
