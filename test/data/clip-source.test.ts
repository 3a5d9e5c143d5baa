import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { after, test } from 'node:test';
import { type ClipSourceOptions, clipSource } from '../../src/data/clip-source.ts';
import { trainVisit } from '../../src/data/draw.ts';
import type { Loader, TrainBatch } from '../../src/data/loader.ts';
import type { Entry } from '../../src/data/manifest.ts';
import { applyOperations } from '../../src/video/augment/operations.ts';
import { type Decoders, openDecoders } from '../../src/video/decoders.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { makeResizing } from '../../src/video/pixels/resizer.ts';
import { cropClip, type Frames } from '../../src/video/window.ts';
import { decodeAll, ffmpeg, scriptedFfmpeg, withFolder } from '../video/ffmpegs.ts';
import { contentOf, entriesOf, LABELS, makeVideos, type Name, sourceOptions } from './made-videos.ts';

const opened: Decoders[] = [];
after(() => Promise.all(opened.map((decoders) => decoders.close())));

function open(options: ClipSourceOptions, concurrency = 2, by: Ffmpeg = ffmpeg): Loader {
  const decoders = openDecoders(by, { concurrency });
  opened.push(decoders);
  return clipSource(decoders, options);
}

const withVideos = (check: (folder: string) => Promise<void>): Promise<void> =>
  withFolder(async (folder) => {
    await makeVideos(folder);
    await check(folder);
  });

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);

function mirrored({ data, frames, width, height }: Frames): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let row = 0; row < frames * height; row++) {
    for (let x = 0; x < width; x++) {
      const from = 3 * (row * width + x);
      out.set(data.subarray(from, from + 3), 3 * (row * width + width - 1 - x));
    }
  }
  return out;
}

test('a training clip is the frames and the window that were drawn, of a full decode by ffmpeg alone', () =>
  withVideos(async (folder) => {
    const all = await decodeAll(ffmpeg, path.join(folder, 'wide.mkv'), { width: 160, height: 120 });
    assert.equal(all.frames, 20);
    // 4 frames × stride 5 leave one place in 20 frames, and the largest square needs no resizing.
    const clip = { stride: 5, size: 120, crop: 'center', flip: false } as const;
    const { clips } = await open(sourceOptions(folder, ['wide'], clip)).trainBatch('train', Uint32Array.of(0), 3);
    const window = { x: 20, y: 0, width: 120, height: 120 };
    assert.ok(same(clips, cropClip(all, window, [0, 5, 10, 15])));
    assert.ok(!same(clips, cropClip(all, window, [0, 5, 10, 14])), 'neighbouring frames of the video are alike');
  }));

test('a clip is mirrored as a whole, about half of the time, and only where it may be', () =>
  withVideos(async (folder) => {
    const clip = { stride: 5, size: 64, crop: 'center' } as const;
    const entry = Uint32Array.of(0);
    const plain = open(sourceOptions(folder, ['square'], { ...clip, flip: false }));
    const { clips: data } = await plain.trainBatch('train', entry, 0);
    const turned = mirrored({ data, frames: 4, width: 64, height: 64 });
    const flipping = open(sourceOptions(folder, ['square'], clip));
    let mirroredOnes = 0;
    for (let epoch = 0; epoch < 24; epoch++) {
      const { clips } = await flipping.trainBatch('train', entry, epoch);
      assert.ok(same(clips, data) || same(clips, turned), `epoch ${epoch}`);
      if (same(clips, turned)) mirroredOnes++;
      assert.ok(same((await plain.trainBatch('train', entry, epoch)).clips, data), `epoch ${epoch}`);
    }
    assert.ok(mirroredOnes >= 6 && mirroredOnes <= 18, `${mirroredOnes} of 24`);
  }));

