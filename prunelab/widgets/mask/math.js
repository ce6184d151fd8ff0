// What prunelab.masks.patterns and widgets/mask/state.py compute, for a page without a kernel.
// Python is the truth; a test compares the two on random matrices, ties and rounding included.

import { permutation } from "./random.js";

const f32 = Math.fround;
export const GROUP = "2:4";

/** The matrix that Python sent: { rows, columns, size, weights, patterns, order, … }. */
export function unpacked(data) {
  const [rows, columns] = data.shape;
  const size = rows * columns;
  const weights = floatsOf(data.weights);
  let order = null; // drawn when it is first asked for
  return {
    rows, columns, size, weights, patterns: data.patterns, get order() {
      return (order ??= permutation(size, data.random));
    },
    isLive: Uint8Array.from(weights, (weight) => weight !== 0), rankings: new Map(),
  };
}

/** Bytes of float32 as a notebook sends them, a DataView, or in a saved page: base64. */
function floatsOf(sent) {
  if (typeof sent === "string") {
    return new Float32Array(Uint8Array.from(atob(sent), (letter) => letter.charCodeAt(0)).buffer);
  }
  return new Float32Array(sent.buffer.slice(sent.byteOffset, sent.byteOffset + sent.byteLength));
}

/**
 * The matrix ranked for one pattern and criterion, once: { perWeight, ordered, units }.
 * perWeight: the score of the unit that each weight is in; a mask keeps those ≥ `lowestScore`.
 */
export function rankingOf(matrix, pattern, criterion) {
  const key = `${pattern} ${criterion}`;
  if (!matrix.rankings.has(key)) matrix.rankings.set(key, rankUnits(matrix, pattern, criterion));
  return matrix.rankings.get(key);
}

function rankUnits(matrix, pattern, criterion) {
  const { rows, columns, size, patterns } = matrix;
  const [high, wide] = patterns[pattern].block.map((span, i) =>
    Math.min(span ?? Infinity, i ? columns : rows));
  if (pattern === GROUP) {
    return { perWeight: keptInGroups(matrix, scoresOf(matrix, criterion)), ordered: null, units: 0 };
  }
  if (high === 1 && wide === 1) {
    const scores = scoresOf(matrix, criterion);
    return { perWeight: scores, ordered: scores.slice().sort(), units: size, criterion };
  }
  const across = Math.ceil(columns / wide);
  const units = Math.ceil(rows / high) * across;
  const scores = criterion === "random"
    ? Float32Array.from(matrix.order.subarray(0, units)) : pooled(matrix, high, wide);
  if (criterion === "largest") scores.forEach((score, i) => { scores[i] = -score; });
  const perWeight = new Float32Array(size);
  for (let i = 0, at = 0; i < rows; i += 1) {
    const row = Math.floor(i / high) * across;
    for (let j = 0; j < columns; j += 1, at += 1) {
      perWeight[at] = scores[row + Math.floor(j / wide)];
    }
  }
  return { perWeight, ordered: scores.slice().sort(), units, criterion };
}

function scoresOf(matrix, criterion) {
  if (criterion === "random") return Float32Array.from(matrix.order);
  return matrix.weights.map(criterion === "largest" ? (w) => -Math.abs(w) : Math.abs);
}

/** The mean magnitude of each block; float32 sums in the order in which Python adds. */
function pooled({ weights, rows, columns }, high, wide) {
  const tall = poolRows(weights.map(Math.abs), rows, columns, high);
  const turned = transposed(tall, tall.length / columns, columns);
  const both = poolRows(turned, columns, turned.length / columns, wide);
  return transposed(both, Math.ceil(columns / wide), Math.ceil(rows / high));
}

function transposed(values, rows, columns) {
  const made = new Float32Array(values.length);
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < columns; j += 1) made[j * rows + i] = values[i * columns + j];
  }
  return made;
}

