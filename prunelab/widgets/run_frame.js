// Where things are in the picture of sparsity against a measure.

import { chosen, networks } from "./run_math.js";
import { scaleOf } from "./run_scale.js";

const FRONT_MARGIN = { top: 26, right: 16, bottom: 44, left: 62 };
const FAR = 6; // a level so many times lower than all networks is drawn below a break

export function frameOf(plan, state, width, height) {
  const { measure } = state;
  const { log } = plan.data.measures[measure];
  const { top, right, bottom, left } = FRONT_MARGIN;
  const shown = networks(plan, state);
  const drawn = shown.includes(plan.control) ? shown : [...shown, plan.control];
  const linear = chosen(plan, state).filter((arm) => arm.linear);
  const levels = [plan.control, ...linear].map((arm) => ({ arm, row: plan.row(arm, measure) }));
  let [low, high] = reach(plan, drawn, measure, log);
  const far = levels.filter(({ row }) => log && row.mean < low / FAR)
    .sort((a, b) => b.row.mean - a.row.mean);
  for (const { row } of levels.filter((level) => !far.includes(level))) {
    [low, high] = [Math.min(low, row.mean), Math.max(high, row.mean)];
  }
  const room = log ? (high / low) ** 0.05 : 0.06 * (high - low || Math.abs(high) || 1);
  const strip = far.length ? 16 * far.length + 14 : 0;
  const frame = { log, left, top, right: width - right, bottom: height - bottom, strip, levels, far };
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
function reach(plan, arms, measure, log) {
  const runs = arms.flatMap((arm) => arm.values[measure]);
  const [low, high] = [Math.min(...runs), Math.max(...runs)];
  const spare = log ? 1.5 : 0.3 * (high - low);
  const [least, most] = log ? [low / spare, high * spare] : [low - spare, high + spare];
  const rows = arms.map((arm) => plan.row(arm, measure)).filter((row) => row.low !== null);
  return [Math.max(least, Math.min(low, ...rows.map((row) => row.low))),
    Math.min(most, Math.max(high, ...rows.map((row) => row.high)))];
}

/** Across: the share of weights gone, on the log scale of what is left; neighbours make room. */
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
  const most = Math.max(1, ...groups.map(({ arms }) => arms.length));
  const gap = Math.min(17, wide / 3.2 / most);
  const half = (group) => ((group ? group.arms.length : 1) * gap) / 2 + 6;
  const [begin, end] = [Math.min(0, groups[0]?.depth ?? 0),
    Math.max(groups.at(-1)?.depth ?? 0, 0.31)];
  const [from, to] = [frame.left + half(groups[0]), frame.right - half(groups.at(-1))];
  frame.xAt = (deep) => from + ((deep - begin) / (end - begin)) * (to - from);
  frame.x = new Map();
  frame.edges = groups.map((group) => {
    const middle = frame.xAt(group.depth);
    group.arms.forEach((arm, i) =>
      frame.x.set(arm.name, middle + (i - (group.arms.length - 1) / 2) * gap));
    return { left: middle - half(group) + 2, right: middle + half(group) - 2, arm: group.arms[0] };
  });
  frame.gap = gap;
  return frame;
}
