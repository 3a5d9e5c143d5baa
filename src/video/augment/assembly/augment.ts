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

const FILL: u8 = 128;

/** Pixels from `first` to `end` of a row. */
function fill(row: usize, first: i32, end: i32): void {
  if (end > first) memory.fill(row + <usize>first * 3, FILL, <usize>(end - first) * 3);
}

/** The same distance for the three values of pixel x. */
function storeDistance(distances: usize, x: i32, d: f64): void {
  const at = distances + <usize>x * 24;
  v128.store(at, f64x2.splat(d));
  store<f64>(at, d, 16);
}

/**
 * Bicubic interpolation (Keys' cubic, a = -1), pixel centres at halves; grey where the source has nothing. A neighbour outside is
 * the nearest one at the edge. All in float64, in the order in which Pillow computes.
 *
 * Row y comes from x' = x + factor (y + 0.5) + offset: 4 neighbours make a pixel, all of a row at the same distance but for
 * the rounding of x'.
 * @param distances room for 24 bytes a pixel of a row, and 64 more
 */
export function warpAcross(
  from: usize,
  to: usize,
  width: i32,
  height: i32,
  factor: f64,
  offset: f64,
  distances: usize,
): void {
  const row: usize = <usize>width * 3;
  for (let y = 0; y < height; y++, from += row, to += row) {
    const sheared = factor * (<f64>y + 0.5);
    const shift = sheared + offset;
    const k = <i32>Math.floor(shift);
    const first = min(max(<i32>Math.ceil(-0.5 - shift), 0), width);
    const end = max(min(<i32>Math.ceil(<f64>width - 0.5 - shift), width), first);
    // All four neighbours are inside.
    const inner = min(max(1 - k, first), end);
    const outer = max(min(width - 2 - k, end), inner);
    for (let x = first; x < end; x++) {
      storeDistance(distances, x, <f64>x + 0.5 + sheared + offset - 0.5 - <f64>(x + k));
    }
    for (let x = first; x < inner; x++) across(to, from, x, k, width, distances);
    if (outer - inner < 3) {
      for (let x = inner; x < outer; x++) across(to, from, x, k, width, distances);
    } else {
      const s = from + <usize>(inner + k) * 3;
      const t = to + <usize>inner * 3;
      const d = distances + <usize>inner * 24;
      const bytes: usize = <usize>(outer - inner) * 3;
      for (let i: usize = 0; i < bytes; i += 8) {
        const at: usize = min(i, bytes - 8);
        const p = s + at;
        const v0 = v128.load8x8_u(p - 3);
        const v1 = v128.load8x8_u(p);
        const v2 = v128.load8x8_u(p + 3);
        const v3 = v128.load8x8_u(p + 6);
        v128.store64_lane(t + at, eight(v0, v1, v2, v3, d + at * 8), 0);
      }
    }
    for (let x = outer; x < end; x++) across(to, from, x, k, width, distances);
    // After the pixels, which write one byte too many.
    fill(to, 0, first);
    fill(to, end, width);
  }
}

/**
 * Column x comes from y' = y + factor (x + 0.5) + offset.
 * @param distances room for 28 bytes a pixel of a row, and 64 more
 */
export function warpDown(
  from: usize,
  to: usize,
  width: i32,
  height: i32,
  factor: f64,
  offset: f64,
  distances: usize,
): void {
  const row: usize = <usize>width * 3;
  /** By how many whole rows each column moves. */
  const wholes = distances + row * 8 + 64;
  let least: f64 = Infinity;
  let most: f64 = -Infinity;
  for (let x = 0; x < width; x++) {
    const shift = factor * (<f64>x + 0.5) + offset;
    least = min(least, shift);
    most = max(most, shift);
    store<i32>(wholes + <usize>x * 4, <i32>Math.floor(shift));
  }
  for (let y = 0; y < height; y++, to += row) {
    const v = <f64>y + 0.5;
    if (v + most < 0 || v + least >= <f64>height) {
      fill(to, 0, width);
      continue;
    }
    for (let x = 0; x < width; x++) {
      const whole = y + load<i32>(wholes + <usize>x * 4);
      storeDistance(distances, x, factor * (<f64>x + 0.5) + v + offset - 0.5 - <f64>whole);
    }
    let x = 0;
    while (x < width) {
      const whole = load<i32>(wholes + <usize>x * 4);
      let end = x + 1;
      while (end < width && load<i32>(wholes + <usize>end * 4) === whole) end++;
      const j = y + whole;
      const r0 = from + row * inside(j - 1, height);
      const r1 = from + row * inside(j, height);
      const r2 = from + row * inside(j + 1, height);
      const r3 = from + row * inside(j + 2, height);
      // What is written behind the end of a piece is written again by the next piece, or by the next row.
      for (let i: usize = <usize>x * 3; i < <usize>end * 3; i += 8) {
        const v0 = v128.load8x8_u(r0 + i);
        const v1 = v128.load8x8_u(r1 + i);
        const v2 = v128.load8x8_u(r2 + i);
        const v3 = v128.load8x8_u(r3 + i);
        v128.store64_lane(to + i, eight(v0, v1, v2, v3, distances + i * 8), 0);
      }
      x = end;
    }
    if (v + least >= 0 && v + most < <f64>height) continue;
    for (let x = 0; x < width; x++) {
      const fromY = factor * (<f64>x + 0.5) + v + offset;
      if (!(fromY >= 0 && fromY < <f64>height)) grey(to + <usize>x * 3);
    }
  }
}

