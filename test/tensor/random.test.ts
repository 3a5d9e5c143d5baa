import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bulkBits, philox, type Random, rng } from '../../src/tensor/random.ts';

const hex = (numbers: ArrayLike<number>): string =>
  Array.from(numbers, (n) => n.toString(16).padStart(8, '0')).join(' ');

test('philox gives the known answers of Random123', () => {
  const out = new Uint32Array(4);
  philox([0, 0, 0, 0], [0, 0], out);
  assert.equal(hex(out), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  const ones = 0xffffffff;
  philox([ones, ones, ones, ones], [ones, ones], out);
  assert.equal(hex(out), '408f276d 41c83b0e a20bc7c6 6d5451fd');
  philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], out);
  assert.equal(hex(out), 'd16cfe09 94fdcceb 5001e420 24126ea1');
});

const take = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.bits());

test('a stream is named by seed, purpose and counters, and is the same whatever else was drawn', () => {
  const first = take(rng(1, 'order', 2, 3, 4), 9);
  rng(1, 'order', 2, 3, 5).bits();
  assert.deepEqual(take(rng(1, 'order', 2, 3, 4), 9), first);
  const others = [
    rng(2, 'order', 2, 3, 4),
    rng(1 + 2 ** 32, 'order', 2, 3, 4),
    rng(1, 'ordes', 2, 3, 4),
    rng(1, 'order', 3, 3, 4),
    rng(1, 'order', 2, 4, 4),
    rng(1, 'order', 2, 3, 5),
    rng(1, 'order', 3, 2, 4),
  ].map((random) => hex(take(random, 4)));
  assert.equal(new Set([...others, hex(first.slice(0, 4))]).size, 8);
});

test('counters left out are zero', () => {
  assert.deepEqual(take(rng(1, 'a'), 5), take(rng(1, 'a', 0, 0, 0), 5));
});

test('streams of neighbouring counters do not correlate', () => {
  const n = 20_000;
  const [a, b] = [rng(0, 'order', 0), rng(0, 'order', 1)];
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5);
  // Standard deviation of the mean product of two uniforms: 1 / (12 √n) = 5.9e-4.
  assert.ok(Math.abs(sum / n) < 4 * 5.9e-4, `${sum / n}`);
});

test('a name that is no stream is refused', () => {
  assert.throws(() => rng(-1, 'a'), /rng: -1 is not a non-negative integer/);
  assert.throws(() => rng(0.5, 'a'), RangeError);
  assert.throws(() => rng(0, 'a', Number.NaN), RangeError);
  assert.throws(() => rng(0, 'a', 2 ** 53), RangeError);
  assert.throws(() => rng(0, 'a', 1, 2, 3, 4), /at most three counters/);
});

function moments(count: number, next: () => number): { mean: number; variance: number; kurtosis: number } {
  const values = Array.from({ length: count }, next);
  const mean = values.reduce((a, b) => a + b, 0) / count;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / count;
  const kurtosis = values.reduce((a, b) => a + (b - mean) ** 4, 0) / count / variance ** 2;
  return { mean, variance, kurtosis };
}

const near = (value: number, expected: number, within: number): void =>
  assert.ok(Math.abs(value - expected) < within, `${value} is not within ${within} of ${expected}`);

test('uniform numbers fill [0, 1)', () => {
  const random = rng(3, 'uniform');
  const { mean, variance } = moments(50_000, random.uniform);
  near(mean, 0.5, 4 * Math.sqrt(1 / 12 / 50_000));
  near(variance, 1 / 12, 0.002);
});

test('integers are uniform over 0 to n − 1', () => {
  const random = rng(3, 'integer');
  const counts = new Array(7).fill(0);
  for (let i = 0; i < 70_000; i++) counts[random.integer(7)]++;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  // 99.9 % quantile with 6 degrees of freedom.
  assert.ok(chiSquare < 22.5, `${counts}`);
});

test('normal numbers have mean 0, variance 1 and kurtosis 3', () => {
  const { mean, variance, kurtosis } = moments(50_000, rng(3, 'normal').normal);
  near(mean, 0, 4 / Math.sqrt(50_000));
  near(variance, 1, 4 * Math.sqrt(2 / 50_000));
  near(kurtosis, 3, 4 * Math.sqrt(24 / 50_000));
});

test('beta numbers have the moments of Beta(a, b)', () => {
  for (const [a, b] of [
    [0.8, 0.8],
    [1, 1],
    [2, 5],
  ] as const) {
    const random = rng(3, 'beta');
    const { mean, variance } = moments(30_000, () => random.beta(a, b));
    const expected = (a * b) / ((a + b) ** 2 * (a + b + 1));
    near(mean, a / (a + b), 4 * Math.sqrt(expected / 30_000));
    near(variance, expected, 0.05 * expected);
  }
});

test('beta numbers of a tiny parameter are 0 or 1, never NaN', () => {
  const random = rng(3, 'beta');
  const values = Array.from({ length: 2000 }, () => random.beta(0.001, 0.001));
  assert.ok(values.every((value) => value >= 0 && value <= 1));
  near(values.filter((value) => value > 0.5).length / 2000, 0.5, 0.05);
});

test('permutations are uniform', () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 12_000; i++) {
    const order = [...rng(3, 'order', i).permutation(4)];
    assert.deepEqual([...order].sort(), [0, 1, 2, 3]);
    counts.set(`${order}`, (counts.get(`${order}`) ?? 0) + 1);
  }
  assert.equal(counts.size, 24);
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
  // 99.9 % quantile with 23 degrees of freedom.
  assert.ok(chiSquare < 49.7, `${chiSquare}`);
  assert.deepEqual([...rng(0, 'order').permutation(1)], [0]);
});

test('bulk bits are sfc32 by its definition, seeded by three draws of the stream', () => {
  const mask = 0xffffffffn;
  let [a, b, c] = take(rng(7, 'bulk', 1, 2), 3).map(BigInt) as [bigint, bigint, bigint];
  let counter = 1n;
  const reference: number[] = [];
  for (let i = 0; i < 12 + 50; i++) {
    const out = (a + b + counter) & mask;
    counter = (counter + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = (((c << 21n) & mask) + (c >> 11n) + out) & mask;
    if (i >= 12) reference.push(Number(out));
  }
  const bits = bulkBits(rng(7, 'bulk', 1, 2));
  assert.deepEqual(
    Array.from({ length: 50 }, () => bits()),
    reference,
  );
});
