/** Squared distances in float64, of rows of float32: what decides where rounded products leave it open. */

function sum(lanes: v128): f64 {
  return f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);
}

/**
 * Squared distance of two rows; stops early with a part of it that is above `limit` already.
 *
 * @param width of a row in bytes, a multiple of 16
 */
export function squaredDistance(a: usize, b: usize, width: usize, limit: f64): f64 {
  let total: f64 = 0;
  for (let at: usize = 0; at < width; ) {
    const end = min(at + 512, width);
    let low = f64x2.splat(0);
    let high = low;
    for (; at < end; at += 16) {
      const x = v128.load(a + at);
      const y = v128.load(b + at);
      const first = f64x2.sub(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y));
      const second = f64x2.sub(
        f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1)),
        f64x2.promote_low_f32x4(v128.shuffle<i64>(y, y, 1, 1)),
      );
      low = f64x2.add(low, f64x2.mul(first, first));
      high = f64x2.add(high, f64x2.mul(second, second));
    }
    total += sum(f64x2.add(low, high));
    if (total > limit) return total;
  }
  return total;
}
