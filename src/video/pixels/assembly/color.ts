/**
 * Planes of luma and halved chroma that lie on their sides (a row for each column of the picture) to upright RGB.
 *
 * BT.601, limited range (luma 16-235, chroma 128 +- 112), as `../plane-resizer.ts` wants it:
 *   R = 1.164384 (Y - 16) + 1.596027 (V - 128)
 *   G = 1.164384 (Y - 16) - 0.391762 (U - 128) - 0.812968 (V - 128)
 *   B = 1.164384 (Y - 16) + 2.017232 (U - 128)
 * in 16 bits with 6 behind the point; the parts of the factors behind 1 or 2 are products of 15 bits.
 */

const RED_V: i16 = 19531;
const GREEN_U: i16 = 12837;
const GREEN_V: i16 = 26639;
const BLUE_U: i16 = 565;

/**
 * @param y `width` rows of `stride` bytes, `height` of them used; rows and stride are multiples of 16
 * @param u with `v`: half as many rows, one for two columns of the picture
 * @param out `height` rows of `width` pixels of RGB; up to 45 bytes more are written
 * @param scratch 1040 bytes, for a block of 16 x 16 pixels
 */
export function toRgb(
  y: usize,
  u: usize,
  v: usize,
  stride: usize,
  width: i32,
  height: i32,
  out: usize,
  scratch: usize,
): void {
  const columns = (width + 15) >> 4;
  // Three of four bytes, four times. From memory, for a constant would be made anew for each use.
  v128.store(scratch, i8x16(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1), 1024);
  for (let top = 0; top < height; top += 16) {
    const rows = min(16, height - top);
    // From right to left: what a block writes behind the end of a row, the first block of the next row writes over.
    for (let column = columns - 1; column >= 0; column--) {
      const luma = y + <usize>(16 * column) * stride + <usize>top;
      const chroma = <usize>(8 * column) * stride + <usize>top;
      turn(luma, luma + 8 * stride, stride, scratch);
      turn(u + chroma, v + chroma, stride, scratch + 512);
      convert(scratch, rows, out + <usize>(3 * (top * width + 16 * column)), <usize>(3 * width));
    }
  }
}

/** 16 rows of 16 bytes, 8 from `a` and 8 from `b`, to columns; `to` has room for 512 bytes and holds them in the first 256. */
function turn(a: usize, b: usize, stride: usize, to: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    const p = v128.load(a + i * stride);
    const q = v128.load(b + i * stride);
    v128.store(to + 256 + 32 * i, i8x16.shuffle(p, q, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    v128.store(to + 272 + 32 * i, i8x16.shuffle(p, q, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
  }
  mingle(to + 256, to);
  mingle(to, to + 256);
  mingle(to + 256, to);
}

/** A perfect shuffle of 16 vectors, byte by byte; four of them turn a block of 16 x 16. */
function mingle(from: usize, to: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    const p = v128.load(from + 16 * i);
    const q = v128.load(from + 16 * i + 128);
    v128.store(to + 32 * i, i8x16.shuffle(p, q, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    v128.store(to + 32 * i + 16, i8x16.shuffle(p, q, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
  }
}

/** Rows of 16 luma at `block`, of 8 and 8 chroma 512 bytes behind. */
function convert(block: usize, rows: i32, out: usize, outStride: usize): void {
  const pick = v128.load(block, 1024);
  const redV = i16x8.splat(RED_V);
  const middle = i16x8.splat(8192);
  for (let row = 0; row < rows; row++) {
    const y = v128.load(block);
    const c = v128.load(block, 512);
    const y0 = brightness(i16x8.extend_low_i8x16_u(y));
    const y1 = brightness(i16x8.extend_high_i8x16_u(y));
    const u = i16x8.sub(i16x8.shl(i16x8.extend_low_i8x16_u(c), 6), middle);
    const v = i16x8.sub(i16x8.shl(i16x8.extend_high_i8x16_u(c), 6), middle);
    const red = i16x8.add(v, i16x8.q15mulr_sat_s(v, redV));
    const green = i16x8.add(i16x8.q15mulr_sat_s(u, i16x8.splat(GREEN_U)), i16x8.q15mulr_sat_s(v, i16x8.splat(GREEN_V)));
    const blue = i16x8.add(i16x8.add(u, u), i16x8.q15mulr_sat_s(u, i16x8.splat(BLUE_U)));
    const r = i8x16.narrow_i16x8_u(
      i16x8.shr_s(i16x8.add_sat_s(y0, i16x8.shuffle(red, red, 0, 8, 1, 9, 2, 10, 3, 11)), 6),
      i16x8.shr_s(i16x8.add_sat_s(y1, i16x8.shuffle(red, red, 4, 12, 5, 13, 6, 14, 7, 15)), 6),
    );
    const g = i8x16.narrow_i16x8_u(
      i16x8.shr_s(i16x8.sub_sat_s(y0, i16x8.shuffle(green, green, 0, 8, 1, 9, 2, 10, 3, 11)), 6),
      i16x8.shr_s(i16x8.sub_sat_s(y1, i16x8.shuffle(green, green, 4, 12, 5, 13, 6, 14, 7, 15)), 6),
    );
    const b = i8x16.narrow_i16x8_u(
      i16x8.shr_s(i16x8.add_sat_s(y0, i16x8.shuffle(blue, blue, 0, 8, 1, 9, 2, 10, 3, 11)), 6),
      i16x8.shr_s(i16x8.add_sat_s(y1, i16x8.shuffle(blue, blue, 4, 12, 5, 13, 6, 14, 7, 15)), 6),
    );
    storePixels(r, g, b, pick, out);
    block += 16;
    out += outStride;
  }
}

/** 1.164384 (y - 16) and half a unit for rounding, 6 bits behind the point: 149 / 2 is 64 x 1.16406. */
function brightness(y: v128): v128 {
  return i16x8.sub(i16x8.shr_u(i16x8.mul(y, i16x8.splat(149)), 1), i16x8.splat(1192 - 32));
}

/**
 * 16 pixels, as four times four with a fourth byte that \`pick\` drops. General shuffles of two vectors are an order dearer
 * than interleaving and than picking from one.
 */
function storePixels(r: v128, g: v128, b: v128, pick: v128, out: usize): void {
  const redGreen0 = i8x16.shuffle(r, g, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const redGreen1 = i8x16.shuffle(r, g, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const blue0 = i8x16.shuffle(b, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const blue1 = i8x16.shuffle(b, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  v128.store(out, i8x16.swizzle(i16x8.shuffle(redGreen0, blue0, 0, 8, 1, 9, 2, 10, 3, 11), pick));
  v128.store(out, i8x16.swizzle(i16x8.shuffle(redGreen0, blue0, 4, 12, 5, 13, 6, 14, 7, 15), pick), 12);
  v128.store(out, i8x16.swizzle(i16x8.shuffle(redGreen1, blue1, 0, 8, 1, 9, 2, 10, 3, 11), pick), 24);
  const last = i8x16.swizzle(i16x8.shuffle(redGreen1, blue1, 4, 12, 5, 13, 6, 14, 7, 15), pick);
  v128.store64_lane(out, last, 0, 36);
  v128.store32_lane(out, last, 2, 44);
}
