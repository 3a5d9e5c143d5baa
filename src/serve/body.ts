/**
 * The body of a request, piece by piece, with an end to size, silence and patience. The request is never destroyed, so that a
 * refusal still reaches who sends it.
 */
import type { IncomingMessage } from 'node:http';
import { Gone, Refusal } from './refusal.ts';

export interface BodyLimits {
  readonly bytes: number;
  /** What a body of more bytes is refused with. */
  readonly refusal: Refusal;
  /** Without a byte for so long, it is refused. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

/**
 * Hands every piece to `take` and waits for it, so that nothing piles up.
 * @returns the bytes there were
 * @throws Refusal for too many, 408 for silence, Gone where the client goes, the signal's reason, what `take` throws
 */
export function readBody(
  request: IncomingMessage,
  take: (piece: Buffer) => Promise<unknown>,
  { bytes: limit, refusal, idleMs, signal }: BodyLimits,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let clock: NodeJS.Timeout | undefined;
    let ended = false;
    const listen = (): void => {
      clock = setTimeout(() => end(new Refusal(408, 'the upload stands still', 'send it again')), idleMs);
    };
    const onData = async (piece: Buffer): Promise<void> => {
      clearTimeout(clock);
      request.pause();
      bytes += piece.length;
      if (bytes > limit) return end(refusal);
      try {
        await take(piece);
        if (ended) return;
        listen();
        request.resume();
      } catch (thrown) {
        end(thrown);
      }
    };
    const onEnd = (): void => end();
    const onClose = (): void => end(new Gone('the client went away'));
    const onAbort = (): void => end(signal.reason);
    const end = (thrown?: unknown): void => {
      ended = true;
      clearTimeout(clock);
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      // What comes late must not be thrown as nobody's.
      request.on('error', () => {});
      signal.removeEventListener('abort', onAbort);
      if (thrown === undefined) resolve(bytes);
      else reject(thrown);
    };
    if (signal.aborted) return end(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    listen();
  });
}
