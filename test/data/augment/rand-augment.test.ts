import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DRAWS, drawOperations, parseRandAugment, type RandAugment } from '../../../src/data/augment/rand-augment.ts';
import { rng } from '../../../src/tensor/random.ts';
import type { Operation } from '../../../src/video/augment/operations.ts';

const VIDEOMAE: RandAugment = { operations: 4, magnitude: 7, deviation: 0.5 };
const CLIPS = 30_000;

const drawn = (options: RandAugment, clips: number): Operation[][] =>
  Array.from({ length: clips }, (_, i) => drawOperations(options, rng(3, 'operations', 0, i)));

/** The one number of an operation. */
const levelOf = ({ name: _, ...numbers }: Operation): number => Object.values<number>(numbers)[0] as number;

test("without n there are two operations, as in timm's rand-m9-mstd0.5-inc1", () => {
  assert.deepEqual(parseRandAugment('rand-m9-mstd0.5-inc1'), { operations: 2, magnitude: 9, deviation: 0.5 });
});

test('the operations of magnitude 7 are those of the definition, with either sign', () => {
  const seen = new Map<string, Set<number>>();
  for (const operation of drawn({ ...VIDEOMAE, deviation: 0 }, 2000).flat()) {
    const levels = seen.get(operation.name) ?? new Set();
    levels.add(Number(levelOf(operation)?.toFixed(6)));
    seen.set(operation.name, levels);
  }
  const expected: Record<string, number[]> = {
    autoContrast: [Number.NaN],
    equalize: [Number.NaN],
    invert: [Number.NaN],
    rotate: [-21, 21],
    posterize: [2],
    solarize: [77],
    solarizeAdd: [77],
    color: [0.37, 1.63],
    contrast: [0.37, 1.63],
    brightness: [0.37, 1.63],
    sharpness: [0.37, 1.63],
    shearX: [-0.21, 0.21],
    shearY: [-0.21, 0.21],
    translateX: [-0.315, 0.315],
    translateY: [-0.315, 0.315],
  };
  assert.equal(DRAWS.length, 15);
  assert.deepEqual(
    Object.fromEntries([...seen].map(([name, levels]) => [name, [...levels].sort((a, b) => a - b)])),
    Object.fromEntries([...seen.keys()].map((name) => [name, expected[name]])),
  );
  assert.equal(seen.size, 15);
});

test('the ends of the range: magnitude 0 changes nothing but what has no magnitude, 10 the most', () => {
  const at = (m: number): Record<string, number> =>
    Object.fromEntries(
      DRAWS.map((draw) => draw(m, rng(1, 'ends'))).map((operation) => [operation.name, Math.abs(levelOf(operation))]),
    );
  const [least, most] = [at(0), at(10)];
  assert.deepEqual([least.rotate, least.posterize, least.solarize, least.solarizeAdd], [0, 4, 256, 0]);
  assert.deepEqual([least.color, least.shearX, least.translateY], [1, 0, 0]);
  assert.deepEqual([most.rotate, most.posterize, most.solarize, most.solarizeAdd], [30, 0, 0, 110]);
  assert.ok([0.1, 1.9].some((factor) => Math.abs((most.contrast as number) - factor) < 1e-12));
  assert.deepEqual([most.shearY?.toFixed(9), most.translateX?.toFixed(9)], ['0.300000000', '0.450000000']);
});

