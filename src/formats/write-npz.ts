/**
 * Writing npz files: a zip archive of npy arrays (NEP 1), which `numpy.load(file)` reads without `allow_pickle`. Text becomes an
 * array of numpy's fixed-width Unicode type.
 */
import { elements, type LoadedTensor } from './stored-tensor.ts';
import { bytesOf } from './view-bytes.ts';
import { writeFileAtomic } from './write-file.ts';
import { type StoredMember, zipChunks } from './write-zip.ts';

export type NpzArray = LoadedTensor | readonly string[];

/** numpy lets data begin at a multiple of this. */
const ALIGNMENT = 64;
const MAGIC = Buffer.from('\x93NUMPY\x01\x00', 'latin1');
const DESCRIPTION = { float32: '<f4', int32: '<i4', uint8: '|u1' } as const;

/**
 * Writes arrays under their names; the same arrays give the same bytes.
 * @throws RangeError beyond 4 GiB; environment error when the system refuses
 */
export async function writeNpz(file: string, arrays: Readonly<Record<string, NpzArray>>): Promise<void> {
  async function* members(): AsyncGenerator<StoredMember> {
    for (const [name, array] of Object.entries(arrays)) yield { name: `${name}.npy`, data: npy(array) };
  }
  await writeFileAtomic(file, zipChunks(members(), ALIGNMENT));
}

function npy(array: NpzArray): Buffer {
  if (!('data' in array)) {
    const { description, data } = textOf(array);
    return Buffer.concat([headerOf(description, [array.length]), data]);
  }
  const { dtype, shape, data } = array;
  if (data.length !== elements(shape)) throw new RangeError(`${data.length} elements are no array of [${shape}]`);
  return Buffer.concat([headerOf(DESCRIPTION[dtype], shape), bytesOf(data)]);
}

function headerOf(description: string, shape: readonly number[]): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${description}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((MAGIC.length + 2 + text.length + 1) / ALIGNMENT) * ALIGNMENT - MAGIC.length - 2;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(length);
  return Buffer.concat([MAGIC, size, Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1')]);
}

/** UTF-32, each text as long as the longest, zeros behind. */
function textOf(texts: readonly string[]): { description: string; data: Buffer } {
  const points = texts.map((text) => Array.from(text, (character) => character.codePointAt(0) as number));
  const width = Math.max(1, ...points.map(({ length }) => length));
  const data = Buffer.alloc(4 * width * texts.length);
  for (const [row, codes] of points.entries()) {
    for (const [i, code] of codes.entries()) data.writeUInt32LE(code, 4 * (row * width + i));
  }
  return { description: `<U${width}`, data };
}
