// The nine knobs of state.py: names, how they are written, what gives way. Python is the truth; a
// test compares the two.

import { filled, reprOf, settledNumber, written } from "../shared/numbers.js";

export const SCHEDULE = [
  "initial_sparsity", "final_sparsity", "begin_step", "end_step", "power", "frequency",
];
export const RUN = ["n_samples", "batch_size", "epochs"];
export const KNOBS = [...SCHEDULE, ...RUN];

export const LARGEST_STEP = 2 ** 31 - 1;

// ---- words ----------------------------------------------------------------------------------

/** A field's value as Python writes it; a whole `power` is an int there. */
export function pyValue(name, value) {
  return name.endsWith("_sparsity") ? reprOf(value) : written(value);
}

// ---- what a moved control may be ------------------------------------------------------------

/** `state` with `changes` made possible, and a sentence about what had to give way.
 * data: PAGE_DATA of state.py. */
export function settle(state, changes, data) {
  const settled = { ...state };
  const notices = [];
  for (const name of KNOBS.filter((knob) => knob in changes)) {
    const [made, notice] = settledNumber(name, changes[name], settled[name], data.bounds[name]);
    settled[name] = made;
    if (notice) notices.push(notice);
  }
  if (settled.begin_step > settled.end_step) {
    const ended = "end_step" in changes && !("begin_step" in changes);
    const [taken, kept] = ended ? ["begin_step", "end_step"] : ["end_step", "begin_step"];
    settled[taken] = settled[kept];
    notices.push(filled(data.moved_along, { name: taken, value: settled[taken] }));
  }
  return [settled, notices.join(" ")];
}
