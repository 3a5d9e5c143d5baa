/**
 * Nearest neighbours in two rounds: rounded squared distances |a|² + |b|² − 2 a·b of all pairs choose candidates, exact
 * distances (exact.ts) order them. `points` is float32 [rows, width / 4], in blocks of BLOCK rows; `norms` float32 [rows] has
 * their squared lengths, Infinity for rows that only fill the last block.
 */
import { dots } from './dots';
import { squaredDistance } from './exact';
import { replaceTop } from './heap';

const BLOCK: i32 = 48;

/** Rounded squared distances of two blocks, float32 [BLOCK, BLOCK], none below zero. */
function fillTile(points: usize, norms: usize, width: usize, row: i32, column: i32, tile: usize): void {
  dots(points + <usize>row * width, BLOCK, points + <usize>column * width, BLOCK, width, tile);
  const two = f32x4.splat(-2);
  const zero = f32x4.splat(0);
  let at = tile;
  for (let i = row; i < row + BLOCK; i++) {
    const own = v128.load32_splat(norms + <usize>i * 4);
    for (let j = column; j < column + BLOCK; j += 4, at += 16) {
      const both = f32x4.add(own, v128.load(norms + <usize>j * 4));
      v128.store(at, f32x4.max(zero, f32x4.add(both, f32x4.mul(two, v128.load(at)))));
    }
  }
}

/**
 * Offers every pair of block `block` with itself and the blocks before it to both rows' heaps.
 *
 * @param tops float32 [rows]: the largest in each heap, Infinity at first
 * @param distances float32 [rows, size], Infinity at first
 * @param indices int32 [rows, size]
 * @param tile scratch, float32 [BLOCK, BLOCK]
 */
export function offerBlock(
  points: usize,
  norms: usize,
  width: usize,
  block: i32,
  size: i32,
  tops: usize,
  distances: usize,
  indices: usize,
  tile: usize,
): void {
  const row = block * BLOCK;
  const heap = <usize>size * 4;
  for (let column = 0; column <= row; column += BLOCK) {
    fillTile(points, norms, width, row, column, tile);
    let at = tile;
    for (let i = row; i < row + BLOCK; i++) {
      for (let j = column; j < column + BLOCK; j += 4, at += 16) {
        const near = v128.load(at);
        const own = f32x4.lt(near, v128.load32_splat(tops + <usize>i * 4));
        const theirs = f32x4.lt(near, v128.load(tops + <usize>j * 4));
        if (!v128.any_true(v128.or(own, theirs))) continue;
        for (let lane = 0; lane < 4; lane++) {
          const other = j + lane;
          if (other >= i) break;
          const distance = load<f32>(at + <usize>lane * 4);
          const mine = <usize>i;
          const their = <usize>other;
          if (distance < load<f32>(tops + mine * 4)) {
            const top = replaceTop(distances + mine * heap, indices + mine * heap, size, distance, other);
            store<f32>(tops + mine * 4, top);
          }
          if (distance < load<f32>(tops + their * 4)) {
            const top = replaceTop(distances + their * heap, indices + their * heap, size, distance, i);
            store<f32>(tops + their * 4, top);
          }
        }
      }
    }
  }
}

/**
 * Joins the heap of a row with that of another thread.
 *
 * @returns the largest that is left
 */
export function joinHeaps(distances: usize, indices: usize, others: usize, otherIndices: usize, size: i32): f32 {
  let top = load<f32>(distances);
  for (let at: usize = 0; at < <usize>size * 4; at += 4) {
    const distance = load<f32>(others + at);
    if (distance < top) top = replaceTop(distances, indices, size, distance, load<i32>(otherIndices + at));
  }
  return top;
}

/** Puts (squared, index) into the sorted list of at most k, from the end. @returns how many are listed then */
function insert(squares: usize, listed: usize, held: i32, k: i32, squared: f64, index: i32): i32 {
  let at = held < k ? held : k - 1;
  for (; at > 0; at--) {
    const before = load<f64>(squares + 8 * <usize>(at - 1));
    const owner = load<i32>(listed + 4 * <usize>(at - 1));
    if (before < squared || (before === squared && owner < index)) break;
    store<f64>(squares + 8 * <usize>at, before);
    store<i32>(listed + 4 * <usize>at, owner);
  }
  store<f64>(squares + 8 * <usize>at, squared);
  store<i32>(listed + 4 * <usize>at, index);
  return min(held + 1, k);
}

/** Whether (squared, index) comes before the last of a full list. */
function isBefore(squares: usize, listed: usize, k: i32, squared: f64, index: i32): bool {
  const last = load<f64>(squares + 8 * <usize>(k - 1));
  return squared < last || (squared === last && index < load<i32>(listed + 4 * <usize>(k - 1)));
}

