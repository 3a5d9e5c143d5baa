/**
 * numpy archives (`numpy.savez`, `savez_compressed`), as JAX checkpoints come: a zip with one `<name>.npy` for each array.
 * Nothing is unpickled. Arrays are read one by one.
 */
import { weightsError } from '../errors/index.ts';
import { decodeNpy, NPY_START, type NpyHeader, npyHeaderEnd, readNpyHeader } from './npy.ts';
import { elements, STORED_BYTES, type TensorFile } from './stored-tensor.ts';
import { openZip, type Zip } from './zip.ts';

const SUFFIX = '.npy';

/**
 * Opens a numpy archive and reads the headers of its arrays.
 *
 * @throws weights error when the file is no zip archive of numpy arrays, is truncated, or holds an array of Python objects,
 *   text or records
 */
export async function openNpz(file: string): Promise<TensorFile> {
  const zip = await openZip(file, { fault: weightsError });
  try {
    return await open(zip);
  } catch (error) {
    await zip.close();
    throw error;
  }
}

/** Whether a zip archive with these members is a numpy archive. */
export function isNpz(members: Iterable<string>): boolean {
  const names = [...members];
  return names.length > 0 && names.every((name) => name.endsWith(SUFFIX));
}

async function open(zip: Zip): Promise<TensorFile> {
  const { file } = zip;
  if (!isNpz(zip.entries.keys())) throw weightsError('this zip archive is no numpy archive', { at: file });
  const specs = new Map<string, NpyHeader>();
  for (const { name, size } of zip.entries.values()) {
    const at = `${file}: ${name}`;
    const header = await headerOf(zip, name, at);
    const expected = header.offset + elements(header.shape) * STORED_BYTES[header.dtype];
    if (size !== expected) {
      throw weightsError(`the numpy array has ${size} bytes where its shape [${header.shape}] needs ${expected}`, {
        at,
        remedy: 'fetch or copy the file again',
      });
    }
    specs.set(name.slice(0, -SUFFIX.length), header);
  }
  return {
    file,
    format: 'npz',
    specs,
    metadata: new Map(),
    path: [],
    inert: [],
    read: async (name) => {
      const header = specs.get(name);
      if (header === undefined) throw weightsError(`the archive has no array '${name}'`, { at: file });
      const whole = await zip.read(name + SUFFIX);
      const own = Buffer.from(new ArrayBuffer(whole.length - header.offset));
      whole.copy(own, 0, header.offset);
      return decodeNpy(header, own, weightsError, `${file}: ${name}`);
    },
    close: () => zip.close(),
  };
}

async function headerOf(zip: Zip, name: string, at: string): Promise<NpyHeader> {
  const size = zip.entries.get(name)?.size ?? 0;
  if (zip.entries.get(name)?.method === 'stored') {
    const end = npyHeaderEnd(await zip.readRange(name, 0, Math.min(NPY_START, size)), weightsError, at);
    return readNpyHeader(await zip.readRange(name, 0, end), weightsError, at);
  }
  let start: Buffer = Buffer.alloc(0);
  for await (const chunk of zip.chunks(name)) {
    start = Buffer.concat([start, chunk]);
    if (start.length < NPY_START) continue;
    const end = npyHeaderEnd(start, weightsError, at);
    if (start.length >= end) return readNpyHeader(start.subarray(0, end), weightsError, at);
  }
  throw weightsError('the numpy array ends within its header', { at });
}
