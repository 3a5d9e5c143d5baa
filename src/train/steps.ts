/**
 * The two steps of training, as entry points of one session: `gradients` adds a batch's gradients to the accumulators,
 * `apply` lets the optimizer use and clear them. What lies between is the seam of accumulation and of an all-reduce.
 *
 * State: parameters and running statistics by name, `gradient/<name>`, `<slot>/<name>`.
 */
import type { StateSpecs, Step } from '../engine/engine.ts';
import type { NoiseSpec } from '../model/forward.ts';
import type { Classifier } from '../petl/classifier.ts';
import type { TensorSpecs } from '../tensor/host.ts';
import { crossEntropy } from '../tensor/ops/cross-entropy.ts';
import type { ParameterSpec } from '../tensor/parameters.ts';
import { type Tensor, type Tensors, tf } from '../tensor/tf.ts';
import { decodeErased } from './erase.ts';
import { type Decay, groupOf } from './groups.ts';
import { type OptimizerOptions, optimizer } from './optimizer.ts';

export interface UpdateOptions {
  readonly optimizer: OptimizerOptions;
  /** Factor per block of depth; 1 is off. */
  readonly layerDecay: number;
  /** Absent: `matrices`. */
  readonly decay?: Decay;
  /** Largest norm of all gradients together; 0 is off. */
  readonly clipNorm: number;
}

const gradientOf = (name: string): string => `gradient/${name}`;
const slotOf = (slot: string, name: string): string => `${slot}/${name}`;

/** Everything that the optimizer keeps beside the parameters: accumulators and slots. */
export function optimizerState(model: Classifier, options: UpdateOptions): ParameterSpec[] {
  const { slots } = optimizer(options.optimizer);
  return model.trained.flatMap(({ name, shape }) =>
    [gradientOf(name), ...slots.map((slot) => slotOf(slot, name))].map((key) => ({
      name: key,
      shape,
      init: { kind: 'constant', value: 0 } as const,
    })),
  );
}

/** Specs of the whole training session. */
export function trainingState(model: Classifier, options: UpdateOptions): StateSpecs {
  const specs = (parameters: readonly ParameterSpec[], frozen: boolean): [string, StateSpecs[string]][] =>
    parameters.map(({ name, shape }) => [name, { shape, dtype: 'float32', frozen }]);
  return Object.fromEntries([
    ...specs(model.frozen, true),
    ...specs([...model.trained, ...model.buffers, ...optimizerState(model, options)], false),
  ]);
}

/** What a checkpoint holds: all of it but the frozen weights, and the accumulators, which are zero between updates. */
export function checkpointState(model: Classifier, options: UpdateOptions): TensorSpecs {
  const slots = optimizerState(model, options).filter(({ name }) => !name.startsWith('gradient/'));
  return Object.fromEntries(
    [...model.trained, ...model.buffers, ...slots].map(({ name, shape }) => [name, { shape, dtype: 'float32' }]),
  );
}

/** Inputs that carry the step's masks, [B, ...shape] of 0 and 1. */
export function noiseInputs(noise: readonly NoiseSpec[], batch: number): TensorSpecs {
  return Object.fromEntries(
    noise.map(({ name, shape }) => [`noise/${name}`, { shape: [batch, ...shape], dtype: 'uint8' as const }]),
  );
}

/** What a batch looks like; each form is compiled once. */
export interface BatchForm {
  /** B. */
  readonly batch: number;
  /** Whether clips are mixed (mixup, cutmix). */
  readonly mixes: boolean;
  /** Whether rectangles may be erased (erase.ts). */
  readonly erases?: boolean;
  /** Decoded clips are uint8; float32 serves pixels that were made elsewhere. */
  readonly clips: 'uint8' | 'float32';
  /** Whether the loss is scaled for the backward pass (float16, see loss-scale.ts). */
  readonly scaled?: boolean;
}

/**
 * Forward and backward of one batch.
 *
 * Inputs: `clips` [B, T, H, W, 3]; `targets` [B, K], probabilities; `share` [], the batch's part of the clips of the
 * update, by which its gradients count; with `erases`, `erased` [B, H, W], 1 where a clip has noise; with `mixes`, `mix` [H, W], the weight of each
 * pixel against the reversed batch (mixup: constant, cutmix: 0 in the box); with `scaled`, `scale` [], the factor of the
 * loss, by which `share` is divided already; the masks.
 * Outputs: `loss` [], not scaled; `logits` [B, K]; with `scaled`, `magnitude` [], the sum of all gradients' magnitudes,
 * which is finite if they are.
 */
