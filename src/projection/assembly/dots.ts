/**
 * Many dot products at once, in AssemblyScript with 128-bit vectors: three rows by three columns in nine registers, which
 * reads 6 vectors for 9 products and leaves V8 enough of the 16 there are. Each sum runs in four lanes, in an order that
 * nothing but the width decides.
 */

function across(lanes: v128): f32 {
  return (
    f32x4.extract_lane(lanes, 0) +
    f32x4.extract_lane(lanes, 1) +
    (f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3))
  );
}

/**
 * @param a float32 [3, width / 4]
 * @param b float32 [3, width / 4]
 * @param width of a row in bytes, a multiple of 32
 * @param out float32 [3, outStride / 4], of which [3, 3] are written
 */
function threeByThree(a: usize, b: usize, width: usize, out: usize, outStride: usize): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s20 = s00;
  let s21 = s00;
  let s22 = s00;
  const end = a + width;
  let a1 = a + width;
  let a2 = a1 + width;
  let b1 = b + width;
  let b2 = b1 + width;
  while (a < end) {
    let c0 = v128.load(b);
    let c1 = v128.load(b1);
    let c2 = v128.load(b2);
    let r = v128.load(a);
    s00 = f32x4.add(s00, f32x4.mul(r, c0));
    s01 = f32x4.add(s01, f32x4.mul(r, c1));
    s02 = f32x4.add(s02, f32x4.mul(r, c2));
    r = v128.load(a1);
    s10 = f32x4.add(s10, f32x4.mul(r, c0));
    s11 = f32x4.add(s11, f32x4.mul(r, c1));
    s12 = f32x4.add(s12, f32x4.mul(r, c2));
    r = v128.load(a2);
    s20 = f32x4.add(s20, f32x4.mul(r, c0));
    s21 = f32x4.add(s21, f32x4.mul(r, c1));
    s22 = f32x4.add(s22, f32x4.mul(r, c2));
    c0 = v128.load(b, 16);
    c1 = v128.load(b1, 16);
    c2 = v128.load(b2, 16);
    r = v128.load(a, 16);
    s00 = f32x4.add(s00, f32x4.mul(r, c0));
    s01 = f32x4.add(s01, f32x4.mul(r, c1));
    s02 = f32x4.add(s02, f32x4.mul(r, c2));
    r = v128.load(a1, 16);
    s10 = f32x4.add(s10, f32x4.mul(r, c0));
    s11 = f32x4.add(s11, f32x4.mul(r, c1));
    s12 = f32x4.add(s12, f32x4.mul(r, c2));
    r = v128.load(a2, 16);
    s20 = f32x4.add(s20, f32x4.mul(r, c0));
    s21 = f32x4.add(s21, f32x4.mul(r, c1));
    s22 = f32x4.add(s22, f32x4.mul(r, c2));
    a += 32;
    a1 += 32;
    a2 += 32;
    b += 32;
    b1 += 32;
    b2 += 32;
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
}

/**
 * All products of two blocks of rows that lie one behind the other.
 *
 * @param rows of a, a multiple of 3
 * @param columns rows of b, a multiple of 3
 * @param width of a row in bytes, a multiple of 32
 * @param out float32 [rows, columns]
 */
export function dots(a: usize, rows: i32, b: usize, columns: i32, width: usize, out: usize): void {
  const outStride = <usize>columns * 4;
  for (let i = 0; i < rows; i += 3) {
    for (let j = 0; j < columns; j += 3) {
      threeByThree(a + <usize>i * width, b + <usize>j * width, width, out + <usize>j * 4, outStride);
    }
    out += 3 * outStride;
  }
}
