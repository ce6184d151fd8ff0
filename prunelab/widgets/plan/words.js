// The words of widgets/plan/state.py, to the letter, and what a point says of itself.

import { fourDigits, grouped, percentOf } from "../shared/numbers.js";
import { bestOf, chosen, networks, reaches } from "./math.js";

const askedWords = (sparsity) =>
  (sparsity > 0 ? `with ${percentOf(sparsity)} of the weights gone` : "");

export function headlineOf(plan, state) {
  const row = bestOf(plan, state);
  const asked = askedWords(state.sparsity);
  const gone = asked.replace("with ", "");
  if (!row) return asked ? `None of the chosen networks has ${gone}` : "No network is chosen";
  const { label } = plan.data.measures[state.measure];
  const said = `${row.label}, ${label} ${fourDigits(row.mean)}`;
  return asked ? `Best ${asked}: ${said}` : `Best of the chosen: ${said}`;
}

export function describe(plan, state) {
  const shown = networks(plan, state);
  const there = shown.filter((arm) => reaches(arm, state.sparsity)).length;
  const words = [];
  if (state.sparsity > 0) {
    words.push(`In ${there} of ${counted(shown.length, "chosen network")} at least ` +
      `${percentOf(state.sparsity)} of the control's weights are gone: zero, or never built.`);
  }
  const row = bestOf(plan, state);
  if (row) words.push(bestWords(plan, state, row), changeWords(plan, state, row));
  words.push(linearWords(plan, state), seedWords(plan, state));
  return words.filter(Boolean).join(" ");
}

function bestWords({ data }, { measure }, row) {
  const { higher, label } = data.measures[measure];
  const said = `${higher ? "Highest" : "Lowest"} ${label}: ${row.label}, ${fourDigits(row.mean)}`;
  if (row.low === null) return `${said} (one seed).`;
  return `${said} (${fourDigits(row.low)} to ${fourDigits(row.high)}, ${row.seeds} seeds).`;
}

function changeWords(plan, { measure }, row) {
  if (row.change === null) return row.arm === plan.control.name ? "That is the control itself." : "";
  let said = `Against its control, seed by seed: ${changeText(plan, measure, row.change)}`;
  if (row.change_low !== null) {
    const ends = [row.change_low, row.change_high]
      .map((end) => changeText(plan, measure, end).replace(/ ×$/, ""));
    said += ` (${ends.join(" to ")})`;
  }
  return `${said}, ${row.side} in ${row.agree} of ${row.paired}.`;
}

/** A change to the control: "0.4 ×", or "+0.12" with its sign. */
export function changeText({ data }, measure, value) {
  if (data.measures[measure].log) return `${fourDigits(value)} ×`;
  return value === 0 ? "0" : `${value < 0 ? "−" : "+"}${fourDigits(Math.abs(value))}`;
}

function linearWords(plan, state) {
  const words = chosen(plan, state).filter(({ linear }) => linear)
    .map((arm) => `${arm.label} ${fourDigits(plan.row(arm, state.measure).mean)}`);
  if (!words.length) return "";
  const many = words.length > 1 ? "linear models" : "a linear model";
  return `For comparison, ${many} on the raw inputs: ${words.join(", ")}.`;
}

function seedWords(plan, state) {
  const shown = chosen(plan, state);
  if (shown.some(({ seeds }) => seeds.length === 1)) {
    return "With one seed there is no interval: nothing says how much of this is chance.";
  }
  return shown.length ? "Intervals: 95 %, over seeds." : "";
}

const counted = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

// ---- what Python does not say -----------------------------------------------------------------

export function titleOf({ data, arms }) {
  const runs = arms.filter(({ linear }) => !linear).reduce((n, { seeds }) => n + seeds.length, 0);
  return `plan ${data.plan}: ${data.about} · ${counted(runs, "run")}`;
}

/** One run, in a few words: for the ears. */
export function runName({ data }, arm, i, measure) {
  const { label } = data.measures[measure];
  return `${arm.label}, seed ${arm.seeds[i]}: ${label} ${fourDigits(arm.values[measure][i])}`;
}

/** One run with all its provenance: for the line under the pictures. */
export function runWords(plan, arm, i, measure) {
  const { data } = plan;
  const [what, where] = arm.notes[i];
  const zeros = percentOf(1 - arm.nonzeros[i] / data.weights);
  const seconds = measure === "seconds" || !data.measures.seconds ? ""
    : `, ${fourDigits(arm.values.seconds[i])} s of training`;
  return `${runName(plan, arm, i, measure)}; ${grouped(arm.nonzeros[i])} weights left, ${zeros} ` +
    `gone${seconds}. ${what}${where === null ? "" : `. ${data.provenances[where]}`}.`;
}

export const intervalText = (low, high, write) =>
  (low === null ? "no interval" : `${write(low)} to ${write(high)}`);
