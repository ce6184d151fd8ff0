// What prunelab.schedules, preflight, findings and nearest_fit compute, for a page without a kernel.
// Python is the truth; a test compares every function here with it on random schedules.

import { percentOf } from "../shared/numbers.js";
import { LARGEST_STEP, SCHEDULE, pyValue } from "./state.js";

const HANDFUL = 5;
const NEAR = 1e-3;
const LEAST_STEPS_PER_EPOCH = 20;
const LEAST_OF_SAMPLES = 10; // as in schedules/findings.py
const times = (count) => (count === 1 ? "once" : `${count} times`);

// ---- the schedule ---------------------------------------------------------------------------

export function sparsityAt(schedule, step) {
  const { initial_sparsity: initial, final_sparsity: final, power } = schedule;
  const real = power < 1 ? Math.fround : Number; // as Python: see PolynomialDecay.sparsity
  const ramp = real(schedule.end_step - schedule.begin_step);
  const progress = real(real(step - schedule.begin_step) / ramp);
  const left = real(1 - Math.min(Math.max(progress, 0), 1));
  return final + (initial - final) * left ** power;
}

/** The steps at which masks are recomputed: first, last, stride and count of an even grid. */
export function updateGrid(schedule, totalSteps) {
  const { begin_step: begin, end_step: end, frequency } = schedule;
  const first = begin || frequency; // step 0 never happens
  const limit = Math.min(end, totalSteps);
  const none = begin === end || first > limit;
  const count = none ? 0 : Math.floor((limit - first) / frequency) + 1;
  return { first, stride: frequency, count, last: first + (count - 1) * frequency };
}

const MOST_STOPS = 500; // of a slider: about one a pixel and a half

/**
 * Where a slider of begin_step or end_step stops: on the grid of updates that `other`, the other end
 * of the ramp, lies on, up to `reach`; on a long run at every 2nd, 5th, 10th, … of it. The last update
 * that the run still has is always among them.
 */
export function stepStops(other, frequency, reach, totalSteps) {
  let every = frequency;
  for (let unit = frequency; reach / every > MOST_STOPS; unit *= 10) {
    every = [2, 5, 10].map((factor) => factor * unit)
      .find((stride) => reach / stride <= MOST_STOPS) ?? 10 * unit;
  }
  const last = other + Math.floor((totalSteps - other) / frequency) * frequency;
  const stops = [];
  for (let stop = other % every; stop <= reach; stop += every) {
    if (stops.length && last > stops.at(-1) && last < stop) stops.push(last);
    stops.push(stop);
  }
  if (last > (stops.at(-1) ?? -1) && last <= reach) stops.push(last);
  return stops.length > 1 ? stops : [0, reach];
}

export function preflight(state) {
  const stepsPerEpoch = Math.ceil(state.n_samples / state.batch_size);
  const totalSteps = stepsPerEpoch * state.epochs;
  const updates = updateGrid(state, totalSteps);
  const findings = [
    ...runFindings(state),
    ...scheduleFindings(state, totalSteps, updates),
    ...unitFindings(state, totalSteps),
  ];
  const realised = updates.count ? sparsityAt(state, updates.last) : 0;
  return { stepsPerEpoch, totalSteps, updates, findings, realised, asked: state.final_sparsity };
}

/** "good" where nothing is a problem, else "warn" or "bad": with or without the target reached. */
export function moodOf(flight) {
  if (flight.findings.every(({ severity }) => severity === "hint")) return "good";
  return reachesTarget(flight) ? "warn" : "bad";
}

/** Whether asked and realised are the same in the two digits that are shown. */
export function reachesTarget(flight) {
  return percentOf(flight.realised) === percentOf(flight.asked);
}

// ---- findings -------------------------------------------------------------------------------

function runFindings({ n_samples: samples, batch_size: batch }) {
  if (batch <= samples) return [];
  return [{
    code: "batch_larger_than_data",
    message: `A batch of ${batch} is larger than the ${samples} samples, so an epoch is one step.`,
    fix: `Lower batch_size to ${samples} or less.`,
    severity: "problem",
  }];
}

