/** A run as a model that others serve: backbone, method and head in one graph, checked on a clip before it is there. */
import path from 'node:path';
import type { Session } from '../engine/engine.ts';
import { evaluationState } from '../eval/step.ts';
import { writeFileAtomic } from '../formats/write-file.ts';
import { compileGraph } from '../graph/compile.ts';
import { featureWidth } from '../model/backbone.ts';
import type { Classifier } from '../petl/classifier.ts';
import { type HostTensor, uint8 } from '../tensor/host.ts';
import { requireEqual } from './check.ts';
import { writeFolder } from './folder.ts';
import { type Check, type ExportFacts, METADATA_FILE, metadataText } from './metadata.ts';
import { openOnnx, writeOnnx } from './onnx-files.ts';
import { openSavedModel, writeSavedModel } from './saved-model.ts';
import { servingStep } from './serving-step.ts';

export const FORMATS = ['savedmodel', 'onnx'] as const;
export type Format = (typeof FORMATS)[number];

export interface ExportOptions {
  readonly format: Format;
  /** Clips of a call; the exported graph has no other. */
  readonly batch: number;
  /** The new folder. */
  readonly folder: string;
  /** A real clip, uint8 [T, H, W, 3], and the video that it is of. */
  readonly clip: { readonly id: string; readonly pixels: Uint8Array };
  readonly facts: ExportFacts;
  /** Set-up's folder. */
  readonly cache: string;
  readonly signal?: AbortSignal;
}

/** Of scores at a time: servers have less memory than trainers. */
const SLICE_BYTES = 64e6;

/**
 * @param session of the model's evaluation, with its weights
 * @returns how far the exported model is from the session
 * @throws PetlVideoError when they differ by more than 1e-4, with nothing written; (environment) for a SavedModel where
 *   libtensorflow, which checks it, is not there
 */
export async function exportModel(session: Session, model: Classifier, options: ExportOptions): Promise<Check> {
  const { format, batch, folder, clip, facts, cache, signal } = options;
  const step = servingStep(model, batch);
  const graph = await compileGraph(step, evaluationState(model), {
    precision: 'fp32',
    recompute: false,
    attention: { keptBytes: Number.POSITIVE_INFINITY, sliceBytes: SLICE_BYTES },
    clusters: false,
  });
  return writeFolder(folder, async (unfinished) => {
    await (format === 'onnx' ? writeOnnx : writeSavedModel)(unfinished, graph, session);
    signal?.throwIfAborted();
    const clips = repeated(clip.pixels, step.inputs.clips?.shape ?? []);
    const expected = await (await session.compile(step)).run({ clips });
    const served = await (format === 'onnx' ? openOnnx(unfinished) : openSavedModel(unfinished, { cache }));
    let check: Check;
    try {
      check = { clip: clip.id, largestDifference: requireEqual(await served.run(clips, expected), expected) };
    } finally {
      await served.dispose();
    }
    signal?.throwIfAborted();
    const { frames, size } = model.backbone;
    const width = featureWidth(model.backbone);
    const shape = { format, batch, frames, size, classes: model.head.classes, width };
    await writeFileAtomic(path.join(unfinished, METADATA_FILE), metadataText(facts, shape, check));
    return check;
  });
}

/** The clip in all places of a batch, each time one row of pixels further down: an output that mixed them up would show. */
function repeated(pixels: Uint8Array, shape: readonly number[]): HostTensor {
  const [batch = 1] = shape;
  const clips = new Uint8Array(batch * pixels.length);
  const row = (shape.at(-2) as number) * 3;
  for (let b = 0; b < batch; b++) {
    const moved = (b * row) % pixels.length;
    clips.set(pixels.subarray(moved), b * pixels.length);
    clips.set(pixels.subarray(0, moved), (b + 1) * pixels.length - moved);
  }
  return uint8(shape, clips);
}
