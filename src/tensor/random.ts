/**
 * Counter-based random numbers: `rng(seed, purpose, ...counters)` names a stream, and the same name gives the same
 * numbers whatever was drawn before it. A run resumes exactly because nothing about randomness has to be saved.
 *
 * Generator: Philox 4×32 with 10 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011),
 * key = (low half of the seed, hash of purpose xor high half), counter = (block, low halves of the three counters).
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High 32 bits of the 64-bit product of two unsigned 32-bit numbers. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const middleLow = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(middleLow / 0x10000)) >>> 0;
}

/** One Philox 4×32-10 block: four unsigned 32-bit numbers from a counter of four and a key of two, into `out`. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array,
): void {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** FNV-1a, 32 bit. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return h;
}

export interface Random {
  /** Unsigned 32-bit integer. */
  bits(): number;
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
  /** Beta(a, b), from two gamma draws. */
  beta(a: number, b: number): number;
  /** A permutation of 0..n-1 (Fisher-Yates). */
  permutation(n: number): Uint32Array;
}

/**
 * The stream named by `seed`, `purpose` and up to three counters (epoch, entry, draw …), each a non-negative integer.
 */
export function rng(seed: number, purpose: string, ...counters: readonly number[]): Random {
  if (counters.length > 3) throw new RangeError('rng takes at most three counters');
  for (const value of [seed, ...counters]) {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`rng: ${value} is not a non-negative integer`);
  }
  const key: [number, number] = [seed >>> 0, (hash(purpose) ^ Math.floor(seed / 0x100000000)) >>> 0];
  const [c1 = 0, c2 = 0, c3 = 0] = counters;
  const block = new Uint32Array(4);
  let index = 0;
  let next = 4;

  const bits = (): number => {
    if (next === 4) {
      philox([index++, c1 >>> 0, c2 >>> 0, c3 >>> 0], key, block);
      next = 0;
    }
    return block[next++] as number;
  };
  const uniform = (): number => bits() / 0x100000000;
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  /**
   * Logarithm of Gamma(shape, 1): Marsaglia and Tsang (2000), with the power boost below shape 1, where the number itself
   * may be too small for a float64.
   */
  const logGamma = (shape: number): number => {
    if (shape < 1) return logGamma(shape + 1) + Math.log(1 - uniform()) / shape;
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
    }
  };
  const integer = (n: number): number => Math.floor(uniform() * n);
  return {
    bits,
    uniform,
    integer,
    normal,
    beta: (a, b) => {
      const x = logGamma(a);
      return 1 / (1 + Math.exp(logGamma(b) - x));
    },
    permutation: (n) => {
      const order = Uint32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = integer(i + 1);
        const swapped = order[i] as number;
        order[i] = order[j] as number;
        order[j] = swapped;
      }
      return order;
    },
  };
}

/**
 * Unsigned 32-bit integers in bulk, ten times as fast as `bits`: the generator sfc32 (Doty-Humphrey, PractRand) seeded with
 * three draws of `random`, so that a named stream stays what it is named by.
 */
export function bulkBits(random: Random): () => number {
  let a = random.bits();
  let b = random.bits();
  let c = random.bits();
  let counter = 1;
  const next = (): number => {
    const out = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + out) | 0;
    return out >>> 0;
  };
  // The reference mixes its seed with this many rounds.
  for (let round = 0; round < 12; round++) next();
  return next;
}
