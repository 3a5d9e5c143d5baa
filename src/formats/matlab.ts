/**
 * MATLAB v5 files (MathWorks, "MAT-File Format", the Level 5 chapter), which `save` writes by default: a header of 128 bytes,
 * then one element for each variable, mostly a zlib stream of it. Variables come one after the other, so that one of
 * gigabytes can be passed over without inflating it, or read in chunks.
 *
 * Arrays are column-major: the first index runs fastest.
 */
import { createInflate } from 'node:zlib';
import { messageOf } from '../errors/index.ts';
import { type ByteStream, byteStream } from './byte-stream.ts';
import {
  type ArrayHeader,
  ELEMENT,
  ElementCursor,
  type MatlabClass,
  type MatlabValue,
  numberOfElements,
  readHeader,
  readValue,
  tagOf,
} from './matlab-array.ts';
import { type Fault, openRandomAccess, type RandomAccess } from './random-access.ts';
import { isZlibError, transformed } from './transform.ts';

export type { MatlabClass, MatlabValue } from './matlab-array.ts';

const HEADER_BYTES = 128;
const TAG_BYTES = 8;
const CHUNK = 1 << 20;
/** Of a variable that is read whole: what is larger is no annotation. */
const LARGEST_VALUE = 1 << 29;

export interface MatlabVariable {
  readonly name: string;
  readonly class: MatlabClass;
  readonly dims: readonly number[];
  /** The file and the byte that the variable begins at, for messages. */
  readonly at: string;
  /** All of it. */
  value(): Promise<MatlabValue>;
  /** The elements of a uint8 array as they lie there, in chunks of any size. */
  bytes(): AsyncGenerator<Uint8Array>;
}

/**
 * The variables in the file's order, each to be read (once) or passed over before the next is asked for.
 *
 * @throws `fault`, with the byte or the variable, for files of other formats (v4, v7.3) and damaged ones
 */
export async function* matlabVariables(
  file: string,
  options: { readonly fault: Fault; readonly onPosition?: ((bytes: number) => void) | undefined },
): AsyncGenerator<MatlabVariable> {
  const source = await openRandomAccess(file, options.fault);
  try {
    const little = await isLittleEndian(source, options.fault);
    for (let position = HEADER_BYTES; position < source.size; ) {
      const at = `${file}, byte ${position}`;
      const tag = tagOf(await source.read(position, TAG_BYTES), little);
      const from = position + TAG_BYTES;
      if (from + tag.size > source.size) {
        throw options.fault(
          `the file is cut off: a variable of ${tag.size} bytes begins here, ${source.size - from} are there`,
          {
            at,
            remedy: 'download the file again',
          },
        );
      }
      const variable = await openVariable(source, { ...tag, from, at, little }, options);
      try {
        if (variable !== undefined) yield variable.variable;
      } finally {
        await variable?.close();
      }
      position = from + tag.size;
      options.onPosition?.(position);
    }
  } finally {
    await source.close();
  }
}

/** All variables of a file, or those of the names; for annotations, not for arrays of gigabytes. @throws as `matlabVariables` */
export async function readMatlab(
  file: string,
  fault: Fault,
  names?: readonly string[],
): Promise<Map<string, MatlabValue>> {
  const values = new Map<string, MatlabValue>();
  for await (const variable of matlabVariables(file, { fault })) {
    if (names === undefined || names.includes(variable.name)) values.set(variable.name, await variable.value());
  }
  return values;
}

/** The header says which way round numbers are; @returns whether little-endian */
async function isLittleEndian(source: RandomAccess, fault: Fault): Promise<boolean> {
  const { file } = source;
  const head = await source.read(0, Math.min(HEADER_BYTES, source.size));
  const text = head.toString('latin1', 0, Math.min(116, head.length));
  if (text.startsWith('MATLAB 7.3') || head.toString('latin1', 0, 4) === '\x89HDF') {
    throw fault('this is a MATLAB v7.3 file (HDF5), which is not supported', {
      at: file,
      remedy: "open it in MATLAB and save it again with save(…, '-v7'), or take the official file of the data set",
    });
  }
  const order = head.toString('latin1', 126, 128);
  if (head.length < HEADER_BYTES || (order !== 'IM' && order !== 'MI')) {
    throw fault('this is no MATLAB v5 file', {
      at: `${file}, byte 126`,
      remedy:
        head.length >= 4 && head[2] === 0 && head[3] === 0
          ? "it may be of MATLAB v4: save it again with save(…, '-v7')"
          : 'download the file again: pages that say why a download failed are often saved under its name',
    });
  }
  const little = order === 'IM';
  const version = little ? head.readUInt16LE(124) : head.readUInt16BE(124);
  if (version >> 8 !== 1) {
    throw fault(`this is a MATLAB file of version ${version >> 8}, which is not supported`, {
      at: `${file}, byte 124`,
      remedy: "save it again with save(…, '-v7')",
    });
  }
  return little;
}

