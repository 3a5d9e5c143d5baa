/** The features of a split under one model, beside what it says of each video: as arrays, and as a file for other programs. */

import { writeSafetensors } from '../formats/safetensors.ts';
import { type NpzArray, writeNpz } from '../formats/write-npz.ts';
import { float32, type HostTensor, int32 } from '../tensor/host.ts';
import type { Evaluation } from './evaluate.ts';
import { topClasses } from './metrics.ts';

/** Of the n videos that were decoded, in the order of the split. */
export interface SplitFeatures {
  readonly ids: readonly string[];
  /** int32 [n]. */
  readonly labels: HostTensor;
  /** int32 [n]: the best class. */
  readonly predicted: HostTensor;
  /** float32 [n, D]: what the head gets, the mean over the views. */
  readonly features: HostTensor;
  /** float32 [n, K]: fused scores. */
  readonly scores: HostTensor;
}

/** @param evaluation one that was asked for features */
export function splitFeatures({ predictions }: Pick<Evaluation, 'predictions'>): SplitFeatures {
  const decoded = predictions.flatMap(({ entry, scores, features }) =>
    scores === undefined || features === undefined ? [] : [{ entry, scores, features }],
  );
  const rows = <T extends ArrayLike<number>>(of: (one: (typeof decoded)[number]) => T): HostTensor => {
    const width = decoded[0] === undefined ? 0 : of(decoded[0]).length;
    const data = new Float32Array(decoded.length * width);
    for (const [i, one] of decoded.entries()) data.set(of(one), i * width);
    return float32([decoded.length, width], data);
  };
  const count = [decoded.length];
  return {
    ids: decoded.map(({ entry }) => entry.id),
    labels: int32(
      count,
      Int32Array.from(decoded, ({ entry }) => entry.label),
    ),
    predicted: int32(
      count,
      Int32Array.from(decoded, ({ scores }) => topClasses(scores, 1)[0] as number),
    ),
    features: rows(({ features }) => features),
    scores: rows(({ scores }) => scores),
  };
}

export interface FeaturesFile extends SplitFeatures {
  /** Label → class name. */
  readonly classes: readonly string[];
  /** How they were made, in one line. */
  readonly protocol: string;
  /** float32 [n, 2] by the name of what made them: `tsne`, `umap`. */
  readonly maps: Readonly<Record<string, HostTensor>>;
}

export const FEATURE_FORMATS = ['npz', 'safetensors'] as const;
export type FeatureFormat = (typeof FEATURE_FORMATS)[number];

/**
 * Writes `<file>.npz` or `<file>.safetensors`, whose texts (ids, classes, protocol) are JSON in its metadata.
 * @returns the file
 */
export async function writeFeatures(file: string, format: FeatureFormat, all: FeaturesFile): Promise<string> {
  const { ids, classes, protocol, maps, labels, predicted, features, scores } = all;
  const tensors = { features, labels, predicted, scores, ...maps };
  const target = `${file}.${format}`;
  if (format === 'npz') {
    await writeNpz(target, { ...tensors, ids, classes, protocol: [protocol] } satisfies Record<string, NpzArray>);
  } else {
    const metadata = { ids: JSON.stringify(ids), classes: JSON.stringify(classes), protocol };
    await writeSafetensors(target, tensors, metadata);
  }
  return target;
}
