/**
 * Optimizers as pure functions on one tensor. Each states its slots (kept beside the parameter, zero at the start) and
 * the scalars that it is fed at each step, computed outside because they change with the step's number.
 */
import { type Tensor, type Tensors, tf } from '../tensor/tf.ts';

export interface Sgd {
  readonly name: 'sgd';
  readonly momentum: number;
  readonly weightDecay: number;
}

export interface AdamW {
  readonly name: 'adamw';
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
}

export type OptimizerOptions = Sgd | AdamW;

/** What holds for one parameter. */
export interface Group {
  /** Factor of the learning rate (layer decay). */
  readonly lrScale: number;
  /** Whether weight decay acts on it. */
  readonly decays: boolean;
}

export interface Updated {
  readonly value: Tensor;
  readonly slots: Tensors;
}

export interface Optimizer {
  /** Names of the tensors kept for each parameter. */
  readonly slots: readonly string[];
  /** Scalars fed at step t (1, 2, …), besides the learning rate. */
  scalars(t: number): Record<string, number>;
  /** One update. `lr` is a scalar tensor, `fed` has the scalars' tensors. @returns the new value and slots. */
  update(value: Tensor, gradient: Tensor, slots: Tensors, lr: Tensor, fed: Tensors, group: Group): Updated;
}

export function optimizer(options: OptimizerOptions): Optimizer {
  return options.name === 'sgd' ? sgd(options) : adamW(options);
}

/** SGD with momentum as PyTorch has it: g ← g + wd · w; m ← μ · m + g; w ← w − lr · m. */
function sgd({ momentum, weightDecay }: Sgd): Optimizer {
  return {
    slots: momentum === 0 ? [] : ['momentum'],
    scalars: () => ({}),
    update(value, gradient, slots, lr, _fed, { lrScale, decays }): Updated {
      const g = decays && weightDecay > 0 ? tf.add(gradient, tf.mul(value, weightDecay)) : gradient;
      const m = momentum === 0 ? g : tf.add(tf.mul(slots.momentum as Tensor, momentum), g);
      const next = tf.sub(value, tf.mul(m, lrScale === 1 ? lr : tf.mul(lr, lrScale)));
      return { value: next, slots: momentum === 0 ? {} : { momentum: m } };
    },
  };
}

/**
 * AdamW (Loshchilov and Hutter 2019) in PyTorch's order: w ← w · (1 − lr · wd); m, v ← moving means;
 * w ← w − lr / c1 · m / (√v / √c2 + ε), with c1 = 1 − β1^t and c2 = 1 − β2^t.
 */
function adamW({ betas: [beta1, beta2], epsilon, weightDecay }: AdamW): Optimizer {
  return {
    slots: ['m', 'v'],
    scalars: (t) => ({ correction1: 1 - beta1 ** t, correction2: Math.sqrt(1 - beta2 ** t) }),
    update(value, gradient, slots, lr, fed, { lrScale, decays }) {
      const rate = lrScale === 1 ? lr : tf.mul(lr, lrScale);
      const decayed = decays && weightDecay > 0 ? tf.mul(value, tf.sub(1, tf.mul(rate, weightDecay))) : value;
      const m = tf.add(tf.mul(slots.m as Tensor, beta1), tf.mul(gradient, 1 - beta1));
      const v = tf.add(tf.mul(slots.v as Tensor, beta2), tf.mul(tf.square(gradient), 1 - beta2));
      const denominator = tf.add(tf.div(tf.sqrt(v), fed.correction2 as Tensor), epsilon);
      const next = tf.sub(decayed, tf.mul(tf.div(m, denominator), tf.div(rate, fed.correction1 as Tensor)));
      return { value: next, slots: { m, v } };
    },
  };
}
