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

const CONVPASS = { lr: 1e-3, minLr: 1e-5, warmup: 10, epochs: 100, warmupLr: 1e-6 } as const;

test("the authors' schedule of Convpass: a whole epoch has one rate, that of the epoch before", () => {
  const rate = (epoch: number): number => learningRateAt({ ...CONVPASS, form: 'epochs-late' }, epoch);
  assert.equal(rate(0), 1e-6);
  assert.equal(rate(1), 1e-6);
  assert.equal(rate(1 + 14 / 15), 1e-6);
  near(rate(2), 1e-6 + 0.999e-3 / 10);
  assert.equal(rate(11).toPrecision(6), '0.000975773');
  assert.equal(rate(99).toPrecision(4), '0.00001098');
});

test("timm's schedule: the same on time", () => {
  const rate = (epoch: number): number => learningRateAt({ ...CONVPASS, form: 'epochs' }, epoch);
  const late = (epoch: number): number => learningRateAt({ ...CONVPASS, form: 'epochs-late' }, epoch);
  assert.equal(rate(0), 1e-6);
  for (let epoch = 0; epoch < 99; epoch++) assert.equal(rate(epoch + 0.5), late(epoch + 1));
});

test('a warm-up per step may begin above 0', () => {
  near(learningRateAt({ ...CONVPASS }, 5), 1e-6 + 0.999e-3 / 2);
  near(learningRateAt({ ...CONVPASS }, 10), 1e-3);
});
