/** An upload as a form sends it (`curl -F file=@clip.mp4`): multipart/form-data with one file. */
import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyFileStream, type BusboyHeaders } from '@fastify/busboy';
import { type BodyLimits, readBody } from './body.ts';
import { Refusal } from './refusal.ts';
import type { Upload } from './uploads.ts';

export interface Form {
  /** Of the file. */
  readonly bytes: number;
  /** That the form gives its file. */
  readonly name: string;
  readonly fields: readonly (readonly [key: string, value: string])[];
}

/** What a form may have beside its file: boundaries, headers of the parts, a few fields. */
export const BESIDE_BYTES = 64 * 1024;
const LIMITS = { files: 1, fields: 8, parts: 10, fieldSize: 1024, fieldNameSize: 100, headerPairs: 20 };
const ONE_FILE = new Refusal(400, 'the form has more than one file', 'send one file at a time');
const NO_FILE = new Refusal(400, 'the form has no file', 'send it as curl -F file=@clip.mp4 does');
const BROKEN = new Refusal(400, 'the form cannot be read: it is cut off or malformed', NO_FILE.remedy);

export const isForm = ({ headers }: IncomingMessage): boolean =>
  /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');

/** Writes the form's file. @throws Refusal, and as `readBody` */
export async function readForm(request: IncomingMessage, upload: Upload, limits: BodyLimits): Promise<Form> {
  const parser = parserOf(request, limits.bytes);
  const fields: [string, string][] = [];
  let failure: Refusal | undefined;
  const fail = (refusal: Refusal) => () => {
    failure ??= refusal;
  };
  let file: { name: string; bytes: number } | undefined;
  let written: Promise<void> = Promise.resolve();
  parser.on('file', (_field: string, stream: BusboyFileStream, name = '') => {
    const own = { name, bytes: 0 };
    file = own;
    stream.on('limit', fail(limits.refusal)).on('error', fail(BROKEN));
    stream.on('data', (piece: Buffer) => {
      own.bytes += piece.length;
      if (failure !== undefined) return;
      written = written.then(() => upload.write(piece));
      // Met by whoever waits for the piece; until then it must not count as unhandled.
      written.catch(() => {});
    });
  });
  parser.on('field', (key: string, value: string) => fields.push([key, value]));
  parser.on('filesLimit', fail(ONE_FILE)).on('fieldsLimit', fail(BROKEN)).on('partsLimit', fail(BROKEN));
  const ended = new Promise<void>((resolve) => {
    parser.on('finish', resolve).on('error', () => {
      fail(BROKEN)();
      resolve();
    });
  });
  const take = async (piece: Buffer): Promise<void> => {
    await Promise.race([new Promise<void>((resolve) => parser.write(piece, () => resolve())), ended]);
    await written;
    if (failure !== undefined) throw failure;
  };
  await readBody(request, take, { ...limits, bytes: limits.bytes + BESIDE_BYTES });
  parser.end();
  await ended;
  await written;
  if (failure !== undefined) throw failure;
  if (file === undefined) throw NO_FILE;
  return { ...file, fields };
}

function parserOf({ headers }: IncomingMessage, bytes: number): InstanceType<typeof Busboy> {
  try {
    return new Busboy({ headers: headers as BusboyHeaders, limits: { ...LIMITS, fileSize: bytes } });
  } catch {
    throw BROKEN;
  }
}
