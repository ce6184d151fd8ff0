// The words that follow the hand, put together from the sentences and texts of words.py.

import { filled, fourDigits, grouped, percentOf } from "../shared/numbers.js";
import { bestOf, chosen, networks, reaches } from "./math.js";

export function headlineOf(plan, state) {
  const { sentences } = plan.data;
  const arm = bestOf(plan, state);
  const asked = state.sparsity > 0;
  const gone = filled(sentences.gone, { percent: percentOf(state.sparsity) });
  if (!arm) return filled(asked ? sentences.none : sentences.nothing, { gone });
  const said = arm.texts[state.measure].short;
  return filled(asked ? sentences.best : sentences.best_of_all, { gone, said });
}

export function describe(plan, state) {
  const { sentences } = plan.data;
  const arms = chosen(plan, state);
  const words = [];
  if (state.sparsity > 0) {
    const shown = networks(plan, state);
    words.push(filled(sentences.reached, {
      count: shown.filter((arm) => reaches(arm, state.sparsity)).length,
      networks: counted(shown.length, "chosen network"),
      percent: percentOf(state.sparsity),
    }));
  }
  const arm = bestOf(plan, state);
  if (arm) words.push(arm.texts[state.measure].long);
  const linear = arms.filter((each) => each.linear).map((each) => each.texts[state.measure].linear);
  if (linear.length) {
    words.push(filled(linear.length > 1 ? sentences.linear_models : sentences.linear,
      { said: linear.join(", ") }));
  }
  if (arms.length) {
    const lone = arms.some(({ seeds }) => seeds.length === 1);
    words.push(lone ? sentences.one_seed : sentences.seeds);
  }
  return words.join(" ");
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
