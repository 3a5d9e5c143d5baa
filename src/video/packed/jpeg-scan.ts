/**
 * Taking the head off a JPEG and putting one on. The strips of a frame are coded one by one with the same head; any
 * run of them makes one JPEG, for a coder begins anew behind a restart marker as it does at the start: what follows
 * the head is the strips' scans with a marker behind each, and the head says how many rows there are and after how
 * many blocks a marker comes (ITU T.81, B.2).
 */

const START = 0xd8;
const FRAME = 0xc0;
const SCAN = 0xda;
const RESTART_INTERVAL = [0xff, 0xdd, 0, 4];
export const FIRST_RESTART = 0xd0;
export const END = 0xd9;
/** Bytes of the marker behind each scan. */
export const MARKER_BYTES = 2;

/** `scan` is a part of `jpeg`, without the end marker. @throws RangeError where it is no baseline JPEG with one scan. */
export function splitJpeg(jpeg: Uint8Array): { readonly head: Uint8Array; readonly scan: Uint8Array } {
  const { scanAt } = segmentsOf(jpeg);
  const data = scanAt + 2 + sizeAt(jpeg, scanAt + 2);
  const end = jpeg.length - MARKER_BYTES;
  if (end < data || jpeg[end] !== 0xff || jpeg[end + 1] !== END) throw new RangeError('a JPEG without an end');
  return { head: jpeg.subarray(0, data), scan: jpeg.subarray(data, end) };
}

/**
 * The head of a JPEG with a restart marker after every `interval` blocks; its height, two bytes with the most significant
 * first, is to be put at `heightAt`.
 */
export function headFor(head: Uint8Array, interval: number): { readonly head: Buffer; readonly heightAt: number } {
  const { scanAt, frameAt } = segmentsOf(head);
  const marker = Uint8Array.from([...RESTART_INTERVAL, interval >> 8, interval & 255]);
  return { head: Buffer.concat([head.subarray(0, scanAt), marker, head.subarray(scanAt)]), heightAt: frameAt + 5 };
}

function segmentsOf(jpeg: Uint8Array): { readonly frameAt: number; readonly scanAt: number } {
  if (jpeg[0] !== 0xff || jpeg[1] !== START) throw new RangeError('no JPEG');
  let frameAt = -1;
  for (let at = 2; at + 4 <= jpeg.length && jpeg[at] === 0xff; at += 2 + sizeAt(jpeg, at + 2)) {
    if (jpeg[at + 1] === FRAME) frameAt = at;
    if (jpeg[at + 1] === SCAN && frameAt > 0) return { frameAt, scanAt: at };
  }
  throw new RangeError('no baseline JPEG');
}

const sizeAt = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
