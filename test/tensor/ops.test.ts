import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attention } from '../../src/tensor/ops/attention.ts';
import { batchNormEvaluation, batchNormTraining } from '../../src/tensor/ops/batch-norm.ts';
import { crossEntropy } from '../../src/tensor/ops/cross-entropy.ts';
import { gelu } from '../../src/tensor/ops/gelu.ts';
import { linear } from '../../src/tensor/ops/linear.ts';
import { layerNorm, normalize } from '../../src/tensor/ops/normalize.ts';
import { type Tensor, tf } from '../../src/tensor/tf.ts';
import { testOnEachBackend } from './backends.ts';
import * as plain from './definitions.ts';
import { assertClose, checkOp, draw, type Exact, exact, upload } from './exact.ts';

/** float32 sums of a few dozen terms; tfjs's cpu erf is good to 1.5e-7. */
const TOLERANCE = 5e-6;

const softmaxRows = (x: Exact): Exact => {
  const K = x.shape.at(-1) as number;
  return exact(
    x.shape,
    Array.from({ length: x.data.length / K }, (_, b) => plain.softmaxRow(x.data.slice(b * K, (b + 1) * K))).flat(),
  );
};

test('the definitions themselves give known values', () => {
  assert.ok(Math.abs(plain.erf(1) - 0.8427007929497149) < 1e-15);
  assert.ok(Math.abs(plain.erf(-2.5) + 0.999593047982555) < 1e-14);
  assert.ok(Math.abs((plain.gelu(exact([1], [-1])).data[0] as number) + 0.15865525393145707) < 1e-15);
});

testOnEachBackend('linear is x · Wᵀ + b, of any rank', () => {
  const [x, w, b] = [draw('x', [2, 3, 5]), draw('w', [4, 5]), draw('b', [4])];
  checkOp([x, w, b], (...t) => linear(t[0] as never, t[1] as never, t[2]), plain.linear, TOLERANCE);
  checkOp([x, w], (...t) => linear(t[0] as never, t[1] as never), plain.linear, TOLERANCE);
  checkOp([draw('row', [2, 5]), w, b], (...t) => linear(t[0] as never, t[1] as never, t[2]), plain.linear, TOLERANCE);
});

testOnEachBackend('layerNorm normalises by the biased variance, in value and gradient', () => {
  const inputs = [draw('x', [2, 3, 8], 2, 1), draw('w', [8]), draw('b', [8])];
  for (const epsilon of [1e-6, 0.5]) {
    checkOp(
      inputs,
      (...t) => layerNorm(t[0] as never, t[1] as never, t[2] as never, epsilon),
      (x, w, b) => plain.layerNorm(x, w, b, epsilon),
      TOLERANCE,
    );
  }
});

testOnEachBackend('normalize keeps its precision far from zero and is zero on a constant row', () => {
  const far = draw('far', [4, 16], 1, 100);
  const [one, zero] = [exact([16], Array(16).fill(1)), exact([16], Array(16).fill(0))];
  // float32 keeps 100 + x to 4e-6 of x's deviation; x² alone would lose 1e-3.
  assertClose(normalize(upload(far), 1e-6).dataSync(), plain.layerNorm(far, one, zero, 1e-6).data, 5e-5);
  assert.deepEqual([...normalize(tf.fill([1, 4], 3), 1e-6).dataSync()], [0, 0, 0, 0]);
});

testOnEachBackend('gelu is the exact one, not the tanh form', () => {
  const x = exact([2, 6], [-6, -2.5, -1, -0.5, -1e-3, 0, 1e-3, 0.7, 1, 2, 3, 8].map(Math.fround));
  checkOp([x], (...t) => gelu(t[0] as never), plain.gelu, TOLERANCE);
  // The tanh form gives -0.15880801 and 1.95459769.
  assertClose(gelu(tf.tensor1d([-1])).dataSync(), [-0.15865525], 2e-6);
  assertClose(gelu(tf.tensor1d([2])).dataSync(), [1.95449974], 2e-7);
});

testOnEachBackend('attention mixes values by softmax(q · kᵀ / √d), each head alone', () => {
  const shape = [2, 2, 5, 3];
  checkOp(
    [draw('q', shape, 1.5), draw('k', shape, 1.5), draw('v', shape)],
    (...t) => attention(tf.mul(t[0] as never, 3 ** -0.5), t[1] as never, t[2] as never),
    plain.attention,
    TOLERANCE,
  );
});

testOnEachBackend('attention adds a bias, of all clips alike or of each of several windows, to the scores', () => {
  const shape = [2, 3, 2, 4, 3];
  const inputs = [draw('q', shape, 1.5), draw('k', shape, 1.5), draw('v', shape)];
  for (const biasShape of [
    [2, 4, 4],
    [3, 2, 4, 4],
  ]) {
    checkOp(
      [...inputs, draw('bias', biasShape, 2)],
      (...t) => attention(tf.mul(t[0] as never, 3 ** -0.5), t[1] as never, t[2] as never, t[3] as never),
      biasedAttention,
      TOLERANCE,
    );
  }
  assert.throws(
    () => attention(...(inputs.map(upload) as [Tensor, Tensor, Tensor]), tf.zeros([2, 3, 2, 4, 4])),
    /lack/,
  );
});

