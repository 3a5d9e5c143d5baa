import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { adjustmentsFor, fitPositions, flattenPatch, inflatePatch } from '../../src/model/fit-weights.ts';
import type { VitOptions } from '../../src/model/options.ts';
import { resizeGrid } from '../../src/model/resize-grid.ts';
import { float32, type HostTensor, sizeOf } from '../../src/tensor/host.ts';

/** sin(1.7 i + 0.3), as float32. */
function wave(shape: readonly number[]): HostTensor {
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 1.7 + 0.3)),
  );
}

function close(mine: ArrayLike<number>, theirs: ArrayLike<number>, tolerance: number): void {
  assert.equal(mine.length, theirs.length);
  const worst = Math.max(...Array.from(theirs, (value, i) => Math.abs(value - (mine[i] as number))));
  assert.ok(worst <= tolerance, `differs by ${worst}`);
}

test("resizeGrid: PyTorch's bicubic, larger, smaller, and not square", () => {
  // torch 2.15: interpolate(sin(1.7 i + 0.3) as [1, 2, rows, columns], size, mode='bicubic', align_corners=False), channels last.
  close(
    resizeGrid(wave([4, 4, 2]).data as Float32Array, [4, 4, 2], [2, 2]),
    [-0.238059, 0.0546325, 0.1423372, 0.1724008, 0.1536801, 0.1620779, 0.0792163, -0.2341135],
    1e-6,
  );
  close(
    resizeGrid(wave([2, 3, 2]).data as Float32Array, [2, 3, 2], [5, 4]),
    [
      0.5055142, 1.1867745, -0.4690663, -0.3434628, -0.2365567, -0.5391483, 1.0354815, 0.7407418, 0.2426377, 0.9134513,
      -0.2975631, -0.2952083, -0.1150918, -0.415638, 0.6585511, 0.6389518, -0.328922, 0.3191775, 0.0753278, -0.190291,
      0.1490034, -0.1470956, -0.1609905, 0.4176344, -0.9004824, -0.2750968, 0.4482191, -0.0853736, 0.4130989, 0.121447,
      -0.9805329, 0.1963168, -1.1633587, -0.5484197, 0.6197221, -0.0371193, 0.5345638, 0.244957, -1.357463, 0.094527,
    ],
    1e-6,
  );
  const large = resizeGrid(wave([14, 14, 8]).data as Float32Array, [14, 14, 8], [24, 24]);
  const row = (5 * 24 + 7) * 8;
  close(
    large.subarray(row, row + 8),
    [
      -0.07654035091400146, -0.8993481993675232, 0.3082925081253052, 0.8199046850204468, -0.519572913646698,
      -0.6860164403915405, 0.6963518261909485, 0.506574273109436,
    ],
    1e-6,
  );
  close([large.reduce((a, b) => a + b * b, 0)], [2074.90625], 1e-3);
});

test('resizeGrid leaves a grid of the same size as it is, and a constant constant', () => {
  const values = wave([3, 5, 2]).data as Float32Array;
  assert.deepEqual(resizeGrid(values, [3, 5, 2], [3, 5]), values);
  close(resizeGrid(new Float32Array(9).fill(0.7), [3, 3, 1], [7, 4]), new Float32Array(28).fill(0.7), 1e-7);
});

test('an inflated kernel gives a still clip what it gave the image; flattening takes it back', () => {
  const image = wave([2, 3, 1, 2, 2]);
  const video = inflatePatch(image, 4);
  assert.deepEqual(video.shape, [2, 3, 4, 2, 2]);
  for (let plane = 0; plane < 6; plane++) {
    for (let t = 0; t < 4; t++) {
      for (let pixel = 0; pixel < 4; pixel++) {
        assert.equal(video.data[(plane * 4 + t) * 4 + pixel], (image.data[plane * 4 + pixel] as number) / 4);
      }
    }
  }
  const back = flattenPatch(video);
  assert.deepEqual(back.shape, image.shape);
  close(back.data, image.data, 1e-7);
  const summed = flattenPatch(float32([1, 1, 2, 1, 2], Float32Array.of(1, 2, 30, 40)));
  assert.deepEqual([...summed.data], [31, 42]);
});

