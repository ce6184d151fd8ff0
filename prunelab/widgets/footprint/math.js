// The rows and choices of widgets/footprint/state.py; break-evens come from data.py.

export const KIND_NAMES = { sizes: "format", times: "runtime" };

const UNMEASURED = {
  status: "unmeasured", why: "", samples: 0, value: null, dense: null, gain: null, limit: null,
  low: null, high: null, error: null, zeros: null, weights: null,
};

/** A measurement's rows by what they are of; `data` is what data.gather made. */
export function measuredOf(data) {
  const sizes = new Map(data.sizes.map((row) =>
    [[...data.networks[row[0]].slice(0, 2), row[1]].join("|"), row]));
  const times = new Map(data.times.map((row) =>
    [[...data.networks[row[0]].slice(0, 2), ...row.slice(1, 4)].join("|"), row]));

  function find(table, pattern, sparsity, ...rest) {
    const found = table.get([pattern, sparsity, ...rest].join("|"));
    if (found || sparsity !== 0 || !data.from_dense.includes(pattern)) return found;
    return table.get(["dense", 0, ...rest].join("|"));
  }

  function made(at, what, status, value, dense, limit, error, why) {
    const [, , zeros, weights] = data.networks[at];
    const gain = status === "right" && value && dense ? dense / value : null;
    return { ...UNMEASURED, what, status, value, dense, gain, limit, error, why: data.whys[why],
      zeros, weights };
  }

  function of(kind, state, what, sparsity = state.sparsity) {
    if (kind === "sizes") {
      const row = find(sizes, state.pattern, sparsity, what);
      if (!row) return { ...UNMEASURED, what };
      const [at, , size, bound, status, error, why] = row;
      return made(at, what, status, size, data.dense_bytes, bound, error, why);
    }
    const row = find(times, state.pattern, sparsity, what, state.batch, state.threads);
    if (!row) return { ...UNMEASURED, what };
    const [at, , , , median, low, high, samples, dense, limit, status, error, why] = row;
    return { ...made(at, what, status, median, dense, limit, error, why), low, high, samples };
  }
  return { data, of };
}

/** All rows on show of a kind, "sizes" or "times". */
export const rowsOf = (measured, choices, kind, state) =>
  choices[`${KIND_NAMES[kind]}s`].map(({ name }) => measured.of(kind, state, name));

/** The row with the largest gain, or null where no row is right. */
export function bestRow(found) {
  return found.filter(({ gain }) => gain !== null)
    .reduce((best, row) => (best && best.gain >= row.gain ? best : row), null);
}

/** What does not count, grouped: { status, why, names }. */
export function problemsOf(found) {
  const groups = new Map();
  for (const { status, why, what } of found) {
    if (status === "right" || status === "unmeasured") continue;
    const key = `${status}|${why}`;
    if (!groups.has(key)) groups.set(key, { status, why, names: [] });
    groups.get(key).names.push(what);
  }
  return [...groups.values()];
}

/** { sparsity, row } of the chosen format or runtime at each stop of the pattern it has. */
export function pointsOf(measured, choices, kind, state) {
  const what = state[KIND_NAMES[kind]];
  return stopsOf(choices, state.pattern)
    .map((sparsity) => ({ sparsity, row: measured.of(kind, state, what, sparsity) }))
    .filter(({ row }) => row.status !== "unmeasured");
}

/** Where the chosen format or runtime begins to win: { how, at, low, high, by, said }. */
export function evenOf({ data }, kind, state) {
  const names = kind === "sizes" ? ["format", "pattern"] : ["runtime", "pattern", "batch", "threads"];
  const [how, at, low, high, by, said] = data.evens[names.map((name) => state[name]).join(" ")]
    ?? ["unknown", null, null, null, 0, ""];
  return { how, at, low, high, by, said };
}

// ---- choices made possible ----------------------------------------------------------------------

/** The sparsities that were measured of a pattern, rising. */
export const stopsOf = (choices, pattern) =>
  choices.patterns.find(({ name }) => name === pattern).stops;

/** The nearest of rising values; of two as near, the larger. */
export function nearestOf(values, value) {
  const above = values.findIndex((each) => each >= value);
  if (above < 0) return values.at(-1);
  return above && value - values[above - 1] < values[above] - value ? values[above - 1] : values[above];
}

/** A state with its sparsity and batch moved to the nearest that were measured. */
export function settledState(choices, state) {
  return { ...state, sparsity: nearestOf(stopsOf(choices, state.pattern), state.sparsity),
    batch: choices.batches.length ? nearestOf(choices.batches, state.batch) : state.batch };
}
