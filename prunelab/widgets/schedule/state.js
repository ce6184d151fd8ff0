// What schedule_state.py says about the nine knobs: names, limits, how they are written, what gives
// way. Python is the truth; a test compares the two.

import { reprOf } from "../shared/numbers.js";

export const SCHEDULE = [
  "initial_sparsity", "final_sparsity", "begin_step", "end_step", "power", "frequency",
];
export const RUN = ["n_samples", "batch_size", "epochs"];
export const KNOBS = [...SCHEDULE, ...RUN];

export const LARGEST_STEP = 2 ** 31 - 1;
const WHOLE_LIMITS = {
  begin_step: [0, LARGEST_STEP],
  end_step: [0, LARGEST_STEP],
  frequency: [1, 1e6],
  n_samples: [1, 1e9],
  batch_size: [1, 1e9],
  epochs: [1, 1e6],
};
// ---- words ----------------------------------------------------------------------------------

/** A field's value as Python writes it; a whole `power` is an int there. */
export function pyValue(name, value) {
  if (name.endsWith("_sparsity")) return reprOf(value);
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? String(value) : reprOf(value);
}

// ---- what a moved control may be ------------------------------------------------------------

/** `state` with `changes` made possible, and a sentence about what had to give way. */
export function settle(state, changes) {
  const settled = { ...state };
  const notices = [];
  for (const name of KNOBS.filter((knob) => knob in changes)) {
    const value = changes[name];
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    settled[name] = clip(name, value);
    const moved = name in WHOLE_LIMITS ? Math.floor(value + 0.5) : value;
    if (settled[name] !== moved) {
      notices.push(`${name} cannot be ${pyValue("", value)}: ` +
        `it is set to ${pyValue(name, settled[name])}.`);
    }
  }
  if (settled.begin_step > settled.end_step) {
    const ended = "end_step" in changes && !("begin_step" in changes);
    const [taken, kept] = ended ? ["begin_step", "end_step"] : ["end_step", "begin_step"];
    settled[taken] = settled[kept];
    notices.push(`${taken} moves along to ${settled[taken]}: ` +
      "a schedule cannot end before it begins.");
  }
  return [settled, notices.join(" ")];
}

function clip(name, value) {
  if (name.endsWith("_sparsity")) return value <= 0 ? 0 : value < 1 ? value : 0.99;
  if (name === "power") return Math.min(Math.max(value, 0), 1000);
  const [low, high] = WHOLE_LIMITS[name];
  return Math.min(Math.max(Math.floor(value + 0.5), low), high);
}
