/** The square that points fill. */

export interface Square {
  /** Its left and its lowest (in a figure: upper) edge. */
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/**
 * The smallest square around all points that are finite, their middle in its middle. Around one point, or many at one place, it has
 * side 1.
 *
 * @param points [n, 2]
 */
export function extentOf(points: Float32Array): Square {
  const [low, high] = [
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ] as [[number, number], [number, number]];
  for (let i = 0; i + 1 < points.length; i += 2) {
    for (const axis of [0, 1] as const) {
      const value = points[i + axis] as number;
      if (!Number.isFinite(value)) continue;
      low[axis] = Math.min(low[axis], value);
      high[axis] = Math.max(high[axis], value);
    }
  }
  const [width, height] = [high[0] - low[0], high[1] - low[1]];
  if (!Number.isFinite(width + height)) return { x: -0.5, y: -0.5, side: 1 };
  const side = Math.max(width, height) || 1;
  return { x: (low[0] + high[0] - side) / 2, y: (low[1] + high[1] - side) / 2, side };
}
