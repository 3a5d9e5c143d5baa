/**
 * What an evaluation leaves in the folder of its run:
 *
 *   predictions.jsonl   what was said of each video
 *   per-class.csv       how each class fares
 *   confusion.csv       which classes are taken for which
 *   evaluation.json     the result with its protocol
 *
 * It also makes metrics.csv anew, which runs of earlier versions lack.
 */
import path from 'node:path';
import type { Evaluation } from '../eval/evaluate.ts';
import type { Protocol } from '../eval/protocol.ts';
import { type CsvCell, csvText } from '../formats/csv.ts';
import { writeFileAtomic } from '../formats/write-file.ts';
import { writeMetricsTable } from '../train/metrics.ts';
import { type Confusion, confusionOf, countAt } from './confusion.ts';
import { evaluationFile, writeEvaluation } from './evaluation.ts';
import { type ClassResult, perClass } from './per-class.ts';
import { predictionLine, writePredictions } from './predictions.ts';

export const PER_CLASS_FILE = 'per-class.csv';
export const CONFUSION_FILE = 'confusion.csv';

export interface RunResult {
  readonly evaluation: Evaluation;
  readonly protocol: Protocol;
  /** Label → class name. */
  readonly classes: readonly string[];
}

/** Each file is there whole or not at all; evaluation.json comes last, so that where it is the others are. */
export async function keepResult(folder: string, { evaluation, protocol, classes }: RunResult): Promise<void> {
  const lines = evaluation.predictions.map((prediction) => predictionLine(prediction, classes));
  const confusion = confusionOf(lines, classes.length);
  await writePredictions(folder, lines);
  await writeFileAtomic(path.join(folder, PER_CLASS_FILE), csvText(perClassRows(perClass(lines, classes))));
  await writeFileAtomic(path.join(folder, CONFUSION_FILE), csvText(confusionRows(confusion, classes)));
  await writeMetricsTable(folder);
  await writeEvaluation(folder, evaluationFile(evaluation, protocol));
}

export function perClassRows(results: readonly ClassResult[]): CsvCell[][] {
  const header = [
    ...['label', 'class', 'videos', 'right', 'top1', 'top5', 'notDecoded'],
    ...['confusedWith', 'confusedVideos'],
  ];
  return [
    header,
    ...results.map(({ label, class: name, videos, right, top1, top5, notDecoded, confusedWith }) => [
      ...[label, name, videos, right, top1, top5, notDecoded],
      ...[confusedWith?.class, confusedWith?.count],
    ]),
  ];
}

/** Rows are the right class, columns the predicted one. */
export function confusionRows(confusion: Confusion, classes: readonly string[]): CsvCell[][] {
  const columns = [...classes, 'not decoded'];
  return [
    ['class', ...columns],
    ...classes.map((name, truth) => [name, ...columns.map((_, predicted) => countAt(confusion, truth, predicted))]),
  ];
}
