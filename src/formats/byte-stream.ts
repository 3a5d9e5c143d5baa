/** Chunks of any size, as a stream of bytes to take from: exactly so many, or all of so many in pieces. */

export interface ByteStream {
  /** Bytes taken so far. */
  readonly position: number;
  /** The next `length` bytes. */
  take(length: number): Promise<Buffer>;
  /** The next `length` bytes, in pieces as they come. */
  chunks(length: number): AsyncGenerator<Uint8Array>;
  /** Lets the source go; what is left of it is not read. */
  close(): Promise<void>;
}

/** @param tooEarly the error where the source ends before what is wanted */
export function byteStream(source: AsyncIterable<Uint8Array>, tooEarly: () => Error): ByteStream {
  const iterator = source[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);
  let position = 0;
  /** At least one byte and at most `most`. */
  const next = async (most: number): Promise<Uint8Array> => {
    while (held.length === 0) {
      const read = await iterator.next();
      if (read.done) throw tooEarly();
      held = read.value;
    }
    const piece = held.subarray(0, most);
    held = held.subarray(piece.length);
    position += piece.length;
    return piece;
  };
  return {
    get position() {
      return position;
    },
    async take(length) {
      if (held.length >= length) return Buffer.from(length === 0 ? new Uint8Array(0) : await next(length));
      // Not allocated at once: a length that a damaged file claims may be any.
      const pieces: Uint8Array[] = [];
      for (let missing = length; missing > 0; ) {
        const piece = await next(missing);
        pieces.push(piece);
        missing -= piece.length;
      }
      return Buffer.concat(pieces);
    },
    async *chunks(length) {
      for (let missing = length; missing > 0; ) {
        const piece = await next(missing);
        missing -= piece.length;
        yield piece;
      }
    },
    async close() {
      held = new Uint8Array(0);
      await iterator.return?.();
    },
  };
}
