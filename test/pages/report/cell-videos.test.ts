import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellVideos } from '../../../src/pages/report/cell-videos.ts';
import { madeResults } from './made-report.ts';

const predictions = madeResults({ classes: ['a', 'b'], videos: 1000, failsEvery: 100 }).predictions ?? [];

test('every video is in its cell, the surest first', () => {
  const { cells, complete, most } = cellVideos(predictions, 2, 1e6);
  assert.equal(
    cells.reduce((sum, [, , count]) => sum + count, 0),
    1000,
  );
  assert.ok(!complete && most === 100);
  for (const [truth, predicted, count, videos] of cells) {
    assert.equal(videos.length, Math.min(count, most), `${truth} taken for ${predicted}`);
    const scores = videos.map(([, score]) => score);
    assert.deepEqual(
      scores,
      predicted === 2 ? videos.map(() => null) : [...scores].sort((a, b) => (b ?? 0) - (a ?? 0)),
    );
  }
});

test('lists are shortened to keep to the bytes, and counts stay', () => {
  const { cells, most } = cellVideos(predictions, 2, 2000);
  assert.ok(JSON.stringify(cells).length < 2200, `${JSON.stringify(cells).length}`);
  assert.equal(most, 10);
  assert.equal(
    cells.reduce((sum, [, , count]) => sum + count, 0),
    1000,
  );
  assert.ok(cellVideos(predictions.slice(0, 5), 2, 1e6).complete);
});
