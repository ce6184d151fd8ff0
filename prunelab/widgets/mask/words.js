// The words of widgets/mask/state.py, to the letter, and the headline and title of the card.

import { fourDigits, grouped, percentOf, reprOf } from "../shared/numbers.js";
import { GROUP, lossAt } from "./math.js";

const TFMOT = "tfmot.sparsity.keras";

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

function edgeWords({ patterns, seed }, { pattern, criterion }, { threshold }) {
  if (criterion === "random") return `Drawn at random with seed ${seed}, so there is no threshold.`;
  if (pattern === GROUP) return "Each group of four has a threshold of its own.";
  const { unit } = patterns[pattern];
  return `${unit === "input" ? "An" : "A"} ${unit} stays where ` +
    `${pattern === "unstructured" ? "|w|" : "mean |w|"} ` +
    `${criterion === "magnitude" ? "≥" : "≤"} ${fourDigits(threshold)}.`;
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

const ONLY_MATRICES = "# tfmot cannot: it takes no blocks in a kernel of so many axes.\n";
const GROUPS_APART =
  "\n# Its groups are others here: it groups the inputs of each place of a kernel apart.";

export function maskCode(data, state) {
  const { kernel } = data;
  if (!kernel) return codeOf(data, state);
  return `# weights = kernel.reshape(-1, ${kernel.at(-1)}), of a kernel ${kernel.join(" × ")}\n` +
    codeOf(data, state);
}

function codeOf({ patterns, seed, kernel }, { sparsity, pattern, criterion }) {
  const asked = reprOf(sparsity);
  if (criterion !== "magnitude") {
    const seeded = criterion === "random" ? `, seed=${seed}` : "";
    return called("pattern_mask", `weights, ${asked}, "${pattern}", "${criterion}"${seeded}`) +
      "# tfmot cannot do this: it always cuts the smallest magnitudes first.\n";
  }
  if (pattern === "unstructured") return unstructuredCode(asked) + tfmotCode(asked, "");
  if (pattern === GROUP) {
    const lines = called("n_of_m_mask", "weights, 2, 4");
    if (kernel && kernel.length !== 4) return lines + ONLY_MATRICES;
    return `${lines}# In tfmot:\n# model = ${TFMOT}.prune_low_magnitude(` +
      "model, sparsity_m_by_n=(2, 4))  # its schedule is ignored" +
      `${kernel && kernel[2] % 4 ? GROUPS_APART : ""}\n`;
  }
  const spans = patterns[pattern].block;
  const block = `, block_size=(${spans.map((span, i) => span ?? `weights.shape[${i}]`).join(", ")})`;
  const lines = called("block_mask", `weights, ${asked}${block}`);
  if (!spans.includes(null)) return lines + (kernel ? ONLY_MATRICES : tfmotCode(asked, block));
  return `${lines}# tfmot cannot do this: it stops with an error at a single row or column of blocks.\n`;
}

function unstructuredCode(asked) {
  return `import numpy as np

from prunelab.masks.magnitude import kept_count

magnitudes = np.abs(weights)
kept = kept_count(weights.size, ${asked})
threshold = np.sort(magnitudes, axis=None)[-kept]
mask = magnitudes >= threshold  # as prunelab.masks.magnitude_mask(weights, ${asked}) says
pruned = weights * mask

`;
}

function called(name, given) {
  return `from prunelab.masks import ${name}\n\n` +
    `mask = ${name}(${given})  # True = kept\npruned = weights * mask\n\n`;
}

function tfmotCode(asked, block) {
  const wrapped = block ? "layer" : "model";
  const only = block ? "  # hidden layers only: tfmot stops with an error at Dense(1)" : "";
  return "# In tfmot, while the network trains:\n" +
    `# schedule = ${TFMOT}.ConstantSparsity(${asked}, begin_step=0)\n` +
    `# ${wrapped} = ${TFMOT}.prune_low_magnitude(\n` +
    `#     ${wrapped}, pruning_schedule=schedule${block})${only}\n`;
}
