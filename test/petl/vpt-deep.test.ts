import assert from 'node:assert/strict';
import { test } from 'node:test';
import { features } from '../../src/model/vit.ts';
import { vptDeep } from '../../src/petl/vpt-deep.ts';
import { initialise } from '../../src/tensor/parameters.ts';
import type { Tensor } from '../../src/tensor/tf.ts';
import { drawBackbone, drawClips, evaluation, lookup, tinyImageVit, tinyVit } from '../model/tiny-vit.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import * as plain from '../tensor/definitions.ts';
import { assertClose, draw, type Exact, exact, upload } from '../tensor/exact.ts';

testOnEachBackend(
  'prompts stand before all tokens inside their block, and what the block makes of them is dropped',
  () => {
    for (const vit of [tinyVit, tinyImageVit]) {
      const backbone = drawBackbone(vit);
      const { parameters, taps } = vptDeep.attach(vit, { prompts: 2, blocks: [1] });
      assert.deepEqual(
        parameters.map(({ name, shape }) => [name, shape]),
        [['blocks.1.prompts', [1, 2, 8]]],
      );
      const prompts = draw('prompts', [1, 2, 8]);
      const parameter = lookup({ ...backbone, 'blocks.1.prompts': prompts });
      const seen: Record<string, Exact> = {};
      const host = (x: Tensor): Exact => exact(x.shape, x.dataSync());
      features(
        vit,
        parameter,
        upload(drawClips(vit, 2)),
        (i) => {
          if (i === 0) return taps(0, parameter, evaluation);
          const { enter, exit } = taps(1, parameter, evaluation);
          return {
            enter: (x, inside) => {
              seen.before = host(x);
              return enter?.(x, inside) as Tensor;
            },
            exit: (x) => {
              const y = exit?.(x) as Tensor;
              seen.after = host(y);
              return y;
            },
          };
        },
        evaluation,
      );
      const { before, after } = seen as { before: Exact; after: Exact };
      const [B, N, D] = before.shape as [number, number, number];
      const rows: number[] = [];
      for (let b = 0; b < B; b++) {
        rows.push(...prompts.data, ...before.data.slice(b * N * D, (b + 1) * N * D));
      }
      const whole = plainBlock(exact([B, N + 2, D], rows), backbone, vit.bias === 'qkv', vit.heads);
      const kept: number[] = [];
      for (let b = 0; b < B; b++) kept.push(...whole.data.slice((b * (N + 2) + 2) * D, (b + 1) * (N + 2) * D));
      assert.deepEqual(after.shape, [B, N, D]);
      assertClose(after.data, kept, 1e-5);
    }
  },
);

/** Block 1 over any number of tokens. */
function plainBlock(x: Exact, parameters: Readonly<Record<string, Exact>>, wholeBias: boolean, heads: number): Exact {
  const own = (name: string): Exact => parameters[`blocks.1.${name}`] as Exact;
  const bias = wholeBias
    ? own('attn.qkv.bias')
    : exact([24], [...own('attn.q_bias').data, ...new Float64Array(8), ...own('attn.v_bias').data]);
  const h = plain.layerNorm(x, own('norm1.weight'), own('norm1.bias'), 1e-6);
  const mixed = plain.multiHead(plain.linear(h, own('attn.qkv.weight'), bias), heads);
  const a = plain.add(x, plain.linear(mixed, own('attn.proj.weight'), own('attn.proj.bias')));
  const h2 = plain.layerNorm(a, own('norm2.weight'), own('norm2.bias'), 1e-6);
  const hidden = plain.gelu(plain.linear(h2, own('mlp.fc1.weight'), own('mlp.fc1.bias')));
  return plain.add(a, plain.linear(hidden, own('mlp.fc2.weight'), own('mlp.fc2.bias')));
}

test('prompts start Xavier uniform over (1, P, D)', () => {
  const base = { ...tinyVit, width: 768, depth: 1 };
  for (const [prompts, bound] of [
    [1, 0.0625],
    [8, 0.02946],
  ] as const) {
    const data = initialise(vptDeep.attach(base, { prompts }).parameters, 0)['blocks.0.prompts']?.data;
    const largest = Float32Array.from(data ?? []).reduce((a, v) => Math.max(a, Math.abs(v)), 0);
    assert.ok(largest <= bound * 1.0001 && largest > 0.98 * bound, `${prompts}: ${largest}`);
  }
});
