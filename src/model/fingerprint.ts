/** What tells one set of tensors from another, whatever file they came from. */

import { createHash } from 'node:crypto';
import { bytesOf } from '../formats/view-bytes.ts';
import type { HostTensors } from '../tensor/host.ts';

/** SHA-256, in hexadecimal, over names (sorted by code units), dtypes, shapes and bytes. */
export function fingerprint(tensors: HostTensors): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(tensors).sort()) {
    const { shape, dtype, data } = tensors[name] as HostTensors[string];
    hash.update(`${JSON.stringify([name, dtype, shape])}\n`);
    hash.update(bytesOf(data));
  }
  return hash.digest('hex');
}
