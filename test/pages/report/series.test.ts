import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byEpoch, epochLength, isEmpty, seriesOf, smoothed } from '../../../src/pages/report/series.ts';

const train = (update: number, epoch: number, facts: Record<string, number>) =>
  ({ kind: 'train', update, epoch, ...facts }) as const;

test('updates are epochs once a validation says how many make one', () => {
  const lines = [train(4, 1, { loss: 2 }), { kind: 'validation', update: 8, epoch: 1, top1: 0.5 } as const];
  assert.equal(epochLength(lines), 8);
  assert.equal(epochLength(lines.slice(0, 1)), undefined);
  assert.deepEqual(seriesOf(lines, 'train', 'loss', 8, 10), { x: [0.5], y: [2], linesPerPoint: 1 });
  assert.deepEqual(seriesOf(lines, 'validation', 'top1', 8, 10), { x: [1], y: [0.5], linesPerPoint: 1 });
  assert.ok(isEmpty(seriesOf(lines, 'train', 'lr', 8, 10)));
});

test('of many lines neighbours are a point: their mean, between the least and the greatest', () => {
  const lines = Array.from({ length: 1000 }, (_, i) => train(i + 1, 1, i >= 500 && i < 510 ? {} : { loss: i % 10 }));
  const { x, y, low, high, linesPerPoint } = seriesOf(lines, 'train', 'loss', 1, 100);
  assert.equal(linesPerPoint, 10);
  assert.equal(x.length, 100);
  assert.deepEqual([x[0], y[0], low?.[0], high?.[0]], [5.5, 4.5, 0, 9]);
  assert.ok(Number.isNaN(y[50]), 'no line of the bucket has the fact');
  assert.equal(y.filter((value) => value === 4.5).length, 99);
});

test('a smoothed line keeps slopes, ends and gaps', () => {
  assert.deepEqual(smoothed([0, 1, 2, 3, 4], 3), [0, 1, 2, 3, 4]);
  assert.deepEqual(smoothed([0, 3, 0, 3, 0], 3), [0, 1, 2, 1, 0]);
  assert.deepEqual(smoothed([1, Number.NaN, 3, 5], 3), [1, Number.NaN, 4, 5]);
});

test('what was logged is told by epoch', () => {
  const rows = byEpoch([
    train(1, 1, { loss: 2, lr: 0.1, waiting: 0.25 }),
    train(2, 1, { loss: 1, lr: 0.2, waiting: 0.75 }),
    { kind: 'validation', update: 2, epoch: 1, trainLoss: 1.5, top1: 0.5 },
    train(3, 2, { lr: 0.3 }),
  ]);
  assert.deepEqual(
    rows.map(({ epoch, facts }) => [epoch, facts.loss, facts.top1, facts.lr, facts.waiting]),
    [
      [1, 1.5, 0.5, 0.2, 0.5],
      [2, Number.NaN, Number.NaN, 0.3, Number.NaN],
    ],
  );
});
