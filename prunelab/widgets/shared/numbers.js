// Numbers in words, written as Python writes them (`percent` of prunelab.schedules.findings, `short` of
// widgets/tree/state.py, `{n:,}`, `repr`).

/** A sentence of Python's with its {parts} filled in. */
export const filled = (sentence, parts) => sentence.replace(/\{(\w+)\}/g, (_, name) => parts[name]);

const COUNTS = new Intl.NumberFormat("en-US");

export const grouped = (count) => COUNTS.format(count);

/** A fraction in [0, 1] with two digits, halves rounded up: 0.28940625 → "28.94 %". */
export function percentOf(fraction) {
  return `${(Math.floor(fraction * 1e4 + 0.5) / 100).toFixed(2)} %`;
}

/** A number in four digits. */
export function fourDigits(value) {
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(4));
  const [mantissa, exponent] = rounded.toExponential().split("e");
  if (Number(exponent) >= 6 || Number(exponent) < -5) return `${mantissa}e${exponent}`;
  return Math.abs(rounded) < 1e-6 ? rounded.toFixed(12).replace(/0+$/, "") : String(rounded);
}

/** The numbers of an axis, in as few digits from four on as tell them apart: 2e9, not 2e+9. */
export function tickTexts(ticks) {
  const inDigits = (digits) => ticks.map((tick) => shortest(tick, digits));
  const digits = [4, 6, 8, 10, 12].find((each) => new Set(inDigits(each)).size === ticks.length);
  return inDigits(digits ?? 12);
}

function shortest(value, digits) {
  const rounded = Number(value.toPrecision(digits));
  const [plain, power] = [String(rounded), rounded.toExponential().replace("e+", "e")];
  return plain.includes("e") || (plain.length > 6 && power.length < plain.length) ? power : plain;
}

/** A float as Python's repr writes it. */
export function reprOf(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return value.toFixed(1);
  if (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e16) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

/** A number as a reader types it: a whole one without a point. */
export const written = (value) =>
  (Number.isInteger(value) && Math.abs(value) < 1e16 ? String(value) : reprOf(value));

/** [number, notice]: one that was moved or typed, made possible; what is none leaves `current`.
 * bounds: [least, most, whether it is rounded]; without, it is a sparsity. */
export function settledNumber(name, value, current, bounds = null) {
  if (typeof value !== "number" || !Number.isFinite(value)) return [current, ""];
  const wanted = bounds?.[2] ? Math.floor(value + 0.5) : value;
  const fraction = value <= 0 ? 0 : value < 1 ? value : 0.99;
  const made = bounds ? Math.min(Math.max(wanted, bounds[0]), bounds[1]) : fraction;
  if (made === wanted) return [made, ""];
  const set = bounds ? written(made) : reprOf(made);
  return [made, `${name} cannot be ${written(value)}: it is set to ${set}.`];
}

/** Round numbers from low to high, at most about `most` of them. */
export function evenTicks(low, high, most) {
  const raw = (high - low) / most;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * unit >= raw) * unit;
  const found = [];
  for (let tick = Math.ceil(low / step); tick * step <= high + 1e-9 * step; tick += 1) {
    found.push(Number((tick * step).toPrecision(12)));
  }
  return found;
}
