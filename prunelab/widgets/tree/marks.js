// Colours and shapes of classes and values: never a colour alone.

const NAMES = ["blue", "orange", "green", "purple", "sky", "vermillion", "yellow", "grey"];

/** A colour for each value: one a class, or a scale from the lowest number to the highest. */
export function colorsOf(data) {
  if (data.kind === "classifier") return (value) => `var(--pl-${NAMES[value % NAMES.length]})`;
  const [low, high] = rangeOf(data);
  return (value) => {
    const share = Math.round(100 * Math.min(Math.max((value - low) / (high - low || 1), 0), 1));
    return `color-mix(in oklab, var(--pl-high) ${share}%, var(--pl-low))`;
  };
}

/** What the scale of colours spans: all samples where they are coloured too, else all nodes. */
export function rangeOf(data) {
  return data.shown.length === 2 ? data.span : [Math.min(...data.value), Math.max(...data.value)];
}

/** The outline of a mark of radius `r`: circle, square, triangle, diamond, … by class. */
export function classMark(index, x, y, r) {
  const [a, b, c] = [x, y, r].map((value) => Math.round(10 * value) / 10);
  const part = (value) => Math.round(100 * value) / 100;
  const shape = index % 4;
  if (shape === 1) {
    const side = part(1.8 * c);
    return `M${part(a - 0.9 * c)},${part(b - 0.9 * c)}h${side}v${side}h${-side}z`;
  }
  if (shape === 2) {
    return `M${a},${part(b - 1.2 * c)}l${part(1.15 * c)},${part(2 * c)}h${part(-2.3 * c)}z`;
  }
  if (shape === 3) {
    const half = part(1.25 * c);
    return `M${a},${part(b - half)}l${half},${half}l${-half},${half}l${-half},${-half}z`;
  }
  return `M${part(a - c)},${b}a${c},${c} 0 1,0 ${2 * c},0a${c},${c} 0 1,0 ${-2 * c},0z`;
}
