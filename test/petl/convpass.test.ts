import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type BlockShape, blockTokens } from '../../src/model/backbone.ts';
import { convolutionalBypass } from '../../src/petl/convpass.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import { initialise } from '../../src/tensor/parameters.ts';
import { readModuleCase, runModuleCase } from '../../src/train/parity/module-case.ts';
import { testOnEachEngine } from '../engine/engines.ts';
import { lookup } from '../model/tiny-vit.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import { assertClose, draw, type Exact, upload } from '../tensor/exact.ts';

const D = 5;
const d = 3;
const SIGMA = (v: number): number => v / (1 + Math.exp(-1.702 * v));

/** The bypass as its formula has it, token by token. */
function definition(
  x: Exact,
  p: Readonly<Record<string, Exact>>,
  { groups, prefix, grid }: BlockShape,
  kt: number,
): Float64Array {
  const [batch, N] = x.shape as [number, number];
  const own = (name: string): Float64Array => (p[`m.${name}`] as Exact).data;
  const dense = (input: Float64Array, weight: string, bias: string, out: number): Float64Array =>
    Float64Array.from({ length: out }, (_, o) =>
      input.reduce((sum, v, i) => sum + v * (own(weight)[o * input.length + i] as number), own(bias)[o] as number),
    );
  const { rows, columns } = grid;
  const time = groups * grid.time;
  const perGroup = prefix + grid.time * rows * columns;
  const made = new Float64Array(batch * N * D);
  for (let b = 0; b < batch; b++) {
    const small = Array.from({ length: N }, (_, n) =>
      dense(x.data.slice((b * N + n) * D, (b * N + n + 1) * D), 'down.weight', 'down.bias', d).map(SIGMA),
    );
    const tokenAt = (t: number, row: number, column: number): number =>
      Math.floor(t / grid.time) * perGroup + prefix + ((t % grid.time) * rows + row) * columns + column;
    const convolved = small.map((_, n) => {
      const inGroup = n % perGroup;
      const group = Math.floor(n / perGroup);
      const patch = inGroup - prefix;
      const t = group * grid.time + Math.floor(patch / (rows * columns));
      const [row, column] = [Math.floor(patch / columns) % rows, patch % columns];
      return Float64Array.from({ length: d }, (_, o) => {
        let sum = own('conv.bias')[o] as number;
        for (let dt = 0; dt < kt; dt++) {
          for (let dy = 0; dy < 3; dy++) {
            for (let dx = 0; dx < 3; dx++) {
              const [t2, r2, c2] = [t + dt - (kt - 1) / 2, row + dy - 1, column + dx - 1];
              const isCentre = dt === (kt - 1) / 2 && dy === 1 && dx === 1;
              // A class token is an image of one pixel: all but the centre meets padding.
              const inside = t2 >= 0 && t2 < time && r2 >= 0 && r2 < rows && c2 >= 0 && c2 < columns;
              const from = inGroup < prefix ? (isCentre ? n : -1) : inside ? tokenAt(t2, r2, c2) : -1;
              if (from < 0) continue;
              for (let i = 0; i < d; i++) {
                const weight = own('conv.weight')[(((o * d + i) * kt + dt) * 3 + dy) * 3 + dx] as number;
                sum += weight * ((small[from] as Float64Array)[i] as number);
              }
            }
          }
        }
        return SIGMA(sum);
      });
    });
    for (const [n, value] of convolved.entries()) made.set(dense(value, 'up.weight', 'up.bias', D), (b * N + n) * D);
  }
  return made;
}

const SHAPES: readonly (readonly [name: string, shape: Partial<BlockShape>, kt: number])[] = [
  ['an oblong image with a class token', { prefix: 1, grid: { time: 1, rows: 2, columns: 5 } }, 1],
  ['an oblong image with three tokens before it', { prefix: 3, grid: { time: 1, rows: 4, columns: 3 } }, 1],
  ['joint video, frame by frame', { grid: { time: 3, rows: 2, columns: 4 } }, 1],
  ['joint video over time', { grid: { time: 3, rows: 2, columns: 4 } }, 3],
  ['joint video over more time than there is', { prefix: 1, grid: { time: 2, rows: 3, columns: 2 } }, 5],
  ['frames apart, over time', { groups: 3, prefix: 1, grid: { time: 1, rows: 2, columns: 3 } }, 3],
];

for (const [name, part, temporal] of SHAPES) {
  testOnEachBackend(`the bypass over ${name} is what its formula says`, () => {
    const shape = { width: D, hidden: 4 * D, stage: 0, groups: 1, prefix: 0, ...part } as BlockShape;
    const { parameters, apply } = convolutionalBypass('m', shape, { bottleneck: d, convInit: 'xavier', temporal });
    const values = Object.fromEntries(parameters.map((spec) => [spec.name, draw(spec.name, spec.shape, 0.5)]));
    const x = draw('x', [2, blockTokens(shape), D]);
    const actual = apply(upload(x), lookup(values), (small) => small);
    assert.deepEqual(actual.shape, x.shape);
    assertClose(actual.dataSync(), definition(x, values, shape, temporal), 1e-5);
  });
}

test('over time, the centre slice starts as the kernel of images does, and the others at zero', () => {
  const shape = { width: D, hidden: 4 * D, stage: 0, groups: 1, prefix: 0, grid: { time: 2, rows: 2, columns: 2 } };
  const kernel = (convInit: 'xavier' | 'identity', temporal: number): Float32Array => {
    const { parameters } = convolutionalBypass('m', shape, { bottleneck: 8, convInit, temporal });
    return (initialise(parameters, 3)['m.conv.weight'] as HostTensor).data as Float32Array;
  };
  for (const convInit of ['xavier', 'identity'] as const) {
    const [image, video] = [kernel(convInit, 1), kernel(convInit, 3)];
    video.forEach((value, at) => {
      const [channels, slice, tap] = [Math.floor(at / 27), Math.floor(at / 9) % 3, at % 9];
      assert.equal(value, slice === 1 ? image[channels * 9 + tap] : 0);
    });
  }
  const bound = Math.sqrt(6 / (2 * 9 * 8));
  const largest = kernel('xavier', 1).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.ok(largest <= bound && largest > 0.98 * bound);
});

const MODULE = path.resolve('..', 'shared', 'golden', 'module-convpass');
testOnEachEngine("the bypass gives what the original's gives, forward and backward", async (engine, t) => {
  if (!existsSync(MODULE)) return t.skip('the golden module is not present');
  const module = await readModuleCase(MODULE);
  assert.ok(module !== undefined);
  const comparisons = await runModuleCase(module, engine);
  assert.equal(comparisons.length, 10);
  assert.deepEqual(
    comparisons.filter(({ within }) => !within),
    [],
  );
});