test('the same clips and labels, in the order asked for, however many are decoded at once', () =>
  withVideos(async (folder) => {
    const options = sourceOptions(folder, ['wide', 'tall', 'odd', 'square']);
    const order = Uint32Array.of(3, 0, 2, 0, 1);
    const one = open(options, 1);
    for (const epoch of [0, 7]) {
      const batch = await one.trainBatch('train', order, epoch);
      assert.deepEqual([...batch.labels], [LABELS.square, LABELS.wide, LABELS.odd, LABELS.wide, LABELS.tall]);
      const singly: Uint8Array[] = [];
      for (const entry of order) singly.push((await one.trainBatch('train', Uint32Array.of(entry), epoch)).clips);
      assert.ok(same(batch.clips, Buffer.concat(singly)));
      for (const concurrency of [2, 4]) {
        const other = await open(options, concurrency).trainBatch('train', order, epoch);
        assert.deepEqual(contentOf(other), contentOf(batch));
      }
    }
    const [first, second] = [await one.trainBatch('train', order, 0), await one.trainBatch('train', order, 7)];
    assert.ok(!same(first.clips, second.clips), 'two epochs have the same clips');
  }));

test('repeats are clips of the same frames, side by side, the first as it is without', () =>
  withVideos(async (folder) => {
    const names = ['wide', 'tall', 'broken', 'square'] as const;
    const order = Uint32Array.of(3, 0, 1);
    const single = contentOf(await open(sourceOptions(folder, names)).trainBatch('train', order, 2));
    const triple = sourceOptions(folder, names, { repeats: 3 });
    const batch = contentOf(await open(triple).trainBatch('train', order, 2));
    assert.ok('labels' in batch && 'labels' in single);
    const [a, b, c] = [LABELS.square, LABELS.wide, LABELS.tall];
    assert.deepEqual([...batch.labels], [a, a, a, b, b, b, c, c, c]);
    const bytes = single.clips.length / 3;
    const clip = (i: number): Uint8Array => batch.clips.subarray(i * bytes, (i + 1) * bytes);
    for (const video of [0, 1, 2]) {
      assert.ok(same(clip(3 * video), single.clips.subarray(video * bytes, (video + 1) * bytes)));
      assert.ok(!same(clip(3 * video), clip(3 * video + 1)) && !same(clip(3 * video + 1), clip(3 * video + 2)));
    }
    // All of the picture and no mirror: what is left is which frames, and those are the same.
    const still = { repeats: 2, crop: 'center', flip: false, size: 64 } as const;
    const { clips } = await open(sourceOptions(folder, ['square'], still)).trainBatch('train', Uint32Array.of(0), 1);
    assert.ok(same(clips.subarray(0, clips.length / 2), clips.subarray(clips.length / 2)));
    // A stand-in gives all clips of the video that it replaces.
    const replaced = await open(triple).trainBatch('train', Uint32Array.of(2), 0);
    assert.equal(replaced.replaced.length, 1);
    const own = await open(triple).trainBatch('train', Uint32Array.of(replaced.replaced[0]?.by as number), 0);
    assert.ok(same(replaced.clips, own.clips));
  }));

test('RandAugment works on whole frames before the crop, as drawn, however many are decoded at once', () =>
  withVideos(async (folder) => {
    const randAugment = { operations: 4, magnitude: 7, deviation: 0.5 };
    const options = sourceOptions(folder, ['wide', 'tall', 'odd', 'square'], { randAugment, repeats: 2 });
    const order = Uint32Array.of(3, 0, 2, 0, 1);
    const one = contentOf(await open(options, 1).trainBatch('train', order, 4));
    for (const concurrency of [2, 4]) {
      assert.deepEqual(contentOf(await open(options, concurrency).trainBatch('train', order, 4)), one);
    }

    const bytes = options.clip.frames * 32 * 32 * 3;
    let operations = 0;
    for (const [i, index] of [...order].entries()) {
      const entry = options.splits.train?.[index] as Entry;
      const all = await decodeAll(ffmpeg, path.join(folder, entry.file), entry);
      for (const [repeat, clip] of trainVisit(options, entry, index, 4).clips.entries()) {
        const whole = { x: 0, y: 0, width: entry.width, height: entry.height };
        const { width, height, frames } = { ...whole, frames: clip.frames.length };
        const data = cropClip(all, whole, clip.frames);
        assert.ok(clip.augment !== undefined);
        operations += clip.augment.length;
        applyOperations({ data, width, height, frames }, clip.augment);
        const resizing = makeResizing({ source: entry, ...clip });
        const expected = new Uint8Array(bytes);
        for (let t = 0; t < frames; t++) {
          resizing.source.set(data.subarray(t * width * height * 3, (t + 1) * width * height * 3));
          resizing.run(expected.subarray(t * 32 * 32 * 3));
        }
        const at = (2 * i + repeat) * bytes;
        assert.ok('clips' in one && same(one.clips.subarray(at, at + bytes), expected), `${entry.id}, ${repeat}`);
      }
    }
    assert.ok(operations > 5, `${operations}`);
  }));