function scheduleFindings(schedule, totalSteps, updates) {
  const { begin_step: begin, end_step: end, frequency } = schedule;
  const found = [];
  const add = (code, message, fix, severity = "problem") =>
    found.push({ code, message, fix, severity });
  const dividesByZero = begin === end && begin > 0;
  const near = updates.count > 0 &&
    Math.abs(sparsityAt(schedule, updates.last) - schedule.final_sparsity) <= NEAR;
  if (!updates.count && !dividesByZero) add("never_updates", ...whyNever(schedule, totalSteps));
  if (begin === end) {
    const stops = begin ? ", and tfmot stops with an error at that step." : ".";
    add("begin_equals_end",
      `begin_step and end_step are both ${begin}: the ramp has no length${stops}`,
      "Raise end_step, or use ConstantSparsity for a single cut.");
  }
  if (end > totalSteps) {
    add("ends_after_training",
      `The schedule ends at step ${end}, the run at step ${totalSteps}.`,
      `Lower end_step to ${totalSteps} or less, or train longer.`,
      near ? "hint" : "problem");
  }
  if ((end - begin) % frequency) {
    const fix = "Choose end_step as begin_step plus a multiple of frequency";
    add("off_grid",
      `frequency=${frequency} does not divide the ${end - begin} steps of the ramp, ` +
      `so no update falls on end_step=${end}.`,
      near ? `It ends close to its target all the same. ${fix} to meet it.` : `${fix}.`,
      near ? "hint" : "problem");
  }
  if (schedule.power === 0) {
    add("power_zero",
      "With power=0 the sparsity stays at initial_sparsity for ever.",
      "Write power=1 for a straight ramp or 3 for tfmot's default.");
  }
  if (schedule.initial_sparsity > schedule.final_sparsity) {
    add("initial_above_final",
      `The sparsity falls from ${percentOf(schedule.initial_sparsity)} to ` +
      `${percentOf(schedule.final_sparsity)}: pruned weights would come back.`,
      "Lower initial_sparsity to final_sparsity or less.");
  }
  if (updates.count > 0 && updates.count < HANDFUL) {
    add("few_updates",
      `The masks are updated only ${times(updates.count)}, in large jumps.`,
      "Lower frequency, or make the ramp longer.");
  }
  return found;
}

/** The steps that were meant, by steps to a unit, and what the unit is; else null. */
function unitOf({ begin_step: begin, end_step: end, n_samples: samples, batch_size: batch }, total) {
  const perEpoch = Math.ceil(samples / batch);
  const short = end < perEpoch && perEpoch >= LEAST_STEPS_PER_EPOCH;
  const scaled = (of) => [begin, end].map((step) =>
    Math.min(Number((BigInt(step) * BigInt(perEpoch)) / BigInt(of)), LARGEST_STEP));
  if (begin !== end && short && end * perEpoch <= total) {
    return { code: "epochs_as_steps", perEpoch, steps: scaled(1) };
  }
  const whole = end > total && end % samples === 0;
  const long = (end / samples) * perEpoch * LEAST_OF_SAMPLES >= total;
  if (perEpoch >= 2 && perEpoch < samples && samples >= 100 && whole && long) {
    return { code: "samples_as_steps", perEpoch, steps: scaled(samples) };
  }
  return null;
}

function unitFindings(state, total) {
  const unit = unitOf(state, total);
  if (!unit) return [];
  const { code, perEpoch } = unit;
  const severity = "problem";
  if (code === "epochs_as_steps") {
    return [{
      code,
      message: `The ramp is over after ${state.end_step} of ${total} steps, in the first epoch: ` +
        "are these epochs?",
      fix: `If so, write steps: end_step=${state.end_step * perEpoch} is ${state.end_step} × ` +
        `${perEpoch} steps an epoch.`,
      severity,
    }];
  }
  const times = state.end_step / state.n_samples;
  return [{
    code,
    message: `end_step=${state.end_step} is ${times} times the ` +
      `${state.n_samples} samples, and a step is a whole batch: are these samples?`,
    fix: `If so, write end_step=${times * perEpoch}, ${times} × ${perEpoch} steps an epoch.`,
    severity,
  }];
}

function whyNever({ begin_step: begin, end_step: end, frequency }, totalSteps) {
  const message = `The masks are never updated in ${totalSteps} steps, so nothing is pruned: `;
  if (begin > totalSteps) {
    return [`${message}begin_step is ${begin}.`, "Begin earlier or train longer."];
  }
  if (begin === end) return [`${message}step 0 never happens.`, "Raise end_step."];
  return [
    `${message}from begin_step=0 the first update is at step ${frequency}.`,
    "Lower frequency.",
  ];
}

// ---- the nearest schedule that fits ---------------------------------------------------------

