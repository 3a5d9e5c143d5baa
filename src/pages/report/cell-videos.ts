/** The videos of each cell of a confusion matrix, as many as may stand in a page. */
import { isDecoded, type PredictionLine, predictedLabel } from '../../results/index.ts';

export interface CellVideos {
  /** Cells that are not empty: truth, predicted (K: not decoded), videos, and the surest of them: id, score of `predicted`. */
  readonly cells: readonly (readonly [truth: number, predicted: number, count: number, videos: readonly CellVideo[]])[];
  /** Videos of a cell at most. */
  readonly most: number;
  /** Whether every video is in it. */
  readonly complete: boolean;
}

/** Score null where the video could not be decoded. */
export type CellVideo = readonly [id: string, score: number | null];

/** Videos of a cell that are listed: as many of these as keep to the bytes. */
const STEPS = [100, 50, 20, 10, 5, 2, 1, 0];
/** Of an id in JSON: quotes, comma, brackets and a score. */
const BESIDE_AN_ID = 14;

/** @param bytes that the list may take */
export function cellVideos(predictions: readonly PredictionLine[], classes: number, bytes: number): CellVideos {
  const cells = new Map<number, CellVideo[]>();
  for (const line of predictions) {
    const key = line.label * (classes + 1) + (predictedLabel(line) ?? classes);
    const score = isDecoded(line) ? line.top.find(({ label }) => label === predictedLabel(line))?.score : undefined;
    const known = score === undefined || Number.isNaN(score) ? null : Number(score.toFixed(4));
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, [[line.id, known]]);
    else cell.push([line.id, known]);
  }
  for (const videos of cells.values()) videos.sort((a, b) => (b[1] ?? 0) - (a[1] ?? 0));
  const most = STEPS.find((step) => bytesOf(cells, step) <= bytes) ?? 0;
  return {
    cells: [...cells].map(([key, videos]) => [
      Math.floor(key / (classes + 1)),
      key % (classes + 1),
      videos.length,
      videos.slice(0, most),
    ]),
    most,
    complete: [...cells.values()].every((videos) => videos.length <= most),
  };
}

function bytesOf(cells: ReadonlyMap<number, readonly CellVideo[]>, most: number): number {
  let bytes = 0;
  for (const videos of cells.values()) {
    for (const [id] of videos.slice(0, most)) bytes += Buffer.byteLength(id) + BESIDE_AN_ID;
  }
  return bytes;
}
