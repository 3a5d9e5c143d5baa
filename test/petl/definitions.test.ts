/** What methods do at their taps, held against their formulas in plain loops. Golden cases hold AdaptFormer, ARC and Convpass. */
import assert from 'node:assert/strict';
import type { VitOptions } from '../../src/model/options.ts';
import type { BlockTaps, LinearSite } from '../../src/model/taps.ts';
import { methodOf } from '../../src/petl/index.ts';
import type { Tensor } from '../../src/tensor/tf.ts';
import { type ExactParameters, evaluation, lookup, tinyImageVit, tinyVit } from '../model/tiny-vit.ts';
import { testOnEachBackend } from '../tensor/backends.ts';
import * as plain from '../tensor/definitions.ts';
import { assertClose, draw, type Exact, exact, upload } from '../tensor/exact.ts';

const D = 8;
const perFrame: VitOptions = { ...tinyImageVit, frames: 3, attention: 'per-frame' };

/** The taps of block 1, over parameters that are all drawn. */
function drawn(vit: VitOptions, method: string, options: object): { p: ExactParameters; taps: BlockTaps } {
  const attached = methodOf(method).attach(vit, options);
  const p = Object.fromEntries(attached.parameters.map(({ name, shape }) => [name, draw(name, shape, 0.5)]));
  return { p, taps: attached.taps(1, lookup(p), evaluation) };
}

const ofBlock = (p: ExactParameters, part: string) => (name: string) => p[`blocks.1.${part}.${name}`] as Exact;
const times = (x: Exact, factor: number): Exact =>
  exact(
    x.shape,
    x.data.map((v) => v * factor),
  );
const map = (x: Exact, change: (v: number) => number): Exact => exact(x.shape, x.data.map(change));
const bottleneck = (x: Exact, own: (name: string) => Exact, act: (x: Exact) => Exact): Exact =>
  plain.linear(act(plain.linear(x, own('down.weight'), own('down.bias'))), own('up.weight'), own('up.bias'));
const QUICK = (x: Exact): Exact => map(x, (v) => v / (1 + Math.exp(-1.702 * v)));
const close = (actual: Tensor | undefined, expected: Exact): void => {
  assert.deepEqual(actual?.shape, expected.shape);
  assertClose(actual?.dataSync() ?? [], expected.data, 1e-5);
};

testOnEachBackend('adapters in series: z + W_up σ(W_down z)', () => {
  const z = draw('z', [2, 5, D]);
  for (const [variant, act] of [
    ['houlsby', plain.gelu],
    ['pfeiffer', plain.gelu],
    ['noah', QUICK],
  ] as const) {
    const { p, taps } = drawn(tinyImageVit, 'adapter', { variant, bottleneck: 3 });
    close(taps.mlpOut?.(upload(z)), plain.add(z, bottleneck(z, ofBlock(p, 'adapter_mlp'), act)));
    if (variant !== 'houlsby') assert.equal(taps.attnOut, undefined);
    else close(taps.attnOut?.(upload(z)), plain.add(z, bottleneck(z, ofBlock(p, 'adapter_attn'), act)));
  }
});

testOnEachBackend('RepAdapter: z + s (W_b (W_a z + b_a) + b_b), W_b block-diagonal', () => {
  const z = draw('z', [2, 5, D]);
  const { p, taps } = drawn(tinyImageVit, 'repadapter', { bottleneck: 4, groups: 2, scale: 3 });
  for (const [place, tap] of [
    ['attn', taps.attnIn],
    ['mlp', taps.mlpIn],
  ] as const) {
    const own = ofBlock(p, `repadapter_${place}`);
    const whole = exact(
      [D, 4],
      Array.from({ length: D * 4 }, (_, at) => {
        const [row, column] = [Math.floor(at / 4), at % 4];
        // Outputs 0-3 see the first two hidden numbers, outputs 4-7 the other two.
        const inGroup = column - 2 * Math.floor(row / 4);
        return inGroup === 0 || inGroup === 1 ? (own('up.weight').data[row * 2 + inGroup] as number) : 0;
      }),
    );
    const small = plain.linear(z, own('down.weight'), own('down.bias'));
    close(tap?.(upload(z)), plain.add(z, times(plain.linear(small, whole, own('up.bias')), 3)));
  }
});

