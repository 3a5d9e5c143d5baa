import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { CopiesEstimate, CopiesWanted } from '../../src/data/copies.ts';
import { type Prepared, prepare } from '../../src/data/prepare.ts';
import { readDataset, readSplit } from '../../src/data/read-dataset.ts';
import { dataError, Interrupted } from '../../src/errors/index.ts';
import type { CopyTask } from '../../src/video/copies/copy.ts';
import type { VideoFacts } from '../../src/video/facts.ts';
import { withFolder } from '../video/ffmpegs.ts';

const KIND = { kind: 'jpeg', shortSide: 256, quality: 75 } as const;
const FACTS: VideoFacts = {
  frames: 30,
  width: 320,
  height: 240,
  fps: 30,
  verdict: 'ok',
  seeks: [[10, 0.3]],
  disposable: '-M',
};

interface Bench {
  readonly root: string;
  readonly out: string;
  /** Files that the made-up copier was asked to copy. */
  readonly copied: string[];
  readonly estimates: CopiesEstimate[];
  run(wanted?: Partial<CopiesWanted>, signal?: AbortSignal): Promise<Prepared>;
}

/** Videos `v0.mp4`… and a picture; copies are made up: ten times the original's text. */
async function withBench(videos: number, check: (bench: Bench) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const [root, out] = [path.join(folder, 'videos'), path.join(folder, 'prepared')];
    const [copied, estimates]: [string[], CopiesEstimate[]] = [[], []];
    await mkdir(path.join(root, 'sub'), { recursive: true });
    const files = ['picture.jpg', ...Array.from({ length: videos }, (_, i) => `sub/v${i}.mp4`)];
    for (const file of files) await writeFile(path.join(root, file), `content of ${file}`);
    const entries = [...files, 'sub/gone.mp4'].map((file) => ({ id: file, file, label: 0 }));
    const copy = async ({ file, copy, facts }: CopyTask) => {
      copied.push(path.basename(file));
      const text = (await readFile(file, 'utf8')).repeat(10);
      if (text.includes('cannot')) throw dataError('it cannot be copied', { at: file });
      await writeFile(copy, text);
      const made = { frames: facts.frames, fps: facts.fps, width: 171, height: 128, verdict: 'ok' as const };
      return { facts: made, bytes: text.length, likeness: 40 };
    };
    const run: Bench['run'] = (wanted = {}, signal = new AbortController().signal) =>
      prepare({
        listing: { classes: ['a'], root, splits: [{ name: 'train', entries }], notes: [] },
        definition: { name: 'sport', flip: true, official: [] },
        ...{ out, signal, reader: 'fake 1', jobs: 2, probe: async () => FACTS },
        copies: { kind: KIND, copy, maker: 'fake 1', jobs: 2, onEstimate: (e) => estimates.push(e), ...wanted },
      });
    await check({ root, out, copied, estimates, run });
  });
}

test('entries name the copies, images stay, and the data set says what was copied', async () => {
  await withBench(3, async ({ root, out, copied, run }) => {
    await run();
    assert.equal(copied.length, 3);
    const dataset = await readDataset(out);
    assert.equal(dataset.root, path.join(out, 'copies'));
    assert.equal(dataset.copies?.videos, 3);
    assert.equal(dataset.copies.originals, root);
    assert.equal(dataset.copies.bytes, 10 * dataset.copies.originalBytes);
    const [picture, first, , , gone] = await readSplit(out, dataset, 'train');
    assert.equal(picture?.file, path.join(root, 'picture.jpg'));
    assert.equal(picture?.width, 320);
    assert.equal(first?.id, 'sub/v0.mp4');
    assert.equal(first?.file, 'sub/v0.mp4.mjpk');
    assert.deepEqual([first?.frames, first?.width, first?.height, first?.verdict], [30, 171, 128, 'ok']);
    assert.equal(first?.bytes, (await stat(path.join(dataset.root, first?.file as string))).size);
    // Key frames of the original say nothing of a copy.
    assert.equal(first?.seeks, undefined);
    assert.equal(first?.disposable, undefined);
    assert.equal(gone?.verdict, 'missing');
  });
});

