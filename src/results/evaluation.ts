/** `evaluation.json`: a top-1 with its protocol and its counts. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { dataError, messageOf } from '../errors/index.ts';
import type { VideoCounts } from '../eval/counts.ts';
import type { Evaluation } from '../eval/evaluate.ts';
import { type Protocol, protocolText } from '../eval/protocol.ts';
import { writeFileAtomic } from '../formats/write-file.ts';
import { checked } from './checked.ts';

export const EVALUATION_FILE = 'evaluation.json';

export interface EvaluationFile extends VideoCounts {
  /** Shares in [0, 1], over the counted videos. */
  readonly top1: number;
  readonly top5: number;
  /** 5, or K where there are fewer classes. */
  readonly k: number;
  /** Share of single views that were right. */
  readonly viewTop1: number;
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
  readonly protocol: Protocol & { readonly text: string };
}

/** The result without what was said of each video. */
export function evaluationFile({ predictions: _, ...counts }: Evaluation, protocol: Protocol): EvaluationFile {
  return { ...counts, protocol: { ...protocol, text: protocolText(protocol) } };
}

export async function writeEvaluation(folder: string, evaluation: EvaluationFile): Promise<void> {
  await writeFileAtomic(path.join(folder, EVALUATION_FILE), `${JSON.stringify(evaluation, null, 2)}\n`);
}

const share = z.number().min(0).max(1);
const count = z.int().min(0);
const protocol = z.object({
  dataset: z.string(),
  split: z.string(),
  fold: count.optional(),
  classes: count,
  frames: count,
  stride: count,
  sampling: z.string(),
  size: count,
  resize: z.union([z.literal('squash'), count]).optional(),
  interpolation: z.string().optional(),
  views: z.object({ segments: count, crops: count }),
  fusion: z.enum(['logits', 'softmax']),
  weights: z.string(),
  text: z.string(),
});
const evaluation = z.object({
  ...{ top1: share, top5: share, k: count, viewTop1: share },
  ...{ listed: count, counted: count, missing: count, unreadable: count, undecoded: count, damaged: count },
  failed: z.array(z.object({ id: z.string(), reason: z.string() })),
  protocol,
});

/** @throws PetlVideoError (data) for a file that is not what `evaluate` writes; the system's error where there is none */
export async function readEvaluation(file: string): Promise<EvaluationFile> {
  const text = await readFile(file, 'utf8');
  try {
    return checked(evaluation, JSON.parse(text), 'evaluation');
  } catch (error) {
    throw dataError(messageOf(error), { at: file, cause: error });
  }
}
