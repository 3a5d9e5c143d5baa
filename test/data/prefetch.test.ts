import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { prefetch } from '../../src/data/prefetch.ts';

/** Makes of 0, 1, 2, … that are finished by hand. */
function makes() {
  const running = new Map<number, { resolve: (value: number) => void; reject: (error: Error) => void }>();
  const started: number[] = [];
  return {
    started,
    make: (item: number) => {
      started.push(item);
      return new Promise<number>((resolve, reject) => running.set(item, { resolve, reject }));
    },
    finish: (item: number) => running.get(item)?.resolve(item * 10),
    fail: (item: number) => running.get(item)?.reject(new Error(`item ${item}`)),
  };
}

test('results come in order, however their makes end', async () => {
  const waits = [30, 1, 15, 1, 5];
  const results: number[] = [];
  for await (const value of prefetch(waits.keys(), 3, async (i) => {
    await sleep(waits[i] as number);
    return i;
  })) {
    results.push(value);
  }
  assert.deepEqual(results, [0, 1, 2, 3, 4]);
});

test('as many makes run ahead as asked for, and no more', async () => {
  const { started, make, finish } = makes();
  const results = prefetch([0, 1, 2, 3, 4, 5], 2, make);
  const first = results.next();
  assert.deepEqual(started, [0, 1]);
  finish(1);
  await sleep(1);
  assert.deepEqual(started, [0, 1], 'a make that ended early keeps its place');
  finish(0);
  assert.deepEqual(await first, { done: false, value: 0 });
  assert.deepEqual(started, [0, 1, 2], 'one more while the consumer works');
  assert.deepEqual(await results.next(), { done: false, value: 10 });
  assert.deepEqual(started, [0, 1, 2, 3]);
  finish(2);
  finish(3);
  await results.return(undefined);
});

test('ahead below 1 still makes one at a time', async () => {
  const results: number[] = [];
  for await (const value of prefetch([1, 2, 3], 0, async (i) => i)) results.push(value);
  assert.deepEqual(results, [1, 2, 3]);
  for await (const _ of prefetch([], 4, async (i) => i)) assert.fail('nothing to make');
});

test('a failure is thrown in its turn, after the results before it and once the others have ended', async () => {
  const { started, make, finish, fail } = makes();
  const results = prefetch([0, 1, 2, 3, 4], 3, make);
  const first = results.next();
  fail(1);
  finish(0);
  assert.equal((await first).value, 0);
  let settled = false;
  const second = results.next().finally(() => {
    settled = true;
  });
  second.catch(() => {});
  await sleep(5);
  assert.equal(settled, false, 'items 2 and 3 are under way');
  finish(2);
  fail(3);
  await assert.rejects(second, /item 1/);
  assert.deepEqual(started, [0, 1, 2, 3], 'nothing is started after a failure');
  assert.deepEqual(await results.next(), { done: true, value: undefined });
});

test('a consumer that stops early waits for what is under way', async () => {
  const { started, make, finish } = makes();
  const results = prefetch([0, 1, 2, 3], 2, make);
  const first = results.next();
  finish(0);
  await first;
  let stopped = false;
  const stopping = results.return(undefined).then(() => {
    stopped = true;
  });
  await sleep(5);
  assert.equal(stopped, false);
  finish(1);
  finish(2);
  await stopping;
  assert.deepEqual(started, [0, 1, 2]);
});

test('an abort is thrown at once, and what is under way is not awaited', async () => {
  const controller = new AbortController();
  const { started, make, finish } = makes();
  const results = prefetch([0, 1, 2, 3], 2, make, controller.signal);
  const first = results.next();
  finish(0);
  assert.deepEqual(await first, { done: false, value: 0 });
  const second = results.next();
  const reason = new Error('stopped by hand');
  controller.abort(reason);
  await assert.rejects(second, (thrown) => thrown === reason);
  assert.deepEqual(await results.next(), { done: true, value: undefined });
  assert.deepEqual(started, [0, 1, 2]);
  await assert.rejects(prefetch([5], 1, make, controller.signal).next(), (thrown) => thrown === reason);
});
