/** Runs steps eagerly on a tfjs backend, op by op: the reference of every other way to compute. */
import type { HostTensor } from '../tensor/host.ts';
import { type Tensor, type Tensors, tf } from '../tensor/tf.ts';
import type { Engine, Session, StateSpecs, Step } from './engine.ts';
import { checkFit, checkInputs } from './fit.ts';

export interface Backend {
  readonly name: string;
  readonly device: string;
  /** Makes the backend the current one of tfjs. */
  activate(): Promise<void>;
  /** A device tensor of float32 values from bytes. */
  uploadBytes(bytes: Uint8Array, shape: readonly number[]): Tensor;
}

export function eagerEngine(backend: Backend): Engine {
  return { name: backend.name, device: backend.device, open: (specs) => openSession(backend, specs) };
}

async function openSession(backend: Backend, specs: StateSpecs): Promise<Session> {
  await backend.activate();
  const state: Tensors = {};
  for (const [name, { shape, dtype }] of Object.entries(specs)) {
    state[name] = tf.keep(tf.zeros([...shape], dtype === 'int32' ? 'int32' : 'float32'));
  }

  const upload = ({ data, shape, dtype }: HostTensor): Tensor => {
    if (data instanceof Uint8Array) return backend.uploadBytes(data, shape);
    // tfjs keeps the array it is given; a copy keeps later writes of the caller out of the tensor.
    return tf.tensor(data.slice(), [...shape], dtype === 'int32' ? 'int32' : 'float32');
  };
  /** Puts tensors in their places, and only then frees those that have lost theirs. */
  const replace = (changed: Tensors): void => {
    const before = Object.keys(changed).map((name) => state[name] as Tensor);
    for (const [name, tensor] of Object.entries(changed)) state[name] = tf.keep(tensor);
    free(before);
  };
  const free = (tensors: readonly Tensor[]): void => {
    const held = new Set(Object.values(state));
    for (const tensor of tensors) if (!held.has(tensor)) tensor.dispose();
  };

  return {
    async compile(step) {
      return {
        run: async (inputs) => {
          checkInputs(step, inputs);
          await backend.activate();
          const result = runTidily(step, specs, state, () => mapValues(inputs, upload));
          replace(result.state);
          const outputs = mapValues(result.outputs, download);
          free(Object.values(result.outputs));
          return outputs;
        },
      };
    },
    async load(tensors) {
      checkFit('load', specs, tensors);
      await backend.activate();
      for (const [name, tensor] of Object.entries(tensors)) replace({ [name]: upload(tensor) });
    },
    async read(names) {
      await backend.activate();
      return Object.fromEntries(
        names.map((name) => {
          const tensor = state[name];
          if (tensor === undefined) throw new TypeError(`read: ${name} is no state of this session`);
          return [name, download(tensor)];
        }),
      );
    },
    dispose: () => tf.dispose(state),
  };
}

/** Runs the step and frees its inputs and all it made but its results; everything when it throws. */
function runTidily(step: Step, specs: StateSpecs, state: Tensors, upload: () => Tensors): ReturnType<Step['run']> {
  return tf.tidy(() => {
    const result = step.run(state, upload());
    for (const name of Object.keys(result.state)) {
      const spec = specs[name];
      if (spec === undefined) {
        throw new TypeError(`step ${step.name} returned state ${name}, which is not the session's`);
      }
      if (spec.frozen) throw new TypeError(`step ${step.name} returned state ${name}, which is frozen`);
    }
    return result as never;
  });
}

function download(tensor: Tensor): HostTensor {
  const data = tensor.dataSync();
  if (tensor.dtype === 'int32') return { shape: tensor.shape, dtype: 'int32', data: Int32Array.from(data) };
  return { shape: tensor.shape, dtype: 'float32', data: Float32Array.from(data) };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, convert: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value)]));
}