function grey(pixel: usize): void {
  store<u8>(pixel, FILL);
  store<u8>(pixel, FILL, 1);
  store<u8>(pixel, FILL, 2);
}

/** At x' = a x + b y + c, y' = d x + e y + f: 16 neighbours make a pixel. */
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
): void {
  for (let y = 0; y < height; y++) {
    const v = <f64>y + 0.5;
    for (let x = 0; x < width; x++, to += 3) {
      const u = <f64>x + 0.5;
      const fromX = a * u + b * v + c;
      const fromY = d * u + e * v + f;
      if (!(fromX >= 0 && fromX < <f64>width && fromY >= 0 && fromY < <f64>height)) {
        grey(to);
        continue;
      }
      const left = Math.floor(fromX - 0.5);
      const top = Math.floor(fromY - 0.5);
      both(to, from, <i32>left, <i32>top, width, height, fromX - 0.5 - left, fromY - 0.5 - top);
    }
  }
}

function inside(i: i32, extent: i32): usize {
  return <usize>max(min(i, extent - 1), 0);
}

/** Pixel x of a row, from the four around x + k. */
function across(to: usize, from: usize, x: i32, k: i32, width: i32, distances: usize): void {
  const v0 = pixelAt(from + <usize>3 * inside(x + k - 1, width));
  const v1 = pixelAt(from + <usize>3 * inside(x + k, width));
  const v2 = pixelAt(from + <usize>3 * inside(x + k + 1, width));
  const v3 = pixelAt(from + <usize>3 * inside(x + k + 2, width));
  const d = v128.load64_splat(distances + <usize>x * 24);
  storeFloats(to + <usize>x * 3, redGreen(v0, v1, v2, v3, d), blue(v0, v1, v2, v3, d));
}

function both(to: usize, from: usize, i: i32, j: i32, width: i32, height: i32, dx: f64, dy: f64): void {
  const row: usize = <usize>width * 3;
  const d = f64x2.splat(dx);
  const ds = f64x2.splat(dy);
  const r0 = from + row * inside(j - 1, height);
  const r1 = from + row * inside(j, height);
  const r2 = from + row * inside(j + 1, height);
  const r3 = from + row * inside(j + 2, height);
  let v0: v128;
  let v1: v128;
  let v2: v128;
  let v3: v128;
  let low0: v128;
  let low1: v128;
  let low2: v128;
  let low3: v128;
  let high0: v128;
  let high1: v128;
  let high2: v128;
  let high3: v128;
  if (i >= 1 && i + 2 < width) {
    // The four of a row lie side by side.
    const at = <usize>(i - 1) * 3;
    let four = v128.load(r0 + at);
    v0 = i8x16.swizzle(four, FIRST);
    v1 = i8x16.swizzle(four, SECOND);
    v2 = i8x16.swizzle(four, THIRD);
    v3 = i8x16.swizzle(four, FOURTH);
    low0 = redGreen(v0, v1, v2, v3, d);
    high0 = blue(v0, v1, v2, v3, d);
    four = v128.load(r1 + at);
    v0 = i8x16.swizzle(four, FIRST);
    v1 = i8x16.swizzle(four, SECOND);
    v2 = i8x16.swizzle(four, THIRD);
    v3 = i8x16.swizzle(four, FOURTH);
    low1 = redGreen(v0, v1, v2, v3, d);
    high1 = blue(v0, v1, v2, v3, d);
    four = v128.load(r2 + at);
    v0 = i8x16.swizzle(four, FIRST);
    v1 = i8x16.swizzle(four, SECOND);
    v2 = i8x16.swizzle(four, THIRD);
    v3 = i8x16.swizzle(four, FOURTH);
    low2 = redGreen(v0, v1, v2, v3, d);
    high2 = blue(v0, v1, v2, v3, d);
    four = v128.load(r3 + at);
    v0 = i8x16.swizzle(four, FIRST);
    v1 = i8x16.swizzle(four, SECOND);
    v2 = i8x16.swizzle(four, THIRD);
    v3 = i8x16.swizzle(four, FOURTH);
    low3 = redGreen(v0, v1, v2, v3, d);
    high3 = blue(v0, v1, v2, v3, d);
  } else {
    const c0 = <usize>3 * inside(i - 1, width);
    const c1 = <usize>3 * inside(i, width);
    const c2 = <usize>3 * inside(i + 1, width);
    const c3 = <usize>3 * inside(i + 2, width);
    v0 = pixelAt(r0 + c0);
    v1 = pixelAt(r0 + c1);
    v2 = pixelAt(r0 + c2);
    v3 = pixelAt(r0 + c3);
    low0 = redGreen(v0, v1, v2, v3, d);
    high0 = blue(v0, v1, v2, v3, d);
    v0 = pixelAt(r1 + c0);
    v1 = pixelAt(r1 + c1);
    v2 = pixelAt(r1 + c2);
    v3 = pixelAt(r1 + c3);
    low1 = redGreen(v0, v1, v2, v3, d);
    high1 = blue(v0, v1, v2, v3, d);
    v0 = pixelAt(r2 + c0);
    v1 = pixelAt(r2 + c1);
    v2 = pixelAt(r2 + c2);
    v3 = pixelAt(r2 + c3);
    low2 = redGreen(v0, v1, v2, v3, d);
    high2 = blue(v0, v1, v2, v3, d);
    v0 = pixelAt(r3 + c0);
    v1 = pixelAt(r3 + c1);
    v2 = pixelAt(r3 + c2);
    v3 = pixelAt(r3 + c3);
    low3 = redGreen(v0, v1, v2, v3, d);
    high3 = blue(v0, v1, v2, v3, d);
  }
  storeFloats(to, cubic(low0, low1, low2, low3, ds), cubic(high0, high1, high2, high3, ds));
}

