/** In which order dots are drawn, and how large, so that no class lies on all others and a picture of 100 or 25,000 reads alike. */

/** Of dots with a ring around each; more would be rings alone. */
const MOST_RINGED = 2000;

/** Larger ones look like marks of something. */
const MOST_RADIUS = 3.6;

export interface DotStyle {
  readonly radius: number;
  readonly opacity: number;
  readonly ring: number;
}

/** For `count` dots in a square panel of side `side`. The area that they cover together grows with the root of their number. */
export function dotStyle(count: number, side: number): DotStyle {
  const radius = Math.max(0.25, Math.min(MOST_RADIUS, (0.045 * side) / Math.max(1, count) ** 0.25));
  if (count <= MOST_RINGED) return { radius, opacity: 1, ring: Math.min(0.4, 0.22 * radius) };
  return { radius, opacity: Math.max(0.6, 1.25 - 0.15 * Math.log10(count)), ring: 0 };
}

/**
 * The indices 0 … count - 1 in an order that depends on `count` alone and on no class. By a hash of each index, for an order of
 * the files would be an order by class.
 */
export function shuffledOrder(count: number): Uint32Array {
  const keys = new Float64Array(count);
  // The hash above the index, in the 53 bits that a number holds exactly.
  for (let i = 0; i < count; i++) keys[i] = (mixed(i) >>> 5) * 2 ** 26 + i;
  keys.sort();
  return Uint32Array.from(keys, (key) => key % 2 ** 26);
}

/** A bijection of 32-bit numbers (the finalizer of MurmurHash3, public domain). */
function mixed(index: number): number {
  let hash = index + 1;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
