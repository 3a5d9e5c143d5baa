import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Listed, planDecoding, type Start } from '../../../src/video/library/plan.ts';

/** Packets with these times, the first a key frame. */
const packets = (...times: (number | undefined)[]): Listed[] =>
  times.map((pts, i) => ({ pts, key: i === 0, discard: false }));

/** x264's order with a B-frame that others refer to: I P B b b, P B b b. */
const REORDERED = packets(0, 4, 2, 1, 3, 8, 6, 5, 7);

const plan = (listed: readonly Listed[], wanted: number[], start?: Start) => {
  const made = planDecoding(listed, wanted, start);
  return made && { frames: [...made.frames], last: made.last };
};

test('a frame is the rank of its time, and decoding ends with the last packet of a frame wanted', () => {
  assert.deepEqual(plan(REORDERED, [1, 3]), {
    frames: [
      [1, 1],
      [3, 3],
    ],
    last: 4,
  });
  assert.deepEqual(plan(REORDERED, [4]), { frames: [[4, 4]], last: 1 });
  const uneven = packets(0, 900, 100, 101, 5000);
  assert.deepEqual(plan(uneven, [2, 4]), {
    frames: [
      [101, 2],
      [5000, 4],
    ],
    last: 4,
  });
});

test('behind a seek, ranks begin with the first packet not before its time', () => {
  const open = packets(40, 38, 39, 44, 42);
  assert.deepEqual(plan(open, [100, 101], { frame: 100, time: 39.75 }), {
    frames: [
      [40, 100],
      [42, 101],
    ],
    last: 4,
  });
  const early = packets(0, 10, 20, 30, 40);
  assert.deepEqual(plan(early, [3], { frame: 2, time: 17.5 }), { frames: [[30, 3]], last: 3 });
});

test('where times do not tell, there is no plan', () => {
  const first = REORDERED[0] as Listed;
  assert.equal(plan([], [0]), undefined);
  assert.equal(plan(packets(0, undefined, 2), [0]), undefined);
  assert.equal(plan(packets(0, 1, 1), [0]), undefined);
  assert.equal(plan(packets(2, 1, 3), [0]), undefined, 'a picture before the first key frame');
  assert.equal(plan([{ ...first, key: false }, ...REORDERED.slice(1)], [0]), undefined);
  assert.equal(plan([...REORDERED.slice(0, 8), { ...first, pts: 7, discard: true }], [0]), undefined);
  assert.equal(plan(REORDERED, [9]), undefined, 'more frames than packets');
});
