/**
 * One numpy array (numpy.lib.format, versions 1.0 to 3.0):
 *
 *   6 bytes   \x93NUMPY, then 1 byte major, 1 byte minor version
 *   2 or 4    N, length of the header, little-endian (2 bytes in version 1)
 *   N bytes   a Python literal { 'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, padded
 *   the rest  the elements, row-major, or column-major under fortran_order
 *
 * The header is read by a small grammar, never evaluated; arrays of Python objects, which are pickles, are refused.
 */

import type { Fault } from './random-access.ts';
import {
  decode,
  elements,
  type LoadedTensor,
  STORED_BYTES,
  type StoredDType,
  type StoredSpec,
} from './stored-tensor.ts';
import { isRowMajor, toRowMajor } from './strided.ts';

export const NPY_MAGIC = Buffer.from('\x93NUMPY', 'latin1');

/** Bytes of the part before the header's text, in all versions. */
export const NPY_START = 12;

export interface NpyHeader extends StoredSpec {
  readonly fortranOrder: boolean;
  readonly bigEndian: boolean;
  /** Where the elements begin. */
  readonly offset: number;
}

/** numpy writes 128 bytes; only structured arrays have more. */
const LARGEST_HEADER = 2 ** 16;

const DTYPES: Readonly<Record<string, StoredDType>> = {
  f8: 'F64',
  f4: 'F32',
  f2: 'F16',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u8: 'U64',
  u4: 'U32',
  u2: 'U16',
  u1: 'U8',
  b1: 'BOOL',
};

/** What other types are called, by the letter of their kind. */
const OTHER_KINDS: Readonly<Record<string, string>> = {
  O: 'Python objects, which only a pickle can hold; nothing was executed',
  c: 'complex numbers',
  U: 'text',
  S: 'text',
  V: 'records or raw bytes (as bfloat16 saved by JAX)',
  M: 'dates',
  m: 'times',
};

/** How far the header goes: NPY_START bytes tell. @throws `fault` when they are not the start of a numpy array */
export function npyHeaderEnd(start: Buffer, fault: Fault, at: string): number {
  const major = start[6];
  if (start.length < NPY_START || !start.subarray(0, 6).equals(NPY_MAGIC))
    throw fault('this is no numpy array', { at });
  if (major !== 1 && major !== 2 && major !== 3) {
    throw fault(`this numpy array has version ${major} of the format; 1 to 3 are known`, { at });
  }
  const end = major === 1 ? 10 + start.readUInt16LE(8) : 12 + start.readUInt32LE(8);
  if (end > LARGEST_HEADER) throw fault(`the numpy array is damaged: a header of ${end} bytes`, { at });
  return end;
}

/**
 * Reads the header.
 *
 * @param bytes the first `npyHeaderEnd` bytes
 * @throws `fault` when it is damaged, or of a type that is no number
 */
export function readNpyHeader(bytes: Buffer, fault: Fault, at: string): NpyHeader {
  const damaged = (why: string) =>
    fault(`the numpy array is damaged: ${why}`, { at, remedy: 'fetch or copy the file again' });
  const major = bytes[6];
  const text = bytes.toString(major === 3 ? 'utf8' : 'latin1', major === 1 ? 10 : 12);
  const descr = /'descr':\s*('[^']*'|\[)/.exec(text)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const extents = /'shape':\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (!/^\s*\{/.test(text) || descr === undefined || fortran === undefined || extents === undefined) {
    throw damaged('its header lacks descr, fortran_order or shape');
  }
  // Python 2 wrote whole numbers as 3L.
  const shape = extents
    .split(',')
    .map((extent) => extent.replace('L', '').trim())
    .filter((extent) => extent !== '')
    .map(Number);
  const [, order = '', kind = '', size = ''] = /^'([<>=|]?)([A-Za-z])(\d*)/.exec(descr) ?? [];
  const dtype = DTYPES[kind + size];
  if (dtype === undefined) {
    const holds = descr === '[' ? 'records' : (OTHER_KINDS[kind] ?? `elements of type ${descr}`);
    throw fault(`a numpy array of ${holds} holds no weights`, {
      at,
      remedy: 'save the arrays again as float32: numpy.savez(file, **{name: array.astype("float32")})',
    });
  }
  if (!Number.isSafeInteger(elements(shape) * STORED_BYTES[dtype])) throw damaged(`its shape is [${shape}]`);
  return { shape, dtype, fortranOrder: fortran === 'True', bigEndian: order === '>', offset: bytes.length };
}

/** @param bytes the elements, in a buffer of their own */
export function decodeNpy(header: NpyHeader, bytes: Buffer<ArrayBuffer>, fault: Fault, at: string): LoadedTensor {
  const { shape, dtype } = header;
  const size = STORED_BYTES[dtype];
  if (header.bigEndian) swap(bytes, size);
  const stride = shape.map((_, i) => elements(shape.slice(0, i)));
  const ordered = header.fortranOrder && !isRowMajor(shape, stride) ? toRowMajor(bytes, shape, stride, size) : bytes;
  return decode(ordered, { shape, dtype }, fault, at);
}

function swap(bytes: Buffer, size: 1 | 2 | 4 | 8): void {
  if (size === 2) bytes.swap16();
  else if (size === 4) bytes.swap32();
  else if (size === 8) bytes.swap64();
}