test('positions: class token kept, slots repeated, averaged, resized one by one', () => {
  const grid = (time: number, side: number) => ({ time, rows: side, columns: side });
  const image = wave([1, 1 + 4, 3]);
  const video = fitPositions(image, 1, grid(1, 2), grid(3, 2));
  assert.deepEqual(video.shape, [1, 1 + 12, 3]);
  const rows = (table: HostTensor, from: number, to: number): number[] => [...table.data.slice(from * 3, to * 3)];
  assert.deepEqual(rows(video, 0, 1), rows(image, 0, 1));
  for (let t = 0; t < 3; t++) assert.deepEqual(rows(video, 1 + 4 * t, 5 + 4 * t), rows(image, 1, 5));

  const slots = wave([1, 2 * 4, 3]);
  const mean = fitPositions(slots, 0, grid(2, 2), grid(1, 2));
  assert.deepEqual(mean.shape, [1, 4, 3]);
  close(
    mean.data,
    rows(slots, 0, 4).map((value, i) => (value + (rows(slots, 4, 8)[i] as number)) / 2),
    1e-7,
  );

  const larger = fitPositions(slots, 0, grid(2, 2), grid(2, 3));
  assert.deepEqual(larger.shape, [1, 18, 3]);
  for (const t of [0, 1]) {
    const alone = resizeGrid(Float32Array.from(rows(slots, 4 * t, 4 * t + 4)), [2, 2, 3], [3, 3]);
    assert.deepEqual(rows(larger, 9 * t, 9 * t + 9), [...alone]);
  }
});

const IMAGE: VitOptions = {
  frames: 1,
  size: 224,
  patch: 16,
  tubelet: 1,
  width: 8,
  depth: 1,
  heads: 2,
  mlpRatio: 4,
  bias: 'qkv',
  positions: 'learned',
  clsToken: true,
  pool: 'cls',
  attention: 'joint',
  dropPath: 0,
  normalization: { mean: [0, 0, 0], std: [1, 1, 1] },
};

/** What is said of weights that were made for `made`, in a recipe that asks for `asked`. */
function said(made: Partial<VitOptions> & { positionsShape: number[] }, asked: Partial<VitOptions>): string[] {
  const { positionsShape, ...rest } = made;
  const vit = { ...IMAGE, ...rest };
  const specs = new Map([
    ['patch_embed.proj.weight', { shape: [8, 3, vit.tubelet, 16, 16], dtype: 'float32' as const }],
    ['pos_embed', { shape: positionsShape, dtype: 'float32' as const }],
  ]);
  return adjustmentsFor({ vit, specs }, { ...IMAGE, ...asked }, 'w.safetensors').map(({ text, shape }) => {
    return `${text} [${shape}]`;
  });
}

test('what is adapted is said, and nothing where the weights fit', () => {
  const image = { positionsShape: [1, 197, 8] };
  assert.deepEqual(said(image, {}), []);
  assert.deepEqual(said(image, { size: 384 }), ['pos_embed resized 14 × 14 → 24 × 24 (bicubic) [1,577,8]']);
  assert.deepEqual(said(image, { frames: 16, tubelet: 2 }), [
    'pos_embed repeated for 8 temporal slots [1,1569,8]',
    'patch_embed inflated to 2 frames (÷ 2, repeated) [8,3,2,16,16]',
  ]);
  assert.deepEqual(said(image, { frames: 8, size: 256 }), [
    'pos_embed resized 14 × 14 → 16 × 16 (bicubic), repeated for 8 temporal slots [1,2049,8]',
  ]);
  // Frames apart have positions of one frame each.
  assert.deepEqual(said(image, { frames: 8, attention: 'per-frame' }), []);

  const video = { positionsShape: [1, 8 * 196, 8], tubelet: 2, frames: 16, clsToken: false, pool: 'mean' } as const;
  const asked = { clsToken: false, pool: 'mean' } as const;
  assert.deepEqual(said({ ...video, positionsShape: [1, 8 * 196, 8] }, { ...asked, frames: 1 }), [
    'pos_embed averaged over 8 temporal slots [1,196,8]',
    'patch_embed summed over 2 frames [8,3,1,16,16]',
  ]);
  assert.deepEqual(
    said({ ...video, positionsShape: [1, 8 * 196, 8] }, { ...asked, frames: 16, tubelet: 2, size: 320 }),
    ['pos_embed resized 14 × 14 → 20 × 20 (bicubic) [1,3200,8]'],
  );
  assert.deepEqual(said({ ...video, positionsShape: [1, 8 * 196, 8] }, { ...asked, positions: 'sincos' }), [
    'patch_embed summed over 2 frames; positions are the first 196 rows of the fixed table [8,3,1,16,16]',
  ]);
});

test('slots that cannot be told or made are refused with the keys that decide them', () => {
  const video = { tubelet: 2, frames: 16, clsToken: false, pool: 'mean' } as const;
  const refused = (positionsShape: number[], asked: Partial<VitOptions>, message: RegExp): void =>
    assert.throws(
      () => said({ ...video, positionsShape }, { tubelet: 2, clsToken: false, pool: 'mean', ...asked }),
      (error) => error instanceof PetlVideoError && error.kind === 'weights' && message.test(error.message),
    );
  refused([1, 8 * 196, 8], { frames: 8 }, /for 8 temporal slots, and the recipe asks for 4\n.*\n.*set data\.frames/);
  refused([1, 8 * 195, 8], { frames: 16 }, /for 1560 patches, and the recipe asks for 8 × 14 × 14/);
});
