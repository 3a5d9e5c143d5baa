/**
 * Many dot products at once, in AssemblyScript with 128-bit vectors: four rows by three columns in twelve registers, which
 * reads 7 vectors for 12 products. Each sum runs in four lanes, in an order that nothing but the width decides.
 */

function across(lanes: v128): f32 {
  return (
    f32x4.extract_lane(lanes, 0) +
    f32x4.extract_lane(lanes, 1) +
    (f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3))
  );
}

/**
 * @param a float32 [4, stride / 4], of which `width` bytes are read; 16-byte steps
 * @param b float32 [3, stride / 4]
 * @param out float32 [4, outStride / 4], of which [4, 3] are written
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function fourByThree(a: usize, b: usize, width: usize, stride: usize, out: usize, outStride: usize): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s20 = s00;
  let s21 = s00;
  let s22 = s00;
  let s30 = s00;
  let s31 = s00;
  let s32 = s00;
  const a1 = a + stride;
  const a2 = a1 + stride;
  const a3 = a2 + stride;
  const b1 = b + stride;
  const b2 = b1 + stride;
  for (let at: usize = 0; at < width; at += 16) {
    const c0 = v128.load(b + at);
    const c1 = v128.load(b1 + at);
    const c2 = v128.load(b2 + at);
    let r = v128.load(a + at);
    s00 = f32x4.add(s00, f32x4.mul(r, c0));
    s01 = f32x4.add(s01, f32x4.mul(r, c1));
    s02 = f32x4.add(s02, f32x4.mul(r, c2));
    r = v128.load(a1 + at);
    s10 = f32x4.add(s10, f32x4.mul(r, c0));
    s11 = f32x4.add(s11, f32x4.mul(r, c1));
    s12 = f32x4.add(s12, f32x4.mul(r, c2));
    r = v128.load(a2 + at);
    s20 = f32x4.add(s20, f32x4.mul(r, c0));
    s21 = f32x4.add(s21, f32x4.mul(r, c1));
    s22 = f32x4.add(s22, f32x4.mul(r, c2));
    r = v128.load(a3 + at);
    s30 = f32x4.add(s30, f32x4.mul(r, c0));
    s31 = f32x4.add(s31, f32x4.mul(r, c1));
    s32 = f32x4.add(s32, f32x4.mul(r, c2));
  }
  store<f32>(out, across(s00));
  store<f32>(out, across(s01), 4);
  store<f32>(out, across(s02), 8);
  out += outStride;
  store<f32>(out, across(s10));
  store<f32>(out, across(s11), 4);
  store<f32>(out, across(s12), 8);
  out += outStride;
  store<f32>(out, across(s20));
  store<f32>(out, across(s21), 4);
  store<f32>(out, across(s22), 8);
  out += outStride;
  store<f32>(out, across(s30));
  store<f32>(out, across(s31), 4);
  store<f32>(out, across(s32), 8);
}

/**
 * All products of two blocks of rows that lie one behind the other.
 *
 * @param rows of a, a multiple of 4
 * @param columns rows of b, a multiple of 3
 * @param width of a row in bytes, a multiple of 16
 * @param out float32 [rows, columns]
 */
export function dots(a: usize, rows: i32, b: usize, columns: i32, width: usize, out: usize): void {
  const outStride = <usize>columns * 4;
  for (let i = 0; i < rows; i += 4) {
    for (let j = 0; j < columns; j += 3) {
      fourByThree(a + <usize>i * width, b + <usize>j * width, width, width, out + <usize>j * 4, outStride);
    }
    out += 4 * outStride;
  }
}
