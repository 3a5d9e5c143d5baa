/**
 * A session on compiled graphs. Steps are traced when they are compiled; the model that holds all of them is made at
 * the first run that needs it, and made anew when a further step has been compiled since: its state then moves over.
 */
import { type CompileOptions, compileGraph } from '../graph/compile.ts';
import { emitSessionModel, type NamedGraph } from '../graph/tensorflow/session-model.ts';
import type { HostTensors } from '../tensor/host.ts';
import type { Session, StateSpecs } from './engine.ts';
import { checkFit, checkInputs } from './fit.ts';
import type { Binding } from './tensorflow-binding.ts';
import { download, type Feed, freeAll, loadModel, type NativeModel, upload, uploadCopy } from './tensorflow-model.ts';
import { stateMover } from './tensorflow-state.ts';

export interface SessionOptions {
  readonly compile: CompileOptions;
  /** Whether XLA compiles each step as a whole. */
  readonly wholeSteps: boolean;
}

export function openTensorflowSession(binding: Binding, specs: StateSpecs, options: SessionOptions): Session {
  const { wholeSteps } = options;
  const mover = stateMover(binding, specs);
  const steps: NamedGraph[] = [];
  /** Loaded, and no model there to take it: native tensors. */
  const pending = new Map<string, number>();
  let model: NativeModel | undefined;
  let disposed = false;

  const checkOpen = (): void => {
    if (disposed) throw new TypeError('the session is disposed');
  };
  const isCurrent = (): boolean => model !== undefined && model.steps.length === steps.length;
  const freePending = (names: Iterable<string> = pending.keys()): void => {
    for (const name of [...names]) {
      binding.deleteTensor(pending.get(name) as number);
      pending.delete(name);
    }
  };
  const dispose = (): void => {
    freePending();
    model?.dispose();
    model = undefined;
    disposed = true;
  };

  /** The model with all steps. */
  const current = (): NativeModel => {
    checkOpen();
    if (model !== undefined && isCurrent()) return model;
    const next = loadModel(binding, emitSessionModel(specs, steps, { wholeSteps }));
    const others = Object.keys(specs).filter((name) => !pending.has(name));
    try {
      mover.assign(next, pending, freePending);
      if (model === undefined) mover.zero(next, others);
      else mover.move(others, model, next);
    } catch (error) {
      // What has moved is in neither place as a whole.
      next.dispose();
      dispose();
      throw error;
    }
    model?.dispose();
    model = next;
    return next;
  };

  const runStep = (index: number, inputs: HostTensors): HostTensors => {
    const native = current();
    const entry = native.steps[index];
    const outputs = steps[index]?.graph.outputs;
    if (entry === undefined || outputs === undefined) throw new TypeError(`there is no step ${index}`);
    const feeds: Feed[] = [];
    try {
      for (const [name, tensor] of Object.entries(inputs)) {
        feeds.push({ ref: entry.inputs.get(name) as string, id: upload(binding, tensor) });
      }
      if (outputs.size === 0) {
        freeAll(binding, native.run(feeds, [entry.done]));
        return {};
      }
      const ids = native.run(feeds, [...entry.outputs.values()]);
      return Object.fromEntries(
        [...outputs].map(([name, { shape }], i) => [name, download(binding, ids[i] as number, shape)]),
      );
    } finally {
      freeAll(
        binding,
        feeds.map(({ id }) => id),
      );
    }
  };

  return {
    async compile(step) {
      checkOpen();
      const graph = await compileGraph(step, specs, options.compile);
      const index = steps.push({ name: step.name, graph }) - 1;
      return {
        run: async (inputs) => {
          checkInputs(step, inputs);
          return runStep(index, inputs);
        },
      };
    },
    async load(tensors) {
      checkOpen();
      checkFit('load', specs, tensors);
      if (model !== undefined && isCurrent()) return mover.load(model, tensors);
      for (const [name, tensor] of Object.entries(tensors)) {
        const former = pending.get(name);
        pending.set(name, uploadCopy(binding, tensor));
        if (former !== undefined) binding.deleteTensor(former);
      }
    },
    async read(names) {
      for (const name of names) {
        if (specs[name] === undefined) throw new TypeError(`read: ${name} is no state of this session`);
      }
      return mover.read(current(), names);
    },
    dispose,
  };
}
