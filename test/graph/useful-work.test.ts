/** The count against one by hand: products of the model in closed form, with what the backward pass needs of each. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Step } from '../../src/engine/engine.ts';
import { evaluateStep, evaluationState } from '../../src/eval/step.ts';
import { traceStep } from '../../src/graph/trace.ts';
import { usefulWork } from '../../src/graph/useful-work.ts';
import { NORMALIZATIONS, SIZES, type VitOptions } from '../../src/model/options.ts';
import { type Classifier, classifier } from '../../src/petl/classifier.ts';
import { methodOf } from '../../src/petl/index.ts';
import { type Tensor, tf } from '../../src/tensor/tf.ts';
import { gradientsStep, trainingState } from '../../src/train/steps.ts';
import { plainSgd } from '../petl/tiny-model.ts';

const vit: VitOptions = {
  ...SIZES.base,
  frames: 16,
  size: 224,
  patch: 16,
  tubelet: 2,
  bias: 'qv',
  positions: 'sincos',
  clsToken: false,
  pool: 'mean',
  attention: 'joint',
  dropPath: 0,
  normalization: NORMALIZATIONS.imagenet,
};
const [B, N, D, L, K, d] = [2, 8 * 14 * 14, 768, 12, 51, 64];

const modelOf = (method: string, options: object = {}): Classifier =>
  classifier(vit, methodOf(method).attach(vit, options), { classes: K, batchNorm: true, dropout: 0, initStd: 0.01 });

async function training(model: Classifier): Promise<number> {
  const step = gradientsStep(model, { batch: B, mixes: false, clips: 'uint8' });
  return usefulWork(await traceStep(step, trainingState(model, plainSgd)));
}

// Operations of one clip, a multiplication and an addition for each pair of numbers.
const patches = 2 * N * D * (2 * 16 * 16 * 3);
const qkv = 2 * N * D * 3 * D;
const scores = 2 * N * N * D;
const proj = 2 * N * D * D;
const mlp = 2 * (2 * N * D * 4 * D);
const adapter = 2 * (2 * N * D * d);
const head = 2 * D * K;
const block = qkv + 2 * scores + proj + mlp;

test('forward: patches, all blocks, head', async () => {
  const model = modelOf('linear');
  const graph = await traceStep(evaluateStep(model, B), evaluationState(model));
  assert.equal(usefulWork(graph), B * (patches + L * block + head));
});

test('a linear probe adds the gradient of its one weight, and that of its input for the norm below it', async () => {
  assert.equal(await training(modelOf('linear')), B * (patches + L * block + 3 * head));
});

test('AdaptFormer: no weight gradients of the backbone, nothing below the first adapter', async () => {
  const forward = patches + L * (block + adapter) + head;
  // Through a block: each weight once for its input, attention two products for each of its own.
  const through = qkv + 4 * scores + proj + mlp;
  // Of the first block only the adapter's weights and its inner activation; its input hangs on nothing that is trained.
  const backward = (L - 1) * (through + 2 * adapter) + (adapter + adapter / 2) + 2 * head;
  assert.equal(await training(modelOf('adaptformer', { bottleneck: d })), B * (forward + backward));
});

test('a step of convolutions', async () => {
  const shapes = { x: [2, 5, 6, 3], w: [3, 3, 3, 4], each: [3, 3, 3, 2] };
  const step: Step = {
    name: 'convolve',
    inputs: { x: { shape: shapes.x, dtype: 'float32' } },
    run({ w, each }, { x }) {
      const loss = (a: Tensor, b: Tensor, c: Tensor): Tensor => {
        const plain = tf.conv2d(a as never, b as never, 1, 'same');
        const depthwise = tf.depthwiseConv2d(a as never, c as never, 1, 'valid');
        return tf.add(tf.sum(tf.square(plain)), tf.sum(tf.square(depthwise)));
      };
      const [dx, dw, dEach] = tf.grads(loss as never)([x, w, each] as never) as Tensor[];
      return { state: {}, outputs: { dx: dx as Tensor, dw: dw as Tensor, dEach: dEach as Tensor } };
    },
  };
  const state = Object.fromEntries(
    (['w', 'each'] as const).map((name) => [name, { shape: shapes[name], dtype: 'float32', frozen: false }]),
  );
  const plain = 2 * (2 * 5 * 6 * 4) * (3 * 3 * 3);
  const depthwise = 2 * (2 * 3 * 4 * 6) * (3 * 3);
  assert.equal(usefulWork(await traceStep(step, state)), 3 * plain + 3 * depthwise);
});
