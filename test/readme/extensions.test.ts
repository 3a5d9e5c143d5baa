/** The method and the data set that the README writes as examples, at work. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { classifier } from '../../src/petl/classifier.ts';
import { scalar } from '../../src/tensor/host.ts';
import { tinyVit } from '../model/tiny-vit.ts';
import { batchInputs, bytesOf, head, openTiny, startOf, tinyModel } from '../petl/tiny-model.ts';
import { kitchen } from './kitchen.ts';
import { mlpScale } from './mlp-scale.ts';

test('the method of the README starts as the backbone does, and trains what it says', async () => {
  const model = classifier(tinyVit, mlpScale.attach(tinyVit, { blocks: [1] }), head);
  const names = model.trained.map(({ name }) => name);
  assert.ok(names.includes('blocks.1.mlpscale') && !names.includes('blocks.0.mlpscale'));
  const clips = bytesOf(model, 6);
  const plain = tinyModel(tinyVit, 'linear');
  const bare = await openTiny(plain, startOf(plain));
  const run = await openTiny(model, startOf(model));
  assert.deepEqual((await run.logits(clips)).data, (await bare.logits(clips)).data);
  await run.gradients.run(batchInputs(model, clips, 0, 6, 1));
  await run.apply.run({ lr: scalar(0.2) });
  const { 'blocks.1.mlpscale': scale } = await run.session.read(['blocks.1.mlpscale']);
  assert.equal(scale?.data.length, tinyVit.width);
  assert.ok([...(scale?.data ?? [])].every((value) => value !== 1 && Math.abs(value - 1) < 0.5));
  for (const { session } of [bare, run]) session.dispose();
});

test('the data set of the README reads its list, and names what is wrong with it', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'petl-kitchen-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(path.join(folder, 'videos'));
  await writeFile(path.join(folder, 'videos', 'a.mp4'), '');
  await assert.rejects(kitchen.list(folder, {}), /found no labels\.csv[\s\S]*https:\/\/example\.org\/kitchen/);
  const list = path.join(folder, 'labels.csv');
  await writeFile(list, 'video,gesture,split\nvideos/a,stir,train\nvideos/b,cut,test\n');
  const { classes, splits } = await kitchen.list(folder, {});
  assert.deepEqual(classes, ['cut', 'pour', 'stir']);
  assert.deepEqual(splits, [
    { name: 'train', entries: [{ id: 'videos/a', file: 'videos/a.mp4', label: 2 }] },
    { name: 'test', entries: [{ id: 'videos/b', file: 'videos/b.mp4', label: 0 }] },
  ]);
  await writeFile(list, 'video,gesture,split\nvideos/a,sitr,train\n');
  await assert.rejects(kitchen.list(folder, {}), { kind: 'data', what: "'sitr' is no gesture", at: `${list}:2` });
});
