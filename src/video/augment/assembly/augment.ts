/**
 * The inner loops of `../operations.ts`, in AssemblyScript with 128-bit vectors. Frames are uint8 [h, w, 3]; addresses are in
 * bytes of this module's own memory. A pixel is read and written as 4 bytes: the fourth is the next pixel's first, which is
 * why what moves or blends pixels reads one frame and writes another, up to 3 bytes behind it.
 */

/** @param counts uint32 [3, 256], cleared here */
export function histograms(frame: usize, pixels: i32, counts: usize): void {
  memory.fill(counts, 0, 3072);
  const end = frame + <usize>pixels * 3;
  for (; frame < end; frame += 3) {
    const red = counts + <usize>4 * <usize>load<u8>(frame);
    const green = counts + 1024 + <usize>4 * <usize>load<u8>(frame, 1);
    const blue = counts + 2048 + <usize>4 * <usize>load<u8>(frame, 2);
    store<u32>(red, load<u32>(red) + 1);
    store<u32>(green, load<u32>(green) + 1);
    store<u32>(blue, load<u32>(blue) + 1);
  }
}

/** Grey of a pixel (ITU-R 601-2, 16 bits of fraction). */
function luma(pixel: usize): u32 {
  return (load<u8>(pixel) * 19595 + load<u8>(pixel, 1) * 38470 + load<u8>(pixel, 2) * 7471 + 0x8000) >> 16;
}

/** Sum of the grey of all pixels. */
export function lumaSum(frame: usize, pixels: i32): f64 {
  let sum: u64 = 0;
  const end = frame + <usize>pixels * 3;
  for (; frame < end; frame += 3) sum += luma(frame);
  return <f64>sum;
}

/** @param tables uint8 [3, 256] */
export function look(frame: usize, pixels: i32, tables: usize): void {
  const end = frame + <usize>pixels * 3;
  for (; frame < end; frame += 3) {
    store<u8>(frame, load<u8>(tables + <usize>load<u8>(frame)));
    store<u8>(frame, load<u8>(tables + <usize>load<u8>(frame, 1), 256), 1);
    store<u8>(frame, load<u8>(tables + <usize>load<u8>(frame, 2), 512), 2);
  }
}

function pixelAt(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

/** Lanes of 32 bits to bytes, clipped. */
function storePixel(at: usize, lanes: v128): void {
  const words = i16x8.narrow_i32x4_s(lanes, lanes);
  v128.store32_lane(at, i8x16.narrow_i16x8_u(words, words), 0);
}

/** degenerate + factor · (value − degenerate), truncated; all float32. */
function blend(degenerate: v128, value: v128, factor: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.add(degenerate, f32x4.mul(factor, f32x4.sub(value, degenerate))));
}

/** Towards the grey picture, or away from it. */
export function blendWithGrey(from: usize, to: usize, pixels: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  const end = from + <usize>pixels * 3;
  for (; from < end; from += 3, to += 3) {
    const value = f32x4.convert_i32x4_s(pixelAt(from));
    storePixel(to, blend(f32x4.splat(<f32>luma(from)), value, factors));
  }
}

/** Towards the frame smoothed by its 3 × 3 neighbours (the centre weighs 5 of 13), or away from it; edges stay. */
export function sharpen(from: usize, to: usize, width: i32, height: i32, factor: f32): void {
  const row: usize = <usize>width * 3;
  memory.copy(to, from, row * <usize>height);
  if (width < 3 || height < 3) return;
  const factors = f32x4.splat(factor);
  const length: usize = row - 6;
  for (let y = 1; y < height - 1; y++) {
    const s = from + <usize>y * row + 3;
    const d = to + <usize>y * row + 3;
    let x: usize = 0;
    for (; x + 8 <= length; x += 8) v128.store64_lane(d + x, eightSharpened(s + x, row, factors), 0);
    if (x === length) continue;
    // The rest of the row, together with some that are done already where there are as many.
    if (length >= 8) v128.store64_lane(d + length - 8, eightSharpened(s + length - 8, row, factors), 0);
    else storeFirst(d, eightSharpened(s, row, factors), length);
  }
}

function storeFirst(to: usize, bytes: v128, count: usize): void {
  let left = v128.extract_lane<u64>(bytes, 0);
  for (let i: usize = 0; i < count; i++, left >>= 8) store<u8>(to + i, <u8>left);
}

function eightAt(at: usize): v128 {
  return v128.load8x8_u(at);
}

