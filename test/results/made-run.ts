/** Folders of runs as training and `evaluate` leave them, without either: what was said of each video is made up. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseRecipe, type Recipe, toYaml } from '../../src/config/index.ts';
import type { Entry } from '../../src/data/manifest.ts';
import type { Evaluation, VideoPrediction } from '../../src/eval/evaluate.ts';
import { rankOf } from '../../src/eval/metrics.ts';
import type { Protocol } from '../../src/eval/protocol.ts';
import { writeTunedWeights } from '../../src/petl/tuned-weights.ts';
import { keepResult } from '../../src/results/index.ts';

export const CLASSES = ['serve', 'smash, jumping', '=volley'] as const;

export interface MadeRun {
  readonly method?: string;
  readonly seed?: number;
  /** What each video is taken for; -1 could not be decoded. Video i is of the class i mod K. */
  readonly predicted?: readonly number[];
  /** Ids, where they are not `video-0`, `video-1`, … */
  readonly ids?: readonly string[];
  readonly labels?: readonly number[];
  readonly protocol?: Partial<Protocol>;
  /** Lines of metrics.jsonl. */
  readonly metrics?: readonly object[];
  /** Without tuned weights: before its first epoch. */
  readonly untrained?: boolean;
  /** More lines of the recipe. */
  readonly recipe?: string;
}

export function madeRecipe({ method = 'linear', seed = 0, recipe = '' }: MadeRun): Recipe {
  const text = `\
name: made-${method}
data: { path: data, frames: 2, stride: 2, size: 16, crop: center }
backbone: { size: { width: 16, depth: 1, heads: 2 }, patch: 8, tubelet: 2, weights: random }
method: { name: ${method} }
optim: { name: adamw, lr: 0.01, weightDecay: 0, warmupEpochs: 0 }
train: { epochs: 2, batch: 4, seed: ${seed} }
${recipe}`;
  return parseRecipe(text, { file: 'made.yaml' });
}

export const PROTOCOL: Protocol = {
  dataset: 'tennis',
  split: 'validation',
  classes: CLASSES.length,
  frames: 2,
  stride: 2,
  sampling: 'adaptformer-dense',
  size: 16,
  views: { segments: 1, crops: 1 },
  fusion: 'softmax',
  weights: 'last weights, epoch 2',
};

/** Makes `<parent>/<name>`; with `predicted` it is evaluated. @returns the folder */
export async function makeRun(parent: string, name: string, made: MadeRun = {}): Promise<string> {
  const folder = path.join(parent, name);
  const recipe = madeRecipe(made);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'config.yaml'), toYaml(recipe));
  const lines = (made.metrics ?? []).map((line) => `${JSON.stringify(line)}\n`);
  await writeFile(path.join(folder, 'metrics.jsonl'), lines.join(''));
  if (!made.untrained) {
    await writeTunedWeights(
      path.join(folder, 'tuned.safetensors'),
      {},
      {
        method: recipe.method,
        classes: CLASSES,
        backbone: 'fingerprint',
        recipe: toYaml(recipe),
        training: { epoch: 2, epochs: 2 },
      },
    );
  }
  if (made.predicted !== undefined) {
    const evaluation = madeEvaluation(made.predicted, made.labels, made.ids);
    await keepResult(folder, { evaluation, protocol: { ...PROTOCOL, ...made.protocol }, classes: CLASSES });
  }
  return folder;
}

export function madeEvaluation(
  predicted: readonly number[],
  labels: readonly number[] = predicted.map((_, i) => i % CLASSES.length),
  ids: readonly string[] = predicted.map((_, i) => `video-${i}`),
): Evaluation {
  const predictions = predicted.map((guess, i): VideoPrediction => {
    const entry = { id: ids[i], file: `${ids[i]}.mp4`, label: labels[i], verdict: 'ok' } as Entry;
    if (guess < 0) return { entry, rank: CLASSES.length, rightViews: 0, failure: 'no frame' };
    const scores = Float64Array.from(CLASSES, (_, k) => (k === guess ? 0.75 : 0.125));
    return { entry, scores, rank: rankOf(scores, entry.label), rightViews: guess === entry.label ? 1 : 0 };
  });
  const right = predictions.filter(({ rank }) => rank === 0).length;
  const failed = predictions.flatMap(({ entry, failure }) => (failure ? [{ id: entry.id, reason: failure }] : []));
  const counted = predictions.length;
  return {
    top1: right / counted,
    top5: (counted - failed.length) / counted,
    k: CLASSES.length,
    viewTop1: right / Math.max(1, counted - failed.length),
    ...{ listed: counted, counted, missing: 0, unreadable: 0, undecoded: failed.length, damaged: 0 },
    failed,
    predictions,
  };
}
