/**
 * The few Python globals that a pickle of dictionaries, lists and numpy arrays needs, remade here; nothing else is let in.
 * What Python 2 wrote (CIFAR's archives) has its array bytes in `str`; Python 3 has `bytes`, in protocol 2 as the latin-1
 * text that `_codecs.encode` turns back.
 */
import { type Inert, isInert, type Unpickled, unpickle, type World } from './pickle.ts';
import type { Fault } from './random-access.ts';

/** An array of uint8, row-major. */
export interface ByteArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Longer `str` of Python 2 stay bytes: they are the contents of arrays. */
const LONGEST_TEXT = 4096;

interface Called extends Inert {
  readonly args: readonly unknown[];
}

const called =
  (global: string) =>
  (args: readonly unknown[]): Called => ({ kind: 'inert', global, state: null, args });

const RECONSTRUCT = 'numpy._reconstruct';
const FROM_BUFFER = 'numpy._frombuffer';
const DTYPE = 'numpy.dtype';

/** Global → what stands in for it: an object that remembers the call, or the value. */
const MAKERS: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  'numpy.core.multiarray._reconstruct': called(RECONSTRUCT),
  'numpy._core.multiarray._reconstruct': called(RECONSTRUCT),
  'numpy.core.numeric._frombuffer': called(FROM_BUFFER),
  'numpy._core.numeric._frombuffer': called(FROM_BUFFER),
  'numpy.dtype': called(DTYPE),
  '_codecs.encode': ([text]) => (typeof text === 'string' ? Buffer.from(text, 'latin1') : undefined),
};

/** Named but never called. */
const MENTIONED: ReadonlySet<string> = new Set(['numpy.ndarray']);

const WORLD: World = {
  maker: (global) => (Object.hasOwn(MAKERS, global) ? MAKERS[global] : undefined),
  persistent: () => undefined,
  bytes: (raw) => (raw.length > LONGEST_TEXT ? raw : raw.toString('latin1')),
};

/**
 * The dictionary that a pickle holds, its keys as texts.
 *
 * @throws `fault` for a damaged pickle, for one that names any other Python global, and for one of something else
 */
export function unpickleDictionary(bytes: Buffer, fault: Fault, at: string): ReadonlyMap<string, unknown> {
  const { value, globals }: Unpickled = unpickle(bytes, WORLD, fault, at);
  const strange = [...globals].find((global) => !Object.hasOwn(MAKERS, global) && !MENTIONED.has(global));
  if (strange !== undefined) {
    throw fault(`the pickle names ${strange}, which no data need; nothing of it was executed`, {
      at,
      remedy: 'take the official archive: this one is another, and may do harm where Python opens it',
    });
  }
  if (!(value instanceof Map)) throw fault('the pickle holds no dictionary', { at });
  return new Map([...value].map(([key, one]) => [textOf(key), one]));
}

/** A text that Python 2 or 3 wrote. */
function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
}

/** The array of uint8 that an object stands for, or what else it is. */
export function byteArrayOf(value: unknown): ByteArray | { readonly wrong: string } {
  if (!isInert(value)) return { wrong: 'no numpy array' };
  const [shape, dtype, fortran, raw] = partsOf(value as Called);
  if (!Array.isArray(shape) || !shape.every((extent) => Number.isSafeInteger(extent) && (extent as number) >= 0)) {
    return { wrong: 'a numpy array without a shape' };
  }
  const type = isInert(dtype) && dtype.global === DTYPE ? String((dtype as Called).args[0]) : 'unknown';
  if (!/^[|<>=]?u1$|^uint8$/.test(type)) return { wrong: `a numpy array of ${type}, not uint8` };
  if (fortran === true) return { wrong: 'a numpy array in column-major order' };
  const data = typeof raw === 'string' ? Buffer.from(raw, 'latin1') : raw;
  const wanted = (shape as number[]).reduce((product, extent) => product * extent, 1);
  if (!(data instanceof Uint8Array) || data.length !== wanted) {
    return { wrong: `a numpy array of the shape [${shape.join(', ')}] without its ${wanted} bytes` };
  }
  return { shape: shape as number[], data };
}

function partsOf({ global, state, args }: Called): readonly unknown[] {
  if (global === RECONSTRUCT && Array.isArray(state)) return state.slice(1);
  if (global !== FROM_BUFFER) return [];
  const [raw, dtype, shape, order] = args;
  return [shape, dtype, order === 'F', raw];
}
