import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** The checksum of a file, in hexadecimal. @throws the signal's reason on abort, system errors of reading */
export async function hashFile(file: string, algorithm: 'md5' | 'sha256', signal: AbortSignal): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    signal.throwIfAborted();
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
