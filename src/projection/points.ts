/** Features as this room takes them, and what is refused. */
import { dataError } from '../errors/index.ts';

/** `count` rows of `width` numbers, one behind the other. */
export interface Points {
  /** float32 [count, width] */
  readonly data: Float32Array;
  readonly count: number;
  readonly width: number;
}

/** What long work here takes. */
export interface Work {
  /** Threads that compute; default all cores, at most 8. No result depends on it. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** @throws PetlVideoError (data) for a number that is not finite; TypeError for a shape that does not fit. */
export function checkPoints({ data, count, width }: Points): void {
  if (data.length !== count * width || count < 1 || width < 1) {
    throw new TypeError(`${data.length} numbers are no points [${count}, ${width}]`);
  }
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw dataError(`feature ${i % width} is ${data[i]}`, {
      at: `row ${Math.floor(i / width)} of ${count}`,
      remedy: 'a model that diverged makes such features; leave the row out or look at the run',
    });
  }
}
