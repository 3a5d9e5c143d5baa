/** Members of a tar archive (ustar, GNU long names, pax), plain or gzipped, out of a stream of bytes. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { messageOf, PetlVideoError } from '../../errors/index.ts';
import { isZlibError, transformed } from '../transform.ts';
import { damagedArchive, type Member, type ReadOptions } from './member.ts';

const CHUNK = 1 << 20;

const KINDS: Readonly<Record<string, Member['kind']>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'folder',
};

/**
 * Several gzip streams one after the other are one, as for `gzip` itself.
 *
 * @param at the file that is being read, of several
 * @throws `fault` when the stream is cut or damaged
 */
export async function* gunzip(
  chunks: AsyncIterable<Uint8Array>,
  at: () => string,
  { fault }: Pick<ReadOptions, 'fault'>,
): AsyncGenerator<Buffer> {
  try {
    yield* transformed(createGunzip({ chunkSize: CHUNK }), chunks);
  } catch (error) {
    if (!isZlibError(error)) throw error;
    const cut = /unexpected end/.test(messageOf(error));
    const what = cut ? 'the gzip stream is cut off' : `the gzip stream is damaged: ${messageOf(error)}`;
    throw damagedArchive(fault, at(), what, error);
  }
}

/** @throws `fault` when the archive is cut or damaged, with the last good member */
export async function* tarMembers(
  chunks: AsyncIterable<Uint8Array>,
  at: () => string,
  { signal, fault }: ReadOptions,
): AsyncGenerator<Member> {
  const source = Readable.from(chunks, { objectMode: true, highWaterMark: 1 });
  const parser = extract();
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser as unknown as NodeJS.WritableStream);
  let inside: string | undefined;
  let before: string | undefined;
  const broken = (error: unknown): unknown => {
    if (error instanceof PetlVideoError) {
      const where = inside ?? (before && `after ${before}`);
      return where === undefined ? error : damagedArchive(fault, `${at()}, ${where}`, error.what, error);
    }
    if (signal.aborted) return signal.reason;
    const what =
      /Unexpected end|Stream was destroyed/i.test(messageOf(error)) && source.readableEnded
        ? 'is cut off'
        : `is damaged: ${messageOf(error)}`;
    return damagedArchive(
      fault,
      `${at()}, ${inside ?? (before ? `after ${before}` : 'at its start')}`,
      `the archive ${what}`,
      error,
    );
  };
  const entries = parser[Symbol.asyncIterator]();
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await entries.next();
      if (next.done) return;
      const entry = next.value;
      const { name, type, size } = entry.header;
      inside = name;
      let read = false;
      yield {
        name,
        kind: KINDS[type ?? 'file'] ?? 'other',
        size: size ?? 0,
        chunks: () => {
          read = true;
          return contentOf(entry, broken);
        },
      };
      if (!read) entry.resume();
      before = name;
      inside = undefined;
    }
  } catch (error) {
    throw broken(error);
  } finally {
    source.destroy();
    parser.destroy();
  }
}

async function* contentOf(
  entry: AsyncIterable<unknown>,
  broken: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of entry) yield chunk as Uint8Array;
  } catch (error) {
    throw broken(error);
  }
}
