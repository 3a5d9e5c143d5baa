/** A folder that TensorFlow serves (`tf.saved_model.load`, TensorFlow Serving): `saved_model.pb` with the weights inside. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Session } from '../engine/engine.ts';
import { loadTensorflow } from '../engine/tensorflow-binding.ts';
import { download, freeAll, upload } from '../engine/tensorflow-model.ts';
import { usageError } from '../errors/index.ts';
import { onDisk, writeFileAtomic } from '../formats/write-file.ts';
import { type Graph, usedState } from '../graph/graph.ts';
import { emitServable } from '../graph/tensorflow/servable.ts';
import type { HostTensor } from '../tensor/host.ts';
import type { ServedModel } from './check.ts';
import { readWeight } from './weights.ts';

const MODEL_FILE = 'saved_model.pb';

/** @throws PetlVideoError (usage) for a model of more than 2 GB */
export async function writeSavedModel(folder: string, graph: Graph, session: Session): Promise<void> {
  const weights = new Map<string, HostTensor>();
  for (const name of usedState(graph)) weights.set(name, await readWeight(session, name));
  const state = new Map([...graph.state].filter(([name]) => weights.has(name)));
  // Loaders look for the folder of variables, of which there are none.
  const variables = path.join(folder, 'variables');
  await onDisk(variables, () => mkdir(variables));
  await writeFileAtomic(path.join(folder, MODEL_FILE), pieces({ ...graph, state }, weights));
}

function pieces(graph: Graph, weights: ReadonlyMap<string, HostTensor>): readonly Uint8Array[] {
  try {
    return emitServable(graph, { weight: (name) => weights.get(name) as HostTensor });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw usageError(`the model is too large for this format: ${cause.message}`, {
      remedy: '--format onnx, which keeps large weights in a file of their own',
      cause,
    });
  }
}

/** @throws PetlVideoError (environment) when libtensorflow is not there */
export async function openSavedModel(folder: string, options: { readonly cache: string }): Promise<ServedModel> {
  const { binding } = await loadTensorflow(options);
  const native = binding.loadSavedModel(folder, 'serve');
  return {
    async run(clips, outputs) {
      const fed = upload(binding, clips);
      try {
        const fetches = Object.keys(outputs).map((name) => `output_${name}:0`);
        const made = binding.runSavedModel(native, [fed], 'input_clips:0', fetches.join());
        return Object.fromEntries(
          Object.entries(outputs).map(([name, { shape }], i) => [
            name,
            download(binding, made[i]?.id as number, shape),
          ]),
        );
      } finally {
        freeAll(binding, [fed]);
      }
    },
    dispose: async () => binding.deleteSavedModel(native),
  };
}