testOnEachBackend('LoRA: y + s B A x at its sites, and nothing at others', () => {
  const [x, y] = [draw('x', [2, 5, D]), draw('y', [2, 5, D])];
  const { p, taps } = drawn(tinyImageVit, 'lora', { rank: 2, sites: ['q', 'k'], sharedDown: true, scale: 0.25 });
  for (const site of ['q', 'k', 'v', 'proj'] as const) {
    const up = p[`blocks.1.lora.${site}.up.weight`];
    const change = up && plain.linear(plain.linear(x, p['blocks.1.lora.qkv.down.weight'] as Exact), up);
    close(taps.linear?.(site, upload(x), upload(y)), change === undefined ? y : plain.add(y, times(change, 0.25)));
  }
});

testOnEachBackend('SSF: γ ∘ x + β behind every operation', () => {
  const { p, taps } = drawn(tinyImageVit, 'ssf', {});
  const own = ofBlock(p, 'ssf');
  const modulated = (x: Exact, name: string, from = 0): Exact => {
    const width = x.shape.at(-1) as number;
    const of = (suffix: string, i: number): number => own(`${name}.${suffix}`).data[from + (i % width)] as number;
    return exact(
      x.shape,
      x.data.map((v, i) => v * of('scale', i) + of('shift', i)),
    );
  };
  const [narrow, wide] = [draw('narrow', [2, 5, D]), draw('wide', [2, 5, 2 * D])];
  close(taps.attnIn?.(upload(narrow)), modulated(narrow, 'norm1'));
  close(taps.mlpIn?.(upload(narrow)), modulated(narrow, 'norm2'));
  const at = (site: LinearSite, y: Exact): Tensor | undefined => taps.linear?.(site, upload(narrow), upload(y));
  for (const [third, site] of (['q', 'k', 'v'] as const).entries()) {
    close(at(site, narrow), modulated(narrow, 'qkv', third * D));
  }
  close(at('proj', narrow), modulated(narrow, 'proj'));
  close(at('fc1', wide), modulated(wide, 'fc1'));
  close(at('fc2', narrow), modulated(narrow, 'fc2'));
});

const R = 3;
/** mlpRatio of the tiny ViT: fc1 and fc2 are two blocks of D × D. */
const M = 2;

/** y + s V h, with h of each of the parts that y consists of. */
function factOutput(
  y: Exact,
  h: (row: Float64Array, o: number) => number,
  x: Exact,
  v: Exact,
  parts: number,
  s: number,
): Exact {
  const width = y.shape.at(-1) as number;
  const inputs = x.shape.at(-1) as number;
  return exact(
    y.shape,
    y.data.map((value, at) => {
      const [token, o] = [Math.floor(at / width), at % width];
      const row = x.data.slice(token * inputs, (token + 1) * inputs);
      const [part, k] = [Math.floor(o / D), o % D];
      assert.ok(part < parts);
      let sum = 0;
      for (let i = 0; i < R; i++) sum += (v.data[k * R + i] as number) * h(row, part * R + i);
      return value + s * sum;
    }),
  );
}

for (const method of ['fact-tt', 'fact-tk'] as const) {
  testOnEachBackend(`${method}: y + s V Σ U x, of each part of a layer`, () => {
    const { p, taps } = drawn(tinyImageVit, method, { rank: R, scale: 2, blocks: [1] });
    const [u, v] = [p['fact.u.weight'], p['fact.v.weight']] as [Exact, Exact];
    const inner = (row: Float64Array, a: number): number => {
      // Number a of U x: in fc2, whose input has M parts, part a / R of it.
      const from = Math.floor(a / R) * D;
      let sum = 0;
      for (let i = 0; i < D; i++) sum += (u.data[(a % R) * D + i] as number) * (row[from + i] as number);
      return sum;
    };
    const SLICES = { q: [0, 1], k: [1, 1], v: [2, 1], proj: [3, 1], fc1: [4, M], fc2: [4 + M, M] } as const;
    for (const [site, [first, count]] of Object.entries(SLICES) as [LinearSite, readonly [number, number]][]) {
      const [inputs, outputs] = [site === 'fc2' ? M : 1, site === 'fc1' ? M : 1];
      /** Σ from number a of the input to number o of the output. */
      const sigma = (o: number, a: number): number => {
        if (method === 'fact-tt') return p[`blocks.1.fact.${site}.weight`]?.data[o * inputs * R + a] as number;
        // C ×₃ P is [r, r, count]; the original reads it as [inputs, outputs] in its order.
        const flat = a * outputs * R + o;
        const [ab, j] = [Math.floor(flat / count), flat % count];
        let sum = 0;
        for (let c = 0; c < R; c++) {
          sum += (p['fact.core']?.data[ab * R + c] as number) * (p['fact.rows']?.data[(first + j) * R + c] as number);
        }
        return sum;
      };
      const h = (row: Float64Array, o: number): number => {
        let sum = 0;
        for (let a = 0; a < inputs * R; a++) sum += sigma(o, a) * inner(row, a);
        return sum;
      };
      const [x, y] = [draw(`x ${site}`, [2, 4, inputs * D]), draw(`y ${site}`, [2, 4, outputs * D])];
      close(taps.linear?.(site, upload(x), upload(y)), factOutput(y, h, x, v, outputs, 2));
    }
  });
}

