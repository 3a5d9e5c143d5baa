import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Loader } from '../../src/data/loader.ts';
import { measureTraining, measureViews } from '../../src/data/measure-loader.ts';
import { updatesOf } from '../../src/data/order.ts';
import { madeUpTime } from './made-up-time.ts';

const epoch = { entries: 10, batch: 4, accumulate: 1, dropLast: true };

test('the speed of training batches: what comes when all that was asked for at once is there', async () => {
  const time = madeUpTime();
  const asked: [number[], number][] = [];
  // The first batch takes a second more, as long as processes take to start; later ones 200 ms, one after the other.
  let queue = Promise.resolve();
  const loader: Loader = {
    trainBatch: (split, entries, number) => {
      assert.equal(split, 'train');
      asked.push([[...entries], number]);
      const ms = asked.length === 1 ? 1200 : 200;
      queue = queue.then(() => time.sleep(ms));
      const replaced = asked.length === 8 ? [{ entry: 1, id: 'x', reason: 'broken', by: 2 }] : [];
      return queue.then(() => ({
        clips: new Uint8Array(0),
        labels: new Int32Array(entries.length),
        replaced,
        release: () => {},
      }));
    },
    views: () => Promise.reject(new Error('not asked for')),
    close: async () => {},
  };
  const seen: number[] = [];
  const options = {
    split: 'train',
    epoch,
    seed: 5,
    ahead: 2,
    seconds: 2,
    now: time.now,
    onProgress: (clips: number) => seen.push(clips),
  } as const;
  const { firstMs, items, clips, seconds, failed } = await time.play(() => measureTraining(loader, options));
  assert.equal(firstMs, 1200);
  assert.deepEqual([items, clips, failed], [10, 40, 1]);
  assert.ok(Math.abs(seconds - 2) < 1e-9);
  assert.equal(clips / seconds, 20);
  assert.deepEqual(seen.slice(0, 3), [4, 8, 12]);
  // The epochs of a run with that seed, one after the other.
  const expected = [0, 1, 2].flatMap((number) =>
    updatesOf(epoch, 5, number)
      .flat()
      .map((batch) => [[...batch], number]),
  );
  assert.deepEqual(asked.slice(0, 6), expected);
  const short = await madeUp((time2) =>
    measureTraining(steady(time2, 100), { ...options, now: time2.now, most: 12, onProgress: () => {} }),
  );
  assert.deepEqual([short.items, short.clips], [3, 12]);
});

test('the speed of views: videos that fail are counted, and bring no clips', async () => {
  const { items, clips, failed, seconds } = await madeUp((time) =>
    measureViews(steady(time, 50), {
      split: 'validation',
      entries: 4,
      views: { segments: 2, crops: 3 },
      ahead: 1,
      seconds: 1,
      now: time.now,
    }),
  );
  assert.deepEqual([items, failed, clips], [20, 5, 15 * 6]);
  assert.ok(Math.abs(seconds - 1) < 1e-9);
});

test('what the loader throws ends the measurement', async () => {
  const loader = { ...steady(madeUpTime(), 1), trainBatch: () => Promise.reject(new Error('the disk failed')) };
  await assert.rejects(
    measureTraining(loader, { split: 'train', epoch, seed: 0, ahead: 2, seconds: 1 }),
    /the disk failed/,
  );
  const stopped = AbortSignal.abort(new Error('enough'));
  const never = { ...loader, trainBatch: () => new Promise<never>(() => {}) };
  await assert.rejects(
    measureTraining(never, { split: 'train', epoch, seed: 0, ahead: 2, seconds: 1, signal: stopped }),
    /enough/,
  );
});

const madeUp = <T>(work: (time: ReturnType<typeof madeUpTime>) => Promise<T>): Promise<T> => {
  const time = madeUpTime();
  return time.play(() => work(time));
};

/** One after the other, so long each; the last of four videos has no views. */
function steady(time: ReturnType<typeof madeUpTime>, ms: number): Loader {
  let queue = Promise.resolve();
  const next = (): Promise<void> => {
    queue = queue.then(() => time.sleep(ms));
    return queue;
  };
  return {
    trainBatch: (_, entries) =>
      next().then(() => ({
        clips: new Uint8Array(0),
        labels: new Int32Array(entries.length),
        replaced: [],
        release: () => {},
      })),
    views: (_, entry) =>
      next().then(() => (entry === 3 ? { failure: 'broken' } : { clips: new Uint8Array(0), release: () => {} })),
    close: async () => {},
  };
}
