// What a prediction says in words and positions: the sentences of words.py, the rules of prunelab.predictions.

import { filled, fourDigits } from "../shared/numbers.js";

const NEAR_ENOUGH = 0.1;
const TOO_WIDE = 0.5;
const [LEAST_MOVE, LEAST_BEND, SHARE, LIKE, FEWEST] = [0.05, 0.03, 1 / 3, 0.6, 5];

// ---- positions on an axis: 0 at its low end, 1 at its high end --------------------------------

export function positionOn({ low, high, log }, value) {
  if (!log) return (value - low) / (high - low);
  return (Math.log(Math.max(value, low / 1000)) - Math.log(low)) / (Math.log(high) - Math.log(low));
}

/** The value at a position, rounded to what the axis can tell apart, and never beyond its ends. */
export function valueOn({ low, high, log }, position) {
  if (position <= 0) return low;
  if (position >= 1) return high;
  if (log) return withinEnds(Number((low * (high / low) ** position).toPrecision(2)), low, high);
  const digits = Math.min(Math.max(Math.ceil(2.31 - Math.log10(high - low)), 0), 15);
  return withinEnds(Number((low + position * (high - low)).toFixed(digits)), low, high);
}

const withinEnds = (value, low, high) => Math.min(Math.max(value, low), high);

// ---- curves -----------------------------------------------------------------------------------

/** Positions of a drawn curve at all its places: straight from point to point, then level. */
export function drawnCurve(heights, axis) {
  const known = heights.map((height, i) => [i, height]).filter(([, height]) => height !== null);
  if (!known.length) return [];
  const at = known.map(([, height]) => positionOn(axis, height));
  return heights.map((_, i) => between(known.map(([x]) => x), at, i));
}

/** Straight lines through points with rising x, level beyond the first and the last. */
export function between(xs, ys, x) {
  if (x <= xs[0]) return ys[0];
  const right = xs.findIndex((other) => other >= x);
  if (right < 0) return ys.at(-1);
  if (xs[right] === x) return ys[right];
  const share = (x - xs[right - 1]) / (xs[right] - xs[right - 1]);
  return ys[right - 1] + share * (ys[right] - ys[right - 1]);
}

