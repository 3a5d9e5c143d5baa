/** onnxruntime-node: loaded when it is first needed, its settings per device, and its errors in our words. */
import type * as Onnxruntime from 'onnxruntime-node';
import { environmentError, messageOf } from '../errors/index.ts';

export type Library = typeof Onnxruntime;
export type NativeTensor = Onnxruntime.Tensor;
export type NativeSession = Onnxruntime.InferenceSession;

export type OnnxruntimeDevice = 'cpu' | 'cuda' | 'webgpu';

export interface Placement {
  readonly device: OnnxruntimeDevice;
  /** Processor threads; 0: one for each core. */
  readonly threads: number;
}

/**
 * @param tf32 whether CUDA may round the operands of float32 products, which its libraries read as they load
 * @throws PetlVideoError (environment) where the package is missing, or has nothing for this machine
 */
export async function loadOnnxruntime({ tf32 = false } = {}): Promise<Library> {
  process.env.NVIDIA_TF32_OVERRIDE = tf32 ? '1' : '0';
  try {
    const library = (await import('onnxruntime-node')).default as unknown as Library;
    // Warnings are about where single nodes run; errors are thrown, and need not be on stderr too.
    library.env.logLevel = 'fatal';
    return library;
  } catch (cause) {
    throw environmentError(`onnxruntime-node does not load: ${messageOf(cause)}`, {
      remedy: 'npm install; it needs Linux (x64, arm64), macOS on Apple silicon, or Windows',
      cause,
    });
  }
}

export interface SessionPlan {
  /** For errors: `step gradients`. */
  readonly what: string;
  /** The file's content, or its name. */
  readonly model: Uint8Array | string;
  /** Outputs that stay on the device; the others come to the host. */
  readonly onDevice?: readonly string[];
}

/** @throws PetlVideoError (environment) when the device has not what the model needs */
export async function openModel(library: Library, place: Placement, plan: SessionPlan): Promise<NativeSession> {
  const { device, threads } = place;
  const onDevice = device === 'webgpu' ? (plan.onDevice ?? []) : [];
  try {
    const options: Onnxruntime.InferenceSession.SessionOptions = {
      executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
      graphOptimizationLevel: 'all',
      // Its plan of the whole memory ahead of a run takes 1.8 times the memory of a training step and saves no time.
      enableMemPattern: false,
      intraOpNumThreads: threads,
      logSeverityLevel: 4,
      ...(onDevice.length === 0
        ? {}
        : { preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, 'gpu-buffer' as const])) }),
      // Threads that wait for work by spinning take the cores from the loader, which decodes the next clips meanwhile.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    };
    const { model } = plan;
    return await (typeof model === 'string'
      ? library.InferenceSession.create(model, options)
      : library.InferenceSession.create(model, options));
  } catch (cause) {
    throw explained(cause, plan.what, device);
  }
}

/** An error of onnxruntime; anything else as it is. */
export function explained(cause: unknown, what: string, device: OnnxruntimeDevice): unknown {
  const message = messageOf(cause);
  const lacking = /Could not find an implementation for (\w+)\(\d+\) node with name '([^']*)'/.exec(message);
  if (lacking !== null) {
    const place = /^(.+)\/[^/]*$/.exec(lacking[2] ?? '')?.[1];
    return environmentError(`onnxruntime has no ${lacking[1]} for this type on ${device}, which ${what} needs`, {
      ...(place === undefined ? {} : { at: place }),
      remedy: 'engine.precision fp32, another engine.device, or engine.name tensorflow',
      cause,
    });
  }
  if (/bad_alloc|Failed to allocate memory|out of memory|Device lost|device was lost/i.test(message)) {
    return environmentError(`onnxruntime has no memory left for ${what}: ${message}`, {
      remedy: 'a smaller train.batch (train.accumulate keeps the step), or train.recompute true',
      cause,
    });
  }
  if (device !== 'cpu' && /provider|CUDA|cuDNN|WebGPU|adapter|Vulkan|libcu/i.test(message)) {
    return environmentError(`onnxruntime cannot use ${device} for ${what}: ${message}`, {
      remedy: 'petl-video doctor says what is missing; or engine.device cpu',
      cause,
    });
  }
  return cause;
}
