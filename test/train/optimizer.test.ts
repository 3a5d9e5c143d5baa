import assert from 'node:assert/strict';
import { type Tensor, type Tensors, tf } from '../../src/tensor/tf.ts';
import { type OptimizerOptions, optimizer } from '../../src/train/optimizer.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import { assertClose, draw, upload } from '../tensor/exact.ts';

const STEPS = 5;
const rates = [0, 0.1, 0.3, 0.2, 0.05];
const start = draw('value', [6]);
const gradients = Array.from({ length: STEPS }, (_, t) => draw(`gradient ${t}`, [6], t === 3 ? 1e-3 : 1));

/** Values after each of five updates through the tensors. */
function run(options: OptimizerOptions, group = { lrScale: 1, decays: true }): Float32Array[] {
  const rule = optimizer(options);
  let value: Tensor = upload(start);
  let slots: Tensors = Object.fromEntries(rule.slots.map((name) => [name, tf.zeros([6])]));
  return gradients.map((gradient, t) => {
    const fed = Object.fromEntries(Object.entries(rule.scalars(t + 1)).map(([name, v]) => [name, tf.scalar(v)]));
    const next = rule.update(value, upload(gradient), slots, tf.scalar(rates[t] as number), fed, group);
    assert.deepEqual(Object.keys(next.slots), [...rule.slots]);
    [value, slots] = [next.value, next.slots];
    return value.dataSync() as Float32Array;
  });
}

/** The same, element by element in float64. */
function each(
  update: (w: number, g: number, lr: number, t: number, slots: Record<string, number>) => number,
): Float64Array[] {
  const slots = Array.from(start.data, (): Record<string, number> => ({}));
  let value = start.data;
  return gradients.map(({ data }, t) => {
    value = value.map((w, i) =>
      update(w, data[i] as number, rates[t] as number, t + 1, slots[i] as Record<string, number>),
    );
    return value;
  });
}

const same = (actual: Float32Array[], expected: Float64Array[]): void => {
  actual.forEach((value, t) => {
    assertClose(value, expected[t] as Float64Array, 2e-6, `update ${t + 1}`);
  });
};

const sgd = (momentum: number, weightDecay: number, lrScale = 1) =>
  each((w, g, lr, _t, slots) => {
    slots.m = momentum * (slots.m ?? 0) + g + weightDecay * w;
    return w - lr * lrScale * slots.m;
  });

const adamW = (betas: readonly [number, number], epsilon: number, weightDecay: number, lrScale = 1) =>
  each((w, g, lr, t, slots) => {
    const rate = lr * lrScale;
    slots.m = betas[0] * (slots.m ?? 0) + (1 - betas[0]) * g;
    slots.v = betas[1] * (slots.v ?? 0) + (1 - betas[1]) * g * g;
    const m = slots.m / (1 - betas[0] ** t);
    const v = slots.v / (1 - betas[1] ** t);
    return w * (1 - rate * weightDecay) - (rate * m) / (Math.sqrt(v) + epsilon);
  });

testOnEachBackend('SGD: momentum 0.9 from zero, not Nesterov, decay added to the gradient', () => {
  same(run({ name: 'sgd', momentum: 0.9, weightDecay: 0 }), sgd(0.9, 0));
  same(run({ name: 'sgd', momentum: 0.9, weightDecay: 0.1 }), sgd(0.9, 0.1));
  same(run({ name: 'sgd', momentum: 0, weightDecay: 0.1 }), sgd(0, 0.1));
});

testOnEachBackend('SGD: a group without decay, with its own rate', () => {
  same(run({ name: 'sgd', momentum: 0.9, weightDecay: 0.1 }, { lrScale: 0.75, decays: false }), sgd(0.9, 0, 0.75));
});

testOnEachBackend('AdamW: bias-corrected moments, decoupled decay', () => {
  const betas = [0.9, 0.999] as const;
  same(run({ name: 'adamw', betas, epsilon: 1e-8, weightDecay: 0 }), adamW(betas, 1e-8, 0));
  same(run({ name: 'adamw', betas, epsilon: 1e-8, weightDecay: 0.05 }), adamW(betas, 1e-8, 0.05));
  // A large ε shows on which side of the correction it stands.
  same(run({ name: 'adamw', betas: [0.5, 0.7], epsilon: 0.3, weightDecay: 0.05 }), adamW([0.5, 0.7], 0.3, 0.05));
});

testOnEachBackend('AdamW: a group without decay, with its own rate', () => {
  const betas = [0.9, 0.999] as const;
  same(
    run({ name: 'adamw', betas, epsilon: 1e-8, weightDecay: 0.05 }, { lrScale: 0.1, decays: false }),
    adamW(betas, 1e-8, 0, 0.1),
  );
});

testOnEachBackend('AdamW: a first update moves every element by the rate, whatever the size of its gradient', () => {
  const rule = optimizer({ name: 'adamw', betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 });
  const fed = Object.fromEntries(Object.entries(rule.scalars(1)).map(([name, v]) => [name, tf.scalar(v)]));
  const slots = { m: tf.zeros([2]), v: tf.zeros([2]) };
  const { value } = rule.update(tf.zeros([2]), tf.tensor1d([1e-3, -50]), slots, tf.scalar(0.01), fed, {
    lrScale: 1,
    decays: true,
  });
  assertClose(value.dataSync(), [-0.01, 0.01], 2e-5);
});
