import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rankOf } from '../../src/eval/metrics.ts';
import { confusedPairs, confusionOf, isRight, perClass, predictionLine } from '../../src/results/index.ts';
import { rng } from '../../src/tensor/random.ts';
import { CLASSES, madeEvaluation } from './made-run.ts';

const linesOf = (predicted: readonly number[], labels: readonly number[]) =>
  madeEvaluation(predicted, labels).predictions.map((prediction) => predictionLine(prediction, CLASSES));

test('counts are by right class and predicted class, with a column for what could not be decoded', () => {
  const lines = linesOf([0, 1, 1, 2, -1, 0], [0, 0, 0, 1, 1, 2]);
  const confusion = confusionOf(lines, 3);
  assert.deepEqual([...confusion.counts], [1, 2, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0]);
  assert.deepEqual(confusedPairs(confusion), [
    { truth: 0, predicted: 1, count: 2, share: 2 / 3 },
    { truth: 2, predicted: 0, count: 1, share: 1 },
    { truth: 1, predicted: 2, count: 1, share: 1 / 2 },
  ]);
  assert.equal(confusedPairs(confusion, 1).length, 1);
  assert.throws(() => confusionOf(lines, 2), RangeError);
});

test('the diagonal is what top-1 counts, where scores are equal too', () => {
  const random = rng(1, 'test/confusion');
  const classes = ['a', 'b', 'c', 'd'];
  const lines = Array.from({ length: 300 }, (_, i) => {
    const entry = { id: `${i}`, file: '', label: random.integer(4), verdict: 'ok' as const };
    // Of few values, so that the best one is often there twice; and a constant one.
    const scores = Float64Array.from(classes, () => (i < 50 ? 0 : random.integer(3)));
    const rank = rankOf(scores, entry.label);
    return predictionLine({ entry: entry as never, scores, rank, rightViews: 0 }, classes);
  });
  const { counts } = confusionOf(lines, 4);
  const diagonal = [0, 1, 2, 3].reduce((sum, k) => sum + (counts[k * 5 + k] as number), 0);
  assert.equal(diagonal, lines.filter(isRight).length);
  assert.ok(diagonal > 0 && diagonal < 300);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    300,
  );
});

test('a class without videos has no top-1', () => {
  const [, second, third] = perClass(linesOf([1, 1], [0, 1]), CLASSES);
  assert.deepEqual(second, {
    ...{ label: 1, class: 'smash, jumping', videos: 1, right: 1, right5: 1, notDecoded: 0, top1: 1, top5: 1 },
  });
  assert.deepEqual(third, { label: 2, class: '=volley', videos: 0, right: 0, right5: 0, notDecoded: 0 });
});
