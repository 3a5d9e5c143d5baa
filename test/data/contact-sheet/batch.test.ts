import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BatchOrigin, batchPng, batchSheet, MOST_CLIPS } from '../../../src/data/contact-sheet/batch.ts';
import { trainVisit } from '../../../src/data/draw.ts';
import type { Entry } from '../../../src/data/manifest.ts';
import { eraseBatch } from '../../../src/train/erase.ts';

const [T, S] = [2, 8];
const BYTES = T * S * S * 3;

const entries: Entry[] = Array.from({ length: 40 }, (_, i) => ({
  id: `v${i}`,
  file: `v${i}.mp4`,
  label: i % 3,
  frames: 50,
  width: 32,
  height: 24,
  fps: 25,
  verdict: i === 7 ? 'damaged' : 'ok',
  ...(i === 7 ? { reason: 'h264: concealed' } : {}),
}));

const origin: BatchOrigin = {
  dataset: 'made',
  classes: ['down', 'left', 'up'],
  split: 'train',
  fold: 2,
  entries,
  root: '/nowhere',
  clip: {
    frames: T,
    stride: 4,
    size: S,
    sampling: 'adaptformer-dense',
    crop: 'center',
    cropScale: [0.08, 1],
    flip: true,
    repeats: 1,
  },
  seed: 3,
  erasing: 0,
};

const batchOf = (indices: readonly number[], replaced: readonly { entry: number; by: number }[] = []) => ({
  clips: Uint8Array.from({ length: indices.length * BYTES }, (_, i) => Math.floor(i / BYTES)),
  labels: Int32Array.from(indices, (index) => index % 3),
  entries: Uint32Array.from(indices),
  replaced: replaced.map(({ entry, by }) => ({ entry, by, id: `v${entry}`, reason: 'the file is empty' })),
  epoch: 0,
  batchOfEpoch: 0,
});

test('each clip of a batch is a card with its class, id, facts and its own bytes', () => {
  const { heading, cards } = batchSheet(batchOf([12, 7, 30]), origin);
  assert.equal(heading, 'made · train, fold 2 · epoch 0 · first batch');
  assert.deepEqual(
    cards.map(({ title, id }) => [title, id]),
    [
      ['down', 'v12'],
      ['left', 'v7'],
      ['down', 'v30'],
    ],
  );
  const facts = new Map(cards[1]?.facts);
  assert.equal(facts.get('video'), '50 frames, 32×24, 25 fps');
  assert.equal(facts.get('crop'), '24×24 at 4,0');
  assert.match(facts.get('mirrored') ?? '', /^(yes|no)$/);
  assert.deepEqual([facts.get('entry'), facts.get('label')], ['7', '1']);
  assert.deepEqual(cards[1]?.warnings, ['damaged: h264: concealed']);
  for (const [i, { strips }] of cards.entries()) {
    assert.ok(strips[0]?.clip.data.length === BYTES && strips[0].clip.data.every((value) => value === i));
    assert.equal(strips[0]?.numbers?.length, T);
    assert.equal((strips[0]?.numbers?.[1] ?? 0) - (strips[0]?.numbers?.[0] ?? 0), 4);
  }
});

test('for a video that was replaced the one in its place is shown, and said to be', () => {
  const { cards } = batchSheet(batchOf([12, 5], [{ entry: 5, by: 9 }]), origin);
  assert.deepEqual([cards[1]?.id, cards[1]?.title], ['v9', 'down']);
  assert.deepEqual(cards[1]?.warnings, ['stands in for v5: the file is empty']);
  assert.deepEqual(cards[0]?.warnings, []);
});

test('of a large batch the first clips are shown, and it says so', async () => {
  const large = batchOf(Array.from({ length: 40 }, (_, i) => i));
  const { cards, notes } = batchSheet(large, origin);
  assert.equal(cards.length, MOST_CLIPS);
  assert.match(notes.join('\n'), /The first 16 of 40 clips/);
  assert.match(batchSheet(batchOf([1, 2]), origin).notes.join('\n'), /^2 clips/m);
  assert.equal(Buffer.from(await batchPng(large, origin)).toString('latin1', 1, 4), 'PNG');
});

test('what is augmented, repeated and erased is told as it is done', () => {
  const randAugment = { operations: 4, magnitude: 7, deviation: 0.5 };
  const augmenting: BatchOrigin = { ...origin, clip: { ...origin.clip, repeats: 2, randAugment }, erasing: 0.6 };
  const indices = Array.from({ length: 8 }, (_, i) => 3 * i);
  const batch = {
    ...batchOf(indices.flatMap((index) => [index, index])),
    entries: Uint32Array.from(indices),
    epoch: 2,
    batchOfEpoch: 5,
  };
  const { cards } = batchSheet(batch, augmenting);
  const whole = { clips: batch.clips.slice(), batch: 16, frames: T, size: S };
  const mask = Uint8Array.from(eraseBatch(whole, 0.6, origin.seed, 2, 5).data);
  let erased = 0;
  for (const [i, { strips }] of cards.entries()) {
    assert.equal(strips.length, 2);
    const { clips } = trainVisit(augmenting, entries[indices[i] as number] as Entry, indices[i] as number, 2);
    for (const [repeat, { clip, caption = '' }] of strips.entries()) {
      const names = clips[repeat]?.augment?.map(({ name }) => name) ?? [];
      const told = /augmented (.*?)(?:, erased .*)?$/.exec(caption)?.[1] ?? '';
      assert.deepEqual(
        names.length === 0 ? ['no'] : names,
        told.split(', ').map((one) => one.split(' ')[0]),
      );
      const own = mask.subarray((2 * i + repeat) * S * S, (2 * i + repeat + 1) * S * S);
      const gray = Array.from(own, (_, pixel) => (clip.data[3 * pixel] === 128 ? 1 : 0));
      assert.deepEqual(gray, [...own], caption);
      const area = own.reduce((sum, one) => sum + one, 0);
      const [, width = 0, height = 0] = /erased (\d+)×(\d+) at/.exec(caption)?.map(Number) ?? [];
      assert.equal(width * height, area);
      if (area > 0) erased++;
    }
  }
  assert.ok(erased >= 4 && erased < 16, `${erased} of 16`);
});
