/** Making one of our tensors from the parts that a checkpoint has. Row-major. */
import { weightsError } from '../../errors/index.ts';
import { float32, type HostTensor, sizeOf } from '../../tensor/host.ts';
import type { Make } from './wanted.ts';

/** @throws weights error when a part holds integers */
export function buildTensor(
  name: string,
  make: Make,
  shape: readonly number[],
  parts: readonly HostTensor[],
): HostTensor {
  const floats = parts.map(({ data, dtype }) => {
    if (data instanceof Float32Array) return data;
    throw weightsError(`'${name}' holds ${dtype} values in the checkpoint where floats are needed`);
  });
  const [first] = floats;
  if (make !== 'rows' && first !== undefined) return float32(shape, first);
  const rows = new Float32Array(sizeOf(shape));
  let at = 0;
  for (const part of floats) {
    rows.set(part, at);
    at += part.length;
  }
  return float32(shape, rows);
}
