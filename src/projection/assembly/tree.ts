/**
 * A quadtree of the map for the forces of Barnes and Hut (Nature 1986), as van der Maaten (JMLR 2014) uses it: points sorted
 * along the Z-order curve of a grid of 2¹⁶ cells a side, nodes in preorder, each with where to go on when it is not opened.
 *
 * A node is 28 bytes: centre of mass x, y and count (float32), squared width of its cell (float32), the node behind its last
 * (int32), first point and end of points (int32, positions in sorted order; both 0 when it has children).
 */

export const NODE: usize = 28;
const LEAF: i32 = 4;
const DEPTH: i32 = 16;

/** Puts a zero bit before each of 16. */
function spread(value: u32): u32 {
  value = (value | (value << 8)) & 0x00ff00ff;
  value = (value | (value << 4)) & 0x0f0f0f0f;
  value = (value | (value << 2)) & 0x33333333;
  return (value | (value << 1)) & 0x55555555;
}

/** One pass of a radix sort by 8 bits, of (code, owner) of 4 bytes each. */
function sortPass(from: usize, to: usize, n: i32, shift: u32, counts: usize): void {
  memory.fill(counts, 0, 1024);
  const end = from + <usize>n * 8;
  for (let at = from; at < end; at += 8) {
    const slot = counts + 4 * <usize>((load<u32>(at) >> shift) & 255);
    store<u32>(slot, load<u32>(slot) + 1);
  }
  let sum: u32 = 0;
  for (let slot = counts; slot < counts + 1024; slot += 4) {
    const count = load<u32>(slot);
    store<u32>(slot, sum);
    sum += count;
  }
  for (let at = from; at < end; at += 8) {
    const slot = counts + 4 * <usize>((load<u32>(at) >> shift) & 255);
    const place = load<u32>(slot);
    store<u32>(slot, place + 1);
    store<u64>(to + 8 * <usize>place, load<u64>(at));
  }
}

let codes: usize = 0;
let xs: usize = 0;
let ys: usize = 0;
let next: usize = 0;
let nodes: usize = 0;
let side: f32 = 0;
let sumX: f64 = 0;
let sumY: f64 = 0;

/** Writes the node of the sorted points [from, to), all in one cell of `depth`; leaves their sums in sumX, sumY. */
function build(from: i32, to: i32, depth: i32): void {
  // A cell with all of its points in one quarter is that quarter.
  const first = load<u32>(codes + 8 * <usize>from);
  const differing = first ^ load<u32>(codes + 8 * <usize>(to - 1));
  depth = differing === 0 ? DEPTH : max(depth, <i32>clz(differing) >> 1);
  const node = next;
  next += NODE;
  let x: f64 = 0;
  let y: f64 = 0;
  if (to - from <= LEAF || depth === DEPTH) {
    for (let p = from; p < to; p++) {
      x += <f64>load<f32>(xs + 4 * <usize>p);
      y += <f64>load<f32>(ys + 4 * <usize>p);
    }
    store<i32>(node, from, 20);
    store<i32>(node, to, 24);
  } else {
    store<i32>(node, 0, 20);
    store<i32>(node, 0, 24);
    const shift = <u32>(30 - 2 * depth);
    for (let at = from; at < to; ) {
      const quarter = (load<u32>(codes + 8 * <usize>at) >> shift) & 3;
      let low = at + 1;
      let high = to;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (((load<u32>(codes + 8 * <usize>middle) >> shift) & 3) === quarter) low = middle + 1;
        else high = middle;
      }
      build(at, low, depth + 1);
      x += sumX;
      y += sumY;
      at = low;
    }
  }
  const count = <f64>(to - from);
  // Points that share a cell of the finest grid are one, whatever the angle.
  const width = depth === DEPTH ? <f32>0 : side / <f32>(1 << depth);
  store<f32>(node, <f32>(x / count));
  store<f32>(node, <f32>(y / count), 4);
  store<f32>(node, <f32>count, 8);
  store<f32>(node, width * width, 12);
  store<i32>(node, <i32>((next - nodes) / NODE), 16);
  sumX = x;
  sumY = y;
}

/**
 * @param map float32 [n, 2]
 * @param sorted (code uint32, owner int32) [n], written; `scratch` of the same size
 * @param x float32 [n + 3], written: the map in sorted order, the last point repeated
 * @param tree 2 n nodes, written
 * @returns how many nodes there are
 */
export function buildTree(
  map: usize,
  n: i32,
  sorted: usize,
  scratch: usize,
  x: usize,
  y: usize,
  tree: usize,
  counts: usize,
): i32 {
  let left: f32 = Infinity;
  let right: f32 = -Infinity;
  let top: f32 = Infinity;
  let bottom: f32 = -Infinity;
  for (let at = map; at < map + <usize>n * 8; at += 8) {
    left = min(left, load<f32>(at));
    right = max(right, load<f32>(at));
    top = min(top, load<f32>(at, 4));
    bottom = max(bottom, load<f32>(at, 4));
  }
  side = max(max(right - left, bottom - top), <f32>1e-30);
  const perCell = <f64>65535.99 / <f64>side;
  for (let i = 0; i < n; i++) {
    const at = map + <usize>i * 8;
    const column = <u32>(<f64>(load<f32>(at) - left) * perCell);
    const line = <u32>(<f64>(load<f32>(at, 4) - top) * perCell);
    store<u32>(sorted + <usize>i * 8, spread(min(column, 65535)) | (spread(min(line, 65535)) << 1));
    store<i32>(sorted + <usize>i * 8, i, 4);
  }
  sortPass(sorted, scratch, n, 0, counts);
  sortPass(scratch, sorted, n, 8, counts);
  sortPass(sorted, scratch, n, 16, counts);
  sortPass(scratch, sorted, n, 24, counts);
  for (let p = 0; p < n + 3; p++) {
    const owner = load<i32>(sorted + 8 * <usize>min(p, n - 1), 4);
    store<f32>(x + 4 * <usize>p, load<f32>(map + <usize>owner * 8));
    store<f32>(y + 4 * <usize>p, load<f32>(map + <usize>owner * 8, 4));
  }
  codes = sorted;
  xs = x;
  ys = y;
  nodes = tree;
  next = tree;
  build(0, n, 0);
  return <i32>((next - tree) / NODE);
}
