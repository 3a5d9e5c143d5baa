/** Sending chunks through a Transform of `node:zlib`, as one asynchronous iteration that waits where the reader waits. */
import type { Transform } from 'node:stream';

/** What `transform` makes of `chunks`. What the chunks throw, and what the transform fails with, is thrown on. */
export async function* transformed(transform: Transform, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const feeding = feed(transform, chunks);
  // Awaited below; this keeps a failure that the reader meets first from counting as unhandled.
  feeding.catch(() => undefined);
  try {
    for await (const chunk of transform) yield chunk as Buffer;
    await feeding;
  } finally {
    transform.destroy();
  }
}

/** Writes all chunks into a stream, waiting where it is full; ends it, or destroys it with what the chunks threw. */
async function feed(into: Transform, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of chunks) {
      await new Promise<void>((done, failed) => {
        into.write(chunk, (error) => (error ? failed(error) : done()));
      });
    }
    into.end();
  } catch (error) {
    into.destroy(error as Error);
    throw error;
  }
}

export function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}
