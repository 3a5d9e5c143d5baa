/** What holds for the methods that a Swin Transformer can carry. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { blockShapes, blockTokens } from '../../src/model/backbone.ts';
import { NORMALIZATIONS } from '../../src/model/options.ts';
import { SWIN_SIZES, type SwinOptions } from '../../src/model/swin/options.ts';
import { writeWeights } from '../../src/model/weights-file.ts';
import { methodOf } from '../../src/petl/index.ts';
import { parameterReport, parameterText } from '../../src/petl/parameter-report.ts';
import { startingValues } from '../../src/petl/starting-values.ts';
import { type HostTensor, scalar } from '../../src/tensor/host.ts';
import { countParameters } from '../../src/tensor/parameters.ts';
import { tinySwin } from '../model/swin/tiny-swin.ts';
import { tinyImageVit } from '../model/tiny-vit.ts';
import { assertClose } from '../tensor/exact.ts';
import { batchInputs, bytesOf, openTiny, startOf, tinyModel } from './tiny-model.ts';

const SWIN_B: SwinOptions = {
  ...SWIN_SIZES.base,
  frames: 1,
  size: 224,
  patch: 4,
  window: 7,
  dropPath: 0,
  normalization: NORMALIZATIONS.imagenet,
};

for (const [method, options] of [
  ['linear', {}],
  ['adaptformer', { bottleneck: 4, dropout: 0.1 }],
  ['adaptformer', { bottleneck: 4, position: 'sequential', blocks: [1, 3] }],
  ['arc', { bottleneck: 3 }],
  ['arc-att', { bottleneck: 3 }],
  ['convpass', { bottleneck: 3 }],
  ['adapter', { variant: 'pfeiffer', bottleneck: 3 }],
  ['bitfit', {}],
  ['full', {}],
] as const) {
  test(`${method} ${JSON.stringify(options)} on a Swin: all that is trained moves, nothing else, and it merges`, async () => {
    const model = tinyModel({ ...tinySwin, dropPath: 0.1 }, method, options);
    const start = startOf(model);
    const run = await openTiny(model, start);
    const clips = bytesOf(model, 6);
    for (let step = 0; step < 3; step++) {
      await run.gradients.run(batchInputs(model, clips, 0, 6, 1, step));
      await run.apply.run({ lr: scalar(0.5) });
    }
    const names = [...model.frozen, ...model.trained, ...model.buffers].map(({ name }) => name);
    const after = await run.session.read(names);
    const still = names.filter((name) => `${start[name]?.data}` === `${after[name]?.data}`);
    const frozen = model.frozen.map(({ name }) => name);
    // What the last norm adds, the head's BatchNorm takes out again.
    assert.deepEqual(
      still.filter((name) => frozen.includes(name) || (name !== 'norm.bias' && !model.isUnreached(name))),
      frozen,
    );

    const merge = methodOf(method).attach(model.backbone, options).merge;
    if (merge === undefined) return;
    const shown = bytesOf(model, 2, 9);
    const expected = (await run.logits(shown)).data;
    const plain = tinyModel(model.backbone, 'linear');
    const merged = { ...after, ...merge(after) };
    const needed = [...plain.frozen, ...plain.trained, ...plain.buffers].map(({ name }) => name);
    const again = await openTiny(plain, Object.fromEntries(needed.map((name) => [name, merged[name] as HostTensor])));
    assertClose((await again.logits(shown)).data, expected, 1e-4);
  });
}

test('the blocks of Swin-B as methods see them', () => {
  const shapes = blockShapes(SWIN_B);
  assert.equal(shapes.length, 24);
  const of = (i: number) => {
    const { width, hidden, stage, groups, prefix, grid } = shapes[i] as (typeof shapes)[0];
    return [width, hidden, stage, groups, prefix, grid.time, grid.rows, grid.columns];
  };
  assert.deepEqual([0, 1, 2, 3, 4, 21, 22, 23].map(of), [
    ...Array(2).fill([128, 512, 0, 1, 0, 1, 56, 56]),
    ...Array(2).fill([256, 1024, 1, 1, 0, 1, 28, 28]),
    ...Array(2).fill([512, 2048, 2, 1, 0, 1, 14, 14]),
    ...Array(2).fill([1024, 4096, 3, 1, 0, 1, 7, 7]),
  ]);
  assert.deepEqual(
    [0, 23].map((i) => blockTokens(shapes[i] as (typeof shapes)[0])),
    [3136, 49],
  );
});

test('what is trained of Swin-B', () => {
  const text = (method: string, options: object = {}): string =>
    parameterText(parameterReport(tinyModel(SWIN_B, method, options, { classes: 100 })));
  assert.equal(text('linear'), 'trained 102,500 of 86,845,724 parameters (0.12 %): head 102,500');
  // Widths of all blocks: 2 · (128 + 256 + 1024) + 18 · 512 = 12,032.
  const adapters = 12_032 * (2 * 8 + 1) + 24 * 8;
  assert.match(
    text('adaptformer', { bottleneck: 8 }),
    new RegExp(`adaptmlp ${adapters.toLocaleString('en-US')}, head`),
  );
  // The counts of the papers' programs.
  const added = (method: string): number => countParameters(methodOf(method).attach(SWIN_B, {}).parameters);
  assert.deepEqual(['arc', 'arc-att', 'convpass'].map(added), [218_464, 109_232, 437_504]);
  assert.match(text('full'), /^trained 86,845,724 of 86,845,724 parameters \(100\.00 %\).* merges 2,759,680/);
});

test('weights of a Swin: taken whole; other windows or a ViT are refused, with what the file has', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'swin-'));
  try {
    const model = tinyModel(tinySwin, 'linear');
    const start = startOf(model);
    const file = path.join(folder, 'swin.safetensors');
    const { width, depths, heads, patch, window, mlpRatio } = tinySwin;
    await writeWeights(
      file,
      new Map(model.frozen.map(({ name, shape }) => [name, { shape, dtype: 'float32' as const }])),
      async (name) => start[name] as HostTensor,
      {
        layout: 'swin-official',
        vit: { width, depths, heads, patch, window, mlpRatio },
        source: 'made-up.pth',
        sourceSha256: '0'.repeat(64),
        missing: [],
      },
    );
    const { loaded, unused, tensors } = await startingValues(model, file, 1);
    assert.deepEqual([loaded.length, unused], [model.frozen.length, []]);
    assert.deepEqual(tensors['merges.0.reduction.weight'], start['merges.0.reduction.weight']);

    const wide = tinyModel({ ...tinySwin, window: 4 }, 'linear');
    await assert.rejects(startingValues(wide, file, 1), (error) => {
      assert.match((error as Error).message, /a Swin Transformer with windows of 2 × 2 tokens, not 4 × 4/);
      assert.match((error as Error).message, /have 9 rows, and are not resized.*set backbone\.window 2/s);
      return true;
    });
    const vit = tinyModel(tinyImageVit, 'linear');
    await assert.rejects(startingValues(vit, file, 1), /of a Swin Transformer, not of a ViT.*backbone\.model swin/s);
    const heavy = tinyModel({ ...tinySwin, heads: [4, 4] }, 'linear');
    await assert.rejects(startingValues(heavy, file, 1), /relative_position_bias_table is \[9,2\], not \[9,4\]/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a method that is defined on a plain ViT says so', () => {
  assert.throws(() => tinyModel(SWIN_B, 'vpt-deep'), /'vpt-deep' is defined on a plain ViT, not on a Swin Transformer/);
  assert.throws(() => tinyModel(SWIN_B, 'adaptformer', { blocks: [24] }), /names block 24.*blocks 0 to 23/);
});
