/**
 * The one tfjs of the process. Required, not imported: the CommonJS bundle is the file that tfjs-node-gpu requires
 * too, and both must share one engine and one kernel registry.
 */
import { createRequire } from 'node:module';
import type * as Tfjs from '@tensorflow/tfjs';

export const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as typeof Tfjs;

export type Tensor = Tfjs.Tensor;
/** Device tensors by name. */
export type Tensors = Record<string, Tensor>;
