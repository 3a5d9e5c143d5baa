/**
 * Bicubic resizing of a grid of vectors, as the papers resize tables of positions: PyTorch's `interpolate(mode='bicubic',
 * align_corners=False)`, which VideoMAE, MAE and timm before 0.9 call. Cubic convolution with a = −0.75 (Keys 1981), samples at
 * (i + ½) · from / to − ½, edges repeated, no smoothing when shrinking (timm since 0.9 smooths: `antialias=True`).
 */

const A = -0.75;

/** Weights of the four neighbours at −1, 0, 1, 2 of a sample that lies `t` behind neighbour 0. */
function cubicWeights(t: number): [number, number, number, number] {
  const near = (x: number): number => ((A + 2) * x - (A + 3)) * x * x + 1;
  const far = (x: number): number => ((A * x - 5 * A) * x + 8 * A) * x - 4 * A;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}

interface Tap {
  readonly from: number;
  readonly weight: number;
}

/** For each of `to` places along an axis: the four of `from` that make it. */
function tapsAlong(from: number, to: number): Tap[][] {
  return Array.from({ length: to }, (_, i) => {
    const place = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(place);
    return cubicWeights(place - first).map((weight, k) => ({
      from: Math.min(from - 1, Math.max(0, first - 1 + k)),
      weight,
    }));
  });
}

/** values [rows, columns, width] → [toRows, toColumns, width]; summed in float64. */
export function resizeGrid(
  values: Float32Array,
  [rows, columns, width]: readonly [rows: number, columns: number, width: number],
  [toRows, toColumns]: readonly [rows: number, columns: number],
): Float32Array {
  const down = tapsAlong(rows, toRows);
  const across = tapsAlong(columns, toColumns);
  const resized = new Float32Array(toRows * toColumns * width);
  for (const [row, rowTaps] of down.entries()) {
    for (const [column, columnTaps] of across.entries()) {
      const at = (row * toColumns + column) * width;
      for (let j = 0; j < width; j++) {
        let sum = 0;
        for (const { from: r, weight } of rowTaps) {
          for (const { from: c, weight: factor } of columnTaps) {
            sum += weight * factor * (values[(r * columns + c) * width + j] as number);
          }
        }
        resized[at + j] = sum;
      }
    }
  }
  return resized;
}
