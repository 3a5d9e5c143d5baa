/** Finding dots: under a pointer, in the direction of an arrow key. Only those that stand out. */

export interface Placed {
  /** [n]: 0 for a dot that is not to be found. */
  readonly shown: Uint8Array;
  /** Pixels; not finite for a video that is not in the panel. */
  at(video: number): [x: number, y: number];
}

/** The nearest within `reach` pixels; of two at one place the one that is drawn on top. */
export function nearestTo({ shown, at }: Placed, x: number, y: number, reach: number): number | undefined {
  let [best, least] = [undefined as number | undefined, reach * reach];
  for (let i = 0; i < shown.length; i++) {
    if (shown[i] === 0) continue;
    const [left, top] = at(i);
    const distance = (left - x) ** 2 + (top - y) ** 2;
    if (distance <= least) [best, least] = [i, distance];
  }
  return best;
}

/** The dot that an arrow leads to: near, and more in its direction than across it. @param dx, dy one is 0, the other ±1 */
export function nextTowards({ shown, at }: Placed, from: number, dx: number, dy: number): number | undefined {
  const [x, y] = at(from);
  let [best, least] = [undefined as number | undefined, Number.POSITIVE_INFINITY];
  for (let i = 0; i < shown.length; i++) {
    if (shown[i] === 0 || i === from) continue;
    const [left, top] = at(i);
    const along = (left - x) * dx + (top - y) * dy;
    const across = Math.abs((left - x) * dy) + Math.abs((top - y) * dx);
    if (along <= 0 || across > along) continue;
    if (along + across < least) [best, least] = [i, along + across];
  }
  return best;
}