/** As tfmot pools: windows begin half a padding early, and count the rows they really cover. */
function poolRows(values, rows, columns, height) {
  const windows = Math.ceil(rows / height);
  const before = Math.floor((windows * height - rows) / 2);
  const made = new Float32Array(windows * columns);
  for (let window = 0; window < windows; window += 1) {
    const first = Math.max(window * height - before, 0);
    const end = Math.min((window + 1) * height - before, rows);
    for (let j = 0; j < columns; j += 1) {
      let total = 0;
      for (let i = first; i < end; i += 1) total = f32(total + values[i * columns + j]);
      made[window * columns + j] = total / (end - first);
    }
  }
  return made;
}

/** 1 for the two highest of each four inputs of a neuron, the first among equals; else 0. */
function keptInGroups({ rows, columns, size }, scores) {
  const kept = new Float32Array(size);
  for (let top = 0; top < rows; top += 4) {
    const end = Math.min(top + 4, rows);
    for (let j = 0; j < columns; j += 1) {
      for (let i = top; i < end; i += 1) {
        const own = scores[i * columns + j];
        let better = 0;
        for (let k = top; k < end; k += 1) {
          const other = scores[k * columns + j];
          better += other > own || (other === own && k < i);
        }
        kept[i * columns + j] = better < 2;
      }
    }
  }
  return kept;
}

/** How many of `units` stay: max(round(n · (1 − s)), 1) in float32, a half to the even neighbour. */
export function keptCount(units, sparsity) {
  return Math.max(Math.min(exactCount(units, sparsity), units), 1);
}

function exactCount(units, sparsity) {
  const wanted = f32(f32(units) * f32(1 - f32(sparsity)));
  const floor = Math.floor(wanted);
  const half = wanted - floor;
  return floor + (half > 0.5 || (half === 0.5 && floor % 2 === 1) ? 1 : 0);
}

/** The lowest score that stays. */
export function lowestScore({ ordered, units }, sparsity) {
  return ordered === null ? 0.5 : ordered[units - keptCount(units, sparsity)];
}

/**
 * What facts of state.py counts; `bins` counts the weights kept in each bin.
 * No branch in the loop: which weights stay is noise to a processor that guesses ahead.
 */
export function factsOf(matrix, ranking, sparsity, binOf = matrix.isLive, bins = new Uint32Array(2)) {
  const { rows, columns, isLive } = matrix;
  const { perWeight, ordered, units, criterion } = ranking;
  const lowest = lowestScore(ranking, sparsity);
  const alive = new Uint8Array(columns);
  let kept = 0;
  let live = 0;
  let deadInputs = 0;
  bins.fill(0);
  for (let i = 0, at = 0; i < rows; i += 1) {
    let any = 0;
    for (let j = 0; j < columns; j += 1, at += 1) {
      const stays = +(perWeight[at] >= lowest);
      const lives = stays & isLive[at];
      kept += stays;
      live += lives;
      any |= lives;
      alive[j] |= lives;
      bins[binOf[at]] += stays;
    }
    deadInputs += 1 - any;
  }
  const counts = { kept, live, deadInputs, deadNeurons: columns - alive.reduce((a, b) => a + b, 0) };
  if (ordered === null) return { ...counts, lowest, threshold: null, tied: 0, forced: false };
  const count = keptCount(units, sparsity);
  return {
    ...counts, lowest,
    threshold: criterion === "random" ? null : Math.abs(lowest),
    tied: units - firstAtLeast(ordered, lowest) - count,
    forced: exactCount(units, sparsity) === 0,
  };
}

function firstAtLeast(ordered, value) {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ordered[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** { asked, realised, loss } of the measured point nearest to the state, or null. */
export function lossAt({ losses }, { sparsity, pattern, criterion }) {
  const curve = losses?.curves[`${pattern} ${criterion}`];
  if (!curve) return null;
  const away = curve.sparsities.map((asked) => Math.abs(asked - sparsity));
  const at = away.indexOf(away.reduce((a, b) => Math.min(a, b)));
  return { asked: curve.sparsities[at], realised: curve.realised[at], loss: curve.losses[at] };
}
