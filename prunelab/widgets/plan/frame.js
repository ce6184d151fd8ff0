// Where things are in the picture of sparsity against a measure.

import { chosen, networks } from "./math.js";
import { AXIS_ROW, wrapped, scaleOf } from "../shared/scale.js";

const FRONT_MARGIN = { top: 26, right: 16, bottom: 44, left: 62 };
const FAR = 6; // a level so many times lower than all networks is drawn below a break

export function frameOf(plan, state, width, height) {
  const { measure } = state;
  const { log, label } = plan.data.measures[measure];
  const { right, bottom, left } = FRONT_MARGIN;
  const upName = wrapped(`${label}${log ? " (log scale)" : ""}`, width);
  const top = FRONT_MARGIN.top + AXIS_ROW * (upName.length - 1);
  const shown = networks(plan, state);
  const drawn = shown.includes(plan.control) ? shown : [...shown, plan.control];
  const linear = chosen(plan, state).filter((arm) => arm.linear);
  const levels = [plan.control, ...linear].map((arm) => ({ arm, row: arm.rows[measure] }));
  let [low, high] = reach(drawn, measure, log);
  const far = levels.filter(({ row }) => log && row.mean < low / FAR)
    .sort((a, b) => b.row.mean - a.row.mean);
  for (const { row } of levels.filter((level) => !far.includes(level))) {
    [low, high] = [Math.min(low, row.mean), Math.max(high, row.mean)];
  }
  const room = log ? (high / low) ** 0.05 : 0.06 * (high - low || Math.abs(high) || 1);
  const strip = far.length ? 16 * far.length + 14 : 0;
  const frame = { log, upName, left, top, right: width - right, bottom: height - bottom, strip, levels, far };
  const floor = frame.bottom - strip;
  const ends = log ? [low / Math.max(room, 1.05), high * Math.max(room, 1.05)]
    : [low - room, high + room];
  frame.y = scaleOf(...ends, floor, top, log);
  frame.floor = floor;
  frame.inside = (value) => Math.min(Math.max(frame.y.at(log ? Math.max(value, 1e-300) : value), top),
    floor);
  return placeAcross(frame, shown);
}

/** The lowest and highest value: of all runs, and of intervals as far as they are not endless. */
function reach(arms, measure, log) {
  const runs = arms.flatMap((arm) => arm.values[measure]);
  const [low, high] = [Math.min(...runs), Math.max(...runs)];
  const spare = log ? 1.5 : 0.3 * (high - low);
  const [least, most] = log ? [low / spare, high * spare] : [low - spare, high + spare];
  const rows = arms.map((arm) => arm.rows[measure]).filter((row) => row.low !== null);
  return [Math.max(least, Math.min(low, ...rows.map((row) => row.low))),
    Math.min(most, Math.max(high, ...rows.map((row) => row.high)))];
}

/**
 * Across: the share of weights gone, on the log scale of what is left. Arms of one share stand side by
 * side; where they need more room than the scale has between two shares, it is stretched there.
 */
function placeAcross(frame, shown) {
  const depth = (arm) => -Math.log10(Math.max(1 - arm.gone, 1e-6));
  const groups = [];
  for (const arm of [...shown].sort((a, b) => a.gone - b.gone)) {
    const last = groups.at(-1);
    if (last && Math.abs(depth(arm) - last.depth) < 0.03) last.arms.push(arm);
    else groups.push({ depth: depth(arm), arms: [arm] });
  }
  groups.forEach((group) => group.arms.sort((a, b) => a.at - b.at));
  const wide = frame.right - frame.left;
  const gap = Math.min(17, (wide - 12 * groups.length) / Math.max(1, shown.length));
  const half = (group) => ((group ? group.arms.length : 1) * gap) / 2 + 6;
  const [begin, end] = [Math.min(0, groups[0]?.depth ?? 0),
    Math.max(groups.at(-1)?.depth ?? 0, 0.31)];
  const [from, to] = [frame.left + half(groups[0]), frame.right - half(groups.at(-1))];
  const even = (deep) => from + ((deep - begin) / (end - begin)) * (to - from);
  const middles = apart(groups.map((group) => [even(group.depth), half(group)]), frame);
  const knots = groups.map((group, i) => [group.depth, middles[i]]);
  if (!knots.length || knots[0][0] > begin) knots.unshift([begin, from]);
  if (knots.at(-1)[0] < end) knots.push([end, to]);
  frame.xAt = (deep) => between(knots, deep);
  frame.x = new Map();
  frame.edges = groups.map((group, at) => {
    group.arms.forEach((arm, i) =>
      frame.x.set(arm.name, middles[at] + (i - (group.arms.length - 1) / 2) * gap));
    return { left: middles[at] - half(group) + 2, right: middles[at] + half(group) - 2,
      arm: group.arms[0] };
  });
  frame.gap = gap;
  return frame;
}

/** Places, [middle, half its width] each from left to right, moved as little as none overlaps. */
export function apart(places, { left, right }) {
  const found = [];
  places.forEach(([middle, half], i) => {
    found.push(Math.max(middle, i ? found[i - 1] + places[i - 1][1] + half : left + half));
  });
  for (let i = places.length - 1, most = right; i >= 0; i -= 1) {
    found[i] = Math.min(found[i], most - places[i][1]);
    most = found[i] - places[i][1];
  }
  return found;
}

/** On the straight lines through the knots, [from, to] each, and beyond the last as before it. */
export function between(knots, value) {
  const after = knots.findIndex(([from]) => from >= value);
  const i = Math.max(after < 0 ? knots.length - 1 : after, 1);
  const [[a, x], [b, y]] = [knots[i - 1], knots[i]];
  return x + ((value - a) / (b - a)) * (y - x);
}
