/**
 * The server of `petl-video serve`: a page and a small JSON API over one run.
 *
 *   GET  /               the page
 *   GET  /api/run        what the run is
 *   POST /api/classify   a video or an image as the body, or in a form → the classes it shows
 *
 * Whatever comes in, the server lives: every request is caught, bounded in bytes, silence and time, and leaves nothing behind.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { codeOf } from '../errors/index.ts';
import type { AboutRun } from '../pages/serve/about.ts';
import { servePage } from '../pages/serve/page.ts';
import type { Answerer } from './answer.ts';
import { classifyUpload } from './classify-upload.ts';
import { checkHost, checkOrigin } from './guard.ts';
import { listen, originOf } from './listen.ts';
import { PATIENCE, type Patience } from './patience.ts';
import { openQueue, type QueueOptions } from './queue.ts';
import { faultText, Gone, Refusal, refusalOf } from './refusal.ts';
import { json, type Reply, refused, send } from './reply.ts';
import { openUploads } from './uploads.ts';
import { printable } from './wanted.ts';

export interface ServeOptions {
  readonly about: AboutRun;
  readonly answer: Answerer;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly queue: QueueOptions;
  readonly patience?: Partial<Patience>;
  /** Where the folder of the uploads is made. Default: the system's. */
  readonly temporary?: string;
  /** One line for each request, safe to print. */
  log(line: string): void;
  /** Stops it in good order. */
  readonly signal?: AbortSignal;
}

const HEADERS_MS = 10_000;
/** For those who are being answered when it stops, to read that it does. */
const GRACE_MS = 500;

export interface Serving {
  /** `http://127.0.0.1:8420`. */
  readonly origin: string;
  /** Folder that uploads lie in. */
  readonly uploads: string;
  /** Resolves when it has stopped, its connections are closed and its folder is gone. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** @throws PetlVideoError (environment) where it cannot listen there */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { about, answer, host, port, log } = options;
  const patience = { ...PATIENCE, ...options.patience };
  const page: Reply = { status: 200, type: 'text/html', text: servePage(about) };
  const queue = openQueue(options.queue);
  const uploads = await openUploads(options.temporary);
  const stopping = new AbortController();
  let origin = '';

  async function replyTo(request: IncomingMessage, response: ServerResponse): Promise<Reply> {
    checkHost(request.headers, host, `${origin}/`);
    const { path, query } = splitUrl(request.url);
    const methods = METHODS[path];
    if (methods === undefined) throw new Refusal(404, 'there is nothing here', `the page is at ${origin}/`);
    if (!methods.includes(request.method ?? '')) {
      const remedy = `ask with ${methods[0]}`;
      throw new Refusal(405, `${printable(request.method ?? '')} is not for ${path}`, remedy, {
        Allow: methods.join(', '),
      });
    }
    if (path === '/') return page;
    if (path === '/api/run') return json(about);
    checkOrigin(request.headers);
    if (stopping.signal.aborted) throw STOPPING;
    return json(await classifyUpload(request, response, query, { about, answer, queue, uploads, patience, stopping }));
  }

  const asked = new Set<Promise<void>>();
  /** By connection: the answer that is under way. */
  const answering = new WeakMap<Duplex, ServerResponse>();
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const start = performance.now();
    // Of a client that is gone before its answer is.
    response.on('error', () => {});
    const { socket } = request;
    answering.set(socket, response);
    response.on('close', () => answering.delete(socket));
    const answered = replyTo(request, response)
      .catch((thrown): Reply | undefined => {
        if (thrown instanceof Gone) return undefined;
        const refusal = refusalOf(thrown, uploads.folder);
        if (refusal.status === 500) log(faultText(thrown));
        return refused(refusal);
      })
      .then((reply) => {
        if (reply === undefined) response.destroy();
        else send(request, response, reply);
        const { path } = splitUrl(request.url);
        const words = [request.method ?? '', path].map((word) => printable(word, 60)).join(' ');
        log(`${words} ${reply?.status ?? 'gone'} ${Math.round(performance.now() - start)} ms`);
      })
      .catch((thrown) => {
        log(faultText(thrown));
        response.destroy();
      })
      .finally(() => asked.delete(answered));
    asked.add(answered);
  };
  // Beyond the whole upload's time, for its refusal is ours.
  const timeouts = { headersTimeout: HEADERS_MS, requestTimeout: patience.upload + HEADERS_MS };
  const server = createServer({ ...timeouts, connectionsCheckingInterval: 5000, maxHeaderSize: 16 * 1024 }, handle);
  // Who asks before sending (curl does) is refused before it has sent.
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('clientError', (error, socket) => {
    if (answering.get(socket)?.headersSent) socket.destroy();
    else answerNonsense(error, socket);
  });
  server.on('upgrade', (_request, socket: Duplex) => socket.destroy());

  try {
    await listen(server, host, port);
  } catch (error) {
    await uploads.remove();
    throw error;
  }
  origin = originOf(host, (server.address() as AddressInfo).port);

  let closing: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping.abort(STOPPING);
    const ended = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await Promise.race([ended, delay(GRACE_MS)]);
    server.closeAllConnections();
    await ended;
    await Promise.all(asked);
    await uploads.remove();
  };
  let stopped: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  const close = (): Promise<void> => {
    closing ??= stop().finally(stopped);
    return closing;
  };
  const onAbort = (): void => void close();
  if (options.signal?.aborted) await close();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  return { origin, uploads: uploads.folder, closed, close };
}

const METHODS: Readonly<Record<string, readonly string[]>> = {
  __proto__: null as never,
  '/': ['GET', 'HEAD'],
  '/api/run': ['GET', 'HEAD'],
  '/api/classify': ['POST'],
};

const STOPPING = new Refusal(503, 'the server is stopping', undefined, { 'Retry-After': '5' });

const delay = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

/** As it came: nothing of it is resolved, for no path here names a file. */
function splitUrl(url = '/'): { readonly path: string; readonly query: string } {
  const [path = '', ...query] = url.split('?');
  return { path, query: query.join('?') };
}

/** A connection that speaks no HTTP, or not to an end. */
function answerNonsense(error: Error, socket: Duplex): void {
  if (!socket.writable || codeOf(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const slow = codeOf(error) === 'ERR_HTTP_REQUEST_TIMEOUT';
  const long = codeOf(error) === 'HPE_HEADER_OVERFLOW';
  const [status, what] = slow
    ? ['408 Request Timeout', 'the request takes too long']
    : long
      ? ['431 Request Header Fields Too Large', 'the headers or the address are too long']
      : ['400 Bad Request', 'this is no HTTP request'];
  const text = `${JSON.stringify({ error: { what } })}\n`;
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${text.length}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${text}`);
}
