import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropPathNoise, dropPathRate } from '../../../src/model/backbone.ts';
import { SWIN_SIZES } from '../../../src/model/swin/options.ts';
import { swinFeatures } from '../../../src/model/swin/swin.ts';
import type { BlockTaps } from '../../../src/model/taps.ts';
import { type Tensor, tf } from '../../../src/tensor/tf.ts';
import { groupOf } from '../../../src/train/groups.ts';
import { testOnEachBackend } from '../../tensor/backends.ts';
import * as plain from '../../tensor/definitions.ts';
import { assertClose, draw, type Exact, exact, upload } from '../../tensor/exact.ts';
import { evaluation, lookup } from '../tiny-vit.ts';
import { drawSwin, plainSwinFeatures, tinySwin } from './tiny-swin.ts';

const parameters = drawSwin(tinySwin);
const clips = exact(
  [2, 1, 16, 16, 3],
  draw('clips', [2, 1, 16, 16, 3]).data.map((v) => Math.min(255, Math.max(0, Math.round(128 + 60 * v)))),
);
const run = (tapsOf: (i: number) => BlockTaps): Float32Array =>
  swinFeatures(tinySwin, lookup(parameters), upload(clips), tapsOf, evaluation).dataSync() as Float32Array;

testOnEachBackend('every tap is called once per block, with the tokens of its stage', () => {
  const calls: string[] = [];
  const see = (place: string, ...tensors: Tensor[]): void => {
    calls.push([place, ...tensors.map(({ shape }) => shape.join('×'))].join(' '));
  };
  const pass = (place: string) => (x: Tensor) => {
    see(place, x);
    return x;
  };
  const bypass = (place: string) => (x: Tensor, h: Tensor) => {
    see(place, x, h);
    return tf.zerosLike(x);
  };
  const tapped = run(() => ({
    enter: pass('enter'),
    attnIn: pass('attnIn'),
    attnOut: pass('attnOut'),
    attnBypass: bypass('attnBypass'),
    midway: pass('midway'),
    mlpIn: pass('mlpIn'),
    mlpOut: pass('mlpOut'),
    mlpBypass: bypass('mlpBypass'),
    exit: pass('exit'),
    linear: (site, input, output) => {
      see(site, input, output);
      return output;
    },
  }));
  const ofStage = (x: string, hidden: string): string[] => [
    `enter ${x}`,
    `attnIn ${x}`,
    ...['q', 'k', 'v', 'proj'].map((site) => `${site} ${x} ${x}`),
    `attnOut ${x}`,
    `attnBypass ${x} ${x}`,
    `midway ${x}`,
    `mlpIn ${x}`,
    `fc1 ${x} ${hidden}`,
    `fc2 ${hidden} ${x}`,
    `mlpOut ${x}`,
    `mlpBypass ${x} ${x}`,
    `exit ${x}`,
  ];
  const [first, second] = [ofStage('2×64×8', '2×64×16'), ofStage('2×16×16', '2×16×32')];
  assert.deepEqual(calls, [...first, ...first, ...second, ...second]);
  assertClose(
    tapped,
    run(() => ({})),
    1e-6,
  );
});

testOnEachBackend('taps see the tokens in the order of the picture, in shifted blocks too', () => {
  // A pattern that no two places share, laid over the stream by taps on all sides of a shifted block.
  const laid = draw('pattern', [1, 64, 8]);
  const pattern = upload(laid);
  const over = (x: Tensor): Tensor => tf.add(x, pattern);
  const only = (taps: BlockTaps) => run((i) => (i === 1 ? taps : {}));
  const midway = only({ midway: over });
  assertClose(only({ attnOut: over }), midway, 1e-6);
  assertClose(only({ attnBypass: (x) => tf.mul(tf.onesLike(x), pattern) }), midway, 1e-6);
  assertClose(only({ linear: (site, _input, output) => (site === 'proj' ? over(output) : output) }), midway, 1e-6);
  assert.notDeepEqual(midway, only({}));
  // Before attention it goes through the windows with the tokens.
  const before = plainSwinFeatures(tinySwin, parameters, clips, {
    attnIn: (i, h) =>
      exact(
        h.shape,
        h.data.map((_, at) => (i === 1 ? (laid.data[at % laid.data.length] as number) : 0)),
      ),
  });
  assertClose(only({ attnIn: over }), before.data, 2e-5);
});

testOnEachBackend('a bypass beside the MLP reads the stream behind attention', () => {
  const weight = draw('bypass', [2, 8, 8], 0.3);
  const of = (i: number): Exact => exact([8, 8], weight.data.slice(i * 64, (i + 1) * 64));
  const tapped = run((i) =>
    i > 1
      ? {}
      : {
          mlpBypass: (x) => tf.reshape(tf.matMul(tf.reshape(x, [-1, 8]), upload(of(i)) as never, false, true), x.shape),
        },
  );
  const expected = plainSwinFeatures(tinySwin, parameters, clips, {
    mlp: (i, a) => (i > 1 ? exact(a.shape, new Float64Array(a.data.length)) : plain.linear(a, of(i))),
  });
  assertClose(tapped, expected.data, 2e-5);
});

test('drop path rises over the blocks of all stages', () => {
  const swin = { ...tinySwin, ...SWIN_SIZES.base, dropPath: 0.23 };
  assert.equal(dropPathRate(swin, 0), 0);
  assert.ok(Math.abs(dropPathRate(swin, 1) - 0.01) < 1e-12);
  assert.ok(Math.abs(dropPathRate(swin, 22) - 0.22) < 1e-12);
  assert.deepEqual(
    dropPathNoise(swin).map(({ name }) => name),
    Array.from({ length: 23 }, (_, i) => `blocks.${i + 1}.drop_path`),
  );
});

test('layer decay counts blocks through all stages, a merging with the block before it', () => {
  const swin = { ...tinySwin, ...SWIN_SIZES.base };
  const of = (name: string, shape = [2, 2]): readonly [number, boolean] => {
    const { lrScale, decays } = groupOf({ name, shape, init: { kind: 'constant', value: 0 } }, swin, 0.5);
    return [25 + Math.log2(lrScale), decays];
  };
  assert.deepEqual(of('patch_embed.proj.weight'), [0, true]);
  assert.deepEqual(of('patch_embed.norm.weight', [2]), [0, false]);
  assert.deepEqual(of('blocks.0.attn.qkv.weight'), [1, true]);
  assert.deepEqual(of('blocks.3.attn.relative_position_bias_table'), [4, false]);
  assert.deepEqual(of('merges.0.reduction.weight'), [2, true]);
  assert.deepEqual(of('merges.2.norm.bias', [2]), [22, false]);
  assert.deepEqual(of('blocks.23.mlp.fc1.weight'), [24, true]);
  assert.deepEqual(of('norm.weight', [2]), [25, false]);
  assert.deepEqual(of('head.weight'), [25, true]);
});
