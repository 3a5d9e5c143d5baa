/**
 * safetensors (github.com/huggingface/safetensors, "Format"):
 *
 *   8 bytes   N, length of the header, little-endian
 *   N bytes   JSON { name: { dtype, shape, data_offsets: [from, to] }, …, __metadata__?: { key: text } }, padded with spaces
 *   the rest  the tensors' bytes, row-major, little-endian; offsets count from here, without holes or overlaps
 */

import { weightsError } from '../errors/index.ts';
import { openRandomAccess, type RandomAccess } from './random-access.ts';
import {
  decode,
  elements,
  type LoadedTensor,
  STORED_BYTES,
  type StoredSpec,
  type TensorFile,
} from './stored-tensor.ts';
import { bytesOf } from './view-bytes.ts';
import { writeFileAtomic } from './write-file.ts';

/** The reference implementation's bound. */
const LARGEST_HEADER = 100_000_000;

const REFETCH = 'fetch or copy the file again';

interface Placed extends StoredSpec {
  readonly from: number;
  readonly to: number;
}

export interface SafetensorsFile extends TensorFile {
  /** The names in the order of their bytes. */
  readonly names: readonly string[];
  /** The numbers of an F64 tensor without rounding. */
  readFloat64(name: string): Promise<Float64Array>;
}

/**
 * Opens a safetensors file and checks its header against its size; tensors are read when asked for.
 *
 * @param options.foreign what to do about a file of another format
 * @throws weights error when the file is missing, truncated or no safetensors file, or a tensor is not in it
 */
export async function readSafetensors(
  file: string,
  options: { readonly foreign?: string } = {},
): Promise<SafetensorsFile> {
  const source = await openRandomAccess(file, weightsError);
  try {
    return await open(source, options.foreign);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function open(source: RandomAccess, foreign: string | undefined): Promise<SafetensorsFile> {
  const { file } = source;
  const headerSize = await readHeaderSize(source, foreign);
  const { placed, metadata } = parseHeader(await source.read(8, headerSize), file);
  const start = 8 + headerSize;
  const expected = start + ([...placed.values()].at(-1)?.to ?? 0);
  if (source.size !== expected) {
    const what = source.size < expected ? 'the file is truncated' : 'the file is longer than its header says';
    throw weightsError(`${what}: ${expected} bytes expected, ${source.size} found`, { at: file, remedy: REFETCH });
  }
  const find = (name: string): Placed => {
    const spec = placed.get(name);
    if (spec === undefined) throw weightsError(`the file has no tensor '${name}'`, { at: file });
    return spec;
  };
  return {
    file,
    format: 'safetensors',
    specs: placed,
    names: [...placed.keys()],
    metadata,
    path: [],
    inert: [],
    read: async (name) => {
      const spec = find(name);
      const bytes = await source.read(start + spec.from, spec.to - spec.from);
      return decode(bytes, { shape: spec.shape, dtype: spec.dtype }, weightsError, `${file}: ${name}`);
    },
    readFloat64: async (name) => {
      const spec = find(name);
      if (spec.dtype !== 'F64') {
        throw weightsError(`tensor '${name}' is ${spec.dtype}, not F64`, { at: file });
      }
      return new Float64Array((await source.read(start + spec.from, spec.to - spec.from)).buffer);
    },
    close: () => source.close(),
  };
}

async function readHeaderSize(source: RandomAccess, foreign: string | undefined): Promise<number> {
  const at = source.file;
  const other = () => weightsError('this is not a safetensors file', { at, remedy: foreign });
  if (source.size < 10) throw other();
  const first = await source.read(0, 9);
  const size = Number(first.readBigUInt64LE(0));
  if (size > LARGEST_HEADER || first[8] !== 0x7b) throw other();
  if (8 + size > source.size) {
    throw weightsError(`the file is truncated: ${8 + size} bytes of header expected, ${source.size} found`, {
      at,
      remedy: REFETCH,
    });
  }
  return size;
}

function parseHeader(
  bytes: Buffer,
  file: string,
): { placed: ReadonlyMap<string, Placed>; metadata: ReadonlyMap<string, string> } {
  const broken = (why: string) =>
    weightsError(`the safetensors header is damaged: ${why}`, { at: file, remedy: REFETCH });
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw weightsError('the safetensors header is damaged: it is no JSON', { at: file, remedy: REFETCH, cause: error });
  }
  if (!isObject(header)) throw broken('it is no JSON object');
  const metadata = new Map<string, string>();
  const tensors: [string, Placed][] = [];
  for (const [name, value] of Object.entries(header)) {
    if (!isObject(value)) throw broken(`'${name}' is no object`);
    if (name === '__metadata__') {
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== 'string') throw broken(`its metadata '${key}' is no text`);
        metadata.set(key, text);
      }
    } else tensors.push([name, parseTensor(name, value, broken)]);
  }
  tensors.sort(([, a], [, b]) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const [name, { from, to }] of tensors) {
    if (from !== end) throw broken(`tensor '${name}' starts at byte ${from}, the one before it ends at ${end}`);
    end = to;
  }
  return { placed: new Map(tensors), metadata };
}