for (const [name, vit, frames] of [
  ['joint video', { ...tinyVit, frames: 6 }, 3],
  ['frames with class tokens', perFrame, 3],
] as const) {
  testOnEachBackend(`ST-Adapter over ${name}: patches see their place in the frames beside, class tokens stay`, () => {
    const d = 3;
    const { p, taps } = drawn(vit, 'st-adapter', { bottleneck: d, places: 'both' });
    const prefix = vit.clsToken ? 1 : 0;
    const places = prefix + 4;
    const x = draw('x', [2, frames * places, D]);
    for (const [place, tap] of [
      ['attn', taps.enter as unknown as (x: Tensor) => Tensor],
      ['mlp', taps.midway],
    ] as const) {
      const own = ofBlock(p, `st_adapter_${place}`);
      const small = plain.linear(x, own('down.weight'), own('down.bias'));
      const mixed = exact(
        small.shape,
        small.data.map((_, at) => {
          const [b, t] = [Math.floor(at / (frames * places * d)), Math.floor(at / (places * d)) % frames];
          const [within, c] = [at % (places * d), at % d];
          let sum = own('conv.bias').data[c] as number;
          for (let dt = -1; dt <= 1; dt++) {
            if (t + dt < 0 || t + dt >= frames) continue;
            const there = ((b * frames + t + dt) * places * d + within) as number;
            sum += (own('conv.weight').data[c * 3 + dt + 1] as number) * (small.data[there] as number);
          }
          return sum;
        }),
      );
      const changed = plain.add(x, plain.linear(mixed, own('up.weight'), own('up.bias')));
      const expected = exact(
        x.shape,
        changed.data.map((value, at) => (Math.floor(at / D) % places < prefix ? (x.data[at] as number) : value)),
      );
      close(tap?.(upload(x)), expected);
    }
  });
}

testOnEachBackend('AIM: adapters behind attention over time and within the frame, and beside the MLP', () => {
  const x = draw('x', [2, 15, D]);
  for (const temporalAdapters of [1, 2] as const) {
    const { p, taps } = drawn(perFrame, 'aim', { temporalAdapters, scale: 0.5 });
    const adapt = (name: string, z: Exact): Exact => bottleneck(z, ofBlock(p, `aim_${name}`), plain.gelu);
    // Any functions stand in for the block's own.
    const norm1 = (z: Exact): Exact => map(z, (v) => v * 0.5 + 0.1);
    const across = (z: Exact): Exact => map(z, (v) => v - 0.2);
    const asTensors = (f: (z: Exact) => Exact) => (z: Tensor) => upload(f(exact(z.shape, z.dataSync())));
    const h = norm1(x);
    const into = temporalAdapters === 2 ? plain.add(h, adapt('time_in', h)) : h;
    const inside = { norm1: asTensors(norm1), attendAcross: asTensors(across) };
    close(taps.enter?.(upload(x), inside), plain.add(x, adapt('time', across(into))));
    close(taps.attnOut?.(upload(x)), plain.add(x, adapt('space', x)));
    close(taps.mlpBypass?.(upload(x), upload(h)), times(adapt('mlp', h), 0.5));
  }
});

testOnEachBackend('VPT-shallow: prompts enter before the first block and leave behind the last', () => {
  const attached = methodOf('vpt-shallow').attach(perFrame, { prompts: 2 });
  const p = Object.fromEntries(attached.parameters.map(({ name, shape }) => [name, draw(name, shape)]));
  const [first, last] = [0, 1].map((i) => attached.taps(i, lookup(p), evaluation)) as [BlockTaps, BlockTaps];
  assert.deepEqual([Object.keys(first), Object.keys(last)], [['enter'], ['exit']]);
  const x = draw('x', [2, 15, D]);
  const entered = (first.enter as unknown as (x: Tensor) => Tensor)(upload(x));
  const expected: number[] = [];
  for (let group = 0; group < 6; group++) {
    expected.push(...(p.prompts as Exact).data, ...x.data.slice(group * 5 * D, (group + 1) * 5 * D));
  }
  close(entered, exact([2, 21, D], expected));
  close(last.exit?.(entered), x);
});