/** The bias as further numbers of q and k: q' = [q, bias's row · √d], k' = [k, a one at its own place]. */
function biasedAttention(q: Exact, k: Exact, v: Exact, bias: Exact): Exact {
  const [N, d] = q.shape.slice(-2) as [number, number];
  const wide = d + N;
  const groups = q.data.length / (N * d);
  const widened = (x: Exact, further: (group: number, row: number, column: number) => number): Exact => {
    const data = new Float64Array(groups * N * wide);
    for (let g = 0; g < groups; g++)
      for (let n = 0; n < N; n++)
        for (let i = 0; i < wide; i++)
          data[(g * N + n) * wide + i] = i < d ? (x.data[(g * N + n) * d + i] as number) : further(g, n, i - d);
    return exact([1, groups, N, wide], data);
  };
  // plain.attention divides by the root of the wider d.
  const root = Math.sqrt(wide);
  const share = (x: Exact): Exact =>
    exact(
      x.shape,
      x.data.map((value) => value * Math.sqrt(root / Math.sqrt(d))),
    );
  const table = bias.data.length / (N * N);
  const q1 = widened(share(q), (g, n, m) => (bias.data[((g % table) * N + n) * N + m] as number) * root);
  const k1 = widened(share(k), (_, n, m) => (n === m ? 1 : 0));
  return exact(
    q.shape,
    firstOf(
      plain.attention(
        q1,
        k1,
        widened(v, () => 0),
      ),
      d,
    ).data,
  );
}

/** The first numbers of each row. */
function firstOf(x: Exact, numbers: number): Exact {
  const width = x.shape.at(-1) as number;
  return exact(
    [x.data.length / width, numbers],
    x.data.filter((_, i) => i % width < numbers),
  );
}

testOnEachBackend('attention stays finite for scores that overflow exp', () => {
  const [q, k, v] = [draw('q', [1, 1, 4, 2], 40), draw('k', [1, 1, 4, 2], 40), draw('v', [1, 1, 4, 2])];
  const value = attention(tf.mul(upload(q), Math.SQRT1_2), upload(k), upload(v)).dataSync();
  assertClose(value, plain.attention(q, k, v).data, 1e-4);
});

testOnEachBackend('crossEntropy is the mean over the batch, for hard and soft targets', () => {
  const targets = softmaxRows(draw('targets', [4, 7], 2));
  const logits = draw('logits', [4, 7], 3);
  checkOp(
    [logits],
    (...t) => crossEntropy(t[0] as never, upload(targets)),
    (z) => plain.crossEntropy(z, exact(targets.shape, targets.data.map(Math.fround))),
    TOLERANCE,
  );
  const hard = exact([2, 3], [0, 1, 0, 0, 0, 1]);
  checkOp(
    [draw('z', [2, 3])],
    (...t) => crossEntropy(t[0] as never, upload(hard)),
    (z) => plain.crossEntropy(z, hard),
    TOLERANCE,
  );
  // log 174 for a head that knows nothing of SSv2's classes.
  const uniform = crossEntropy(tf.zeros([2, 174]), tf.oneHot(tf.tensor1d([3, 171], 'int32'), 174)).dataSync();
  assertClose(uniform, [5.159055299214529], 2e-7);
});

testOnEachBackend('crossEntropy stays finite for logits that overflow exp', () => {
  const logits = exact([1, 3], [200, -200, 0]);
  checkOp(
    [logits],
    (...t) => crossEntropy(t[0] as never, tf.tensor2d([[0, 1, 0]])),
    (z) => plain.crossEntropy(z, exact([1, 3], [0, 1, 0])),
    TOLERANCE,
  );
});

testOnEachBackend('batchNormTraining normalises by the biased variance', () => {
  const [mean, variance] = [tf.zeros([6]), tf.ones([6])];
  checkOp(
    [draw('x', [5, 6], 2, 1)],
    (...t) => batchNormTraining(t[0] as never, mean, variance, 1e-6, 0.1).y,
    (x) => {
      const statistics = plain.columnStatistics(x, 0);
      return plain.batchNorm(x, statistics.mean, statistics.variance, 1e-6);
    },
    2e-5,
  );
});

testOnEachBackend('batchNormTraining moves the running statistics a tenth of the way, the variance unbiased', () => {
  const x = draw('x', [5, 6], 2, 1);
  const [mean, variance] = [draw('mean', [6]), draw('variance', [6], 0.1, 1)];
  const result = batchNormTraining(upload(x), upload(mean), upload(variance), 1e-6, 0.1);
  const seen = plain.columnStatistics(x, 1);
  const blend = (old: Exact, now: Float64Array): Float64Array =>
    old.data.map((o, i) => 0.9 * o + 0.1 * (now[i] as number));
  assert.deepEqual(result.runningMean.shape, [6]);
  assertClose(result.runningMean.dataSync(), blend(mean, seen.mean), 1e-6);
  assertClose(result.runningVariance.dataSync(), blend(variance, seen.variance), 1e-6);
});

testOnEachBackend('batchNormEvaluation normalises by the running statistics', () => {
  const [mean, variance] = [draw('mean', [6]), draw('variance', [6], 0.1, 1)];
  checkOp(
    [draw('x', [3, 6])],
    (...t) => batchNormEvaluation(t[0] as never, upload(mean), upload(variance), 1e-6),
    (x) => plain.batchNorm(x, mean.data, variance.data, 1e-6),
    TOLERANCE,
  );
});
