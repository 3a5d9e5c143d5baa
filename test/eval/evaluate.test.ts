import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EntryViews, Loader } from '../../src/data/loader.ts';
import type { Entry, Verdict } from '../../src/data/manifest.ts';
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { Session } from '../../src/engine/engine.ts';
import { type EvaluateOptions, type Evaluation, evaluate } from '../../src/eval/evaluate.ts';
import { fuseViews, rankOf } from '../../src/eval/metrics.ts';
import { evaluateStep } from '../../src/eval/step.ts';
import { type HostTensor, uint8 } from '../../src/tensor/host.ts';
import { rng } from '../../src/tensor/random.ts';
import { trainingState } from '../../src/train/steps.ts';
import { tinyVit } from '../model/tiny-vit.ts';
import { plainSgd, startOf, tinyModel } from '../petl/tiny-model.ts';

const model = tinyModel(tinyVit, 'linear', {}, { classes: 7 });
const CLIP = 2 * 8 * 8 * 3;
const views = { segments: 2, crops: 2 };

function entriesOf(...verdicts: Verdict[]): Entry[] {
  return verdicts.map((verdict, i) => ({
    id: `v${i}`,
    file: `v${i}.mp4`,
    label: i % 7,
    frames: 9,
    width: 8,
    height: 8,
    fps: 25,
    verdict,
    ...(verdict === 'unreadable' ? { reason: 'moov atom not found' } : {}),
  }));
}

const viewOf = (entry: number, view: number): Uint8Array => {
  const random = rng(1, 'view', entry, view);
  return Uint8Array.from({ length: CLIP }, () => random.integer(256));
};

/** @param failing entries whose views fail */
function loaderOf(asked: number[], failing: readonly number[] = []): Loader {
  return {
    trainBatch: () => assert.fail('evaluation asked for a training batch'),
    async views(split, entry, { segments, crops }): Promise<EntryViews> {
      assert.equal(split, 'validation');
      asked.push(entry);
      if (failing.includes(entry)) return { failure: 'the decoder stopped' };
      const clips = Array.from({ length: segments * crops }, (_, view) => viewOf(entry, view));
      return { clips: Uint8Array.from(Buffer.concat(clips)), release: () => {} };
    },
    async close() {},
  };
}

async function opened(): Promise<Session> {
  const session = await cpuEngine().open(trainingState(model, plainSgd));
  await session.load(startOf(model));
  return session;
}

async function run(
  entries: readonly Entry[],
  changed: Partial<EvaluateOptions> = {},
  failing: number[] = [],
  asked: number[] = [],
): Promise<Evaluation> {
  const session = await opened();
  try {
    return await evaluate(session, model, loaderOf(asked, failing), {
      split: 'validation',
      entries,
      views,
      fusion: 'softmax',
      batch: 3,
      ahead: 2,
      ...changed,
    });
  } finally {
    session.dispose();
  }
}

/** Logits of one view, alone in its batch. */
async function alone(session: Session, entry: number, view: number): Promise<Float32Array> {
  const step = await session.compile(evaluateStep(model, 1));
  const { logits } = await step.run({ clips: uint8([1, 2, 8, 8, 3], viewOf(entry, view)) });
  return (logits as HostTensor).data as Float32Array;
}

const five = entriesOf('ok', 'damaged', 'ok', 'ok', 'ok');

test('every view of every video goes through the model once, and each video gets its own views', async () => {
  const asked: number[] = [];
  const progress: [number, number][] = [];
  const result = await run(five, { onProgress: (done, total) => progress.push([done, total]) }, [], asked);
  assert.deepEqual(asked, [0, 1, 2, 3, 4]);
  const session = await opened();
  let [right, inFive, rightViews] = [0, 0, 0];
  for (const [i, { entry, scores, rank, rightViews: own }] of result.predictions.entries()) {
    assert.equal(entry, five[i]);
    const logits = await Promise.all([0, 1, 2, 3].map((view) => alone(session, i, view)));
    const fused = fuseViews(logits, 'softmax');
    assert.deepEqual(scores, fused);
    assert.equal(rank, rankOf(fused, entry.label));
    assert.equal(own, logits.filter((view) => rankOf(view, entry.label) === 0).length);
    right += Number(rank === 0);
    inFive += Number(rank < 5);
    rightViews += own;
  }
  assert.deepEqual(
    [result.top1, result.top5, result.viewTop1, result.counted, result.missing, result.k],
    [right / 5, inFive / 5, rightViews / 20, 5, 0, 5],
  );
  assert.ok(inFive > 0 && inFive < 5, `${inFive}`);
  assert.deepEqual(result.failed, []);
  assert.deepEqual(progress.at(-1), [5, 5]);
  session.dispose();
});

