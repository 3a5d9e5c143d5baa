/** A session's model in libtensorflow: loaded from a folder that is gone again at once, run, and deleted. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { environmentError, messageOf } from '../errors/index.ts';
import { SESSION_TAG, type SessionModel } from '../graph/tensorflow/session-model.ts';
import type { HostTensor } from '../tensor/host.ts';
import type { Binding } from './tensorflow-binding.ts';

export interface Feed {
  readonly ref: string;
  /** Of a native tensor; it stays. */
  readonly id: number;
}

export interface NativeModel extends Omit<SessionModel, 'file'> {
  /**
   * @returns ids of new native tensors, in the order of the fetches
   * @throws environment error when the device has no memory left
   */
  run(feeds: readonly Feed[], fetches: readonly string[]): number[];
  dispose(): void;
}

/** Writes, loads and removes the file without a pause, so that nothing can come between. */
export function loadModel(binding: Binding, { file, state, steps }: SessionModel): NativeModel {
  const folder = mkdtempSync(path.join(os.tmpdir(), `petl-video-model-${process.pid}-`));
  let model: number;
  try {
    writeFileSync(path.join(folder, 'saved_model.pb'), file);
    model = binding.loadSavedModel(folder, SESSION_TAG);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    state,
    steps,
    run: (feeds, fetches) => {
      const ids = feeds.map(({ id }) => id);
      const names = feeds.map(({ ref }) => indexed(ref));
      try {
        return binding.runSavedModel(model, ids, names.join(), fetches.map(indexed).join()).map(({ id }) => id);
      } catch (cause) {
        if (!/RESOURCE_EXHAUSTED|OOM when allocating|out of memory/i.test(messageOf(cause))) throw cause;
        throw environmentError(`TensorFlow has no memory left: ${messageOf(cause)}`, {
          remedy: 'a smaller train.batch (train.accumulate keeps the step), or train.recompute true',
          cause,
        });
      }
    },
    dispose: () => binding.deleteSavedModel(model),
  };
}

/** Feeds and fetches are given with the number of the output. */
const indexed = (ref: string): string => (ref.includes(':') ? ref : `${ref}:0`);

/** A native tensor that may share the memory of the array, so that neither outlives the other unchanged. */
export function upload(binding: Binding, tensor: HostTensor): number {
  return binding.createTensor(tensor.shape, nativeType(binding, tensor), tensor.data);
}

/** A native tensor in memory of its own. */
export function uploadCopy(binding: Binding, tensor: HostTensor): number {
  const shared = upload(binding, tensor);
  const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: nativeType(binding, tensor) };
  try {
    return binding.executeOp('DeepCopy', [type], [shared], 1)[0].id;
  } finally {
    binding.deleteTensor(shared);
  }
}

const nativeType = (binding: Binding, { dtype }: HostTensor): number =>
  ({ float32: binding.TF_FLOAT, int32: binding.TF_INT32, uint8: binding.TF_UINT8 })[dtype];

/** A native tensor of float32 or int32 in host memory; the native one is freed. */
export function download(binding: Binding, id: number, shape: readonly number[]): HostTensor {
  try {
    const data = binding.tensorDataSync(id);
    if (data instanceof Int32Array) return { shape, dtype: 'int32', data };
    if (data instanceof Float32Array) return { shape, dtype: 'float32', data };
    throw new TypeError('a model gives float32 and int32 alone');
  } finally {
    binding.deleteTensor(id);
  }
}

export function freeAll(binding: Binding, ids: readonly number[]): void {
  for (const id of ids) binding.deleteTensor(id);
}