function threeAcross(at: usize): v128 {
  return i16x8.add(i16x8.add(eightAt(at - 3), eightAt(at)), eightAt(at + 3));
}

/** Eight values around `at`, in the lower half. */
function eightSharpened(at: usize, row: usize, factors: v128): v128 {
  const value = eightAt(at);
  const nine = i16x8.add(i16x8.add(threeAcross(at - row), threeAcross(at)), threeAcross(at + row));
  const sum = i16x8.add(nine, i16x8.shl(value, 2));
  const low = fourSharpened(i32x4.extend_low_i16x8_u(sum), i32x4.extend_low_i16x8_u(value), factors);
  const high = fourSharpened(i32x4.extend_high_i16x8_u(sum), i32x4.extend_high_i16x8_u(value), factors);
  const words = i16x8.narrow_i32x4_s(low, high);
  return i8x16.narrow_i16x8_u(words, words);
}

/** A thirteenth is never nearer than 1/26 to a half, far more than float32 rounds by. */
function fourSharpened(sum: v128, value: v128, factors: v128): v128 {
  const thirteenth = f32x4.mul(f32x4.convert_i32x4_s(sum), f32x4.splat(<f32>(1.0 / 13.0)));
  const smooth = f32x4.floor(f32x4.add(thirteenth, f32x4.splat(0.5)));
  return blend(smooth, f32x4.convert_i32x4_s(value), factors);
}

/** Along which axes a warp moves: 4 neighbours make a pixel where it is one, 16 where it is both. */
const ACROSS = 1;
const DOWN = 2;

const FILL: u8 = 128;

/**
 * Bicubic interpolation (Keys' cubic, a = -1) at x' = a x + b y + c, y' = d x + e y + f, pixel centres at halves; grey where that
 * lies outside. A neighbour outside is the nearest one at the edge. All in float64, in Pillow's order.
 */
export function warp(
  from: usize,
  to: usize,
  width: i32,
  height: i32,
  a: f64,
  b: f64,
  c: f64,
  d: f64,
  e: f64,
  f: f64,
  axes: i32,
): void {
  const row: usize = <usize>width * 3;
  for (let y = 0; y < height; y++) {
    const v = <f64>y + 0.5;
    for (let x = 0; x < width; x++, to += 3) {
      const u = <f64>x + 0.5;
      const fromX = a * u + b * v + c;
      const fromY = d * u + e * v + f;
      if (!(fromX >= 0 && fromX < <f64>width && fromY >= 0 && fromY < <f64>height)) {
        store<u8>(to, FILL);
        store<u8>(to, FILL, 1);
        store<u8>(to, FILL, 2);
        continue;
      }
      const left = Math.floor(fromX - 0.5);
      const top = Math.floor(fromY - 0.5);
      const i = <i32>left;
      const j = <i32>top;
      if (axes === ACROSS) across(to, from + row * <usize>j, i, width, fromX - 0.5 - left);
      else if (axes === DOWN) down(to, from + <usize>i * 3, j, height, row, fromY - 0.5 - top);
      else both(to, from, i, j, width, height, fromX - 0.5 - left, fromY - 0.5 - top);
    }
  }
}

function inside(i: i32, extent: i32): usize {
  return <usize>max(min(i, extent - 1), 0);
}

function across(to: usize, line: usize, i: i32, width: i32, d: f64): void {
  const v0 = pixelAt(line + <usize>3 * inside(i - 1, width));
  const v1 = pixelAt(line + <usize>3 * inside(i, width));
  const v2 = pixelAt(line + <usize>3 * inside(i + 1, width));
  const v3 = pixelAt(line + <usize>3 * inside(i + 2, width));
  const ds = f64x2.splat(d);
  storeFloats(to, redGreen(v0, v1, v2, v3, ds), blue(v0, v1, v2, v3, ds));
}

function down(to: usize, column: usize, j: i32, height: i32, row: usize, d: f64): void {
  const v0 = pixelAt(column + row * inside(j - 1, height));
  const v1 = pixelAt(column + row * inside(j, height));
  const v2 = pixelAt(column + row * inside(j + 1, height));
  const v3 = pixelAt(column + row * inside(j + 2, height));
  const ds = f64x2.splat(d);
  storeFloats(to, redGreen(v0, v1, v2, v3, ds), blue(v0, v1, v2, v3, ds));
}

