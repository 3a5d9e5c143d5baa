import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DATASETS } from '../../datasets/index.ts';

test('every data set states what a person needs to begin', () => {
  assert.equal(new Set(DATASETS.map((dataset) => dataset.name)).size, DATASETS.length);
  for (const dataset of DATASETS) {
    assert.match(dataset.name, /^[a-z][a-z0-9]*$/);
    if (dataset.name === 'folder') continue;
    assert.match(dataset.homepage, /^https:\/\//, dataset.name);
    assert.ok(dataset.archives, dataset.name);
    assert.deepEqual(dataset.options, ['annotations'], dataset.name);
    assert.ok(
      dataset.official.every(({ entries }) => entries > 1000),
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
});
