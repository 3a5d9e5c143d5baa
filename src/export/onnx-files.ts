/** `model.onnx`, for onnxruntime and whatever else reads ONNX; large weights in `model.weights` beside it. */
import path from 'node:path';
import type { Session } from '../engine/engine.ts';
import { loadOnnxruntime, openModel } from '../engine/onnxruntime-library.ts';
import { bytesOf } from '../formats/view-bytes.ts';
import { writeFileAtomic } from '../formats/write-file.ts';
import { type Graph, usedState } from '../graph/graph.ts';
import { emitOnnx, type StoredWeights } from '../graph/onnx/emit.ts';
import { type HostTensor, sizeOf } from '../tensor/host.ts';
import type { ServedModel } from './check.ts';
import { readWeight } from './weights.ts';

const MODEL_FILE = 'model.onnx';
const WEIGHTS_FILE = 'model.weights';

/** Protocol Buffers end at 2 GB, and the file is in memory twice while it is put together. */
export const MOST_INSIDE = 1.5e9;

/** @param mostInside bytes of weights above which they get a file of their own */
export async function writeOnnx(
  folder: string,
  graph: Graph,
  session: Session,
  mostInside: number = MOST_INSIDE,
): Promise<void> {
  const names = usedState(graph);
  const lengthOf = (name: string): number => 4 * sizeOf(graph.state.get(name)?.shape ?? []);
  const inside = names.reduce((sum, name) => sum + lengthOf(name), 0) <= mostInside;
  const stored = new Map<string, StoredWeights>();
  if (inside) {
    for (const name of names) stored.set(name, bytesOf((await readWeight(session, name)).data));
  } else {
    let offset = 0;
    for (const name of names) {
      stored.set(name, { file: WEIGHTS_FILE, offset, length: lengthOf(name) });
      offset += lengthOf(name);
    }
    await writeFileAtomic(path.join(folder, WEIGHTS_FILE), weightsOf(session, names));
  }
  const { model } = emitOnnx(graph, { name: 'petl-video', stored, plainNames: true });
  await writeFileAtomic(path.join(folder, MODEL_FILE), model);
}

async function* weightsOf(session: Session, names: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const name of names) yield bytesOf((await readWeight(session, name)).data);
}

export async function openOnnx(folder: string): Promise<ServedModel> {
  const library = await loadOnnxruntime();
  const place = { device: 'cpu', threads: 0 } as const;
  const what = 'the exported model';
  const native = await openModel(library, place, { what, model: path.join(folder, MODEL_FILE) });
  return {
    async run({ shape, data, dtype }) {
      const results = await native.run({ clips: new library.Tensor(dtype, data, shape) });
      return Object.fromEntries(
        Object.entries(results).map(([name, { dims, data: made }]): [string, HostTensor] => [
          name,
          { shape: dims, dtype: 'float32', data: made as Float32Array },
        ]),
      );
    },
    dispose: () => native.release(),
  };
}
