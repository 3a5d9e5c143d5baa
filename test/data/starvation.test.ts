/** Waiting for clips: the closed form, and the same out of a loader and a step that are played through in made-up time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefetch } from '../../src/data/prefetch.ts';
import { describeStarvation, type Supply, starvation } from '../../src/data/starvation.ts';
import { madeUpTime } from './made-up-time.ts';

const supply = (changed: Partial<Supply> = {}): Supply => ({ clipsPerSecond: 13, decoders: 4, cores: 16, ...changed });

test('the slower of loading and computing sets the pace', () => {
  // 8 clips take 8 / 13 s to load: 400 ms of 615.4 are computed.
  const { waiting, starves, neededClipsPerSecond, neededDecoders } = starvation(supply(), { batch: 8, stepMs: 400 });
  assert.ok(Math.abs(waiting - (1 - 0.4 / (8 / 13))) < 1e-12 && Math.abs(waiting - 0.35) < 1e-12);
  assert.ok(starves);
  // 20 clips per second at 3.25 a decoder.
  assert.deepEqual([neededClipsPerSecond, neededDecoders], [20, 7]);
  const enough = starvation(supply({ clipsPerSecond: 20 }), { batch: 8, stepMs: 400 });
  assert.deepEqual([enough.waiting, enough.starves, enough.neededDecoders], [0, false, 4]);
  assert.equal(starvation(supply({ cpuMsPerClip: 71 }), { batch: 8, stepMs: 400 }).neededCores, 2);
  assert.equal(starvation(supply(), { batch: 8, stepMs: 400 }).neededCores, undefined);
});

test('in words, with what would do', () => {
  const demand = { batch: 8, stepMs: 400 };
  assert.equal(
    describeStarvation(supply(), demand),
    '8 clips every 400 ms: the model waits 35 % of the time; needs 3 more decoders (data.decoders=7)',
  );
  assert.equal(
    describeStarvation(supply({ decoders: 2, cores: 2, cpuMsPerClip: 150 }), demand),
    '8 clips every 400 ms: the model waits 35 % of the time; needs 2 more decoders and 1 more core, or a copy that decodes faster (prepare --gop)',
  );
  assert.equal(
    describeStarvation(supply({ clipsPerSecond: 40 }), demand),
    '8 clips every 400 ms: the model does not wait; it takes 50 % of what the loader delivers',
  );
});

test('a loader played through beside a step waits as computed', async () => {
  // Each of so many decoders takes so long for a clip; batches of 8, two of them asked for ahead.
  for (const [decoders, clipMs, stepMs] of [
    [4, 300, 400],
    [1, 50, 300],
    [2, 50, 300],
    [3, 90, 100],
  ] as const) {
    const time = madeUpTime();
    const lanes = Array.from({ length: decoders }, () => Promise.resolve());
    let next = 0;
    const clip = (): Promise<void> => {
      const lane = next++ % decoders;
      lanes[lane] = (lanes[lane] as Promise<void>).then(() => time.sleep(clipMs));
      return lanes[lane] as Promise<void>;
    };
    const batches = Array.from({ length: 120 }, (_, i) => i);
    let waited = 0;
    await time.play(async () => {
      let [steps, since, began] = [0, 0, 0];
      for await (const _ of prefetch(batches, 2, () => Promise.all(Array.from({ length: 8 }, clip)))) {
        // What was loaded ahead at the start is used up by then.
        if (++steps === 40) [waited, began] = [0, since];
        waited += time.now() - since;
        await time.sleep(stepMs);
        since = time.now();
        if (steps === 100) break;
      }
      waited /= since - began;
    });
    const clipsPerSecond = (1000 * decoders) / clipMs;
    const computed = starvation({ clipsPerSecond, decoders, cores: 8 }, { batch: 8, stepMs }).waiting;
    assert.ok(Math.abs(waited - computed) < 0.02, `${decoders} × ${clipMs} ms: ${waited}, computed ${computed}`);
  }
});
