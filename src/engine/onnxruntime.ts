/**
 * Compiled graphs on onnxruntime, which npm alone brings: on the CPU, on graphics cards through WebGPU, and on CUDA
 * where its provider is installed. A step is one model, fed with the state that it uses and asked for what changes.
 */
import { environmentError } from '../errors/index.ts';
import { compileGraph, type Precision } from '../graph/compile.ts';
import { emitOnnx, type OnnxProgram } from '../graph/onnx/emit.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';
import type { CompiledStep, Engine, Session, StateSpecs, Step } from './engine.ts';
import { checkFit, checkInputs } from './fit.ts';
import { deviceState } from './onnxruntime-gpu.ts';
import { hostState } from './onnxruntime-host.ts';
import {
  explained,
  type Library,
  loadOnnxruntime,
  type NativeSession,
  type NativeTensor,
  openModel,
  type Placement,
} from './onnxruntime-library.ts';
import type { KeptType, StateStore } from './onnxruntime-state.ts';
import { ABILITIES } from './options.ts';

export interface OnnxruntimeOptions extends Placement {
  readonly precision: Precision;
  /** Whether blocks are computed again in the backward pass in place of being kept. */
  readonly recompute: boolean;
}

/** Of probabilities, which are computed again where more would be kept: 4 % more time for ViT-B, and a quarter less memory. */
const KEPT_BYTES = 512e6;

/** Of scores at a time. Slices that fit the cache gained nothing here; these bound the memory of large batches. */
const SLICE_BYTES = 256e6;

/** @throws PetlVideoError (environment) when onnxruntime-node is not there, or the device cannot compute so */
export async function onnxruntimeEngine(options: OnnxruntimeOptions): Promise<Engine> {
  const { device, precision } = options;
  const able = ABILITIES.onnxruntime.devices[device] ?? [];
  if (!able.includes(precision)) {
    throw environmentError(`onnxruntime on ${device} does not compute in ${precision}`, {
      remedy: `engine.precision ${able.join(' or ')}, or engine.name tensorflow`,
    });
  }
  const library = await loadOnnxruntime({ tf32: precision === 'tf32' });
  return {
    name: 'onnxruntime',
    device: `${options.device}, onnxruntime ${library.env.versions.node}`,
    open: async (specs) => new OnnxruntimeSession(library, options, specs),
  };
}

class OnnxruntimeSession implements Session {
  readonly #library: Library;
  readonly #options: OnnxruntimeOptions;
  readonly #specs: StateSpecs;
  readonly #state: StateStore;
  readonly #models: NativeSession[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(library: Library, options: OnnxruntimeOptions, specs: StateSpecs) {
    this.#library = library;
    this.#options = options;
    this.#specs = specs;
    this.#state = options.device === 'webgpu' ? deviceState(library, options, specs) : hostState(library, specs);
  }

  /** Runs and transfers one after the other: each finds the state that the one before it left. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#disposed) throw new TypeError('the session is disposed');
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async compile(step: Step): Promise<CompiledStep> {
    if (this.#disposed) throw new TypeError('the session is disposed');
    const { precision, recompute } = this.#options;
    const graph = await compileGraph(step, this.#specs, {
      precision,
      recompute,
      attention: { keptBytes: recompute ? Number.POSITIVE_INFINITY : KEPT_BYTES, sliceBytes: SLICE_BYTES },
      clusters: false,
    });
    // onnxruntime refuses a model that leaves nothing behind.
    if (graph.changed.size + graph.outputs.size === 0) {
      return {
        run: async (inputs) => {
          checkInputs(step, inputs);
          return {};
        },
      };
    }
    const program = emitOnnx(graph, { name: step.name });
    const what = `step ${step.name}`;
    const onDevice = [...program.changed.values()].map(({ name }) => name);
    const model = await openModel(this.#library, this.#options, { what, model: program.model, onDevice });
    this.#models.push(model);
    const { model: _written, ...names } = program;
    return {
      run: async (inputs) => {
        checkInputs(step, inputs);
        return this.#inTurn(() => this.#run(model, names, what, inputs));
      },
    };
  }

  async #run(
    model: NativeSession,
    program: Omit<OnnxProgram, 'model'>,
    what: string,
    given: HostTensors,
  ): Promise<HostTensors> {
    const feeds: Record<string, NativeTensor> = {};
    for (const [key, { name }] of program.inputs) feeds[name] = this.#tensor(given[key] as HostTensor);
    for (const [key, { name, dtype }] of program.state) feeds[name] = await this.#state.current(key, dtype as KeptType);
    const fetches: Record<string, NativeTensor | null> = {};
    for (const [, { name }] of program.outputs) fetches[name] = null;
    for (const [key, { name }] of program.changed) fetches[name] = this.#state.target(key);
    const results = await model.run(feeds, fetches).catch((cause) => {
      throw explained(cause, what, this.#options.device);
    });
    this.#state.accept([...program.changed].map(([key, { name }]) => [key, results[name] as NativeTensor]));
    return Object.fromEntries(
      [...program.outputs].map(([key, { name, shape, dtype }]) => {
        const data = (results[name] as NativeTensor).data as Float32Array | Int32Array;
        return [key, { shape, dtype, data }];
      }),
    );
  }

  #tensor({ data, shape, dtype }: HostTensor): NativeTensor {
    // It takes no memory that threads share.
    const own = data.buffer instanceof SharedArrayBuffer ? data.slice() : data;
    return new this.#library.Tensor(dtype, own, shape);
  }

  load(tensors: HostTensors): Promise<void> {
    return this.#inTurn(async () => {
      checkFit('load', this.#specs, tensors);
      for (const [name, tensor] of Object.entries(tensors)) await this.#state.load(name, tensor);
    });
  }

  read(names: readonly string[]): Promise<HostTensors> {
    return this.#inTurn(async () => {
      const read: HostTensors = {};
      for (const name of names) {
        if (!(name in this.#specs)) throw new TypeError(`read: ${name} is no state of this session`);
        read[name] = await this.#state.read(name);
      }
      return read;
    });
  }

  dispose(): void {
    if (this.#disposed) return;
    void this.#inTurn(async () => {
      // Buffers first: they belong to a model's device.
      await this.#state.dispose();
      for (const model of this.#models.splice(0)) await model.release();
    });
    this.#disposed = true;
  }
}
