// The matrix as a picture: a pixel a weight, or, where there is no room, a pixel a square of them.

import { element } from "../shared/controls.js";

// Strong enough on a light and on a dark ground; how strong says how large. [red, green, blue]
const POSITIVE = [214, 96, 30];
const NEGATIVE = [47, 134, 200];
const NOTHING = [128, 136, 146]; // a kept weight that is zero
const SHARE = [47, 134, 200];
const LEAST = 88; // alpha of the smallest kept weight, of 255
const TALLEST = 520; // px
const TALLEST_NARROW = 392; // where the other panels stand below
const LONGEST_PIXEL = 24; // px of one weight, so that a single column can still be seen
const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

const pixel = ([red, green, blue], alpha) => (LITTLE_ENDIAN
  ? (alpha << 24) | (blue << 16) | (green << 8) | red
  : (red << 24) | (green << 16) | (blue << 8) | alpha);

/** How a matrix fits into a room: weights a pixel (`pool`), CSS px a pixel, and the picture's size. */
export function fitted(rows, columns, width, height) {
  const pool = Math.max(Math.ceil(rows / height), Math.ceil(columns / width), 1);
  const [high, wide] = [Math.ceil(rows / pool), Math.ceil(columns / pool)];
  const across = Math.floor(width / wide);
  const down = Math.floor(height / high);
  const square = Math.min(across, down);
  const long = (room) => Math.min(room, Math.max(square, LONGEST_PIXEL));
  // A narrow matrix is stretched: 128 × 1 would be a hair.
  const stretched = Math.max(wide, high) > 8 * Math.min(wide, high);
  const [sx, sy] = stretched ? [long(across), long(down)] : [square, square];
  return { pool, high, wide, width: wide * sx, height: high * sy };
}

export function createHeatmap(matrix) {
  const canvas = element("canvas", { class: "pl-heatmap", role: "img" });
  const context = canvas.getContext("2d");
  const { rows, columns, size, weights } = matrix;
  let frame = null;
  let stay = null; // the colour of each weight, where it stays
  let share = null; // in a pooled picture: the colour of each number of kept weights

  function place(width, narrow) {
    const fit = fitted(rows, columns, width, narrow ? TALLEST_NARROW : TALLEST);
    if (frame && fit.width === frame.width && fit.height === frame.height && fit.pool === frame.pool) return;
    if (!frame || fit.pool !== frame.pool) {
      canvas.width = fit.wide;
      canvas.height = fit.high;
      fit.image = context.createImageData(fit.wide, fit.high);
      fit.pixels = new Int32Array(fit.image.data.buffer);
      fit.counts = new Uint16Array(fit.wide);
    } else Object.assign(fit, { image: frame.image, pixels: frame.pixels, counts: frame.counts });
    canvas.style.width = `${fit.width}px`;
    canvas.style.height = `${fit.height}px`;
    frame = fit;
    if (fit.pool === 1) stay ??= stayColours(weights);
    share = Array.from({ length: 256 }, (_, alpha) => pixel(SHARE, alpha));
  }

  function draw({ perWeight }, lowest, width, narrow) {
    place(width, narrow);
    if (frame.pool === 1) {
      const { pixels } = frame;
      // Without a branch, on signed numbers: ten times as fast as asking each weight.
      for (let at = 0; at < size; at += 1) pixels[at] = stay[at] & -(perWeight[at] >= lowest);
    } else drawPooled(perWeight, lowest);
    context.putImageData(frame.image, 0, 0);
    return frame.pool;
  }

  function drawPooled(perWeight, lowest) {
    const { pool, high, wide, counts, pixels } = frame;
    for (let top = 0; top < high; top += 1) {
      counts.fill(0);
      const end = Math.min((top + 1) * pool, rows);
      for (let i = top * pool; i < end; i += 1) {
        for (let j = 0, at = i * columns, cell = 0, left = pool; j < columns; j += 1, at += 1) {
          counts[cell] += perWeight[at] >= lowest;
          left -= 1;
          if (left === 0) {
            cell += 1;
            left = pool;
          }
        }
      }
      for (let cell = 0; cell < wide; cell += 1) {
        const cells = (end - top * pool) * Math.min(pool, columns - cell * pool);
        pixels[top * wide + cell] = share[Math.round((255 * counts[cell]) / cells)];
      }
    }
  }

  /** The weight under a point of the picture, or null: { row, column }. Not where it is pooled. */
  function weightAt(x, y) {
    if (!frame || frame.pool > 1) return null;
    const row = Math.floor((y / frame.height) * rows);
    const column = Math.floor((x / frame.width) * columns);
    return row >= 0 && row < rows && column >= 0 && column < columns ? { row, column } : null;
  }

  return { canvas, draw, weightAt };
}

function stayColours(weights) {
  let squares = 0;
  for (const weight of weights) squares += weight * weight;
  const full = 3 * Math.sqrt(squares / weights.length) || 1; // three standard deviations or so
  const table = [NEGATIVE, POSITIVE].map((colour) =>
    Array.from({ length: 256 }, (_, alpha) => pixel(colour, alpha)));
  const nothing = pixel(NOTHING, LEAST);
  return Int32Array.from(weights, (weight) => {
    if (weight === 0) return nothing;
    const strength = Math.min(Math.abs(weight) / full, 1);
    return table[weight > 0 ? 1 : 0][Math.round(LEAST + strength * (255 - LEAST))];
  });
}