export function suggest(schedule, totalSteps) {
  const [begin, end] = unitOf(schedule, totalSteps)?.steps
    ?? [schedule.begin_step, schedule.end_step];
  let fit = nearestFit(schedule, begin, end, totalSteps);
  for (const epochs of [1, 2]) { // a fit keeps half the ramp at least, so two always are enough
    const unit = unitOf({ ...schedule, ...fit }, totalSteps);
    if (unit?.code === "epochs_as_steps") {
      fit = nearestFit(schedule, begin, epochs * unit.perEpoch, totalSteps);
    }
  }
  return fit;
}

function nearestFit(schedule, begin, end, totalSteps) {
  totalSteps = Math.min(totalSteps, LARGEST_STEP);
  if (begin >= totalSteps && end > totalSteps) {
    begin = Number((BigInt(begin) * BigInt(totalSteps)) / BigInt(end)); // beyond 2^53 too
    end = totalSteps;
  }
  end = Math.min(end, totalSteps);
  if (end - begin < HANDFUL) {
    begin = Math.max(Math.min(begin, totalSteps - HANDFUL), 0);
    end = Math.min(Math.max(end, begin + HANDFUL), totalSteps);
  }
  const [fittedEnd, frequency] = nearestGrid(begin, end, schedule.frequency, totalSteps);
  return {
    initial_sparsity: Math.min(schedule.initial_sparsity, schedule.final_sparsity),
    final_sparsity: schedule.final_sparsity,
    begin_step: begin,
    end_step: fittedEnd,
    power: schedule.power || 1,
    frequency,
  };
}

function nearestGrid(begin, end, frequency, totalSteps) {
  const span = end - begin;
  const asked = Math.min(frequency, span);
  const least = Math.max(Math.min(HANDFUL, totalSteps) - (begin > 0 ? 1 : 0), 1);
  let best = { cost: Infinity };
  const look = (every, pieces) => {
    const length = every * pieces;
    const cost = Math.abs(length - span) * frequency + (frequency - every) * span; // below 2^53
    if (pieces >= least && begin + length <= totalSteps && cost < best.cost) {
      best = { cost, end: begin + length, frequency: every };
    }
  };
  const near = (every) => (frequency - every) * span < best.cost;
  for (let pieces = Math.max(least, Math.floor(span / asked)); pieces <= span; pieces += 1) {
    const every = Math.min(Math.floor(span / pieces), asked);
    if (!near(every)) break;
    pieces = Math.floor(span / every);
    look(every, pieces);
  }
  let every = Math.ceil(span / Math.max(least, Math.ceil(span / asked)));
  while (near(every)) {
    look(every, Math.ceil(span / every));
    if (every === 1) break;
    every = Math.ceil(span / Math.ceil(span / (every - 1)));
  }
  return [best.end, best.frequency];
}

// ---- sentences and code ---------------------------------------------------------------------

export function describe(state) {
  const { totalSteps, stepsPerEpoch, updates, realised, asked, ...flight } = preflight(state);
  const epochs = `${state.epochs} epoch${state.epochs === 1 ? "" : "s"} of ${stepsPerEpoch} step` +
    (stepsPerEpoch === 1 ? "" : "s");
  const run = `In ${totalSteps} steps (${epochs}) the masks are `;
  if (!updates.count) return `${run}never updated: ${percentOf(0)} zeros. Asked: ${percentOf(asked)}.`;
  const when = updates.count === 1
    ? `at step ${updates.last}`
    : `from step ${updates.first} to step ${updates.last}`;
  const outcome = reachesTarget({ realised, asked, ...flight })
    ? ", as asked."
    : `. Asked: ${percentOf(asked)}.`;
  return `${run}updated ${times(updates.count)}, ${when}, ` +
    `and end at ${percentOf(realised)} zeros${outcome}`;
}

export function codeFor(state) {
  const knobs = SCHEDULE.map((name) => `    ${name}=${pyValue(name, state[name])},\n`).join("");
  return `import tensorflow_model_optimization as tfmot

schedule = tfmot.sparsity.keras.PolynomialDecay(
${knobs})
callbacks = [tfmot.sparsity.keras.UpdatePruningStep()]  # without it, fit stops with an error
# model = tfmot.sparsity.keras.prune_low_magnitude(model, pruning_schedule=schedule)
# model.compile("adam", "mse")
# model.fit(x, y, batch_size=${state.batch_size}, epochs=${state.epochs}, callbacks=callbacks)
`;
}
