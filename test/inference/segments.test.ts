import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Segment, segments } from '../../src/inference/segments.ts';
import type { WindowAnswer } from '../../src/inference/windows.ts';

const answer = (start: number, label: number, probability: number, timed = true): WindowAnswer => ({
  ...{ start, end: start + 60 },
  ...(timed && { startSeconds: start / 16, endSeconds: (start + 60) / 16, timing: 'presentation' as const }),
  top: [
    { class: `c${label}`, label, probability },
    { class: 'other', label: 9, probability: 1 - probability },
  ],
});

async function segmentsOf(answers: readonly WindowAnswer[]): Promise<Segment[]> {
  const found: Segment[] = [];
  async function* given() {
    yield* answers;
  }
  for await (const segment of segments(given())) found.push(segment);
  return found;
}

test('windows with one best class are one segment; boundaries lie half-way between centres', async () => {
  const found = await segmentsOf([answer(0, 1, 0.5), answer(8, 1, 0.75), answer(16, 2, 0.9), answer(24, 1, 0.6)]);
  const timing = 'presentation';
  assert.deepEqual(found, [
    // The centres 38 and 46 have 42 between them.
    {
      ...{ start: 0, end: 42, startSeconds: 0, endSeconds: 2.625, timing },
      ...{ class: 'c1', label: 1, probability: 0.625, windows: 2 },
    },
    {
      ...{ start: 42, end: 50, startSeconds: 2.625, endSeconds: 3.125, timing },
      ...{ class: 'c2', label: 2, probability: 0.9, windows: 1 },
    },
    {
      ...{ start: 50, end: 84, startSeconds: 3.125, endSeconds: 5.25, timing },
      ...{ class: 'c1', label: 1, probability: 0.6, windows: 1 },
    },
  ]);
});

test('without times there are frames; without windows no segment', async () => {
  const found = await segmentsOf([answer(0, 1, 0.5, false), answer(64, 2, 0.5, false)]);
  assert.deepEqual(found[0], { start: 0, end: 62, class: 'c1', label: 1, probability: 0.5, windows: 1 });
  assert.deepEqual(found[1], { start: 62, end: 124, class: 'c2', label: 2, probability: 0.5, windows: 1 });
  assert.deepEqual(await segmentsOf([]), []);
});
