// The words of widgets/mask/state.py, to the letter, and the headline and title of the card; the code
// and the sentence on the threshold come from Python.

import { filled, fourDigits, grouped, percentOf, reprOf } from "../shared/numbers.js";
import { GROUP, lossAt } from "./math.js";

export function headlineOf({ shape: [rows, columns] }, { kept, live }) {
  const size = rows * columns;
  return `${percentOf(1 - live / size)} zeros: ${grouped(kept)} of ${grouped(size)} weights stay`;
}

export function titleOf(data, { pattern, criterion }) {
  const [rows, columns] = data.shape;
  return `${data.name}, ${grouped(rows)} inputs × ${grouped(columns)} neurons · ` +
    `${data.patterns[pattern].where} · ${data.criteria[criterion].order}`;
}

export function describeMask(data, state, found) {
  const { unit } = data.patterns[state.pattern];
  const words = [keptWords(data, state, found), edgeWords(data, state, found)];
  if (found.tied === 1) words.push(`1 more ${unit} is exactly as large and stays too.`);
  else if (found.tied) {
    words.push(`${grouped(found.tied)} more ${unit}s are exactly as large and stay too.`);
  }
  if (found.forced) words.push(`One ${unit} always stays.`);
  words.push(deadWords(data, found), lossWords(data, state));
  return words.join(" ");
}

function keptWords({ shape: [rows, columns] }, { sparsity, pattern }, { kept, live }) {
  const size = rows * columns;
  const [zeros, asked] = [percentOf(1 - live / size), percentOf(sparsity)];
  let words = `${grouped(kept)} of ${grouped(size)} weights stay: ${zeros} zeros`;
  if (pattern === GROUP) {
    words += ". The pattern 2:4 has no slider: two of every four inputs of a neuron go.";
  } else words += zeros === asked ? ", as asked." : `. Asked: ${asked}.`;
  return kept === live ? words
    : `${words} ${grouped(kept - live)} of those that stay are zero already.`;
}

function edgeWords({ edges }, { pattern, criterion }, { threshold }) {
  return filled(edges[`${pattern} ${criterion}`],
    { threshold: Number.isFinite(threshold) ? fourDigits(threshold) : "" });
}

function deadWords({ shape: [rows, columns] }, { deadInputs, deadNeurons }) {
  const dead = [[deadInputs, rows, "inputs"], [deadNeurons, columns, "neurons"]]
    .filter(([count]) => count)
    .map(([count, all, kind]) => `${grouped(count)} of ${grouped(all)} ${kind}`);
  return dead.length ? `Without any weight left: ${dead.join(" and ")}.`
    : "Every input and every neuron keeps at least one weight.";
}

function lossWords(data, state) {
  const { losses } = data;
  if (!losses) return "No loss was measured.";
  const point = lossAt(data, state);
  if (!point) return "No loss was measured for this pattern and criterion.";
  const where = point.asked === state.sparsity || state.pattern === GROUP ? "measured here"
    : `measured at ${percentOf(point.asked)}, the nearest`;
  const name = losses.measured_on;
  return `${name[0].toUpperCase()}${name.slice(1)} MSE ${fourDigits(point.loss)}, ${where}; ` +
    `${fourDigits(losses.dense)} with nothing cut.`;
}

// ---- code to copy -----------------------------------------------------------------------------

export const maskCode = ({ codes }, { sparsity, pattern, criterion }) =>
  filled(codes[`${pattern} ${criterion}`], { sparsity: reprOf(sparsity) });