test('for a video that cannot be decoded another stands in, the same whatever else goes on', () =>
  withVideos(async (folder) => {
    const names = ['wide', 'broken', 'tall', 'missing', 'odd'] as const;
    const options = sourceOptions(folder, names);
    const order = Uint32Array.of(3, 0, 1, 2, 1);
    const chosen = new Set<number>();
    for (let epoch = 0; epoch < 4; epoch++) {
      const batch: TrainBatch = await open(options, 1).trainBatch('train', order, epoch);
      const other = await open(options, 4).trainBatch('train', order, epoch);
      assert.deepEqual(contentOf(other), contentOf(batch));
      const told = batch.replaced.map(({ entry, id }) => [entry, id]);
      assert.deepEqual(told, [
        [1, 'broken'],
        [1, 'broken'],
        [3, 'missing'],
      ]);
      assert.match(batch.replaced[0]?.reason ?? '', /asked for [48] frames .*, got 0/);
      assert.match(batch.replaced[2]?.reason ?? '', /missing/);
      const by = batch.replaced.map((one) => one.by);
      assert.equal(by[0], by[1]);
      // The clips are those that the stand-ins have in this epoch themselves.
      const taken = Uint32Array.of(by[2] as number, 0, by[0] as number, 2, by[0] as number);
      const whole = await open(options, 2).trainBatch('train', taken, epoch);
      assert.deepEqual(whole.replaced, []);
      assert.ok(same(batch.clips, whole.clips));
      assert.deepEqual(batch.labels, whole.labels);
      for (const entry of by) chosen.add(entry);
    }
    assert.deepEqual([...chosen].sort(), [0, 4], 'each draw its own stand-in, of those that decode');
  }));

test('onError fail stops with the file, and a data set in which nothing decodes stops all the same', () =>
  withVideos(async (folder) => {
    const failing = open(sourceOptions(folder, ['wide', 'broken'], {}, 'fail'));
    await assert.rejects(failing.trainBatch('train', Uint32Array.of(0, 1), 0), {
      kind: 'data',
      at: path.join(folder, 'broken.mkv'),
      message: /^broken could not be decoded: .*\n.*\n.*onError=skip/,
    });
    const hopeless = open(sourceOptions(folder, ['missing', 'broken']));
    await assert.rejects(hopeless.trainBatch('train', Uint32Array.of(0), 0), {
      kind: 'data',
      at: path.join(folder, 'missing.mkv'),
      message: /^missing and 10 videos in its place could not be decoded: the file is missing/,
    });
  }));

test('what is no fault of a video is never skipped', () =>
  withVideos(async (folder) => {
    const gone = { ...ffmpeg, path: path.join(folder, 'no-ffmpeg') };
    const loader = open(sourceOptions(folder, ['wide', 'tall']), 2, gone);
    await assert.rejects(loader.trainBatch('train', Uint32Array.of(0), 0), { kind: 'environment' });
    await assert.rejects(loader.views('train', 0, { segments: 1, crops: 1 }), { kind: 'environment' });
  }));

test('views are windows cut from a full decode, segments outermost', () =>
  withVideos(async (folder) => {
    // Every second of 20 frames is one of 10, in which 4 in a row begin at 0 to 6.
    const cases: readonly [Name, { width: number; height: number }, readonly { x: number; y: number }[]][] = [
      ['wide', { width: 80, height: 60 }, [0, 10, 20].map((x) => ({ x, y: 0 }))],
      ['tall', { width: 60, height: 106 }, [0, 23, 46].map((y) => ({ x: 0, y }))],
      ['square', { width: 60, height: 60 }, [0, 0, 0].map(() => ({ x: 0, y: 0 }))],
    ];
    const loader = open(sourceOptions(folder, ['wide', 'tall', 'square'], { size: 60 }));
    for (const [index, [name, size, places]] of cases.entries()) {
      const all = await decodeAll(ffmpeg, path.join(folder, `${name}.mkv`), size);
      const view = (place: { x: number; y: number }, frames: readonly number[]): Uint8Array =>
        cropClip(all, { ...place, width: 60, height: 60 }, frames);
      const six = await loader.views('train', index, { segments: 2, crops: 3 });
      const expected = [
        [0, 2, 4, 6],
        [12, 14, 16, 18],
      ].flatMap((frames) => places.map((place) => view(place, frames)));
      assert.ok('clips' in six && same(six.clips, Buffer.concat(expected)), `${name}, 2 × 3`);
      const single = await loader.views('train', index, { segments: 1, crops: 1 });
      const middle = view(places[1] as { x: number; y: number }, [6, 8, 10, 12]);
      assert.ok('clips' in single && same(single.clips, middle), `${name}, 1 × 1`);
    }
  }));

