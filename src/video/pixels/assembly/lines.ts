/**
 * The inner loops of resizing a plane or interleaved rows, in AssemblyScript with 128-bit vectors; `../tables.ts` says
 * what the tables hold. Addresses and strides are in bytes of the module's own memory.
 *
 * Both passes are sums of products with 14-bit weights, two at a time (`i32x4.dot_i16x8_s`): bytes across to 15 bits, 7
 * of them behind the point, and those down to bytes. Each pass rounds once.
 */

/** Of the table across, for 4 neighbouring outputs and two taps: an offset, 16 lane numbers, 8 weights of 16 bits. */
const ENTRY: usize = 48;

export function fourLines(
  s0: usize,
  sourceStride: usize,
  at: usize,
  groups: i32,
  pairs: i32,
  advance: usize,
  o0: usize,
  lineStride: usize,
): void {
  const round = i32x4.splat(64);
  const s1 = s0 + sourceStride;
  const s2 = s1 + sourceStride;
  const s3 = s2 + sourceStride;
  let o2 = o0 + 2 * lineStride;
  for (let group = 0; group < groups; group++) {
    let a0 = round;
    let a1 = round;
    let a2 = round;
    let a3 = round;
    for (let pair = 0; pair < pairs; pair++) {
      const offset = <usize>load<u32>(at);
      const lanes = v128.load(at, 16);
      const weights = v128.load(at, 32);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(i8x16.swizzle(v128.load(s0 + offset), lanes), weights));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(i8x16.swizzle(v128.load(s1 + offset), lanes), weights));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(i8x16.swizzle(v128.load(s2 + offset), lanes), weights));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(i8x16.swizzle(v128.load(s3 + offset), lanes), weights));
      at += ENTRY;
    }
    const low = i16x8.narrow_i32x4_s(i32x4.shr_s(a0, 7), i32x4.shr_s(a1, 7));
    const high = i16x8.narrow_i32x4_s(i32x4.shr_s(a2, 7), i32x4.shr_s(a3, 7));
    v128.store64_lane(o0, low, 0);
    v128.store64_lane(o0 + lineStride, low, 1);
    v128.store64_lane(o2, high, 0);
    v128.store64_lane(o2 + lineStride, high, 1);
    o0 += advance;
    o2 += advance;
  }
}

export function oneLine(s: usize, at: usize, groups: i32, pairs: i32, advance: usize, o: usize): void {
  for (let group = 0; group < groups; group++) {
    let sum = i32x4.splat(64);
    for (let pair = 0; pair < pairs; pair++) {
      const picked = i8x16.swizzle(v128.load(s + <usize>load<u32>(at)), v128.load(at, 16));
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(picked, v128.load(at, 32)));
      at += ENTRY;
    }
    const values = i32x4.shr_s(sum, 7);
    v128.store64_lane(o, i16x8.narrow_i32x4_s(values, values), 0);
    o += advance;
  }
}

/** One row of the output from `2 * pairs` lines. */
export function mixLines(lines: usize, lineStride: usize, weights: usize, pairs: i32, out: usize, length: i32): void {
  const round = i32x4.splat(1 << 20);
  for (let value = 0; value < length; value += 16) {
    let a0 = round;
    let a1 = round;
    let a2 = round;
    let a3 = round;
    let p = lines + 2 * <usize>value;
    let w = weights;
    for (let pair = 0; pair < pairs; pair++) {
      const q = p + lineStride;
      const weight = v128.load32_splat(w);
      const upper = v128.load(p);
      const lower = v128.load(q);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(i16x8.shuffle(upper, lower, 0, 8, 1, 9, 2, 10, 3, 11), weight));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(i16x8.shuffle(upper, lower, 4, 12, 5, 13, 6, 14, 7, 15), weight));
      const upper2 = v128.load(p, 16);
      const lower2 = v128.load(q, 16);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(i16x8.shuffle(upper2, lower2, 0, 8, 1, 9, 2, 10, 3, 11), weight));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(i16x8.shuffle(upper2, lower2, 4, 12, 5, 13, 6, 14, 7, 15), weight));
      p = q + lineStride;
      w += 4;
    }
    const low = i16x8.narrow_i32x4_s(i32x4.shr_s(a0, 21), i32x4.shr_s(a1, 21));
    const high = i16x8.narrow_i32x4_s(i32x4.shr_s(a2, 21), i32x4.shr_s(a3, 21));
    v128.store(out + <usize>value, i8x16.narrow_i16x8_u(low, high));
  }
}
