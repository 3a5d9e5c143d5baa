/** Whether an exported model computes what the run computes. */
import { environmentError } from '../errors/index.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';

/** An exported model, read back from its files. */
export interface ServedModel {
  /** @param outputs names and shapes of what is wanted */
  run(clips: HostTensor, outputs: HostTensors): Promise<HostTensors>;
  dispose(): Promise<void>;
}

/** Two runtimes in float32 over some twenty layers differ by a few 1e-6. */
const TOLERANCE = 1e-4;

/**
 * @returns the largest difference |a − b| / max(1, |b|)
 * @throws PetlVideoError (environment) beyond 1e-4: one of the two runtimes computes something else
 */
export function requireEqual(made: HostTensors, expected: HostTensors): number {
  let largest = 0;
  for (const [name, { data, shape }] of Object.entries(expected)) {
    const other = made[name];
    if (`${other?.shape}` !== `${shape}`) throw new TypeError(`${name} is [${other?.shape}] there, and not [${shape}]`);
    data.forEach((value, i) => {
      const difference = Math.abs((other?.data[i] as number) - value) / Math.max(1, Math.abs(value));
      // NaN is the largest difference of all.
      if (!(difference <= TOLERANCE)) {
        throw environmentError(`the exported model gives ${name}[${i}] = ${other?.data[i]}, and the run ${value}`, {
          remedy: 'export with another --engine, to see which of the two is wrong, and report it',
        });
      }
      largest = Math.max(largest, difference);
    });
  }
  return largest;
}