test('each of the fifteen comes as often, half of the draws are applied, signs are even', () => {
  const clips = drawn(VIDEOMAE, CLIPS);
  const counts = new Map<string, number>();
  for (const { name } of clips.flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
  const expected = (CLIPS * 4 * 0.5) / 15;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  assert.equal(counts.size, 15);
  // 99.9 % quantile with 15 degrees of freedom (the total varies too).
  assert.ok(chiSquare < 37.7, `${chiSquare}`);
  // Binomial(4, 1/2) operations a clip; 99.9 % quantile with 4 degrees of freedom.
  const sizes = [0, 0, 0, 0, 0];
  for (const { length } of clips) sizes[length] = (sizes[length] as number) + 1;
  const binomial = [1, 4, 6, 4, 1].map((ways) => (CLIPS * ways) / 16);
  assert.ok(
    sizes.reduce((sum, size, k) => sum + (size - (binomial[k] as number)) ** 2 / (binomial[k] as number), 0) < 18.5,
  );
  const rotations = clips.flat().flatMap((operation) => (operation.name === 'rotate' ? [operation.degrees] : []));
  const left = rotations.filter((degrees) => degrees > 0).length / rotations.length;
  assert.ok(Math.abs(left - 0.5) < 4 * Math.sqrt(0.25 / rotations.length), `${left}`);
});

test('magnitudes are normal, clipped to 0-10', () => {
  const magnitudes = drawn(VIDEOMAE, CLIPS)
    .flat()
    .flatMap((operation) => (operation.name === 'rotate' ? [Math.abs(operation.degrees) / 3] : []));
  const mean = magnitudes.reduce((a, b) => a + b) / magnitudes.length;
  const deviation = Math.sqrt(magnitudes.reduce((sum, m) => sum + (m - mean) ** 2, 0) / magnitudes.length);
  assert.ok(Math.abs(mean - 7) < (4 * 0.5) / Math.sqrt(magnitudes.length), `${mean}`);
  assert.ok(Math.abs(deviation - 0.5) < (4 * 0.5) / Math.sqrt(2 * magnitudes.length), `${deviation}`);
  const wide = drawn({ ...VIDEOMAE, deviation: 10 }, 3000)
    .flat()
    .flatMap((operation) => (operation.name === 'shearX' ? [Math.abs(operation.factor) / 0.03] : []));
  assert.ok(Math.abs(Math.max(...wide) - 10) < 1e-9 && Math.min(...wide) === 0);
});

test('the notation is read strictly', () => {
  assert.deepEqual(parseRandAugment('rand-m7-n4-mstd0.5-inc1'), VIDEOMAE);
  assert.deepEqual(parseRandAugment('rand-inc1-mstd0.5-n4-m7'), VIDEOMAE);
  assert.deepEqual(parseRandAugment('rand-m9-n2-inc1'), { operations: 2, magnitude: 9, deviation: 0 });
  for (const [text, wrong] of [
    ['rand', /^m \(magnitude\) is missing/],
    ['', /^it must begin with rand/],
    ['augmix-m7-n4-inc1', /^it must begin with rand/],
    ['rand-m7-n4-mst0.5-inc1', /^'mst0\.5' is not a part of it; did you mean mstd0\.5\?$/],
    ['rand-m7-n4-w0-inc1', /^'w0' is not a part of it/],
    ['rand-m7-n4-0.5-inc1', /^'0\.5' is not a part of it; the parts are m \(magnitude\), n /],
    ['rand-m7-n4-mstd0.5', /^inc \(increasing\) is missing/],
    ['rand-m7-n4-inc0', /^'inc0': increasing must be 1$/],
    ['rand-m7-n4-n4-inc1', /^'n' stands in it twice$/],
    ['rand-m11-n4-inc1', /^'m11': magnitude must be a number from 0 to 10$/],
    ['rand-m7-n0-inc1', /^'n0': operations must be a whole number from 1 to 100$/],
    ['rand-m7-n1.5-inc1', /^'n1\.5': operations must be a whole number/],
    ['rand-m-n4-inc1', /^'m': magnitude must be a number/],
    ['rand-m7e0-n4-inc1', /^'m7e0': magnitude/],
    ['rand-m7-n4--inc1', /^'' is not a part of it/],
  ] as const) {
    const parsed = parseRandAugment(text);
    assert.ok('wrong' in parsed, text);
    assert.match(parsed.wrong, wrong);
  }
});