/** Lane numbers that make a pixel in 32 bits of one of four; -1 picks a zero. */
const FIRST = i8x16(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, -1, -1, -1, -1);
const SECOND = i8x16(3, -1, -1, -1, 4, -1, -1, -1, 5, -1, -1, -1, -1, -1, -1, -1);
const THIRD = i8x16(6, -1, -1, -1, 7, -1, -1, -1, 8, -1, -1, -1, -1, -1, -1, -1);
const FOURTH = i8x16(9, -1, -1, -1, 10, -1, -1, -1, 11, -1, -1, -1, -1, -1, -1, -1);

/** Eight values (16 bits) interpolated at their distances, as bytes in the lower half. */
function eight(v0: v128, v1: v128, v2: v128, v3: v128, distances: usize): v128 {
  const d01 = v128.load(distances);
  const d23 = v128.load(distances, 16);
  const d45 = v128.load(distances, 32);
  const d67 = v128.load(distances, 48);
  const p2 = i16x8.sub(v2, v0);
  const p3 = i16x8.add(i16x8.shl(i16x8.sub(v0, v1), 1), i16x8.sub(v2, v3));
  const p4 = i16x8.add(i16x8.sub(v1, v0), i16x8.sub(v3, v2));
  const low1 = i32x4.extend_low_i16x8_s(v1);
  const low2 = i32x4.extend_low_i16x8_s(p2);
  const low3 = i32x4.extend_low_i16x8_s(p3);
  const low4 = i32x4.extend_low_i16x8_s(p4);
  const high1 = i32x4.extend_high_i16x8_s(v1);
  const high2 = i32x4.extend_high_i16x8_s(p2);
  const high3 = i32x4.extend_high_i16x8_s(p3);
  const high4 = i32x4.extend_high_i16x8_s(p4);
  const words = i16x8.narrow_i32x4_s(
    i64x2.shuffle(two(low1, low2, low3, low4, d01), two(upper(low1), upper(low2), upper(low3), upper(low4), d23), 0, 2),
    i64x2.shuffle(
      two(high1, high2, high3, high4, d45),
      two(upper(high1), upper(high2), upper(high3), upper(high4), d67),
      0,
      2,
    ),
  );
  return i8x16.narrow_i16x8_u(words, words);
}

/** The two lower lanes (32 bits), truncated. */
function two(p1: v128, p2: v128, p3: v128, p4: v128, d: v128): v128 {
  return i32x4.trunc_sat_f64x2_s_zero(
    horner(
      f64x2.convert_low_i32x4_s(p1),
      f64x2.convert_low_i32x4_s(p2),
      f64x2.convert_low_i32x4_s(p3),
      f64x2.convert_low_i32x4_s(p4),
      d,
    ),
  );
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