export function gradientsStep(model: Classifier, form: BatchForm): Step {
  const { batch, mixes, erases = false, clips: dtype, scaled = false } = form;
  const { frames, size, normalization } = model.backbone;
  return {
    name: 'gradients',
    inputs: {
      clips: { shape: [batch, frames, size, size, 3], dtype },
      targets: { shape: [batch, model.head.classes], dtype: 'float32' },
      share: { shape: [], dtype: 'float32' },
      ...(erases ? { erased: { shape: [batch, size, size], dtype: 'uint8' } } : {}),
      ...(mixes ? { mix: { shape: [size, size], dtype: 'float32' } } : {}),
      ...(scaled ? { scale: { shape: [], dtype: 'float32' } } : {}),
      ...noiseInputs(model.noise, batch),
    },
    run(state, inputs) {
      const given = inputs.clips as Tensor;
      const whole = erases ? decodeErased(given, inputs.erased as Tensor, normalization) : given;
      const clips = mixes ? mixClips(whole, inputs.mix as Tensor) : whole;
      const names = model.trained.map(({ name }) => name);
      let logits: Tensor | undefined;
      let unscaled: Tensor | undefined;
      let buffers: Tensors = {};
      const loss = (): Tensor => {
        const parameter = (name: string): Tensor => known(state, name);
        const noise = (name: string): Tensor => known(inputs, `noise/${name}`);
        const prediction = model.predict(parameter, clips, { training: true, noise });
        // Kept: the gradient's scope would free what is neither its value nor on the tape.
        logits = tf.keep(prediction.logits);
        buffers = prediction.buffers;
        for (const buffer of Object.values(buffers)) tf.keep(buffer);
        const entropy = crossEntropy(prediction.logits, inputs.targets as Tensor);
        if (!scaled) return entropy;
        unscaled = tf.keep(entropy);
        return tf.mul(entropy, inputs.scale as Tensor);
      };
      // tf.valueAndGrads would refuse, without a name, a parameter that the loss does not depend on. Here its gradient
      // stays zero, and the gradient watch stops the run with its name.
      const values = names.map((name) => known(state, name));
      const { value, grads } = tf.engine().gradients(loss, values, undefined, true);
      const shared = names.flatMap((name, i): [string, Tensor][] => {
        const gradient: Tensor | null | undefined = grads[i];
        return gradient == null ? [] : [[gradientOf(name), tf.mul(gradient, inputs.share as Tensor)]];
      });
      const accumulated = shared.map(([name, gradient]) => [name, tf.add(known(state, name), gradient)]);
      const magnitude = scaled ? tf.addN(shared.map(([, gradient]) => tf.sum(tf.abs(gradient)))) : undefined;
      return {
        state: { ...Object.fromEntries(accumulated), ...buffers },
        outputs: { loss: unscaled ?? value, logits: logits as Tensor, ...(magnitude && { magnitude }) },
      };
    },
  };
}

/** m · x + (1 − m) · reversed batch of x, per pixel: mixup and cutmix in one (VideoMAE's batch mode). */
function mixClips(clips: Tensor, mix: Tensor): Tensor {
  const [height, width] = mix.shape as [number, number];
  const weight = tf.reshape(mix, [1, 1, height, width, 1]);
  return tf.add(tf.mul(clips, weight), tf.mul(tf.reverse(clips, 0), tf.sub(1, weight)));
}

/**
 * One update of all trained parameters from the accumulators, which are cleared.
 * Inputs: `lr` [] and the optimizer's scalars. Outputs: `norm` [], the norm of all gradients before clipping; `largest`
 * [trained tensors], the largest magnitude in each gradient.
 */
export function applyStep(model: Classifier, options: UpdateOptions): Step {
  const rule = optimizer(options.optimizer);
  const scalars = ['lr', ...Object.keys(rule.scalars(1))];
  return {
    name: 'apply',
    inputs: Object.fromEntries(scalars.map((name) => [name, { shape: [], dtype: 'float32' as const }])),
    run(state, inputs) {
      const gradients = model.trained.map(({ name }) => known(state, gradientOf(name)));
      const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)));
      const norm = tf.sqrt(tf.addN(squares));
      const clip = options.clipNorm > 0 ? tf.minimum(1, tf.div(options.clipNorm, tf.add(norm, 1e-6))) : undefined;
      const changed: Tensors = {};
      model.trained.forEach((spec, i) => {
        const raw = gradients[i] as Tensor;
        const slots = Object.fromEntries(rule.slots.map((slot) => [slot, known(state, slotOf(slot, spec.name))]));
        const group = groupOf(spec, model.backbone, options.layerDecay, options.decay);
        const gradient = clip === undefined ? raw : tf.mul(raw, clip);
        const next = rule.update(known(state, spec.name), gradient, slots, inputs.lr as Tensor, inputs, group);
        changed[spec.name] = next.value;
        changed[gradientOf(spec.name)] = tf.zerosLike(raw);
        for (const slot of rule.slots) changed[slotOf(slot, spec.name)] = next.slots[slot] as Tensor;
      });
      const largest = tf.stack(gradients.map((gradient) => tf.max(tf.abs(gradient))));
      return { state: changed, outputs: { norm, largest } };
    },
  };
}

/** Clears the accumulators of an update that is left out. */
export function discardStep(model: Classifier): Step {
  return {
    name: 'discard',
    inputs: {},
    run: (state) => {
      const names = model.trained.map(({ name }) => gradientOf(name));
      return { state: Object.fromEntries(names.map((name) => [name, tf.zerosLike(known(state, name))])), outputs: {} };
    },
  };
}

function known(tensors: Tensors, name: string): Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new TypeError(`${name} is not in the step's state or inputs`);
  return tensor;
}
