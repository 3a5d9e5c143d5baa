/**
 * One array of a MATLAB v5 file: a header (flags, dimensions, name), then its data as elements. An element is a type and a
 * size, 8 bytes, and data padded to 8; up to 4 bytes of data stand in the second half of the 8 instead.
 *
 * What numbers are stored as may be narrower than the class of the array: doubles that are whole and small lie there as
 * uint8 or uint16.
 */
import type { ByteStream } from './byte-stream.ts';

export type MatlabClass = (typeof CLASSES)[keyof typeof CLASSES];

export type MatlabValue =
  | { readonly kind: 'numbers'; readonly dims: readonly number[]; readonly data: ArrayLike<number> }
  /** Rows of a text of several, one after the other, separated by line ends. */
  | { readonly kind: 'text'; readonly dims: readonly number[]; readonly text: string }
  | { readonly kind: 'cells'; readonly dims: readonly number[]; readonly cells: readonly MatlabValue[] }
  /** An array of structures: field → its value in each. */
  | {
      readonly kind: 'structs';
      readonly dims: readonly number[];
      readonly fields: ReadonlyMap<string, readonly MatlabValue[]>;
    };

export interface ArrayHeader {
  readonly class: MatlabClass;
  readonly complex: boolean;
  readonly dims: readonly number[];
  readonly name: string;
}

type Damaged = (what: string) => Error;

/** Types of elements. */
export const ELEMENT = { int8: 1, uint8: 2, int32: 5, uint32: 6, matrix: 14, compressed: 15 } as const;

const CLASSES = {
  1: 'cell',
  2: 'struct',
  3: 'object',
  4: 'char',
  5: 'sparse',
  6: 'double',
  7: 'single',
  8: 'int8',
  9: 'uint8',
  10: 'int16',
  11: 'uint16',
  12: 'int32',
  13: 'uint32',
  14: 'int64',
  15: 'uint64',
  16: 'function',
  17: 'opaque',
} as const;

const COMPLEX = 0x0800;
const SMALL_BYTES = 4;
const TAG_BYTES = 8;
const FLAGS_BYTES = 8;
/** Of dimensions and of a name; MATLAB's own limits are far below. */
const LARGEST_HEADER_ELEMENT = 4096;
const DEEPEST = 16;

export interface Tag {
  readonly type: number;
  readonly size: number;
}

/** The tag in the 8 bytes of an element that is not small. */
export function tagOf(bytes: Buffer, little: boolean): Tag {
  return little
    ? { type: bytes.readUInt32LE(0), size: bytes.readUInt32LE(4) }
    : { type: bytes.readUInt32BE(0), size: bytes.readUInt32BE(4) };
}

/** Type and size of a small element packed into its first word; undefined for one that is not small. */
function smallTag(bytes: Buffer, little: boolean): Tag | undefined {
  const word = little ? bytes.readUInt32LE(0) : bytes.readUInt32BE(0);
  return word >>> 16 === 0 ? undefined : { type: word & 0xffff, size: word >>> 16 };
}

const padded = (size: number): number => Math.ceil(size / 8) * 8;

export function numberOfElements(dims: readonly number[]): number {
  return dims.reduce((product, extent) => product * extent, 1);
}

interface Element extends Tag {
  readonly data: Buffer;
}

/** The three elements that every array begins with. */
export async function readHeader(stream: ByteStream, little: boolean, damaged: Damaged): Promise<ArrayHeader> {
  const element = async (): Promise<Element> => {
    const head = await stream.take(TAG_BYTES);
    const small = smallTag(head, little);
    if (small !== undefined) return smallElement(small, head, damaged);
    const { type, size } = tagOf(head, little);
    if (size > LARGEST_HEADER_ELEMENT) throw damaged(`its header has an element of ${size} bytes`);
    return { type, size, data: (await stream.take(padded(size))).subarray(0, size) };
  };
  return headerOf(await element(), await element(), await element(), little, damaged);
}

function smallElement({ type, size }: Tag, head: Buffer, damaged: Damaged): Element {
  if (size > SMALL_BYTES) throw damaged(`a small element has ${size} bytes`);
  return { type, size, data: head.subarray(SMALL_BYTES, SMALL_BYTES + size) };
}

function headerOf(flags: Element, dims: Element, name: Element, little: boolean, damaged: Damaged): ArrayHeader {
  if (flags.type !== ELEMENT.uint32 || flags.size !== FLAGS_BYTES) throw damaged('an array has no flags');
  if (dims.type !== ELEMENT.int32 || dims.size < 8 || dims.size % 4 !== 0) throw damaged('an array has no dimensions');
  if (name.type !== ELEMENT.int8 && name.type !== ELEMENT.uint8) throw damaged('an array has no name');
  const word = little ? flags.data.readUInt32LE(0) : flags.data.readUInt32BE(0);
  const found = CLASSES[(word & 0xff) as keyof typeof CLASSES];
  if (found === undefined) throw damaged(`an array is of class ${word & 0xff}, which is none`);
  const extents = numbersOf(dims, little, damaged);
  const read = Array.from(extents);
  if (!read.every((extent) => extent >= 0) || !Number.isSafeInteger(numberOfElements(read))) {
    throw damaged(`an array has the size [${read.join(', ')}]`);
  }
  return { class: found, complex: (word & COMPLEX) !== 0, dims: read, name: name.data.toString('latin1') };
}

