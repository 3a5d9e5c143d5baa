import assert from 'node:assert/strict';
import type { BlockTaps } from '../../src/model/taps.ts';
import { features } from '../../src/model/vit.ts';
import { type Tensor, tf } from '../../src/tensor/tf.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import { layerNorm } from '../tensor/definitions.ts';
import { assertClose, type Exact, exact, upload } from '../tensor/exact.ts';
import { drawBackbone, drawClips, evaluation, lookup, tinyVit } from './tiny-vit.ts';

const vit = tinyVit;
const parameters = drawBackbone(vit);
const run = (tapsOf: (i: number) => BlockTaps): Float32Array =>
  features(vit, lookup(parameters), upload(drawClips(vit, 3)), tapsOf, evaluation).dataSync() as Float32Array;

testOnEachBackend('every tap is called once per block, in order, with the shapes it is promised', () => {
  const calls: string[] = [];
  const seen = (place: string, ...tensors: Tensor[]): void => {
    calls.push([place, ...tensors.map(({ shape }) => shape.join('×'))].join(' '));
  };
  const pass = (place: string) => (x: Tensor) => {
    seen(place, x);
    return x;
  };
  const bypass = (place: string) => (x: Tensor, h: Tensor) => {
    seen(place, x, h);
    return tf.zerosLike(x);
  };
  const tapped = run((i) => ({
    enter: pass(`${i} enter`),
    attnIn: pass(`${i} attnIn`),
    attnOut: pass(`${i} attnOut`),
    attnBypass: bypass(`${i} attnBypass`),
    mlpIn: pass(`${i} mlpIn`),
    mlpOut: pass(`${i} mlpOut`),
    mlpBypass: bypass(`${i} mlpBypass`),
    exit: pass(`${i} exit`),
    linear: (site, input, output) => {
      seen(`${i} ${site}`, input, output);
      return output;
    },
  }));
  const ofBlock = (i: number): string[] =>
    [
      'enter 3×4×8',
      'attnIn 3×4×8',
      'q 3×4×8 3×4×8',
      'k 3×4×8 3×4×8',
      'v 3×4×8 3×4×8',
      'proj 3×4×8 3×4×8',
      'attnOut 3×4×8',
      'attnBypass 3×4×8 3×4×8',
      'mlpIn 3×4×8',
      'fc1 3×4×8 3×4×16',
      'fc2 3×4×16 3×4×8',
      'mlpOut 3×4×8',
      'mlpBypass 3×4×8 3×4×8',
      'exit 3×4×8',
    ].map((call) => `${i} ${call}`);
  assert.deepEqual(calls, [...ofBlock(0), ...ofBlock(1)]);
  assertClose(
    tapped,
    run(() => ({})),
    1e-6,
  );
});

testOnEachBackend('each tap acts where its name says', () => {
  const D = vit.width;
  const untouched = run(() => ({}));
  const only = (taps: BlockTaps) => (i: number) => (i === 1 ? taps : {});
  const zero = (x: Tensor): Tensor => tf.zerosLike(x);
  const changed = (from: Record<string, (data: Float64Array) => Float64Array>): Float32Array => {
    const other = Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [
        name,
        from[name] === undefined ? value : { ...value, data: from[name](value.data) },
      ]),
    );
    return features(vit, lookup(other), upload(drawClips(vit, 3)), () => ({}), evaluation).dataSync() as Float32Array;
  };
  const cleared = (data: Float64Array): Float64Array => new Float64Array(data.length);
  const mlpOff = changed({ 'blocks.1.mlp.fc2.weight': cleared, 'blocks.1.mlp.fc2.bias': cleared });
  const attentionOff = changed({ 'blocks.1.attn.proj.weight': cleared, 'blocks.1.attn.proj.bias': cleared });
  const normOff = (norm: string) =>
    changed({ [`blocks.1.${norm}.weight`]: cleared, [`blocks.1.${norm}.bias`]: cleared });

  assertClose(run(only({ mlpOut: zero })), mlpOff, 1e-6);
  assertClose(run(only({ attnOut: zero })), attentionOff, 1e-6);
  assertClose(run(only({ attnIn: zero })), normOff('norm1'), 1e-6);
  assertClose(run(only({ mlpIn: zero })), normOff('norm2'), 1e-6);
  assertClose(run(only({ linear: (site, _in, out) => (site === 'fc2' ? zero(out) : out) })), mlpOff, 1e-6);
  const thirdOff = (which: number, bias: string) =>
    changed({
      'blocks.1.attn.qkv.weight': (data) => data.map((v, i) => (Math.floor(i / (D * D)) === which ? 0 : v)),
      [`blocks.1.attn.${bias}`]: cleared,
    });
  assertClose(run(only({ linear: (site, _in, out) => (site === 'q' ? zero(out) : out) })), thirdOff(0, 'q_bias'), 1e-6);
  assertClose(run(only({ linear: (site, _in, out) => (site === 'k' ? zero(out) : out) })), thirdOff(1, 'none'), 1e-6);
  assertClose(run(only({ linear: (site, _in, out) => (site === 'v' ? zero(out) : out) })), thirdOff(2, 'v_bias'), 1e-6);

  // A constant added to the stream's last place moves the mean of the tokens by it, before fc_norm.
  const shift = upload({ shape: [1, 1, D], data: Float64Array.from({ length: D }, (_, j) => j - 3) });
  const shifted = run(only({ exit: (x) => tf.add(x, shift) }));
  assertClose(run(only({ mlpBypass: (x) => tf.mul(tf.onesLike(x), shift) })), shifted, 1e-5);
  assert.notDeepEqual(shifted, untouched);
  // Added behind attention instead, it reaches the MLP too.
  assertClose(
    run(only({ attnBypass: (x) => tf.mul(tf.onesLike(x), shift) })),
    run(only({ attnOut: (a) => tf.add(a, shift) })),
    1e-6,
  );
  assertClose(
    run(only({ enter: (x) => tf.add(x, shift) })),
    run((i) => (i === 0 ? { exit: (x) => tf.add(x, shift) } : {})),
    1e-6,
  );
});

testOnEachBackend('a bypass reads the raw stream and the normalised one', () => {
  const seen: Record<string, number[]> = {};
  const see = (name: string, tensor: Tensor): void => {
    seen[name] = [...tensor.dataSync()];
  };
  const first: BlockTaps = {
    exit: (x) => {
      see('left block 0', x);
      return x;
    },
  };
  const second: BlockTaps = {
    attnBypass: (x, h) => {
      see('x', x);
      see('h', h);
      return tf.zerosLike(x);
    },
  };
  run((i) => (i === 0 ? first : second));
  const left = seen['left block 0'] ?? [];
  assert.deepEqual(seen.x, left);
  const [weight, bias] = [parameters['blocks.1.norm1.weight'], parameters['blocks.1.norm1.bias']] as [Exact, Exact];
  assertClose(seen.h ?? [], layerNorm(exact([3, 4, 8], left), weight, bias, 1e-6).data, 1e-5);
});