/** [mean distance, how the shape differs] of a drawn curve and the measured one. */
function comparedCurves({ x, y }, { heights }, truth) {
  const drawn = drawnCurve(heights, y);
  const measured = truth.x.map((value) => positionOn(x, value));
  const tall = truth.y.map((value) => Math.min(Math.max(positionOn(y, value), 0), 1));
  const places = heights.map((_, i) => i / (heights.length - 1));
  const inside = places.filter((p) => p >= measured[0] - 1e-9 && p <= measured.at(-1) + 1e-9);
  const taken = inside.length ? inside : places;
  const its = taken.map((p) => between(measured, tall, p));
  const his = taken.map((p) => drawn[Math.round(p * (heights.length - 1))]);
  const distance = mean(its.map((height, i) => Math.abs(height - his[i])));
  return [distance, distance <= NEAR_ENOUGH ? shapeDifference(his, its) : ""];
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** How the shape of a drawn curve differs from the measured one, as curve.py's shape_difference. */
function shapeDifference(drawn, measured) {
  if (drawn.length < FEWEST) return "";
  for (const [way, sign] of [["rise", 1], ["fall", -1]]) {
    const [his, its] = [drawn, measured].map((curve) => largestRise(curve.map((at) => sign * at)));
    if (Math.max(his, its) >= LEAST_MOVE && Math.min(his, its) < SHARE * Math.max(his, its)) {
      return his < its ? `no ${way}` : `a ${way}`;
    }
  }
  const [his, its] = [bendOf(drawn), bendOf(measured)];
  const sizes = [his, its].map((bend) => mean(bend.map(Math.abs)));
  if (Math.max(...sizes) < LEAST_BEND) return "";
  const like = dot(his, its) / Math.sqrt(dot(his, his) * dot(its, its) + 1e-12);
  return Math.min(...sizes) < SHARE * Math.max(...sizes) || like < LIKE ? "bend" : "";
}

function largestRise(heights) {
  let [lowest, most] = [Infinity, 0];
  for (const height of heights) {
    lowest = Math.min(lowest, height);
    most = Math.max(most, height - lowest);
  }
  return most;
}

function bendOf(heights) {
  const middle = mean(heights);
  const above = heights.map((height) => height - middle);
  const places = heights.map((_, i) => i - (heights.length - 1) / 2);
  const slope = dot(places, above) / dot(places, places);
  return above.map((height, i) => height - slope * places[i]);
}

// ---- words ------------------------------------------------------------------------------------

export const withUnit = ({ unit }, value) => `${fourDigits(value)} ${unit}`.trim();
const wholePercent = (fraction) => Math.floor(100 * fraction + 0.5);

export function guessed({ sentences, ...question }, guess) {
  if (question.kind === "number") return filled(sentences.range, withUnits(question.axis, guess));
  if (question.kind === "choice") {
    return filled(sentences.option, { option: guess.option, sure: wholePercent(guess.sure) });
  }
  return filled(sentences.points,
    { points: guess.heights.filter((height) => height !== null).length });
}

const withUnits = (axis, guess) => Object.fromEntries(["value", "low", "high"].map((part) =>
  [part, withUnit(axis, guess[part])]));

export function measuredWords({ sentences, ...question }, truth) {
  if (question.kind === "number") {
    const value = withUnit(question.axis, truth.value);
    if (truth.interval === null) return value;
    const [low, high] = truth.interval.map((end) => withUnit(question.axis, end));
    return filled(sentences.measured_interval, { value, low, high });
  }
  if (question.kind === "choice") return filled(sentences.measured_option, truth);
  const [first, last] = [truth.y[0], truth.y.at(-1)].map((value) => withUnit(question.y, value));
  return filled(sentences.measured_curve, { first, last });
}

/** [whether the guess held, the sentence that says so, whether it held only by being wide]. */
export function compared(question, guess, truth) {
  const { sentences } = question;
  const says = measuredWords(question, truth);
  if (question.kind === "number") return comparedRange(question, guess, truth, says);
  if (question.kind === "choice") {
    const held = guess.option === truth.option;
    return [held, filled(held ? sentences.option_held : sentences.option_missed,
      { says, option: guess.option, sure: wholePercent(guess.sure) })];
  }
  const [distance, shape] = comparedCurves(question, guess, truth);
  const part = wholePercent(distance);
  if (distance <= NEAR_ENOUGH && !shape) return [true, filled(sentences.curve_near, { part })];
  const but = shape ? filled(sentences.but, { shape: sentences.shapes[shape] }) : "";
  return [false, filled(sentences.curve_away, { part, but })];
}

function comparedRange({ axis, sentences }, guess, truth, says) {
  const known = { ...withUnits(axis, guess), says };
  if (guess.low <= truth.value && truth.value <= guess.high) {
    const width = positionOn(axis, guess.high) - positionOn(axis, guess.low);
    if (width < TOO_WIDE) return [true, filled(sentences.range_held, known)];
    return [true, filled(sentences.range_too_wide, { ...known, part: wholePercent(width) }), true];
  }
  const [from, to] = truth.interval ?? [truth.value, truth.value];
  const overlap = from <= guess.high && guess.low <= to;
  const sentence = truth.value < guess.low ? sentences.range_is_above : sentences.range_is_below;
  return [false, filled(sentence, { ...known, more: overlap ? sentences.overlap : "" })];
}

// ---- what a moved control makes of a guess ----------------------------------------------------

export const PART_NAMES = { value: "best guess", low: "from", high: "to" };

/**
 * [the guess with one of value, low and high moved, what had to give way]. No end of the range takes
 * the other along, and the best guess stays within them; only the first guess of all, `fresh`, takes
 * a range that nobody has chosen along, as far as the axis goes.
 */
export function movedRange(axis, guess, name, value, fresh = false) {
  const moved = { ...guess };
  if (name === "value" && fresh && value >= axis.low && value <= axis.high) {
    moved.low = Math.min(moved.low, value);
    moved.high = Math.max(moved.high, value);
  }
  const least = name === "low" ? axis.low : moved.low;
  const most = name === "high" ? axis.high : moved.high;
  moved[name] = withinEnds(value, least, most);
  moved.value = withinEnds(moved.value, moved.low, moved.high);
  if (moved[name] === value) return [moved, ""];
  const under = value < least;
  const whose = name === (under ? "low" : "high") ? "the axis" : "your range";
  return [moved, `${PART_NAMES[name]} cannot be ${withUnit(axis, value)}: it is set to ` +
    `${withUnit(axis, moved[name])}, where ${whose} ${under ? "begins" : "ends"}.`];
}

/** The heights with a stroke from one [place, height] to another; places between are passed. */
export function stroked(heights, axis, [from, start], [to, end]) {
  const drawn = [...heights];
  const [first, last] = [positionOn(axis, start), positionOn(axis, end)];
  const step = from <= to ? 1 : -1;
  for (let place = from; place !== to + step; place += step) {
    const share = from === to ? 1 : (place - from) / (to - from);
    drawn[place] = place === to ? end : valueOn(axis, first + share * (last - first));
  }
  return drawn;
}
