import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuEngine } from '../../src/engine/cpu.ts';
import { NORMALIZATIONS } from '../../src/model/options.ts';
import { float32, type HostTensor, type HostTensors, scalar, uint8 } from '../../src/tensor/host.ts';
import { bulkBits, rng } from '../../src/tensor/random.ts';
import { eraseBatch } from '../../src/train/erase.ts';
import { gradientsStep, trainingState } from '../../src/train/steps.ts';
import { tinyVit } from '../model/tiny-vit.ts';
import { startOf, tinyModel } from '../petl/tiny-model.ts';
import { assertClose } from '../tensor/exact.ts';

const SIZE = 48;
const FRAMES = 3;

function erased(batch: number, probability: number, epoch = 0, batchOfEpoch = 0, seed = 1) {
  const bits = bulkBits(rng(9, 'pixels'));
  const clips = Uint8Array.from({ length: batch * FRAMES * SIZE * SIZE * 3 }, () => bits() & 0xff);
  const before = clips.slice();
  const whole = { clips, batch, frames: FRAMES, size: SIZE };
  const { data, shape } = eraseBatch(whole, probability, seed, epoch, batchOfEpoch);
  return { before, clips, mask: data as Uint8Array, shape };
}

test('one rectangle of a clip is noise in all its frames, and everything else as it was', () => {
  const { before, clips, mask, shape } = erased(40, 0.5);
  assert.deepEqual(shape, [40, SIZE, SIZE]);
  let [holes, sames] = [0, 0];
  for (let clip = 0; clip < 40; clip++) {
    const own = mask.subarray(clip * SIZE * SIZE, (clip + 1) * SIZE * SIZE);
    const at = [...own.keys()].filter((i) => own[i] === 1);
    const rows = at.map((i) => Math.floor(i / SIZE));
    const columns = at.map((i) => i % SIZE);
    const extent = (values: number[]): number => Math.max(...values) - Math.min(...values) + 1;
    if (at.length > 0) {
      holes++;
      assert.equal(extent(rows) * extent(columns), at.length, 'a full rectangle');
    }
    for (let t = 0; t < FRAMES; t++) {
      for (let i = 0; i < SIZE * SIZE * 3; i++) {
        const index = (clip * FRAMES + t) * SIZE * SIZE * 3 + i;
        if (own[Math.floor(i / 3)] === 0) assert.equal(clips[index], before[index]);
        else if (clips[index] === before[index]) sames++;
      }
    }
  }
  assert.ok(holes > 8 && holes < 32, `${holes}`);
  assert.ok(sames > 0 && sames < 0.02 * clips.length);
});

test('the noise is normal in steps of 1/32, fresh for each value', () => {
  const { clips, mask } = erased(60, 1);
  const values: number[] = [];
  const frames: number[][] = [[], [], []];
  clips.forEach((code, i) => {
    const pixel = Math.floor(i / 3);
    const clip = Math.floor(pixel / (FRAMES * SIZE * SIZE));
    if (mask[clip * SIZE * SIZE + (pixel % (SIZE * SIZE))] === 0) return;
    const value = (code - 128) / 32;
    values.push(value);
    frames[Math.floor(pixel / (SIZE * SIZE)) % FRAMES]?.push(value);
  });
  const n = values.length;
  assert.ok(n > 100_000, `${n}`);
  const moment = (k: number): number => values.reduce((sum, v) => sum + v ** k, 0) / n;
  // Four standard errors of the moments of N(0, 1); the steps add 1/12288 to the variance, the ends at ±4 take 0.0001.
  assert.ok(Math.abs(moment(1)) < 4 / Math.sqrt(n), `mean ${moment(1)}`);
  assert.ok(Math.abs(moment(2) - 1) < 4 * Math.sqrt(2 / n) + 0.0002, `variance ${moment(2)}`);
  assert.ok(Math.abs(moment(3)) < 4 * Math.sqrt(15 / n), `skewness ${moment(3)}`);
  assert.ok(Math.abs(moment(4) - 3) < 4 * Math.sqrt(96 / n) + 0.02, `kurtosis ${moment(4)}`);
  // Quantiles of N(0, 1), at edges between two codes.
  for (const [edge, below] of [
    [-1.984375, 0.023607],
    [-0.984375, 0.162464],
    [0.015625, 0.506233],
    [1.015625, 0.845097],
  ] as const) {
    const share = values.filter((v) => v < edge).length / n;
    assert.ok(Math.abs(share - below) < 4 * Math.sqrt((below * (1 - below)) / n), `${edge}: ${share}`);
  }
  const [a, b] = [frames[0] as number[], frames[1] as number[]];
  const correlation = a.reduce((sum, v, i) => sum + v * (b[i] as number), 0) / a.length;
  assert.ok(Math.abs(correlation) < 4 / Math.sqrt(a.length), `frames are alike: ${correlation}`);
});

test('the same for the same seed, epoch and batch; another for any other', () => {
  const same = erased(4, 1, 1, 2);
  assert.deepEqual(erased(4, 1, 1, 2), same);
  for (const other of [erased(4, 1, 2, 2), erased(4, 1, 1, 3), erased(4, 1, 1, 2, 8)]) {
    assert.notDeepEqual(other.mask, same.mask);
  }
});

test('the gradients step sees pixels = 255 (mean + std · noise), unclipped, mixed after erasing', async () => {
  const model = tinyModel({ ...tinyVit, normalization: NORMALIZATIONS.imagenet }, 'linear', {}, { batchNorm: false });
  const { frames, size } = tinyVit;
  const shape = [2, frames, size, size, 3];
  const codes = Uint8Array.from({ length: 2 * frames * size * size * 3 }, (_, i) => (i * 37) % 256);
  const mask = Uint8Array.from({ length: 2 * size * size }, (_, i) => (i % size < 3 && i > 9 ? 1 : 0));
  const { mean, std } = NORMALIZATIONS.imagenet;
  const pixels = Float32Array.from(codes, (code, i) => {
    const pixel = Math.floor(i / 3);
    const clip = Math.floor(pixel / (frames * size * size));
    if (mask[clip * size * size + (pixel % (size * size))] === 0) return code;
    return 255 * ((mean[i % 3] as number) + ((std[i % 3] as number) * (code - 128)) / 32);
  });
  assert.ok(Math.max(...pixels) > 255 && Math.min(...pixels) < 0);
  const run = async (erases: boolean, mixes: boolean, inputs: HostTensors): Promise<Float32Array> => {
    const update = { optimizer: { name: 'sgd', momentum: 0, weightDecay: 0 }, layerDecay: 1, clipNorm: 0 } as const;
    const session = await cpuEngine().open(trainingState(model, update));
    await session.load(startOf(model));
    const form = { batch: 2, mixes, erases, clips: erases ? 'uint8' : 'float32' } as const;
    const step = await session.compile(gradientsStep(model, form));
    const targets = float32([2, 3], Float32Array.of(1, 0, 0, 0, 1, 0));
    const mix: HostTensors = mixes ? { mix: float32([size, size], new Float32Array(size * size).fill(0.3)) } : {};
    const { logits } = await step.run({ ...inputs, ...mix, targets, share: scalar(1) });
    session.dispose();
    return (logits as HostTensor).data as Float32Array;
  };
  for (const mixes of [false, true]) {
    const coded = await run(true, mixes, { clips: uint8(shape, codes), erased: uint8([2, size, size], mask) });
    assertClose(coded, await run(false, mixes, { clips: float32(shape, pixels) }), 1e-5);
  }
});
