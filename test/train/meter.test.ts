import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { meter } from '../../src/train/meter.ts';

let now = 0;
beforeEach(() => {
  now = 1000;
  mock.method(performance, 'now', () => now);
});
afterEach(() => mock.restoreAll());

const pass = (ms: number): void => {
  now += ms;
};
const near = (seen: number, wanted: number): void =>
  assert.ok(Math.abs(seen - wanted) < 1e-12, `${seen}, not ${wanted}`);

test('waiting is what passes before a batch is there, not the update, its metrics or its checkpoint', () => {
  const { start, waits, arrived, computed, read } = meter();
  pass(777);
  start();
  for (let i = 0; i < 3; i++) {
    pass(100);
    arrived();
    pass(300);
    computed(8, 2);
    pass(400);
    waits();
  }
  // Batches of 400, 800 and 800 ms: the last update is not followed by a batch yet.
  near(read().clipsPerSecond, 24 / 2);
  near(read().waiting, 300 / 2000);
});

test('a new start leaves out what lay before it', () => {
  const { start, arrived, computed, read } = meter();
  start();
  arrived();
  pass(500);
  computed(1, 1);
  pass(60_000);
  start();
  pass(250);
  arrived();
  pass(250);
  computed(3, 2);
  near(read().clipsPerSecond, 4);
  near(read().waiting, 0.25);
  near(read().loss, 1.5);
});

test('after 20 batches the newest counts for a twentieth', () => {
  const { start, arrived, computed, read } = meter();
  start();
  const seen = (ms: number, loss: number): void => {
    arrived();
    pass(ms);
    computed(2, loss);
  };
  for (let i = 0; i < 20; i++) seen(100, 1);
  near(read().loss, 1);
  seen(300, 3);
  near(read().loss, 1 + 2 * 0.05);
  near(read().clipsPerSecond, 2 / 0.11);
});
