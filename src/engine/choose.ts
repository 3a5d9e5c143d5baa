import { cpuEngine } from './cpu.ts';
import type { Engine } from './engine.ts';
import { tensorflowEngine } from './tensorflow.ts';

export type EngineName = 'auto' | 'tensorflow' | 'cpu';

/**
 * The engine of a name; `auto` is TensorFlow, the one engine that trains at a useful speed. `cpu`, the reference in plain
 * JavaScript, is only taken when it is asked for.
 * @throws PetlVideoError (environment) saying what is missing
 */
export async function chooseEngine(name: EngineName, options: { readonly cache: string }): Promise<Engine> {
  return name === 'cpu' ? cpuEngine() : tensorflowEngine(options);
}
