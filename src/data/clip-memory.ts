/**
 * Memory for clips, shared between threads and used again: a batch of 16 clips takes 38 MB, and fresh memory of that size
 * costs more time than filling it.
 */

export interface ClipMemory {
  /** Memory of this length, from what was given back or new; its content is arbitrary. */
  take(bytes: number): Uint8Array;
  /** Nobody reads or writes it any more. */
  give(memory: Uint8Array): void;
}

/** Spare pieces that are kept at most. */
const SPARE = 32;

export function clipMemory(): ClipMemory {
  const spare: ArrayBufferLike[] = [];
  return {
    take(bytes) {
      const found = spare.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes);
      const [buffer] = found === -1 ? [new SharedArrayBuffer(bytes)] : spare.splice(found, 1);
      return new Uint8Array(buffer as SharedArrayBuffer, 0, bytes);
    },
    give({ buffer }) {
      spare.push(buffer);
      if (spare.length > SPARE) spare.shift();
    },
  };
}