/**
 * The k nearest of the candidates of a row, by (exact squared distance, index).
 *
 * @param exact float32 [n, width / 4]: the points as they were given
 * @param candidates int32 [size]
 * @param squares float64 [k], written
 * @param listed int32 [k], written
 * @returns the k-th squared distance
 */
export function sortExactly(
  exact: usize,
  width: usize,
  row: i32,
  candidates: usize,
  size: i32,
  k: i32,
  squares: usize,
  listed: usize,
): f64 {
  const own = exact + <usize>row * width;
  let held = 0;
  for (let c = 0; c < size; c++) {
    const index = load<i32>(candidates + 4 * <usize>c);
    const limit = held < k ? Infinity : load<f64>(squares + 8 * <usize>(k - 1));
    const squared = squaredDistance(own, exact + <usize>index * width, width, limit);
    if (held < k || isBefore(squares, listed, k, squared, index)) {
      held = insert(squares, listed, held, k, squared, index);
    }
  }
  return load<f64>(squares + 8 * <usize>(k - 1));
}

/** Compares a row with every other exactly: for where rounding leaves open whether the candidates hold all. */
export function scanExactly(exact: usize, width: usize, n: i32, row: i32, k: i32, squares: usize, listed: usize): void {
  const own = exact + <usize>row * width;
  let held = 0;
  for (let index = 0; index < n; index++) {
    if (index === row) continue;
    const limit = held < k ? Infinity : load<f64>(squares + 8 * <usize>(k - 1));
    const squared = squaredDistance(own, exact + <usize>index * width, width, limit);
    if (held < k || isBefore(squares, listed, k, squared, index)) {
      held = insert(squares, listed, held, k, squared, index);
    }
  }
}

/**
 * Of each pair of block `block` with itself and the blocks before it: which row has the other nearer than its own limits.
 *
 * @param k limits a row
 * @param limits float64 [rows, k]: exact squared distances, rising
 * @param holders int32 [rows, k]: whose; among equal ones the lower index comes first
 * @param reach float32 [rows]: rounded distances above it are above all limits; −1 for rows that fill up
 * @param closer int32 [rows, k], added to: how many come before each limit
 * @param scale of a rounded squared distance to an exact one
 * @param error float32 [rows]: largest error of a rounded squared distance of the row, within its reach
 */
export function countCloser(
  points: usize,
  norms: usize,
  exact: usize,
  width: usize,
  block: i32,
  k: i32,
  limits: usize,
  holders: usize,
  reach: usize,
  closer: usize,
  scale: f64,
  error: usize,
  tile: usize,
): void {
  const row = block * BLOCK;
  for (let column = 0; column <= row; column += BLOCK) {
    fillTile(points, norms, width, row, column, tile);
    let at = tile;
    for (let i = row; i < row + BLOCK; i++) {
      for (let j = column; j < column + BLOCK; j += 4, at += 16) {
        const near = v128.load(at);
        const own = f32x4.le(near, v128.load32_splat(reach + <usize>i * 4));
        const theirs = f32x4.le(near, v128.load(reach + <usize>j * 4));
        if (!v128.any_true(v128.or(own, theirs))) continue;
        for (let lane = 0; lane < 4; lane++) {
          const other = j + lane;
          if (other >= i) break;
          const distance = load<f32>(at + <usize>lane * 4);
          if (distance <= load<f32>(reach + <usize>i * 4)) {
            countOne(exact, width, i, other, k, limits, holders, closer, distance, scale, error);
          }
          if (distance <= load<f32>(reach + <usize>other * 4)) {
            countOne(exact, width, other, i, k, limits, holders, closer, distance, scale, error);
          }
        }
      }
    }
  }
}

function countOne(
  exact: usize,
  width: usize,
  row: i32,
  other: i32,
  k: i32,
  limits: usize,
  holders: usize,
  closer: usize,
  rounded: f32,
  scale: f64,
  error: usize,
): void {
  const slack = <f64>load<f32>(error + <usize>row * 4);
  const low = (<f64>rounded - slack) * scale;
  const high = (<f64>rounded + slack) * scale;
  let squared: f64 = -1;
  for (let c = k - 1; c >= 0; c--) {
    const slot = <usize>(row * k + c);
    const limit = load<f64>(limits + 8 * slot);
    if (low > limit) return;
    if (high >= limit) {
      if (squared < 0) {
        squared = squaredDistance(exact + <usize>row * width, exact + <usize>other * width, width, Infinity);
      }
      if (squared > limit || (squared === limit && other >= load<i32>(holders + 4 * slot))) return;
    }
    store<i32>(closer + 4 * slot, load<i32>(closer + 4 * slot) + 1);
  }
}
