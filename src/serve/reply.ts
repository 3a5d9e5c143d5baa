/** How the server answers: JSON or its one page, with the headers that keep both to themselves. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from './refusal.ts';

/** What the page may do stands in the page itself; that no other may frame it can only be said here. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(self), microphone=(), geolocation=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};
/** So long a client that is refused may go on sending before it is cut off: it would miss the answer otherwise. */
const LINGER_MS = 2000;

export interface Reply {
  readonly status: number;
  readonly type: 'application/json' | 'text/html';
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(value: unknown): Reply {
  return { status: 200, type: 'application/json', text: `${JSON.stringify(value)}\n` };
}

export function refused({ status, message, remedy, headers }: Refusal): Reply {
  const error = remedy === undefined ? { what: message } : { what: message, remedy };
  return { ...json({ error }), status, headers };
}

/**
 * Sends it. A request that was not read to its end is read on for a while and thrown away, for a connection that is closed on
 * unread bytes takes the answer with it; then the connection ends.
 */
export function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const { status, type, text, headers = {} } = reply;
  if (response.headersSent || response.destroyed) return;
  const unread = !request.complete;
  response.writeHead(status, {
    ...HEADERS,
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(text),
    ...(unread && { Connection: 'close' }),
    ...headers,
  });
  if (request.method !== 'HEAD') response.write(text);
  if (!unread) {
    response.end();
    return;
  }
  const clock = setTimeout(() => request.destroy(), LINGER_MS);
  const end = (): void => {
    clearTimeout(clock);
    response.end();
  };
  request.on('error', () => {});
  request.on('end', end).on('close', end).resume();
}