/** The elements in a buffer, one after the other. */
export class ElementCursor {
  readonly little: boolean;
  readonly damaged: Damaged;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer, little: boolean, damaged: Damaged) {
    this.#bytes = bytes;
    this.little = little;
    this.damaged = damaged;
  }

  next(): Element {
    const head = this.#take(TAG_BYTES);
    const small = smallTag(head, this.little);
    if (small !== undefined) return smallElement(small, head, this.damaged);
    const { type, size } = tagOf(head, this.little);
    const data = this.#take(size);
    // A last element need not be padded.
    this.#at = Math.min(this.#at + padded(size) - size, this.#bytes.length);
    return { type, size, data };
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) {
      throw this.damaged(`${length} bytes wanted at byte ${this.#at} of its data, which has ${this.#bytes.length}`);
    }
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }
}

/** The value of an array whose header was read. @throws `damaged` for classes that hold no data of their own, and complex numbers */
export function readValue(header: ArrayHeader, cursor: ElementCursor, depth = 0): MatlabValue {
  const { dims } = header;
  const { damaged, little } = cursor;
  const count = numberOfElements(dims);
  if (depth > DEEPEST) throw damaged('arrays are nested too deeply');
  switch (header.class) {
    case 'cell': {
      return { kind: 'cells', dims, cells: readMany(cursor, count, depth) };
    }
    case 'struct':
      return { kind: 'structs', dims, fields: readFields(cursor, count, depth) };
    case 'char': {
      const text = textOf(cursor.next(), dims, little, damaged);
      return { kind: 'text', dims, text };
    }
    case 'object':
    case 'sparse':
    case 'function':
    case 'opaque':
      throw damaged(`arrays of class ${header.class} are not supported`);
    default: {
      if (header.complex) throw damaged('complex numbers are not supported');
      const data = numbersOf(cursor.next(), little, damaged);
      if (data.length !== count)
        throw damaged(`${data.length} numbers, where the size [${dims.join(', ')}] needs ${count}`);
      return { kind: 'numbers', dims, data };
    }
  }
}

/** An array within another. */
function readArray(cursor: ElementCursor, depth: number): MatlabValue {
  const { type, size, data } = cursor.next();
  if (type !== ELEMENT.matrix) throw cursor.damaged(`an element of type ${type} where an array should be`);
  if (size === 0) return { kind: 'numbers', dims: [0, 0], data: [] };
  const inside = new ElementCursor(data, cursor.little, cursor.damaged);
  const header = headerOf(inside.next(), inside.next(), inside.next(), cursor.little, cursor.damaged);
  return readValue(header, inside, depth + 1);
}

function readMany(cursor: ElementCursor, count: number, depth: number): MatlabValue[] {
  const values: MatlabValue[] = [];
  // One by one, not allocated ahead: the count is what the file claims.
  for (let i = 0; i < count; i++) values.push(readArray(cursor, depth));
  return values;
}

/** The length of a field's name, all names, then all fields of the first structure, of the second, … */
function readFields(cursor: ElementCursor, count: number, depth: number): Map<string, MatlabValue[]> {
  const { damaged, little } = cursor;
  const length = numbersOf(cursor.next(), little, damaged)[0] ?? 0;
  const { data } = cursor.next();
  if (!(length > 0) || data.length % length !== 0) throw damaged('a structure has no names of its fields');
  const names = Array.from({ length: data.length / length }, (_, i) =>
    data.toString('latin1', i * length, (i + 1) * length).replace(/\0[\s\S]*$/, ''),
  );
  const fields = new Map(names.map((name): [string, MatlabValue[]] => [name, []]));
  for (let i = 0; i < count; i++) for (const name of names) fields.get(name)?.push(readArray(cursor, depth));
  return fields;
}

const WIDTHS: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8 };

/** By what they are stored as, whatever the class. */
function numbersOf({ type, size, data }: Element, little: boolean, damaged: Damaged): ArrayLike<number> {
  const width = WIDTHS[type];
  if (width === undefined) throw damaged(`numbers are stored as type ${type}, which is none`);
  if (size % width !== 0) throw damaged(`${size} bytes are no numbers of ${width}`);
  if (type === ELEMENT.uint8) return data;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read = (at: number): number => {
    switch (type) {
      case 1:
        return view.getInt8(at);
      case 3:
        return view.getInt16(at, little);
      case 4:
        return view.getUint16(at, little);
      case 5:
        return view.getInt32(at, little);
      case 6:
        return view.getUint32(at, little);
      case 7:
        return view.getFloat32(at, little);
      case 9:
        return view.getFloat64(at, little);
      case 12:
        return Number(view.getBigInt64(at, little));
      default:
        return Number(view.getBigUint64(at, little));
    }
  };
  return Float64Array.from({ length: size / width }, (_, i) => read(i * width));
}

const UTF8 = 16;
const UTF16 = 17;
const UTF32 = 18;

/** Column-major like all else: of several rows, the characters of each lie as far apart as there are rows. */
function textOf(element: Element, dims: readonly number[], little: boolean, damaged: Damaged): string {
  const [rows = 0, columns = 0] = dims;
  if (dims.length !== 2) throw damaged(`a text has the size [${dims.join(', ')}]`);
  const characters = charactersOf(element, little, damaged);
  if (rows <= 1) return characters.join('');
  if (characters.length !== rows * columns) throw damaged(`${characters.length} characters, not ${rows} x ${columns}`);
  const row = (r: number) => Array.from({ length: columns }, (_, c) => characters[r + c * rows]).join('');
  return Array.from({ length: rows }, (_, r) => row(r)).join('\n');
}

function charactersOf(element: Element, little: boolean, damaged: Damaged): string[] {
  const { type, size, data } = element;
  if (type === UTF8) return Array.from(data.toString('utf8'));
  const plain = type === UTF16 ? { type: 4, size, data } : type === UTF32 ? { type: 6, size, data } : element;
  return Array.from(numbersOf(plain, little, damaged), (code) => String.fromCodePoint(Math.min(code, 0x10ffff)));
}