function parseTensor(name: string, value: Record<string, unknown>, broken: (why: string) => Error): Placed {
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !isIndices(shape) || !isIndices(offsets) || offsets.length !== 2) {
    throw broken(`tensor '${name}' lacks a dtype, a shape or two offsets`);
  }
  if (!Object.hasOwn(STORED_BYTES, dtype)) {
    throw weightsError(`tensor '${name}' has dtype ${dtype}, which is not supported`, {
      remedy: `convert it to one of ${Object.keys(STORED_BYTES).join(', ')}`,
    });
  }
  const stored = dtype as keyof typeof STORED_BYTES;
  const [from, to] = offsets as [number, number];
  const size = elements(shape) * STORED_BYTES[stored];
  if (to - from !== size) {
    throw broken(`tensor '${name}' has ${to - from} bytes, its shape [${shape}] of ${dtype} needs ${size}`);
  }
  return { dtype: stored, shape, from, to };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIndices(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

type Metadata = Readonly<Record<string, string>>;

/** Writes tensors to a safetensors file. The same tensors and metadata give the same bytes. */
export async function writeSafetensors(
  file: string,
  tensors: Readonly<Record<string, LoadedTensor>>,
  metadata: Metadata = {},
): Promise<void> {
  await writeSafetensorsFrom(file, tensors, async (name) => tensors[name] as LoadedTensor, metadata);
}

/**
 * Writes tensors that `make` gives one after another, so that they never lie in memory together. Bytes are in the order
 * of element size (so that every tensor is aligned), then of the name.
 *
 * @param specs shape and dtype of what `make` will give
 */
export async function writeSafetensorsFrom(
  file: string,
  specs: Readonly<Record<string, Pick<LoadedTensor, 'shape' | 'dtype'>>>,
  make: (name: string) => Promise<LoadedTensor>,
  metadata: Metadata = {},
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const order = Object.entries(specs)
    .map(([name, { shape, dtype }]) => ({ name, shape, dtype, size: elements(shape) * HOST_BYTES[dtype] }))
    .sort((a, b) => HOST_BYTES[b.dtype] - HOST_BYTES[a.dtype] || compare(a.name, b.name));
  await writeFileAtomic(
    file,
    (async function* () {
      yield headerOf(order, metadata);
      for (const { name, shape, dtype, size } of order) {
        const { data, ...made } = await make(name);
        if (made.dtype !== dtype || data.byteLength !== size || `${made.shape}` !== `${shape}`) {
          throw new Error(`tensor '${name}' is ${made.dtype} [${made.shape}] where ${dtype} [${shape}] was announced`);
        }
        yield bytesOf(data);
      }
    })(),
    options,
  );
}

const HOST_BYTES = { float32: 4, int32: 4, uint8: 1 } as const;
const STORED_NAME = { float32: 'F32', int32: 'I32', uint8: 'U8' } as const;

function headerOf(
  order: readonly { name: string; shape: readonly number[]; dtype: keyof typeof HOST_BYTES; size: number }[],
  metadata: Metadata,
): Buffer {
  const texts = Object.entries(metadata).sort(([a], [b]) => compare(a, b));
  const parts = texts.length === 0 ? [] : [`"__metadata__":${JSON.stringify(Object.fromEntries(texts))}`];
  let at = 0;
  for (const { name, shape, dtype, size } of order) {
    const tensor = { dtype: STORED_NAME[dtype], shape, data_offsets: [at, at + size] };
    parts.push(`${JSON.stringify(name)}:${JSON.stringify(tensor)}`);
    at += size;
  }
  const json = Buffer.from(`{${parts.join(',')}}`);
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8), 0);
  json.copy(header, 8);
  return header;
}

/** By UTF-16 code units: the same everywhere, unlike `localeCompare`. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
