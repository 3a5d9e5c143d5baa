/**
 * The loops of `../picture-resizer.ts`: sums of bytes with 22-bit weights in 32 bits, rounded to bytes after each pass, as
 * Pillow has them. A weight w goes in two parts, w = 2048 · high + low with 0 ≤ low < 2048, so that 16-bit products do.
 */

/** Of a table: what comes before the weights, and the bytes of two weights: both high parts, both low parts. */
const FIRST: usize = 4;
const PAIR: usize = 8;

const HALF: i32 = 1 << 21;

function rounded(high: v128, low: v128): v128 {
  return i32x4.shr_s(i32x4.add(i32x4.add(i32x4.shl(high, 11), low), i32x4.splat(HALF)), 22);
}

/** Two pixels of a row, interleaved by channel. */
function twoPixels(at: usize): v128 {
  return i8x16.swizzle(v128.load64_zero(at), i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
}

function storePixel(at: usize, values: v128): void {
  const words = i16x8.narrow_i32x4_s(values, values);
  v128.store32_lane(at, i8x16.narrow_i16x8_u(words, words), 0);
}

/**
 * Rows of RGB to rows of `outputs` pixels; one byte more is written behind each.
 * @param table for each output: the byte of its first pixel in a row, then its pairs of weights
 */
export function pillowAcross(
  source: usize,
  stride: usize,
  rows: i32,
  table: usize,
  outputs: i32,
  pairs: i32,
  out: usize,
  outStride: usize,
): void {
  let row = 0;
  for (; row + 1 < rows; row += 2) {
    let entry = table;
    const below = source + stride;
    let o = out;
    for (let i = 0; i < outputs; i++) {
      const first = <usize>load<u32>(entry);
      entry += FIRST;
      let s0 = source + first;
      let s1 = below + first;
      let high0 = i32x4.splat(0);
      let low0 = high0;
      let high1 = high0;
      let low1 = high0;
      for (let pair = 0; pair < pairs; pair++) {
        const high = v128.load32_splat(entry);
        const low = v128.load32_splat(entry, 4);
        const p0 = twoPixels(s0);
        const p1 = twoPixels(s1);
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(p0, high));
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(p0, low));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(p1, high));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(p1, low));
        entry += PAIR;
        s0 += 6;
        s1 += 6;
      }
      storePixel(o, rounded(high0, low0));
      storePixel(o + outStride, rounded(high1, low1));
      o += 3;
    }
    source += 2 * stride;
    out += 2 * outStride;
  }
  if (row >= rows) return;
  let entry = table;
  for (let i = 0; i < outputs; i++) {
    let s = source + <usize>load<u32>(entry);
    entry += FIRST;
    let high = i32x4.splat(0);
    let low = high;
    for (let pair = 0; pair < pairs; pair++) {
      const pixels = twoPixels(s);
      high = i32x4.add(high, i32x4.dot_i16x8_s(pixels, v128.load32_splat(entry)));
      low = i32x4.add(low, i32x4.dot_i16x8_s(pixels, v128.load32_splat(entry, 4)));
      entry += PAIR;
      s += 6;
    }
    storePixel(out, rounded(high, low));
    out += 3;
  }
}

/**
 * Lines of `length` bytes to `outRows` rows of them, without a gap; up to 15 bytes more are written behind the last.
 * @param table for each row: the number of its first line, then its pairs of weights
 */
export function pillowDown(
  lines: usize,
  lineStride: usize,
  table: usize,
  outRows: i32,
  pairs: i32,
  out: usize,
  length: i32,
): void {
  const zero = i32x4.splat(0);
  for (let row = 0; row < outRows; row++) {
    const first = lines + <usize>load<u32>(table) * lineStride;
    for (let value = 0; value < length; value += 16) {
      let high0 = zero;
      let high1 = zero;
      let high2 = zero;
      let high3 = zero;
      let low0 = zero;
      let low1 = zero;
      let low2 = zero;
      let low3 = zero;
      let p = first + <usize>value;
      let entry = table + FIRST;
      for (let pair = 0; pair < pairs; pair++) {
        const upper = v128.load(p);
        const lower = v128.load(p + lineStride);
        const high = v128.load32_splat(entry);
        const low = v128.load32_splat(entry, 4);
        const left = i8x16.shuffle(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const right = i8x16.shuffle(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const v0 = i16x8.extend_low_i8x16_u(left);
        const v1 = i16x8.extend_high_i8x16_u(left);
        const v2 = i16x8.extend_low_i8x16_u(right);
        const v3 = i16x8.extend_high_i8x16_u(right);
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(v0, high));
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(v0, low));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(v1, high));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(v1, low));
        high2 = i32x4.add(high2, i32x4.dot_i16x8_s(v2, high));
        low2 = i32x4.add(low2, i32x4.dot_i16x8_s(v2, low));
        high3 = i32x4.add(high3, i32x4.dot_i16x8_s(v3, high));
        low3 = i32x4.add(low3, i32x4.dot_i16x8_s(v3, low));
        p += 2 * lineStride;
        entry += PAIR;
      }
      const first8 = i16x8.narrow_i32x4_s(rounded(high0, low0), rounded(high1, low1));
      const second8 = i16x8.narrow_i32x4_s(rounded(high2, low2), rounded(high3, low3));
      v128.store(out + <usize>value, i8x16.narrow_i16x8_u(first8, second8));
    }
    table += FIRST + PAIR * <usize>pairs;
    out += <usize>length;
  }
}