interface Place {
  readonly type: number;
  readonly size: number;
  readonly from: number;
  readonly at: string;
  readonly little: boolean;
}

/** Undefined for an element that holds nothing. */
async function openVariable(
  source: RandomAccess,
  { type, size, from, at, little }: Place,
  { fault, onPosition }: { readonly fault: Fault; readonly onPosition?: ((bytes: number) => void) | undefined },
): Promise<{ readonly variable: MatlabVariable; close(): Promise<void> } | undefined> {
  const damaged = (what: string) =>
    fault(`the MATLAB file is damaged: ${what}`, { at, remedy: 'download the file again' });
  if (type !== ELEMENT.compressed && type !== ELEMENT.matrix) throw damaged(`an element of type ${type} begins here`);
  const raw = range(source, from, size, onPosition);
  const stream = byteStream(type === ELEMENT.compressed ? inflated(raw, damaged) : raw, () =>
    damaged('the variable ends too early'),
  );
  try {
    const inner = type === ELEMENT.compressed ? tagOf(await stream.take(TAG_BYTES), little) : { type, size };
    if (inner.type !== ELEMENT.matrix) throw damaged(`a compressed element of type ${inner.type} is no array`);
    if (inner.size === 0) {
      await stream.close();
      return undefined;
    }
    const before = stream.position;
    const header = await readHeader(stream, little, damaged);
    const rest = inner.size - (stream.position - before);
    const where = `${at}, variable ${header.name || '(nameless)'}`;
    const own = (what: string) =>
      fault(`the MATLAB file is damaged: ${what}`, { at: where, remedy: 'download the file again' });
    if (rest < 0) throw own('its header is larger than it is itself');
    const variable: MatlabVariable = {
      ...{ name: header.name, class: header.class, dims: header.dims, at: where },
      value: async () => {
        if (rest > LARGEST_VALUE) throw own(`it has ${rest} bytes, more than can be read at once`);
        return readValue(header, new ElementCursor(await stream.take(rest), little, own));
      },
      bytes: () => uint8Chunks(stream, header, rest, little, own),
    };
    return { variable, close: () => stream.close() };
  } catch (error) {
    await stream.close();
    throw error;
  }
}

async function* range(
  source: RandomAccess,
  from: number,
  size: number,
  onPosition: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < size; ) {
    const length = Math.min(CHUNK, size - done);
    yield await source.read(from + done, length);
    done += length;
    onPosition?.(from + done);
  }
}

async function* inflated(
  chunks: AsyncIterable<Uint8Array>,
  damaged: (what: string) => Error,
): AsyncGenerator<Uint8Array> {
  try {
    yield* transformed(createInflate({ chunkSize: CHUNK }), chunks);
  } catch (error) {
    throw isZlibError(error) ? damaged(`its zlib stream is broken (${messageOf(error)})`) : error;
  }
}

async function* uint8Chunks(
  stream: ByteStream,
  header: ArrayHeader,
  rest: number,
  little: boolean,
  damaged: (what: string) => Error,
): AsyncGenerator<Uint8Array> {
  if (header.class !== 'uint8' || header.complex) throw damaged(`it is of class ${header.class}, not uint8`);
  const { type, size } = tagOf(await stream.take(TAG_BYTES), little);
  const wanted = numberOfElements(header.dims);
  if (type !== ELEMENT.uint8 || size !== wanted || size > rest) {
    throw damaged(
      `its data are ${size} bytes of type ${type}, where its size [${header.dims.join(', ')}] needs ${wanted}`,
    );
  }
  yield* stream.chunks(size);
}
