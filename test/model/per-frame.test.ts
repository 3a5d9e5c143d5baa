import assert from 'node:assert/strict';
import { features } from '../../src/model/backbone.ts';
import { tokensOf, type VitOptions } from '../../src/model/options.ts';
import type { BlockInside } from '../../src/model/taps.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import * as plain from '../tensor/definitions.ts';
import { assertClose, draw, type Exact, exact, upload } from '../tensor/exact.ts';
import { drawBackbone, drawClips, evaluation, lookup, tinyImageVit } from './tiny-vit.ts';

const FRAMES = 3;
const perFrame: VitOptions = { ...tinyImageVit, frames: FRAMES, attention: 'per-frame' };

testOnEachBackend('where attention is per frame, a clip has the mean of what its frames have as images', () => {
  const parameters = drawBackbone(tinyImageVit);
  const clips = drawClips(perFrame, 2);
  const pixels = clips.data.length / (2 * FRAMES);
  for (const pool of ['cls', 'mean'] as const) {
    const ofClip = features(
      { ...perFrame, pool },
      lookup(drawBackbone({ ...tinyImageVit, pool })),
      upload(clips),
      () => ({}),
      evaluation,
    );
    if (pool === 'mean') {
      // The mean goes over all patches before the norm, so that only the shape is the images'.
      assert.deepEqual(ofClip.shape, [2, 8]);
      continue;
    }
    const sums = new Float64Array(2 * 8);
    for (let t = 0; t < FRAMES; t++) {
      const frame = [0, 1].flatMap((b) => [
        ...clips.data.slice((b * FRAMES + t) * pixels, (b * FRAMES + t + 1) * pixels),
      ]);
      const image = exact([2, 1, 8, 8, 3], frame);
      const own = features(tinyImageVit, lookup(parameters), upload(image), () => ({}), evaluation).dataSync();
      own.forEach((value, i) => {
        sums[i] = (sums[i] as number) + value / FRAMES;
      });
    }
    assertClose(ofClip.dataSync(), sums, 1e-5);
  }
});

testOnEachBackend('a block lends its attention over the tokens at one place of all frames', () => {
  const parameters = drawBackbone(tinyImageVit);
  const N = tokensOf(perFrame);
  const h = draw('h', [2, N, 8]);
  let across: Exact | undefined;
  const lend = (_x: unknown, inside: BlockInside): never => {
    const result = inside.attendAcross(upload(h));
    across = exact(result.shape, result.dataSync());
    throw new Error('seen');
  };
  assert.throws(
    () => features(perFrame, lookup(parameters), upload(drawClips(perFrame, 2)), () => ({ enter: lend }), evaluation),
    /seen/,
  );
  const own = (name: string): Exact => parameters[`blocks.0.${name}`] as Exact;
  const places = N / FRAMES;
  const expected = new Float64Array(2 * N * 8);
  for (let b = 0; b < 2; b++) {
    for (let place = 0; place < places; place++) {
      const at = (t: number): number => ((b * FRAMES + t) * places + place) * 8;
      const column = exact(
        [1, FRAMES, 8],
        Array.from({ length: FRAMES }, (_, t) => [...h.data.slice(at(t), at(t) + 8)]).flat(),
      );
      const fused = plain.linear(column, own('attn.qkv.weight'), own('attn.qkv.bias'));
      const mixed = plain.linear(plain.multiHead(fused, 2), own('attn.proj.weight'), own('attn.proj.bias'));
      for (let t = 0; t < FRAMES; t++) expected.set(mixed.data.slice(t * 8, (t + 1) * 8), at(t));
    }
  }
  assertClose((across as Exact).data, expected, 1e-5);
});
