import type { CompiledStep, Session, StateSpecs, Step } from '../engine/engine.ts';
import type { Classifier } from '../petl/classifier.ts';
import type { Tensor } from '../tensor/tf.ts';

/** Specs of a session that evaluates: nothing changes in it. */
export function evaluationState(model: Classifier): StateSpecs {
  const specs = [...model.frozen, ...model.trained, ...model.buffers];
  return Object.fromEntries(specs.map(({ name, shape }) => [name, { shape, dtype: 'float32', frozen: true }]));
}

/**
 * The forward pass of a batch. Input `clips` [B, T, H, W, 3]; outputs `logits` [B, K], `features` [B, D] (before the
 * head's BatchNorm).
 */
export function evaluateStep(model: Classifier, batch: number, clips: 'uint8' | 'float32' = 'uint8'): Step {
  const { frames, size } = model.backbone;
  return {
    name: 'evaluate',
    inputs: { clips: { shape: [batch, frames, size, size, 3], dtype: clips } },
    run(state, inputs) {
      const parameter = (name: string): Tensor => {
        const tensor = state[name];
        if (tensor === undefined) throw new TypeError(`${name} is not in the session's state`);
        return tensor;
      };
      const noise = (name: string): Tensor => {
        throw new TypeError(`evaluation asked for the mask ${name}`);
      };
      const { logits, features } = model.predict(parameter, inputs.clips as Tensor, { training: false, noise });
      return { state: {}, outputs: { logits, features } };
    },
  };
}

const compiled = new WeakMap<Session, WeakMap<Classifier, Map<number, Promise<CompiledStep>>>>();

/** The step for uint8 clips, compiled once in a session: every validation of a run takes the same. */
export function compiledEvaluateStep(session: Session, model: Classifier, batch: number): Promise<CompiledStep> {
  const ofSession = compiled.get(session) ?? new WeakMap<Classifier, Map<number, Promise<CompiledStep>>>();
  compiled.set(session, ofSession);
  const ofModel = ofSession.get(model) ?? new Map<number, Promise<CompiledStep>>();
  ofSession.set(model, ofModel);
  const step = ofModel.get(batch) ?? session.compile(evaluateStep(model, batch));
  ofModel.set(batch, step);
  return step;
}
