/** Which classes are taken for which: counted over the predictions of one evaluation. */
import { type PredictionLine, predictedLabel } from './predictions.ts';

export interface Confusion {
  /** K. */
  readonly classes: number;
  /**
   * Videos, [K, K + 1] row-major: rows are the right class, columns the predicted one, and the last column those that could
   * not be decoded. The diagonal adds up to what top-1 counts.
   */
  readonly counts: Int32Array;
}

/** @throws RangeError for a label that is none of the K classes */
export function confusionOf(predictions: readonly PredictionLine[], classes: number): Confusion {
  const counts = new Int32Array(classes * (classes + 1));
  for (const line of predictions) {
    const predicted = predictedLabel(line);
    if (Math.max(line.label, predicted ?? 0) >= classes) {
      throw new RangeError(`${line.id}: a label beyond ${classes} classes`);
    }
    const at = line.label * (classes + 1) + (predicted ?? classes);
    counts[at] = (counts[at] as number) + 1;
  }
  return { classes, counts };
}

/** Videos of the class `truth` that were taken for `predicted`; K stands for not decoded. */
export function countAt({ classes, counts }: Confusion, truth: number, predicted: number): number {
  return counts[truth * (classes + 1) + predicted] as number;
}

export interface ConfusedPair {
  readonly truth: number;
  readonly predicted: number;
  readonly count: number;
  /** Of the videos of the right class. */
  readonly share: number;
}

/** Wrong predictions by pair, most videos first; of equal ones the larger share of its class, then by label. */
export function confusedPairs(confusion: Confusion, most = Number.POSITIVE_INFINITY): ConfusedPair[] {
  const { classes } = confusion;
  const pairs: ConfusedPair[] = [];
  for (let truth = 0; truth < classes; truth++) {
    const videos = videosOf(confusion, truth);
    for (let predicted = 0; predicted < classes; predicted++) {
      const count = countAt(confusion, truth, predicted);
      if (truth !== predicted && count > 0) pairs.push({ truth, predicted, count, share: count / videos });
    }
  }
  return pairs.sort((a, b) => b.count - a.count || b.share - a.share || a.truth - b.truth).slice(0, most);
}

/** Videos of a class, decoded or not. */
export function videosOf({ classes, counts }: Confusion, truth: number): number {
  return counts.subarray(truth * (classes + 1), (truth + 1) * (classes + 1)).reduce((sum, count) => sum + count, 0);
}
