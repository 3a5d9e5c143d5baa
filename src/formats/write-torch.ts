/**
 * Writing PyTorch checkpoints: the zip archive of `torch-checkpoint.ts` with a pickle of plain dictionaries of tensors, which
 * `torch.load(file, weights_only=True)` reads. The pickle (protocol 2) holds calls of `torch._utils._rebuild_tensor_v2` on
 * storages that it names, as `torch.save` writes them, and nothing else.
 */
import { weightsError } from '../errors/index.ts';
import { elements, type LoadedTensor } from './stored-tensor.ts';
import { bytesOf } from './view-bytes.ts';
import { writeFileAtomic } from './write-file.ts';
import { type StoredMember, zipChunks } from './write-zip.ts';

export interface TorchSpec {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int64';
}

/** Where PyTorch lets storages begin. */
const ALIGNMENT = 64;
const ROOT = 'archive';
const STORAGE = { float32: 'FloatStorage', int64: 'LongStorage' } as const;

/**
 * Writes tensors, one after another as `make` gives them.
 *
 * @param options.key the key that they stand under, as `model`; else the dictionary of tensors is all there is
 * @param options.facts texts that stand beside that key
 * @param make gives float32 for `float32`, int32 for `int64`
 * @throws weights error beyond 4 GiB; environment error when the system refuses
 */
export async function writeTorchCheckpoint(
  file: string,
  specs: ReadonlyMap<string, TorchSpec>,
  make: (name: string) => Promise<LoadedTensor>,
  options: {
    readonly key?: string;
    readonly facts?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
  } = {},
): Promise<void> {
  const size = [...specs.values()].reduce((sum, { shape, dtype }) => sum + elements(shape) * bytesEach(dtype), 0);
  if (size > 0xf0000000) {
    throw weightsError(`${size} bytes of tensors are more than a checkpoint written here can hold (4 GiB)`, {
      at: file,
    });
  }
  const text = (name: string, content: string): StoredMember => ({
    name: `${ROOT}/${name}`,
    data: Buffer.from(content),
  });
  async function* members(): AsyncGenerator<StoredMember> {
    yield { name: `${ROOT}/data.pkl`, data: pickleOf(specs, options.key, options.facts) };
    yield text('byteorder', 'little');
    let key = 0;
    for (const [name, spec] of specs) {
      yield { name: `${ROOT}/data/${key++}`, data: storageOf(name, spec, await make(name)) };
    }
    yield text('version', '3\n');
  }
  const { signal } = options;
  await writeFileAtomic(file, zipChunks(members(), ALIGNMENT), signal === undefined ? {} : { signal });
}

function bytesEach(dtype: TorchSpec['dtype']): number {
  return dtype === 'float32' ? 4 : 8;
}

function storageOf(name: string, { shape, dtype }: TorchSpec, { shape: made, data }: LoadedTensor): Uint8Array {
  const fits = dtype === 'float32' ? data instanceof Float32Array : data instanceof Int32Array;
  if (!fits || `${made}` !== `${shape}` || data.length !== elements(shape)) {
    throw new Error(`tensor '${name}' is not the ${dtype} [${shape}] that was announced`);
  }
  return bytesOf(dtype === 'float32' ? data : BigInt64Array.from(data, BigInt));
}

/** `{key: {name: tensor, …}, fact: text, …}`, or the inner dictionary alone; the storage of tensor i is called i. */
function pickleOf(
  specs: ReadonlyMap<string, TorchSpec>,
  key: string | undefined,
  facts: Readonly<Record<string, string>> = {},
): Buffer {
  const tensors = dictionary([...specs].map(([name, spec], i) => [name, tensor(String(i), spec)]));
  const texts = Object.entries(facts).map(([fact, text]): [string, Buffer] => [fact, word(text)]);
  const value = key === undefined ? tensors : dictionary([[key, tensors], ...texts]);
  return Buffer.concat([Buffer.of(0x80, 2), value, Buffer.from('.')]);
}

function dictionary(items: readonly (readonly [name: string, value: Buffer])[]): Buffer {
  const flat = items.flatMap(([name, value]) => [word(name), value]);
  return Buffer.concat([Buffer.from('}('), ...flat, Buffer.from('u')]);
}

function tensor(storage: string, { shape, dtype }: TorchSpec): Buffer {
  const stride = shape.map((_, axis) => elements(shape.slice(axis + 1)));
  const place = tuple(
    word('storage'),
    mention('torch', STORAGE[dtype]),
    word(storage),
    word('cpu'),
    number(elements(shape)),
  );
  const noHooks = Buffer.concat([mention('collections', 'OrderedDict'), Buffer.from(')R')]);
  return Buffer.concat([
    mention('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      Buffer.concat([place, Buffer.from('Q')]),
      number(0),
      tuple(...shape.map(number)),
      tuple(...stride.map(number)),
      Buffer.of(0x89),
      noHooks,
    ),
    Buffer.from('R'),
  ]);
}

function tuple(...items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')]);
}

function mention(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}

function word(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.write('X');
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** BININT: up to 2^31 − 1, which the 4 GiB of a file keep every count below. */
function number(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.write('J');
  bytes.writeInt32LE(value, 1);
  return bytes;
}
