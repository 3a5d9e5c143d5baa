/**
 * The gradient of t-SNE (van der Maaten 2014, equations 5-8) and its descent. The map is kept in float64 with a float32 copy
 * that the forces are computed of, four points or four edges at once.
 */
import { NODE } from './tree';

/**
 * Repulsion of sorted points [4 first, 4 end) from the whole tree: Σ q² (yᵢ − yⱼ) to each point's place.
 *
 * @param theta2 a cell is taken as one where width² ≤ theta² · distance² for all four
 * @param forces float32 [n, 2], written
 * @returns Σ q of the points, of which each leaves out itself
 */
export function repel(
  tree: usize,
  nodes: i32,
  sorted: usize,
  x: usize,
  y: usize,
  n: i32,
  first: i32,
  end: i32,
  theta2: f32,
  forces: usize,
): f64 {
  const one = f32x4.splat(1);
  const reach = f32x4.splat(theta2);
  const last = tree + <usize>nodes * NODE;
  let total: f64 = 0;
  for (let group = first; group < end; group++) {
    const base = <usize>group * 16;
    const px = v128.load(x + base);
    const py = v128.load(y + base);
    let fx = f32x4.splat(0);
    let fy = fx;
    let z = fx;
    let node = tree;
    while (node < last) {
      const dx = f32x4.sub(px, v128.load32_splat(node));
      const dy = f32x4.sub(py, v128.load32_splat(node, 4));
      const d2 = f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy));
      const stop = load<i32>(node, 24);
      if (v128.all_true<i32>(f32x4.le(v128.load32_splat(node, 12), f32x4.mul(reach, d2)))) {
        const q = f32x4.div(one, f32x4.add(one, d2));
        const weighted = f32x4.mul(v128.load32_splat(node, 8), q);
        const square = f32x4.mul(weighted, q);
        z = f32x4.add(z, weighted);
        fx = f32x4.add(fx, f32x4.mul(square, dx));
        fy = f32x4.add(fy, f32x4.mul(square, dy));
        node = tree + <usize>load<i32>(node, 16) * NODE;
      } else if (stop !== 0) {
        for (let at = <usize>load<i32>(node, 20) * 4; at < <usize>stop * 4; at += 4) {
          const ex = f32x4.sub(px, v128.load32_splat(x + at));
          const ey = f32x4.sub(py, v128.load32_splat(y + at));
          const q = f32x4.div(one, f32x4.add(one, f32x4.add(f32x4.mul(ex, ex), f32x4.mul(ey, ey))));
          const square = f32x4.mul(q, q);
          z = f32x4.add(z, q);
          fx = f32x4.add(fx, f32x4.mul(square, ex));
          fy = f32x4.add(fy, f32x4.mul(square, ey));
        }
        node += NODE;
      } else {
        node += NODE;
      }
    }
    total += put(
      group * 4,
      0,
      n,
      sorted,
      forces,
      f32x4.extract_lane(fx, 0),
      f32x4.extract_lane(fy, 0),
      f32x4.extract_lane(z, 0),
    );
    total += put(
      group * 4,
      1,
      n,
      sorted,
      forces,
      f32x4.extract_lane(fx, 1),
      f32x4.extract_lane(fy, 1),
      f32x4.extract_lane(z, 1),
    );
    total += put(
      group * 4,
      2,
      n,
      sorted,
      forces,
      f32x4.extract_lane(fx, 2),
      f32x4.extract_lane(fy, 2),
      f32x4.extract_lane(z, 2),
    );
    total += put(
      group * 4,
      3,
      n,
      sorted,
      forces,
      f32x4.extract_lane(fx, 3),
      f32x4.extract_lane(fy, 3),
      f32x4.extract_lane(z, 3),
    );
  }
  return total;
}

function put(group: i32, lane: i32, n: i32, sorted: usize, forces: usize, fx: f32, fy: f32, z: f32): f64 {
  const place = group + lane;
  if (place >= n) return 0;
  const owner = forces + 8 * <usize>load<i32>(sorted + 8 * <usize>place, 4);
  store<f32>(owner, fx);
  store<f32>(owner, fy, 4);
  return <f64>z - 1;
}

/**
 * Attraction of rows [first, end): Σ p q (yᵢ − yⱼ).
 *
 * @param starts int32 [n + 1] of each row's first edge, multiples of 4: rows are filled up with edges of p = 0
 * @param columns int32 [edges]
 * @param weights float32 [edges]
 * @param forces float32 [n, 2], written
 */
export function attract(
  map: usize,
  starts: usize,
  columns: usize,
  weights: usize,
  first: i32,
  end: i32,
  forces: usize,
): void {
  const one = f32x4.splat(1);
  for (let i = first; i < end; i++) {
    const px = v128.load32_splat(map + 8 * <usize>i);
    const py = v128.load32_splat(map + 8 * <usize>i, 4);
    let fx = f32x4.splat(0);
    let fy = fx;
    const stop = <usize>load<i32>(starts + 4 * <usize>(i + 1)) * 4;
    for (let edge = <usize>load<i32>(starts + 4 * <usize>i) * 4; edge < stop; edge += 16) {
      let low = v128.load64_zero(map + 8 * <usize>load<i32>(columns + edge));
      low = v128.load64_lane(map + 8 * <usize>load<i32>(columns + edge, 4), low, 1);
      let high = v128.load64_zero(map + 8 * <usize>load<i32>(columns + edge, 8));
      high = v128.load64_lane(map + 8 * <usize>load<i32>(columns + edge, 12), high, 1);
      const dx = f32x4.sub(px, v128.shuffle<f32>(low, high, 0, 2, 4, 6));
      const dy = f32x4.sub(py, v128.shuffle<f32>(low, high, 1, 3, 5, 7));
      const d2 = f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy));
      const pull = f32x4.div(v128.load(weights + edge), f32x4.add(one, d2));
      fx = f32x4.add(fx, f32x4.mul(pull, dx));
      fy = f32x4.add(fy, f32x4.mul(pull, dy));
    }
    store<f32>(forces + 8 * <usize>i, sum(fx));
    store<f32>(forces + 8 * <usize>i, sum(fy), 4);
  }
}

function sum(lanes: v128): f32 {
  return (
    f32x4.extract_lane(lanes, 0) +
    f32x4.extract_lane(lanes, 1) +
    (f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3))
  );
}

/**
 * One step of coordinates [first, end) of the map: momentum and gains (Jacobs 1988) as in the author's own program.
 *
 * @param state float64 [3, count]: map, velocity, gain
 * @param copy float32 [count], written
 */
export function descend(
  state: usize,
  count: i32,
  copy: usize,
  attraction: usize,
  repulsion: usize,
  first: i32,
  end: i32,
  exaggeration: f64,
  z: f64,
  momentum: f64,
  rate: f64,
): void {
  const line = <usize>count * 8;
  for (let c = <usize>first; c < <usize>end; c++) {
    const at = state + 8 * c;
    const gradient = 4 * (exaggeration * <f64>load<f32>(attraction + 4 * c) - <f64>load<f32>(repulsion + 4 * c) / z);
    const velocity = load<f64>(at + line);
    let gain = load<f64>(at + 2 * line);
    gain = velocity * gradient < 0 ? gain + 0.2 : max(gain * 0.8, 0.01);
    const next = momentum * velocity - rate * gain * gradient;
    const moved = load<f64>(at) + next;
    store<f64>(at + 2 * line, gain);
    store<f64>(at + line, next);
    store<f64>(at, moved);
    store<f32>(copy + 4 * c, <f32>moved);
  }
}
