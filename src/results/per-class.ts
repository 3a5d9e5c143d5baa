/** How each class fares. */
import { type Confusion, confusionOf, countAt, videosOf } from './confusion.ts';
import { isDecoded, type PredictionLine } from './predictions.ts';

export interface ClassResult {
  readonly label: number;
  readonly class: string;
  readonly videos: number;
  /** Videos whose best class is the right one. */
  readonly right: number;
  /** Videos whose right class is among the best five, or K. */
  readonly right5: number;
  /** Counted as wrong. */
  readonly notDecoded: number;
  /** Shares in [0, 1]; absent for a class without videos. */
  readonly top1?: number;
  readonly top5?: number;
  /** The class that its videos are most often taken for; of equal ones the first. Absent where none is. */
  readonly confusedWith?: { readonly label: number; readonly class: string; readonly count: number };
}

/** One result for each class, by label. @param classes label → name */
export function perClass(predictions: readonly PredictionLine[], classes: readonly string[]): ClassResult[] {
  const k = Math.min(5, classes.length);
  const confusion = confusionOf(predictions, classes.length);
  const right5 = new Int32Array(classes.length);
  for (const line of predictions) {
    if (isDecoded(line) && line.rank < k) right5[line.label] = (right5[line.label] as number) + 1;
  }
  return classes.map((name, label) => {
    const videos = videosOf(confusion, label);
    const right = countAt(confusion, label, label);
    const among = right5[label] as number;
    const confused = mostConfusedWith(confusion, label);
    return {
      ...{ label, class: name, videos, right, right5: among },
      notDecoded: countAt(confusion, label, classes.length),
      ...(videos === 0 ? {} : { top1: right / videos, top5: among / videos }),
      ...(confused === undefined ? {} : { confusedWith: { ...confused, class: classes[confused.label] as string } }),
    };
  });
}

function mostConfusedWith(confusion: Confusion, truth: number): { label: number; count: number } | undefined {
  let most: { label: number; count: number } | undefined;
  for (let label = 0; label < confusion.classes; label++) {
    const count = countAt(confusion, truth, label);
    if (label !== truth && count > (most?.count ?? 0)) most = { label, count };
  }
  return most;
}
