/** One upload from its first byte to its answer. */
import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isDataError } from '../errors/index.ts';
import { dataUrl } from '../formats/data-url.ts';
import type { AboutRun } from '../pages/serve/about.ts';
import type { Answer, Answerer } from './answer.ts';
import { type BodyLimits, readBody } from './body.ts';
import { BESIDE_BYTES, isForm, readForm } from './form.ts';
import { orAborted } from './or-aborted.ts';
import type { Patience } from './patience.ts';
import type { Queue } from './queue.ts';
import { Gone, Refusal, tooLarge } from './refusal.ts';
import type { Upload, Uploads } from './uploads.ts';
import { displayName, type Wanted, wantedOf } from './wanted.ts';

export interface ClassifyMeans {
  readonly about: AboutRun;
  readonly answer: Answerer;
  readonly queue: Queue;
  readonly uploads: Uploads;
  readonly patience: Patience;
  readonly stopping: AbortController;
}

export interface ClassifyReply extends Omit<Answer, 'clip' | 'seconds'> {
  readonly file: string;
  readonly views: Wanted['views'];
  readonly clip: { readonly frames: number; readonly size: number; readonly height?: number; readonly strip?: string };
  readonly seconds: { readonly upload: number; readonly wait: number; readonly decode: number; readonly model: number };
}

const EMPTY = new Refusal(400, 'the upload is empty', 'send the file as the body: curl --data-binary @clip.mp4');
const SLOW = new Refusal(408, 'the upload takes too long', 'send a smaller file');
const LONG = new Refusal(422, 'the file takes too long to read', 'cut it shorter');

/** @throws Refusal; what the answerer throws; Gone */
export async function classifyUpload(
  request: IncomingMessage,
  response: ServerResponse,
  query: string,
  { about, answer, queue, uploads, patience, stopping }: ClassifyMeans,
): Promise<ClassifyReply> {
  const { uploadBytes, top } = about.limits;
  const classes = about.classes.length;
  let wanted = wantedOf(query, classes, top);
  refuseUnread(request, uploadBytes);
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Gone('the client went away')));
  const signals = [gone.signal, stopping.signal];

  return queue.admit(() =>
    uploads.with(async (upload) => {
      if (request.headers.expect !== undefined) response.writeContinue();
      const start = performance.now();
      const form = await within(patience.upload, SLOW, signals, (signal) =>
        receive(request, upload, { bytes: uploadBytes, refusal: tooLarge(uploadBytes), idleMs: patience.idle, signal }),
      );
      await upload.finish();
      const received = performance.now();
      if (form.bytes === 0) throw EMPTY;
      if (form.fields.length > 0 || form.name !== '') wanted = wantedWith(query, form, classes, top);
      const either = AbortSignal.any(signals);
      let turned = received;
      const answered = await queue.turn(() => {
        turned = performance.now();
        return within(patience.answer, LONG, signals, (signal) => ask(answer, upload, wanted, signal));
      }, either);
      const { clip, seconds, ...rest } = answered;
      const { strip, ...shape } = clip;
      const rounded = (s: number): number => Math.round(s * 1000) / 1000;
      return {
        file: wanted.name,
        ...rest,
        views: wanted.views,
        clip: { ...shape, ...(strip && { height: strip.height, strip: dataUrl(strip.type, strip.bytes) }) },
        seconds: {
          upload: rounded((received - start) / 1000),
          wait: rounded((turned - received) / 1000),
          decode: rounded(seconds.decode),
          model: rounded(seconds.model),
        },
      };
    }),
  );
}

/** What the headers alone forbid. */
function refuseUnread(request: IncomingMessage, most: number): void {
  const { headers } = request;
  const length = Number(headers['content-length'] ?? 0);
  if (length > most + (isForm(request) ? BESIDE_BYTES : 0)) throw tooLarge(most);
  if (length === 0 && headers['transfer-encoding'] === undefined) throw EMPTY;
  const coding = headers['content-encoding'] ?? 'identity';
  if (coding !== 'identity') throw new Refusal(415, 'the upload is compressed', 'send the file as it is');
  const expected = headers.expect?.toLowerCase() ?? '100-continue';
  if (expected !== '100-continue') throw new Refusal(417, 'the request expects what is not done here');
}

interface Received {
  readonly bytes: number;
  readonly name: string;
  readonly fields: readonly (readonly [string, string])[];
}

async function receive(request: IncomingMessage, upload: Upload, limits: BodyLimits): Promise<Received> {
  if (isForm(request)) return readForm(request, upload, limits);
  return { bytes: await readBody(request, upload.write, limits), name: '', fields: [] };
}

/** The query with what the form says beside it; a name in the query goes before the file's. */
function wantedWith(query: string, { name, fields }: Received, classes: number, top: number): Wanted {
  const all = new URLSearchParams(query);
  for (const [key, value] of fields) all.append(key, value);
  const wanted = wantedOf(all.toString(), classes, top);
  return all.has('name') ? wanted : { ...wanted, name: displayName(name) };
}

async function ask(answer: Answerer, { file }: Upload, wanted: Wanted, signal: AbortSignal): Promise<Answer> {
  const { top, views, clip } = wanted;
  try {
    return await answer({ file, top, views, clip, signal });
  } catch (thrown) {
    if (isDataError(thrown) && (await isText(file))) {
      throw new Refusal(400, 'not a video or image: the file holds text', 'send a video or an image');
    }
    throw thrown;
  }
}

/** Whether the first bytes are printable UTF-8, a character cut at the end aside. */
async function isText(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1024), 0, 1024, 0);
    const text = buffer.toString('utf8', 0, bytesRead).replace(/\uFFFD$/, '');
    return !/[\p{Cc}\uFFFD]/u.test(text.replace(/[\t\r\n\f]/g, ''));
  } finally {
    await handle.close();
  }
}

/** Runs `work` under the signals and a limit of time, and waits no longer than they say. @throws `late` beyond it */
async function within<T>(
  ms: number,
  late: Refusal,
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(late), ms);
  try {
    return await orAborted(work, AbortSignal.any([...signals, clock.signal]));
  } finally {
    clearTimeout(timer);
  }
}
