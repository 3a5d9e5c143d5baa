import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuseViews, rankOf, softmax, topClasses } from '../../src/eval/metrics.ts';
import { assertClose } from '../tensor/exact.ts';

test('the rank is the number of classes that score at least as high', () => {
  const scores = [0.1, 0.5, 0.3, 0.1];
  assert.deepEqual(
    [0, 1, 2, 3].map((label) => rankOf(scores, label)),
    [3, 0, 1, 3],
  );
});

test('a classifier that tells nothing apart, or gives NaN, gets no credit', () => {
  assert.equal(rankOf([0, 0, 0], 0), 2);
  const nan = [Number.NaN, Number.NaN, Number.NaN];
  assert.equal(rankOf(nan, 1), 2);
  assert.equal(rankOf([1, Number.NaN, 0], 0), 1);
  assert.equal(rankOf([1, Number.NaN, 0], 1), 2);
  assert.equal(rankOf([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY], 0), 1);
});

test('the best classes come first, equal ones by index', () => {
  assert.deepEqual(topClasses([0.2, 0.9, 0.2, 0.5], 3), [1, 3, 0]);
  assert.deepEqual(topClasses([1, 2], 5), [1, 0]);
});

test('softmax is exact for large logits', () => {
  assertClose(softmax([1, 2, 3]), [0.09003057317038046, 0.24472847105479764, 0.6652409557748218], 1e-15);
  assertClose(softmax([1000, 999, -1000]), [0.7310585786300049, 0.2689414213699951, 0], 1e-15);
});

test('views are fused by the mean of their logits or of their probabilities', () => {
  const views = [Float32Array.of(10, 0, 0), Float32Array.of(0, 4, 0), Float32Array.of(0, 4, 0)];
  assertClose(fuseViews(views, 'logits'), [10 / 3, 8 / 3, 0], 1e-15);
  const fused = fuseViews(views, 'softmax');
  const [sure, likely] = [softmax([10, 0, 0]), softmax([0, 4, 0])];
  assertClose(
    fused,
    [0, 1, 2].map((k) => ((sure[k] as number) + 2 * (likely[k] as number)) / 3),
    1e-15,
  );
  // The two rules disagree here, so the choice matters.
  assert.equal(rankOf(fuseViews(views, 'logits'), 0), 0);
  assert.equal(rankOf(fused, 1), 0);
});

test('a view of NaN makes the video NaN, not right', () => {
  const views = [Float32Array.of(1, 0), Float32Array.of(Number.NaN, 0)];
  for (const fusion of ['logits', 'softmax'] as const) assert.equal(rankOf(fuseViews(views, fusion), 0), 1);
});
