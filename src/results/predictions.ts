/** `predictions.jsonl`: what a run said of each video, one line each, in the order of the split. */
import path from 'node:path';
import { z } from 'zod';
import type { VideoPrediction } from '../eval/evaluate.ts';
import { topClasses } from '../eval/metrics.ts';
import { readJsonLines, writeJsonLines } from '../formats/jsonl.ts';
import { checked, number } from './checked.ts';

export const PREDICTIONS_FILE = 'predictions.jsonl';

/** Best classes that a line names. */
export const SHOWN_CLASSES = 5;

export interface ScoredClass {
  readonly class: string;
  readonly label: number;
  /** Fused over the views: a probability or a logit, as the protocol's fusion says. */
  readonly score: number;
}

interface Asked {
  /** Unique in the split. */
  readonly id: string;
  /** Relative to the root of the data set. */
  readonly file: string;
  /** The right class. */
  readonly label: number;
  readonly class: string;
}

export interface DecodedPrediction extends Asked {
  /** 0-based rank of the right class; equal scores go against it. */
  readonly rank: number;
  /** Of the right class; absent in files of earlier versions. */
  readonly score?: number | undefined;
  /** The best classes, best first: {@link SHOWN_CLASSES}, or all where there are fewer. */
  readonly top: readonly ScoredClass[];
}

/** A video that could not be decoded; it counts as wrong. */
export interface FailedPrediction extends Asked {
  readonly failure: string;
}

export type PredictionLine = DecodedPrediction | FailedPrediction;

export function isDecoded(line: PredictionLine): line is DecodedPrediction {
  return !('failure' in line);
}

/** Whether the right class is the best one: what top-1 counts. */
export function isRight(line: PredictionLine): boolean {
  return isDecoded(line) && line.rank === 0;
}

/** The class that was taken for the right one; undefined where the video could not be decoded. */
export function predictedLabel(line: PredictionLine): number | undefined {
  if (!isDecoded(line)) return undefined;
  // Of equal scores the right class counts as the worse one, wherever it stands.
  return line.rank === 0 ? line.label : (line.top.find(({ label }) => label !== line.label)?.label ?? line.label);
}

/** @param classes label → name */
export function predictionLine(
  { entry, scores, rank, failure }: VideoPrediction,
  classes: readonly string[],
): PredictionLine {
  const { id, file, label } = entry;
  const nameOf = (k: number): string => classes[k] as string;
  const known = { id, file, label, class: nameOf(label) };
  if (scores === undefined) return { ...known, failure: failure ?? 'no scores' };
  const scoreOf = (k: number): number => scores[k] as number;
  const top = topClasses(scores, SHOWN_CLASSES).map((k) => ({ class: nameOf(k), label: k, score: scoreOf(k) }));
  return { ...known, rank, score: scoreOf(label), top };
}

export async function writePredictions(folder: string, lines: readonly PredictionLine[]): Promise<void> {
  await writeJsonLines(path.join(folder, PREDICTIONS_FILE), lines);
}

const label = z.int().min(0);
const asked = { id: z.string(), file: z.string(), label, class: z.string() };
const failed = z.object({ ...asked, failure: z.string() });
const decoded = z.object({
  ...asked,
  rank: z.int().min(0),
  score: number.optional(),
  top: z.array(z.object({ class: z.string(), label, score: number })).min(1),
});

/** @throws PetlVideoError (data) at `file:line` for a line that is no JSON or no prediction, and where there is no file */
export function readPredictions(file: string): Promise<PredictionLine[]> {
  return readJsonLines<PredictionLine>(file, (value) => {
    const isFailed = typeof value === 'object' && value !== null && 'failure' in value;
    return isFailed ? checked(failed, value, 'prediction') : checked(decoded, value, 'prediction');
  });
}
