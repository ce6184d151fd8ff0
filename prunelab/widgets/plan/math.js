// The statistics of prunelab/plans/statistics.py and the table of widgets/plan/state.py.

const NEAR = 0.0005; // 97.998 % zeros are 98 %: no kernel can be cut into exact hundredths

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Mean and 95 % t-interval; geometric where log. `t`: the quantile by degrees of freedom. */
export function estimate(values, log, t) {
  const seen = log ? values.map(Math.log) : values;
  const back = log ? Math.exp : (value) => value;
  const count = seen.length;
  if (count === 1) return { mean: values[0], low: null, high: null };
  const mean = sum(seen) / count;
  const error = Math.sqrt(sum(seen.map((value) => (value - mean) ** 2)) / (count - 1) / count);
  const half = t[count - 1] * error;
  return { mean: back(mean), low: back(mean - half), high: back(mean + half) };
}

/** Values against those of a control, seed by seed: ratios where log, else differences. */
export function change(values, control, log, t) {
  const changes = values.map((value, i) => (log ? value / control[i] : value - control[i]));
  const found = estimate(changes, log, t);
  const neutral = log ? 1 : 0;
  const lower = values.filter((value, i) => value < control[i]).length;
  const higher = values.filter((value, i) => value > control[i]).length;
  const side = found.mean < neutral ? "lower" : found.mean > neutral ? "higher" : "equal";
  const agree = { lower, higher, equal: values.length - lower - higher }[side];
  return { ...found, agree, side, paired: values.length };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, least and most of several curves, epoch by epoch; a shorter one ends where it ends. */
export function band(curves) {
  const length = Math.max(0, ...curves.map((curve) => curve.length));
  const found = { middle: [], low: [], high: [], seeds: [] };
  for (let at = 0; at < length; at += 1) {
    const seen = curves.filter((curve) => curve.length > at).map((curve) => curve[at]);
    found.middle.push(median(seen));
    found.low.push(Math.min(...seen));
    found.high.push(Math.max(...seen));
    found.seeds.push(seen.length);
  }
  return found;
}

// ---- of a plan --------------------------------------------------------------------------------

/** What the page asks again and again, worked out once: shares gone, rows and bands. */
export function planOf(data) {
  const { t, weights, measures } = data;
  const arms = data.arms.map((arm, at) => {
    const left = estimate(arm.nonzeros, false, t).mean;
    return { ...arm, at, left, gone: 1 - left / weights,
      meanZeros: arm.linear ? null : estimate(arm.zeros, false, t).mean };
  });
  const byName = Object.fromEntries(arms.map((arm) => [arm.name, arm]));
  const control = byName[data.control];
  const kept = new Map();
  const once = (key, make) => {
    if (!kept.has(key)) kept.set(key, make());
    return kept.get(key);
  };

  function makeRow(arm, measure) {
    const { log } = measures[measure];
    const found = estimate(arm.values[measure], log, t);
    const row = {
      arm: arm.name, label: arm.label, seeds: arm.seeds.length, zeros: arm.meanZeros,
      weights: arm.left, mean: found.mean, low: found.low, high: found.high,
      change: null, change_low: null, change_high: null, agree: null, side: null, paired: 0,
    };
    return arm === control ? row : { ...row, ...againstControl(arm, measure, log) };
  }

  function againstControl(arm, measure, log) {
    const theirs = new Map(control.seeds.map((seed, i) => [seed, control.values[measure][i]]));
    const shared = arm.seeds.map((seed, i) => [arm.values[measure][i], theirs.get(seed)])
      .filter(([, their]) => their !== undefined);
    if (!shared.length) return {};
    const found = change(shared.map(([value]) => value), shared.map(([, their]) => their), log, t);
    return { change: found.mean, change_low: found.low, change_high: found.high,
      agree: found.agree, side: found.side, paired: found.paired };
  }

  const plan = { data, arms, byName, control };
  plan.row = (arm, measure) => once(`${arm.at} ${measure}`, () => makeRow(arm, measure));
  /** The band of an arm's losses over both phases; which: 0 for validation, 1 for training. */
  plan.band = (arm, which) => once(`band ${arm.at} ${which}`, () => band(arm.second.map(
    (second, i) => [...data.firsts[arm.first[i]][which], ...second[which]])));
  return plan;
}

export const chosen = (plan, { arms }) => plan.arms.filter(({ name }) => arms.includes(name));
export const networks = (plan, state) => chosen(plan, state).filter(({ linear }) => !linear);
export const reaches = (arm, sparsity) => arm.gone >= sparsity - NEAR;

/** The rows of the chosen arms, in the order asked for; what has no value comes last. */
export function tableOf(plan, state) {
  const rows = chosen(plan, state).map((arm) => plan.row(arm, state.measure));
  const falling = state.sort.startsWith("-");
  const column = falling ? state.sort.slice(1) : state.sort;
  if (column === "arm") return falling ? rows.reverse() : rows;
  const sign = falling ? -1 : 1;
  const present = rows.filter((row) => row[column] !== null)
    .sort((a, b) => sign * (a[column] - b[column]));
  return [...present, ...rows.filter((row) => row[column] === null)];
}

/** The row of the best chosen network that reaches the sparsity, or null. */
export function bestOf(plan, state) {
  const { higher } = plan.data.measures[state.measure];
  const rows = networks(plan, state).filter((arm) => reaches(arm, state.sparsity))
    .map((arm) => plan.row(arm, state.measure));
  return rows.reduce((a, b) =>
    (a === null || (higher ? b.mean > a.mean : b.mean < a.mean) ? b : a), null);
}