test('a video without views says why; one known as unreadable is not opened', () =>
  withVideos(async (folder) => {
    const options = sourceOptions(folder, ['broken', 'missing']);
    const [whole] = entriesOf('wide');
    const known = { ...whole, verdict: 'unreadable', reason: 'as prepare found' } as const;
    const loader = open({ ...options, splits: { test: [...entriesOf('broken', 'missing'), known as never] } });
    const views = { segments: 2, crops: 1 };
    const failures = [];
    for (const index of [0, 1, 2]) failures.push(await loader.views('test', index, views));
    assert.deepEqual(
      failures.map((failure) => Object.keys(failure)),
      [['failure'], ['failure'], ['failure']],
    );
    assert.match(JSON.stringify(failures[0]), /asked for [48] frames .*, got 0/);
    assert.deepEqual(failures.slice(1), [{ failure: 'the file is missing' }, { failure: 'as prepare found' }]);
  }));

test('a video that decodes at the second try is no fault, where the recipe tries again', () =>
  withVideos(async (folder) => {
    const mark = path.join(folder, 'tried');
    const script = `if [ -e '${mark}' ]; then exec "$FFMPEG" "$@"; fi; touch '${mark}'; exit 1`;
    const by = await scriptedFfmpeg(folder, script);
    const options = sourceOptions(folder, ['wide'], {}, 'fail');
    await assert.rejects(open(options, 1, by).trainBatch('train', Uint32Array.of(0), 0), /could not be decoded/);
    await rm(mark);
    const patient = open({ ...options, retries: 1 }, 1, by);
    const expected = await open(options).trainBatch('train', Uint32Array.of(0), 0);
    assert.ok(same((await patient.trainBatch('train', Uint32Array.of(0), 0)).clips, expected.clips));
  }));

test('what decodes with complaints is used of damaged videos alone, not of those that were sound', () =>
  withVideos(async (folder) => {
    const by = await scriptedFfmpeg(folder, 'echo "error while decoding MB" >&2; exec "$FFMPEG" "$@"');
    const options = sourceOptions(folder, ['wide'], {}, 'fail');
    await assert.rejects(open(options, 1, by).trainBatch('train', Uint32Array.of(0), 0), {
      kind: 'data',
      message: /damaged since it was prepared: error while decoding MB/,
    });
    const known = entriesOf('wide').map((entry) => ({ ...entry, verdict: 'damaged' as const }));
    const damaged = await open({ ...options, splits: { train: known } }, 1, by).trainBatch(
      'train',
      Uint32Array.of(0),
      0,
    );
    const whole = await open(options).trainBatch('train', Uint32Array.of(0), 0);
    assert.ok(same(damaged.clips, whole.clips));
  }));

test('complaints about a seek alone are met by decoding from the start', () =>
  withVideos(async (folder) => {
    const by = await scriptedFfmpeg(folder, 'case "$*" in *-ss*) echo "mmco: failure" >&2;; esac; exec "$FFMPEG" "$@"');
    const entries = entriesOf('wide').map((entry) => ({ ...entry, seeks: [[1, 0.0375] as const] }));
    const clip = { stride: 1, sampling: 'segments', crop: 'center' } as const;
    const options = { ...sourceOptions(folder, ['wide'], clip, 'fail'), splits: { train: entries } };
    const seekable = Uint32Array.of(0);
    const expected = await open({ ...options, splits: { train: entriesOf('wide') } }).trainBatch('train', seekable, 1);
    assert.ok(same((await open(options, 1, by).trainBatch('train', seekable, 1)).clips, expected.clips));
  }));
