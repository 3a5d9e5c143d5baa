import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binomialDraws } from '../../src/results/binomial.ts';
import { mcnemar, pairedBootstrap } from '../../src/results/index.ts';

/** Videos that the one alone, and the other alone, gets right, among `videos`. */
const decided = (one: number, other: number, videos: number): Float64Array =>
  Float64Array.from({ length: videos }, (_, i) => (i < one ? 1 : i < one + other ? -1 : 0));

test('the interval is that of the exact distribution of resampled means, and of scipy.stats.bootstrap', () => {
  // By convolution of the 40 draws; no quantile lies near a step of the distribution. scipy 1.17 finds the same.
  const { difference, low, high, videos, resamples } = pairedBootstrap(decided(12, 5, 40));
  assert.deepEqual([difference, low, high, videos, resamples], [7 / 40, -0.025, 0.375, 40, 10_000]);
});

test('seeds give differences of thirds; scipy, 200,000 resamples: [-0.0550, 0.0522]', () => {
  const differences = Float64Array.from({ length: 600 }, (_, i) => (((i * 7919) % 7) - 3) / 3);
  const { low, high } = pairedBootstrap(differences);
  // The standard error of such a quantile is 0.0007.
  assert.ok(Math.abs(low + 0.055) < 0.0025 && Math.abs(high - 0.0522) < 0.0025, `${low} ${high}`);
});

test('of many videos it is the normal interval; 25,000 of them take less than a second', () => {
  const [one, other, n] = [2500, 2084, 25_000];
  const start = performance.now();
  const { difference, low, high } = pairedBootstrap(decided(one, other, n));
  assert.ok(performance.now() - start < 1000);
  const error = Math.sqrt(((one + other) / n - difference ** 2) / n);
  assert.ok(Math.abs(low - (difference - 1.96 * error)) < 0.1 * error, `${low}`);
  assert.ok(Math.abs(high - (difference + 1.96 * error)) < 0.1 * error, `${high}`);
});

test('it is the same every time, another seed draws others, and equal classifiers have no interval', () => {
  const differences = Float64Array.from({ length: 97 }, (_, i) => Math.sin(i));
  assert.deepEqual(pairedBootstrap(differences), pairedBootstrap(differences));
  assert.notEqual(pairedBootstrap(differences, { seed: 1 }).low, pairedBootstrap(differences).low);
  const { low, high } = pairedBootstrap(new Float64Array(10));
  assert.deepEqual([low, high], [0, 0]);
  assert.throws(() => pairedBootstrap(new Float64Array(0)), RangeError);
});

test("McNemar's exact test has the p-values of scipy.stats.binomtest", () => {
  for (const [one, other, p] of [
    [10, 20, 0.09873714670538905],
    [0, 5, 0.0625],
    [1200, 1000, 2.1817026407914194e-5],
    [7, 7, 1],
    [0, 0, 1],
  ] as const) {
    assert.ok(Math.abs(mcnemar(one, other) / p - 1) < 1e-9, `${one} ${other}: ${mcnemar(one, other)}`);
    assert.equal(mcnemar(one, other), mcnemar(other, one));
  }
});

test('binomial draws have the mass of the binomial, at small n, large n and the ends', () => {
  const draw = binomialDraws(5, 'test/binomial', 2000);
  const draws = 20_000;
  const counts = new Array<number>(5).fill(0);
  for (let i = 0; i < draws; i++) {
    const k = draw(4, 0.3);
    counts[k] = (counts[k] as number) + 1;
  }
  [0.2401, 0.4116, 0.2646, 0.0756, 0.0081].forEach((p, k) => {
    const error = Math.sqrt(draws * p * (1 - p));
    assert.ok(Math.abs((counts[k] as number) - draws * p) < 4 * error, `${k}: ${counts[k]}`);
  });
  const large = Array.from({ length: 5000 }, () => draw(2000, 0.9));
  const mean = large.reduce((sum, k) => sum + k, 0) / large.length;
  const variance = large.reduce((sum, k) => sum + (k - mean) ** 2, 0) / large.length;
  assert.ok(Math.abs(mean - 1800) < 4 * Math.sqrt(180 / 5000), `${mean}`);
  assert.ok(Math.abs(variance / 180 - 1) < 4 * Math.sqrt(2 / 5000), `${variance}`);
  assert.deepEqual([draw(0, 0.5), draw(9, 0), draw(9, 1)], [0, 0, 9]);
});
