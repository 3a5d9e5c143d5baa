/** How well a picture of dots keeps classes together, as one number for who cannot see it. */
import { extentOf } from './extent.ts';

/** Dots in a cell of the grid that neighbours are sought in, on average. */
const PER_CELL = 2;

/**
 * The share of videos whose nearest dot is of the same class. Undefined where fewer than two have a class and a place.
 *
 * @param points [n, 2] @param labels [n]: below 0 for none
 */
export function sameClassNeighbours(points: Float32Array, labels: Int32Array): number | undefined {
  const videos = Uint32Array.from(labels.keys()).filter(
    (i) => (labels[i] as number) >= 0 && Number.isFinite((points[2 * i] as number) + (points[2 * i + 1] as number)),
  );
  if (videos.length < 2) return undefined;
  const nearest = nearestIn(points, videos);
  let same = 0;
  for (const i of videos) if (labels[nearest(i)] === labels[i]) same++;
  return same / videos.length;
}

/** Finds the nearest of `videos` but the video itself: cell by cell in growing rings of a grid. */
function nearestIn(points: Float32Array, videos: Uint32Array): (video: number) => number {
  const extent = extentOf(points);
  const side = Math.max(1, Math.floor(Math.sqrt(videos.length / PER_CELL)));
  const step = extent.side / side;
  const cellAlong = (value: number, from: number): number => Math.min(side - 1, Math.floor((value - from) / step));
  const columnOf = (i: number): number => cellAlong(points[2 * i] as number, extent.x);
  const rowOf = (i: number): number => cellAlong(points[2 * i + 1] as number, extent.y);
  const cells = new Map<number, number[]>();
  for (const i of videos) {
    const cell = rowOf(i) * side + columnOf(i);
    const inCell = cells.get(cell);
    if (inCell === undefined) cells.set(cell, [i]);
    else inCell.push(i);
  }
  return (video) => {
    const [column, row] = [columnOf(video), rowOf(video)];
    let [best, least] = [-1, Number.POSITIVE_INFINITY];
    const look = (x: number, y: number): void => {
      if (x < 0 || y < 0 || x >= side || y >= side) return;
      for (const other of cells.get(y * side + x) ?? []) {
        if (other === video) continue;
        const dx = (points[2 * other] as number) - (points[2 * video] as number);
        const dy = (points[2 * other + 1] as number) - (points[2 * video + 1] as number);
        if (dx * dx + dy * dy < least) [best, least] = [other, dx * dx + dy * dy];
      }
    };
    // What lies in ring r + 1 is at least r cells away.
    for (let r = 0; r <= side && (best < 0 || least > ((r - 1) * step) ** 2); r++) {
      for (let along = -r; along <= r; along++) {
        look(column + along, row - r);
        if (r === 0) continue;
        look(column + along, row + r);
        if (Math.abs(along) === r) continue;
        look(column - r, row + along);
        look(column + r, row + along);
      }
    }
    return best;
  };
}
