// The random order of `prunelab.masks.patterns.random_order`: NumPy's PCG64 and its shuffle, from the state
// that Python sends. A seed's order need not travel; a test compares the two.

// PCG64 multiplies numbers of 128 bits; here they are four words of 32, the lowest first.
const [K0, K1, K2, K3] = [0x9fccf645, 0x4385df64, 0x1fc65da4, 0x2360ed05];
const WORD = 2 ** 32;

/** 0 … size − 1 in the order of NumPy's default_rng(…).permutation(size). */
export function permutation(size, { state, increment }) {
  const next = uint32From(state, increment);
  const order = new Uint32Array(size).map((_, i) => i);
  for (let i = size - 1; i > 0; i -= 1) {
    const j = bounded(next, i);
    const kept = order[j];
    order[j] = order[i];
    order[i] = kept;
  }
  return order;
}

/** A number from 0 to `most` as NumPy's shuffle draws it: masked, and drawn again where too large. */
function bounded(next, most) {
  const mask = 2 ** (32 - Math.clz32(most)) - 1;
  for (;;) {
    const drawn = (next() & mask) >>> 0;
    if (drawn <= most) return drawn;
  }
}

/** A function that gives one uint32 after the other: the low half of each 64 bits, then the high. */
function uint32From(state, [i0, i1, i2, i3]) {
  let [s0, s1, s2, s3] = state;
  let waiting = -1; // the high half, until it is asked for

  function advance() { // state · multiplier + increment, column by column
    const c0 = low(s0, K0) + i0;
    const c1 = low(s0, K1) + low(s1, K0) + high(s0, K0) + i1 + Math.floor(c0 / WORD);
    const c2 = low(s0, K2) + low(s1, K1) + low(s2, K0) + high(s0, K1) + high(s1, K0) + i2
      + Math.floor(c1 / WORD);
    const c3 = low(s0, K3) + low(s1, K2) + low(s2, K1) + low(s3, K0)
      + high(s0, K2) + high(s1, K1) + high(s2, K0) + i3 + Math.floor(c2 / WORD);
    s0 = c0 >>> 0;
    s1 = c1 >>> 0;
    s2 = c2 >>> 0;
    s3 = c3 >>> 0;
  }

  return () => {
    if (waiting >= 0) {
      const found = waiting;
      waiting = -1;
      return found;
    }
    advance();
    const turn = s3 >>> 26; // the highest six bits say how far the rest is rotated
    const first = turn < 32 ? s0 ^ s2 : s1 ^ s3;
    const second = turn < 32 ? s1 ^ s3 : s0 ^ s2;
    waiting = rotated(second, first, turn & 31);
    return rotated(first, second, turn & 31);
  };
}

const low = (a, b) => Math.imul(a, b) >>> 0;
/** The upper word of a product of two words; no step of it has more than 53 bits. */
const high = (a, b) => Math.floor((a * (b >>> 16) + Math.floor((a * (b & 0xffff)) / 65536)) / 65536);
const rotated = (word, above, by) => (by ? (word >>> by) | (above << (32 - by)) : word) >>> 0;
