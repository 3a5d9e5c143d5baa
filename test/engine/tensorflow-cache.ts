/** Where tests look for the libtensorflow that `petl-video setup` provided. */

import { loadTensorflow } from '../../src/engine/tensorflow-binding.ts';
import { messageOf } from '../../src/errors/index.ts';
import { readEnvironment } from '../../src/setup/environment.ts';

export function tensorflowCache(): string {
  return readEnvironment(process.env).cache;
}

/** Why TensorFlow is not to be had here; undefined once it is loaded. */
export async function tensorflowMissing(): Promise<string | undefined> {
  try {
    await loadTensorflow({ cache: tensorflowCache() });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
