/** The smallest of many: per row a binary heap of `size` distances (float32) and whose they are (int32), the largest on top. */

/** Puts (distance, index) in the place of the top, which is larger. @returns the new top */
export function replaceTop(distances: usize, indices: usize, size: i32, distance: f32, index: i32): f32 {
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    let larger = load<f32>(distances + 4 * <usize>child);
    if (child + 1 < size) {
      const other = load<f32>(distances + 4 * <usize>(child + 1));
      if (other > larger) {
        larger = other;
        child += 1;
      }
    }
    if (larger <= distance) break;
    store<f32>(distances + 4 * <usize>at, larger);
    store<i32>(indices + 4 * <usize>at, load<i32>(indices + 4 * <usize>child));
    at = child;
  }
  store<f32>(distances + 4 * <usize>at, distance);
  store<i32>(indices + 4 * <usize>at, index);
  return load<f32>(distances);
}
