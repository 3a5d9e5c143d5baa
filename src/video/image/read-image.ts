/** The bytes of an image file, in this thread: decoding waits for them anyway. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkFound, unreadableFile } from '../input.ts';
import { HEAD_BYTES, PICTURE_VIDEOS, pictureFormat } from './format.ts';

/**
 * The whole file, or undefined where it is no image by its first bytes, or a video that begins as one.
 * @param bytes the size that the file must have, where it is known
 * @throws data error as `openInput`
 */
export function readImage(file: string, bytes?: number): Buffer | undefined {
  const absolute = path.resolve(file);
  let descriptor: number | undefined;
  try {
    // Opening a named pipe would wait for its writer.
    const found = statSync(absolute);
    checkFound(found, file, bytes);
    if (!found.isFile() || PICTURE_VIDEOS.test(file)) return undefined;
    descriptor = openSync(absolute, 'r');
    const head = Buffer.alloc(HEAD_BYTES);
    const read = readSync(descriptor, head, 0, HEAD_BYTES, 0);
    if (pictureFormat(head) === undefined) return undefined;
    const whole = Buffer.allocUnsafe(found.size);
    head.copy(whole, 0, 0, read);
    let at = Math.min(read, found.size);
    while (at < found.size) {
      const more = readSync(descriptor, whole, at, found.size - at, at);
      if (more === 0) break;
      at += more;
    }
    return whole.subarray(0, at);
  } catch (thrown) {
    if (thrown instanceof Error && 'syscall' in thrown) throw unreadableFile(thrown, file);
    throw thrown;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
