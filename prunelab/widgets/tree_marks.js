// Colours and shapes of classes and values: never a colour alone.

const NAMES = ["blue", "orange", "green", "purple", "sky", "vermillion", "yellow", "grey"];

/** A colour for each value: one a class, or a scale from the lowest number to the highest. */
export function colorsOf(data) {
  if (data.kind === "classifier") return (value) => `var(--pl-${NAMES[value % NAMES.length]})`;
  const [low, high] = data.span[1] > data.span[0] && data.shown.length
    ? data.span : [Math.min(...data.value), Math.max(...data.value)];
  return (value) => {
    const share = Math.round(100 * Math.min(Math.max((value - low) / (high - low || 1), 0), 1));
    return `color-mix(in oklab, var(--pl-high) ${share}%, var(--pl-low))`;
  };
}

/** The outline of a mark of radius `r`: circle, square, triangle, diamond, … by class. */
export function classMark(index, x, y, r) {
  const [a, b] = [x.toFixed(1), y.toFixed(1)];
  const part = (value) => value.toFixed(1);
  const shape = index % 4;
  if (shape === 1) return `M${part(x - 0.9 * r)},${part(y - 0.9 * r)}h${part(1.8 * r)}v${part(1.8 * r)}h${part(-1.8 * r)}z`;
  if (shape === 2) return `M${a},${part(y - 1.2 * r)}l${part(1.15 * r)},${part(2 * r)}h${part(-2.3 * r)}z`;
  if (shape === 3) return `M${a},${part(y - 1.25 * r)}L${part(x + 1.25 * r)},${b}L${a},${part(y + 1.25 * r)}L${part(x - 1.25 * r)},${b}z`;
  return `M${part(x - r)},${b}a${part(r)},${part(r)} 0 1,0 ${part(2 * r)},0a${part(r)},${part(r)} 0 1,0 ${part(-2 * r)},0z`;
}

/** Round numbers from `low` to `high`, at most so many. */
export function roundTicks(low, high, most) {
  const raw = (high - low) / most;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * unit >= raw) * unit;
  const found = [];
  for (let tick = Math.ceil(low / step); tick * step <= high + 1e-9 * step; tick += 1) {
    found.push(Number((tick * step).toPrecision(6)));
  }
  return found;
}
