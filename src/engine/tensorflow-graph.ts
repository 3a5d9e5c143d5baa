/** libtensorflow on compiled graphs: each run of a step is one call of a session. */
import { environmentError } from '../errors/index.ts';
import type { CompileOptions, Precision } from '../graph/compile.ts';
import type { Engine } from './engine.ts';
import { loadTensorflow } from './tensorflow-binding.ts';
import { openTensorflowSession } from './tensorflow-session.ts';

export interface TensorflowOptions {
  /** Set-up's folder. */
  readonly cache: string;
  /** `cpu` hides graphics cards; otherwise they are used where libtensorflow can. */
  readonly device?: 'cpu' | 'cuda';
  readonly precision: Precision;
  /** What XLA compiles: nothing, chains of small operations, or the whole step; `auto`: what was measured to be best. */
  readonly xla: 'auto' | 'off' | 'clusters' | 'step';
  /** Processor threads; 0: one for each core. Holds for the process: TensorFlow takes it once. */
  readonly threads: number;
  /** Whether blocks are computed again in the backward pass in place of being kept. */
  readonly recompute: boolean;
}

/**
 * @throws PetlVideoError (environment) when libtensorflow is not there or does not load, when it is loaded already with
 *   other settings, when CUDA is asked for and not there, and for tf32 on a processor
 */
export async function tensorflowEngine(options: TensorflowOptions): Promise<Engine> {
  const { cache, device, precision, threads } = options;
  const { binding, version, gpu, file } = await loadTensorflow({
    cache,
    threads,
    tf32: precision !== 'fp32',
    ...(device && { device }),
  });
  if (device === 'cuda' && !gpu) {
    throw environmentError('TensorFlow finds no CUDA device', { at: file, remedy: 'petl-video setup --cuda' });
  }
  if (precision === 'tf32' && !gpu) {
    throw environmentError('engine.precision tf32 is a way of CUDA to multiply, and TensorFlow finds no CUDA device', {
      remedy: 'set engine.precision fp32, or bf16, which is faster; petl-video setup --cuda provides CUDA',
    });
  }
  const settings = { compile: compileOptions(options), wholeSteps: options.xla === 'step' };
  return {
    name: 'tensorflow',
    device: `${gpu ? 'CUDA' : 'CPU'}, libtensorflow ${version}`,
    open: async (specs) => openTensorflowSession(binding, specs, settings),
  };
}

/**
 * Four heads of 16 frames: what a slice computes then mostly stays in the cache, which made a training step of ViT-B 6 %
 * cheaper than whole scores.
 */
const SLICE_BYTES = 40e6;

/** Keeping all probabilities of that step would save 2 to 6 % of its time and cost 1.2 GB. */
const KEPT_BYTES = 512e6;

function compileOptions({ precision, recompute, xla }: TensorflowOptions): CompileOptions {
  // On 2 cores clusters made a training step of ViT-B 1.2 times as fast as none, and XLA over all of a ViT-S doubled its time.
  const clusters = xla === 'auto' || xla === 'clusters';
  return {
    precision,
    recompute,
    clusters,
    // Where a whole block is computed again, what it keeps of its scores does not outlive it.
    attention: { keptBytes: recompute ? Number.POSITIVE_INFINITY : KEPT_BYTES, sliceBytes: SLICE_BYTES },
  };
}