test('preparing again copies nothing and changes nothing; what is gone or changed is copied again', async () => {
  await withBench(4, async ({ root, out, copied, run }) => {
    await run();
    const manifest = await readFile(path.join(out, 'train.jsonl'), 'utf8');
    const before = await stat(path.join(out, 'dataset.json'));
    copied.length = 0;
    await run();
    assert.deepEqual(copied, []);
    assert.equal(await readFile(path.join(out, 'train.jsonl'), 'utf8'), manifest);
    assert.equal((await stat(path.join(out, 'dataset.json'))).mtimeMs, before.mtimeMs);
    await rm(path.join(out, 'copies/sub/v0.mp4.mjpk'));
    await appendFile(path.join(out, 'copies/sub/v1.mp4.mjpk'), 'x');
    await utimes(path.join(root, 'sub/v2.mp4'), 1, 1);
    await run();
    assert.deepEqual(copied.sort(), ['v0.mp4', 'v1.mp4', 'v2.mp4']);
    copied.length = 0;
    // A line that a kill tore is made again.
    await appendFile(path.join(out, 'copies.jsonl'), '{"file":"sub/v0.mp4","si');
    await run();
    assert.deepEqual(copied, []);
    await run({ kind: { ...KIND, quality: 50 } });
    assert.equal(copied.length, 4);
  });
});

test('a video that cannot be copied keeps its place, with the reason, and is tried again by another maker', async () => {
  await withBench(3, async ({ root, out, copied, run }) => {
    await writeFile(path.join(root, 'sub/v1.mp4'), 'cannot');
    const { report } = await run();
    assert.equal(report.splits[0]?.unreadable, 1);
    const [, , entry] = await readSplit(out, await readDataset(out), 'train');
    assert.deepEqual([entry?.verdict, entry?.reason], ['unreadable', 'no copy: it cannot be copied']);
    assert.ok(!(await readdir(path.join(out, 'copies/sub'))).includes('v1.mp4.mjpk'));
    copied.length = 0;
    await run();
    assert.deepEqual(copied, []);
    await run({ maker: 'fake 2' });
    assert.deepEqual(copied, ['v1.mp4']);
  });
});

test('the first few say what all will take, and the disk is asked', async () => {
  await withBench(20, async ({ copied, estimates, run }) => {
    const copy = async ({ facts }: CopyTask) => ({
      facts: { ...facts, verdict: 'ok' as const },
      bytes: 1e18,
      likeness: 40,
    });
    await assert.rejects(run({ copy }), /the copies will take about .* GB, .* are free/);
    assert.equal(estimates[0]?.trial, 8);
    assert.equal(estimates[0].videos, 20);
    await run();
    // Those of the trial that failed were written down; their files are not there.
    assert.equal(copied.length, 20);
    const { bytes, originalBytes } = estimates[1] as CopiesEstimate;
    assert.ok(Math.abs(bytes / originalBytes - 10) < 0.1);
  });
});

test('a stop saves what was copied and the same command goes on', async () => {
  await withBench(12, async ({ copied, run }) => {
    const stop = new AbortController();
    const onProgress = (done: number) => done === 5 && stop.abort();
    await assert.rejects(run({ onProgress }, stop.signal), (thrown: unknown) => {
      return thrown instanceof Interrupted && /videos still to be copied/.test(thrown.message);
    });
    const first = copied.length;
    assert.ok(first >= 5 && first < 12);
    await run();
    assert.equal(copied.length, 12);
  });
});

test('without a video there is nothing to copy', async () => {
  await withBench(0, async ({ run }) => {
    await assert.rejects(run(), /there is no video to be copied/);
  });
});

test('a record of copies that is none is refused', async () => {
  await withBench(1, async ({ out, run }) => {
    await run();
    const file = path.join(out, 'dataset.json');
    const dataset = JSON.parse(await readFile(file, 'utf8'));
    for (const copies of [5, { kind: 'x' }, { ...dataset.copies, bytes: -1 }, { ...dataset.copies, originals: 1 }]) {
      await writeFile(file, JSON.stringify({ ...dataset, copies }));
      await assert.rejects(readDataset(out), /"copies"/);
    }
  });
});