test('features are the mean over the views, clips are shown before they are given back', async () => {
  const shown: [string, number][] = [];
  const { predictions } = await run(entriesOf('ok', 'ok', 'missing', 'ok'), {
    features: true,
    onClips: ({ id }, clips) => shown.push([id, clips.length]),
  });
  assert.deepEqual(
    shown,
    ['v0', 'v1', 'v3'].map((id) => [id, 4 * CLIP]),
  );
  const session = await opened();
  const step = await session.compile(evaluateStep(model, 1));
  for (const [i, { features }] of predictions.entries()) {
    const views: Float32Array[] = [];
    for (const view of [0, 1, 2, 3]) {
      const { features: row } = await step.run({ clips: uint8([1, 2, 8, 8, 3], viewOf(i === 2 ? 3 : i, view)) });
      views.push((row as HostTensor).data as Float32Array);
    }
    const sum = views.reduce((all, view) => all.map((x, d) => x + (view[d] as number)), new Float64Array(8));
    assert.deepEqual([...(features as Float32Array)].slice(0, 8), [...Float32Array.from(sum, (x) => x / 4)]);
  }
  session.dispose();
});

test('neither the batch nor the padding of the last one changes a result', async () => {
  const expected = await run(five);
  for (const batch of [1, 4, 7, 32])
    assert.deepEqual(await run(five, { batch, ahead: batch }), expected, `batch ${batch}`);
});

test('what is missing is left out and counted; what cannot be read counts as wrong and is listed in its place', async () => {
  const entries = entriesOf('missing', 'ok', 'unreadable', 'ok', 'missing', 'ok', 'ok');
  const asked: number[] = [];
  const result = await run(entries, {}, [3], asked);
  assert.deepEqual(asked, [1, 3, 5, 6]);
  assert.deepEqual([result.counted, result.missing], [5, 2]);
  assert.deepEqual([result.listed, result.unreadable, result.undecoded, result.damaged], [7, 1, 1, 0]);
  assert.deepEqual(result.failed, [
    { id: 'v2', reason: 'moov atom not found' },
    { id: 'v3', reason: 'the decoder stopped' },
  ]);
  assert.deepEqual(
    result.predictions.map(({ entry, rank, scores }) => [entry.id, scores === undefined ? rank : 'scored']),
    [
      ['v1', 'scored'],
      ['v2', 7],
      ['v3', 7],
      ['v5', 'scored'],
      ['v6', 'scored'],
    ],
  );
  const decoded = await run(
    entries.map((entry, i): Entry => ([1, 5, 6].includes(i) ? entry : { ...entry, verdict: 'missing' })),
  );
  assert.equal(result.top5, (decoded.top5 * 3) / 5);
  assert.equal(result.viewTop1, decoded.viewTop1);
});

test('with fewer than five classes the second number is over all of them', async () => {
  const few = tinyModel(tinyVit, 'linear', {}, { classes: 3 });
  const session = await cpuEngine().open(trainingState(few, plainSgd));
  await session.load(startOf(few));
  const entries = five.map((entry) => ({ ...entry, label: 0 }));
  const options = { split: 'validation', entries, views, fusion: 'logits', batch: 3, ahead: 1 } as const;
  const result = await evaluate(session, few, loaderOf([], [0]), options);
  assert.equal(result.k, 3);
  // Any class is among the first three of three, but for the video that failed.
  assert.equal(result.top5, 4 / 5);
  session.dispose();
});

test('a split without videos on disk, or without labels, is a data error', async () => {
  await assert.rejects(run(entriesOf('missing', 'missing')), {
    kind: 'data',
    message: /^no video of the validation split is on disk/,
  });
  const hidden = [...five.slice(0, 2), { ...(five[2] as Entry), label: -1 }];
  await assert.rejects(run(hidden), {
    kind: 'data',
    at: 'v2',
    message: /^the validation split has videos without a label/,
  });
  // A missing video needs no label.
  const gone: Entry = { ...(five[2] as Entry), label: -1, verdict: 'missing' };
  assert.equal((await run([...five.slice(0, 2), gone])).missing, 1);
});

test('only unreadable videos give a top-1 of 0', async () => {
  const result = await run(entriesOf('unreadable', 'unreadable'));
  assert.deepEqual([result.top1, result.top5, result.viewTop1, result.counted], [0, 0, 0, 2]);
});

test('where no sound video decodes, the disk is to blame and no top-1 is given', async () => {
  await assert.rejects(run(entriesOf('unreadable', 'ok', 'damaged'), {}, [1, 2]), {
    kind: 'data',
    at: 'v1',
    message: /^none of the 2 videos of the validation split could be decoded: the decoder stopped/,
  });
  const { failed, unreadable, undecoded, damaged } = await run(entriesOf('unreadable', 'ok', 'damaged'), {}, [1]);
  assert.deepEqual([failed.length, unreadable, undecoded, damaged], [2, 1, 1, 1]);
});

test('a signal stops it between two videos, a broken loader at once', async () => {
  const controller = new AbortController();
  const asked: number[] = [];
  const onProgress = (done: number): void => {
    if (done === 1) controller.abort(new Error('stopped by hand'));
  };
  await assert.rejects(
    run(five, { signal: controller.signal, onProgress, ahead: 1, batch: 1 }, [], asked),
    /stopped by hand/,
  );
  assert.ok(asked.length < 5, `${asked}`);
  const session = await opened();
  const broken: Loader = { ...loaderOf([]), views: () => Promise.reject(new Error('worker died')) };
  await assert.rejects(
    evaluate(session, model, broken, {
      split: 'validation',
      entries: five,
      views,
      fusion: 'logits',
      batch: 2,
      ahead: 2,
    }),
    /worker died/,
  );
  session.dispose();
});
