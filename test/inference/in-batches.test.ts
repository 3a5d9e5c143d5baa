import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inBatches } from '../../src/inference/in-batches.ts';

async function* numbers(count: number, pauseMs: (i: number) => number = () => 0): AsyncGenerator<number, string> {
  for (let i = 0; i < count; i++) {
    if (pauseMs(i) > 0) await sleep(pauseMs(i));
    yield i;
  }
  return 'the end';
}

async function all(source: AsyncGenerator<number, string>, most: number, patienceMs: number, workMs = 0) {
  const batches: number[][] = [];
  const reader = inBatches(source, { most, patienceMs });
  for (;;) {
    const next = await reader.next();
    if (next.done) return { batches, end: next.value };
    batches.push(next.value);
    if (workMs > 0) await sleep(workMs);
  }
}

test('a fast source gives full batches and a rest, in order, and its end', async () => {
  const { batches, end } = await all(numbers(7), 3, 1000);
  assert.deepEqual(batches, [[0, 1, 2], [3, 4, 5], [6]]);
  assert.equal(end, 'the end');
  assert.deepEqual(await all(numbers(0), 3, 1000), { batches: [], end: 'the end' });
});

test('an item of a slow source waits no longer than the patience', async () => {
  const { batches } = await all(
    numbers(4, (i) => (i % 2 === 0 ? 0 : 120)),
    8,
    30,
  );
  assert.deepEqual(batches, [[0], [1, 2], [3]]);
});

test('while a batch is worked on, one more is read ahead and no more', async () => {
  let read = 0;
  async function* counted(): AsyncGenerator<number, string> {
    for (let i = 0; i < 20; i++) {
      read++;
      yield i;
    }
    return '';
  }
  const batches = inBatches(counted(), { most: 3, patienceMs: 1000 });
  await batches.next();
  await sleep(20);
  assert.equal(read, 6);
  await batches.return('');
  await sleep(20);
  assert.ok(read <= 7);
});

test('a failure comes behind the items before it', async () => {
  const reason = new Error('broken');
  async function* failing(): AsyncGenerator<number, string> {
    yield* [1, 2, 3];
    throw reason;
  }
  const seen: number[][] = [];
  await assert.rejects(async () => {
    for await (const batch of inBatches(failing(), { most: 2, patienceMs: 1000 })) seen.push(batch);
  }, reason);
  assert.deepEqual(seen, [[1, 2], [3]]);
});
