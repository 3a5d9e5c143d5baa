import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learningRateAt } from '../../src/train/schedule.ts';

const near = (value: number, expected: number): void =>
  assert.ok(Math.abs(value - expected) <= 1e-12 * Math.max(1, expected), `${value}, not ${expected}`);

test("AdaptFormer's video schedule: 10 epochs up from 0, 80 down half a cosine to 0", () => {
  const schedule = { lr: 0.4, minLr: 0, warmup: 10, epochs: 90 };
  assert.equal(learningRateAt(schedule, 0), 0);
  near(learningRateAt(schedule, 1 / 164), 0.4 / 1640);
  near(learningRateAt(schedule, 5), 0.2);
  near(learningRateAt(schedule, 10), 0.4);
  near(learningRateAt(schedule, 30), 0.2 * (1 + Math.SQRT1_2));
  near(learningRateAt(schedule, 50), 0.2);
  near(learningRateAt(schedule, 90), 0);
});

test('the cosine ends at the least rate', () => {
  const schedule = { lr: 1, minLr: 0.1, warmup: 0, epochs: 4 };
  near(learningRateAt(schedule, 0), 1);
  near(learningRateAt(schedule, 2), 0.55);
  near(learningRateAt(schedule, 4), 0.1);
  near(learningRateAt(schedule, 5), 0.1);
});

test('a warm-up may take the whole run, and part of an epoch', () => {
  near(learningRateAt({ lr: 1, minLr: 0, warmup: 2, epochs: 2 }, 1.5), 0.75);
  near(learningRateAt({ lr: 1, minLr: 0, warmup: 0.5, epochs: 2 }, 0.25), 0.5);
  near(learningRateAt({ lr: 1, minLr: 0, warmup: 0.5, epochs: 2 }, 0.5), 1);
});
