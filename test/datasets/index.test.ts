import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DATASETS } from '../../datasets/index.ts';

test('every data set states what a person needs to begin', () => {
  assert.equal(new Set(DATASETS.map((dataset) => dataset.name)).size, DATASETS.length);
  for (const dataset of DATASETS) {
    assert.match(dataset.name, /^[a-z][a-z0-9]*$/);
    if (dataset.name === 'folder') continue;
    // Two of them still have no encrypted page.
    const plain = ['svhn', 'svhnextra', 'dogs120'].includes(dataset.name);
    assert.match(dataset.homepage, plain ? /^http:\/\// : /^https:\/\//, dataset.name);
    assert.ok(dataset.archives ?? dataset.arrays ?? dataset.tasks, dataset.name);
    if (dataset.media !== 'images') assert.deepEqual(dataset.options, ['annotations'], dataset.name);
    assert.ok(
      dataset.official.every(({ entries }) => entries >= 600),
      dataset.name,
    );
    assert.equal(dataset.sampling.stride === undefined, dataset.sampling.kind === 'segments', dataset.name);
  }
});

test('the official counts are those of the data sets’ makers', () => {
  const total = (name: string) => {
    const dataset = DATASETS.find((one) => one.name === name);
    return [dataset?.classes, dataset?.official.reduce((sum, { entries }) => sum + entries, 0)];
  };
  assert.deepEqual(total('ssv2'), [174, 220_847]);
  assert.deepEqual(total('hmdb51'), [51, 3 * 5100]);
  assert.deepEqual(total('ucf101'), [101, 3 * 13_320]);
  assert.deepEqual(total('kinetics600'), [600, 495_546]);
  assert.deepEqual(total('kinetics700'), [700, 650_317]);
  assert.deepEqual(total('cifar100'), [100, 60_000]);
  assert.deepEqual(total('svhn'), [10, 99_289]);
  assert.deepEqual(total('svhnextra'), [10, 630_420]);
  assert.deepEqual(total('food101'), [101, 101_000]);
  // Training and validation count twice: as themselves and as trainval.
  assert.deepEqual(total('cub200'), [200, 2 * 5994 + 5794]);
  assert.deepEqual(total('nabirds'), [555, 2 * 23_929 + 24_633]);
  assert.deepEqual(total('flowers102'), [102, 2 * 2040 + 6149]);
  assert.deepEqual(total('dogs120'), [120, 2 * 12_000 + 8580]);
  assert.deepEqual(total('cars196'), [196, 2 * 8144 + 8041]);
});
