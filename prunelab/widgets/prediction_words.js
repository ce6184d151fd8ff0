// What a prediction says in words and positions, as prediction_words.py and predictions.py say it.

import { fourDigits } from "./shared/numbers.js";

const NEAR_ENOUGH = 0.1;

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

function curveDistance({ x, y }, { heights }, truth) {
  const drawn = drawnCurve(heights, y);
  const measured = truth.x.map((value) => positionOn(x, value));
  const tall = truth.y.map((value) => Math.min(Math.max(positionOn(y, value), 0), 1));
  const places = heights.map((_, i) => i / (heights.length - 1));
  const inside = places.filter((p) => p >= measured[0] - 1e-9 && p <= measured.at(-1) + 1e-9);
  const taken = inside.length ? inside : places;
  const gaps = taken.map((p) =>
    Math.abs(between(measured, tall, p) - drawn[Math.round(p * (heights.length - 1))]));
  return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
}

// ---- words ------------------------------------------------------------------------------------

export const withUnit = ({ unit }, value) => `${fourDigits(value)} ${unit}`.trim();
const wholePercent = (fraction) => Math.floor(100 * fraction + 0.5);

export function guessed(question, guess) {
  if (question.kind === "number") {
    const [value, low, high] = [guess.value, guess.low, guess.high]
      .map((number) => withUnit(question.axis, number));
    return `${value}, somewhere from ${low} to ${high}`;
  }
  if (question.kind === "choice") {
    return `“${guess.option}”, ${wholePercent(guess.sure)} % sure`;
  }
  return `a curve through ${guess.heights.filter((height) => height !== null).length} points`;
}

export function measuredWords(question, truth) {
  if (question.kind === "number") {
    const value = withUnit(question.axis, truth.value);
    if (truth.interval === null) return value;
    return `${value} (${truth.interval.map((end) => withUnit(question.axis, end)).join(" to ")})`;
  }
  if (question.kind === "choice") return `“${truth.option}”`;
  const [first, last] = [truth.y[0], truth.y.at(-1)].map((value) => withUnit(question.y, value));
  return `a curve from ${first} to ${last}`;
}

/** [whether the guess held, the sentence that says so]. */
export function compared(question, guess, truth) {
  const says = measuredWords(question, truth);
  if (question.kind === "number") return comparedRange(question.axis, guess, truth, says);
  if (question.kind === "choice") {
    const sure = `${wholePercent(guess.sure)} % sure`;
    return guess.option === truth.option
      ? [true, `It is ${says}, as you said, ${sure}.`]
      : [false, `It is ${says}. You said “${guess.option}”, ${sure}.`];
  }
  const distance = curveDistance(question, guess, truth);
  const away = `${wholePercent(distance)} % of the axis`;
  return distance <= NEAR_ENOUGH
    ? [true, `Your curve is near: ${away} from the measured one, on average.`]
    : [false, `Your curve is ${away} from the measured one, on average.`];
}

function comparedRange(axis, guess, truth, says) {
  const [low, high] = [guess.low, guess.high].map((number) => withUnit(axis, number));
  if (guess.low <= truth.value && truth.value <= guess.high) {
    return [true, `It is ${says}. Your range, ${low} to ${high}, holds it.`];
  }
  const side = truth.value < guess.low ? "below" : "above";
  const [from, to] = truth.interval ?? [truth.value, truth.value];
  const overlap = from <= guess.high && guess.low <= to;
  const more = overlap ? " The measurement's own interval reaches into it." : "";
  return [false, `It is ${says}. That lies ${side} your range, ${low} to ${high}.${more}`];
}

// ---- what a moved control makes of a guess ----------------------------------------------------

/** The guess with one of value, low and high moved; the other two give way, never cross. */
export function movedRange(axis, guess, name, value) {
  const moved = { ...guess, [name]: withinEnds(value, axis.low, axis.high) };
  if (name === "low") moved.high = Math.max(moved.high, moved.low);
  if (name === "high") moved.low = Math.min(moved.low, moved.high);
  if (name === "value") {
    moved.low = Math.min(moved.low, moved.value);
    moved.high = Math.max(moved.high, moved.value);
  }
  moved.value = withinEnds(moved.value, moved.low, moved.high);
  return moved;
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
