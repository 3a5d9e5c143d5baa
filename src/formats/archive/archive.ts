/**
 * The members of an archive as it was downloaded: zip, RAR, tar, gzipped tar, told apart by their first bytes. An archive
 * may lie in several parts, which are read one after the other as one stream, and a part may lie inside a zip, from which
 * it is read without a copy: so Something-Something V2 is given out.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { codeOf, messageOf, type PetlVideoError } from '../../errors/index.ts';
import { openZip } from '../zip.ts';
import { archiveKind, HEAD_BYTES } from './kind.ts';
import type { Member, ReadOptions } from './member.ts';
import { rarDirectory, rarMembers } from './rar.ts';
import { gunzip, tarMembers } from './tar.ts';
import { zipMembers } from './zip.ts';

/** A file, or a member of a zip archive. */
export interface Part {
  readonly file: string;
  readonly inside?: string;
}

export interface Archive {
  /** Never empty; of several, the bytes follow one another. */
  readonly parts: readonly Part[];
}

const CHUNK = 1 << 20;

/**
 * The members in the archive's own order. Each is to be read before the next is asked for; one that is not is passed over.
 *
 * @throws `fault` when this is no archive, or is damaged or cut; the members before are good
 */
export async function* members(archive: Archive, options: ReadOptions): AsyncGenerator<Member> {
  const { fault } = options;
  const [first, ...others] = archive.parts as readonly [Part, ...Part[]];
  const name = nameOf(first);
  const single = others.length === 0 && first.inside === undefined;
  const head = await headOf(first, options);
  const kind = archiveKind(head);
  if (head.length === 0) throw fault('the archive is empty', { at: name, remedy: 'download the file again' });
  if (single && kind === 'zip') yield* zipMembers(first.file, options);
  else if (single && kind === 'rar') yield* rarMembers(first.file, options);
  else if (kind === 'tar' || kind === 'gzip') {
    const place = { part: name };
    const at = () => place.part;
    const bytes = bytesOf(archive.parts, options, place);
    yield* tarMembers(kind === 'gzip' ? gunzip(bytes, at, options) : bytes, at, options);
  } else {
    const begins = JSON.stringify(Buffer.from(head.subarray(0, 8)).toString('latin1'));
    throw fault(`this is no archive that can be read: no zip, RAR, tar or gzip (it begins with ${begins})`, {
      at: name,
      remedy: 'download the file again: pages that say why a download failed are often saved under its name',
    });
  }
}

/**
 * Names and sizes without unpacking anything; undefined for a tar, which has no directory: it would have to be read to
 * its end.
 */
export async function directory(
  archive: Archive,
  options: ReadOptions,
): Promise<Pick<Member, 'name' | 'kind' | 'size'>[] | undefined> {
  const [first, ...others] = archive.parts as readonly [Part, ...Part[]];
  if (others.length > 0 || first.inside !== undefined) return undefined;
  const kind = archiveKind(await headOf(first, options));
  const reader = kind === 'zip' ? zipMembers : kind === 'rar' ? rarDirectory : undefined;
  if (reader === undefined) return undefined;
  const found: Pick<Member, 'name' | 'kind' | 'size'>[] = [];
  for await (const { name, kind: what, size } of reader(first.file, options)) found.push({ name, kind: what, size });
  return found;
}

export const nameOf = ({ file, inside }: Part): string => (inside === undefined ? file : `${file}, ${inside}`);

async function headOf(part: Part, options: ReadOptions): Promise<Uint8Array> {
  if (part.inside === undefined) {
    const handle = await open(part.file, 'r').catch((error: unknown) => {
      throw refused(part.file, error, options);
    });
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }
  for await (const chunk of partBytes(part, options)) return chunk.subarray(0, HEAD_BYTES);
  return new Uint8Array(0);
}

/** The parts' bytes, one after the other; `place.part` is the one being read. */
async function* bytesOf(parts: readonly Part[], options: ReadOptions, place: { part: string }): AsyncGenerator<Buffer> {
  let position = 0;
  for (const part of parts) {
    place.part = nameOf(part);
    for await (const chunk of partBytes(part, options)) {
      options.signal.throwIfAborted();
      yield chunk;
      position += chunk.length;
      options.onPosition?.(position);
    }
  }
}

async function* partBytes({ file, inside }: Part, options: ReadOptions): AsyncGenerator<Buffer> {
  if (inside !== undefined) {
    const zip = await openZip(file, { fault: options.fault });
    try {
      yield* zip.chunks(inside);
    } finally {
      await zip.close();
    }
    return;
  }
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) yield chunk as Buffer;
  } catch (error) {
    throw codeOf(error) === undefined ? error : refused(file, error, options);
  }
}

function refused(file: string, error: unknown, { fault }: ReadOptions): PetlVideoError {
  return fault(`the archive cannot be read: ${messageOf(error)}`, {
    at: file,
    remedy: 'check what it is, its owner and mode',
    cause: error,
  });
}
