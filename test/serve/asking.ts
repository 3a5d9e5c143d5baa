/** A server with an answerer that tells what it was asked, and ways to ask it that no well-behaved client has. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { AboutRun } from '../../src/pages/serve/about.ts';
import type { Answer, Answerer, Question } from '../../src/serve/answer.ts';
import { type ServeOptions, type Serving, serve } from '../../src/serve/serve.ts';

export const ABOUT: AboutRun = {
  name: 'made-run',
  method: 'adaptformer',
  backbone: 'ViT 16 × 1/8',
  classes: ['down', 'left', 'up'],
  weights: 'last weights, epoch 2',
  engine: 'cpu',
  clip: { frames: 2, stride: 2, size: 16 },
  views: { segments: 2, crops: 3 },
  measured: { top1: 0.5, protocol: 'made validation' },
  limits: { uploadBytes: 100_000, top: 2 },
};

export const ANSWER: Answer = {
  top: [
    { class: 'up', label: 2, probability: 0.75 },
    { class: 'down', label: 0, probability: 0.25 },
  ],
  clip: { frames: 2, size: 16 },
  video: { frames: 6, width: 32, height: 24, fps: 10 },
  seconds: { decode: 0.01, model: 0.002 },
};

export interface Tried extends Serving {
  /** What the answerer was asked, and the bytes that lay in the file then. */
  readonly asked: (Question & { readonly bytes: Buffer; readonly mode: number })[];
  readonly log: string[];
  /** Files that lie in the folder of the uploads. */
  left(): Promise<string[]>;
}

export async function tryServer(
  t: TestContext,
  options: Partial<ServeOptions> = {},
  answer: Answerer = async () => ANSWER,
): Promise<Tried> {
  const temporary = await mkdtemp(path.join(os.tmpdir(), 'petl-serve-test-'));
  const asked: Tried['asked'] = [];
  const log: string[] = [];
  const serving = await serve({
    about: ABOUT,
    host: '127.0.0.1',
    port: 0,
    queue: { atOnce: 2, waiting: 32 },
    temporary,
    log: (line) => log.push(line),
    async answer(question) {
      const { mode } = await stat(question.file);
      asked.push({ ...question, bytes: await readFile(question.file), mode });
      return answer(question);
    },
    ...options,
  });
  t.after(async () => {
    await serving.close();
    const left = await readdir(temporary);
    await rm(temporary, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`left behind: ${left}`);
  });
  return { ...serving, asked, log, left: () => readdir(serving.uploads) };
}

export interface Heard {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a JSON document holds is what the tests look at
  readonly json: any;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** One request as it is written: no path is tidied, no header added but Host and the length. */
export function ask(
  origin: string,
  target: string,
  { method = 'GET', headers = {}, body }: Asking = {},
): Promise<Heard> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const asked = request({ hostname, port, path: target, method, headers: { ...length, ...headers }, agent: false });
    asked.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('error', reject).on('end', () => {
        const json = /json/.test(response.headers['content-type'] ?? '') && text !== '' ? JSON.parse(text) : undefined;
        resolve({ status: response.statusCode as number, headers: response.headers, text, json });
      });
    });
    asked.end(body);
  });
}

export const post = (origin: string, query: string, body: string | Uint8Array, headers = {}): Promise<Heard> =>
  ask(origin, `/api/classify${query}`, { method: 'POST', body, headers });

/** A connection of one's own: what is said on it, and all that came back when it was closed. */
export function speak(origin: string) {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  let heard = '';
  socket.setEncoding('utf8').on('data', (piece) => {
    heard += piece;
  });
  const closed = new Promise<string>((resolve, reject) => {
    const clock = setTimeout(() => reject(new Error(`still open after ${heard}`)), 10_000);
    socket
      .on('error', () => {})
      .on('close', () => {
        clearTimeout(clock);
        resolve(heard);
      });
  });
  closed.catch(() => {});
  return { socket, closed, say: (text: string | Uint8Array) => socket.write(text) };
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('it never came to that');
}