function both(to: usize, from: usize, i: i32, j: i32, width: i32, height: i32, dx: f64, dy: f64): void {
  const c0 = <usize>3 * inside(i - 1, width);
  const c1 = <usize>3 * inside(i, width);
  const c2 = <usize>3 * inside(i + 1, width);
  const c3 = <usize>3 * inside(i + 2, width);
  const row: usize = <usize>width * 3;
  const r0 = from + row * inside(j - 1, height);
  const r1 = from + row * inside(j, height);
  const r2 = from + row * inside(j + 1, height);
  const r3 = from + row * inside(j + 2, height);
  const d = f64x2.splat(dx);
  let v0 = pixelAt(r0 + c0);
  let v1 = pixelAt(r0 + c1);
  let v2 = pixelAt(r0 + c2);
  let v3 = pixelAt(r0 + c3);
  const low0 = redGreen(v0, v1, v2, v3, d);
  const high0 = blue(v0, v1, v2, v3, d);
  v0 = pixelAt(r1 + c0);
  v1 = pixelAt(r1 + c1);
  v2 = pixelAt(r1 + c2);
  v3 = pixelAt(r1 + c3);
  const low1 = redGreen(v0, v1, v2, v3, d);
  const high1 = blue(v0, v1, v2, v3, d);
  v0 = pixelAt(r2 + c0);
  v1 = pixelAt(r2 + c1);
  v2 = pixelAt(r2 + c2);
  v3 = pixelAt(r2 + c3);
  const low2 = redGreen(v0, v1, v2, v3, d);
  const high2 = blue(v0, v1, v2, v3, d);
  v0 = pixelAt(r3 + c0);
  v1 = pixelAt(r3 + c1);
  v2 = pixelAt(r3 + c2);
  v3 = pixelAt(r3 + c3);
  const low3 = redGreen(v0, v1, v2, v3, d);
  const high3 = blue(v0, v1, v2, v3, d);
  const ds = f64x2.splat(dy);
  storeFloats(to, cubic(low0, low1, low2, low3, ds), cubic(high0, high1, high2, high3, ds));
}

/** The first two lanes of pixels in 32 bits, interpolated. */
function redGreen(v0: v128, v1: v128, v2: v128, v3: v128, d: v128): v128 {
  return horner(
    f64x2.convert_low_i32x4_s(v1),
    f64x2.convert_low_i32x4_s(i32x4.sub(v2, v0)),
    f64x2.convert_low_i32x4_s(third(v0, v1, v2, v3)),
    f64x2.convert_low_i32x4_s(fourth(v0, v1, v2, v3)),
    d,
  );
}

/** The last two. */
function blue(v0: v128, v1: v128, v2: v128, v3: v128, d: v128): v128 {
  return horner(
    f64x2.convert_low_i32x4_s(upper(v1)),
    f64x2.convert_low_i32x4_s(upper(i32x4.sub(v2, v0))),
    f64x2.convert_low_i32x4_s(upper(third(v0, v1, v2, v3))),
    f64x2.convert_low_i32x4_s(upper(fourth(v0, v1, v2, v3))),
    d,
  );
}

function third(v0: v128, v1: v128, v2: v128, v3: v128): v128 {
  return i32x4.add(i32x4.shl(i32x4.sub(v0, v1), 1), i32x4.sub(v2, v3));
}

function fourth(v0: v128, v1: v128, v2: v128, v3: v128): v128 {
  return i32x4.add(i32x4.sub(v1, v0), i32x4.sub(v3, v2));
}

function upper(v: v128): v128 {
  return i32x4.shuffle(v, v, 2, 3, 2, 3);
}

/** Between v1 and v2, at a distance d from v1. */
function cubic(v0: v128, v1: v128, v2: v128, v3: v128, d: v128): v128 {
  const p3 = f64x2.sub(f64x2.add(f64x2.mul(f64x2.splat(2), f64x2.sub(v0, v1)), v2), v3);
  const p4 = f64x2.add(f64x2.sub(f64x2.sub(v1, v0), v2), v3);
  return horner(v1, f64x2.sub(v2, v0), p3, p4, d);
}

function horner(p1: v128, p2: v128, p3: v128, p4: v128, d: v128): v128 {
  return f64x2.add(p1, f64x2.mul(d, f64x2.add(p2, f64x2.mul(d, f64x2.add(p3, f64x2.mul(d, p4))))));
}

function storeFloats(to: usize, redGreen: v128, blue: v128): void {
  const low = i32x4.trunc_sat_f64x2_s_zero(redGreen);
  const high = i32x4.trunc_sat_f64x2_s_zero(blue);
  storePixel(to, i64x2.shuffle(low, high, 0, 2));
}
