import assert from 'node:assert/strict';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { Context, Options } from '../../pipelines/command.ts';
import { prepare } from '../../pipelines/prepare.ts';
import { copyKindOf } from '../../pipelines/prepare-copies.ts';
import { readDataset, readSplit } from '../../src/data/read-dataset.ts';
import { readEnvironment } from '../../src/setup/environment.ts';
import { ffmpeg, runDirectly, withFolder } from '../video/ffmpegs.ts';

async function run(options: Options): Promise<{ text: string; notes: string[] }> {
  const said = { text: '', notes: [] as string[] };
  const context: Context = {
    environment: readEnvironment(process.env),
    signal: new AbortController().signal,
    reporter: {
      result: (text) => Object.assign(said, { text }),
      note: (line) => said.notes.push(line),
      warn: (line) => said.notes.push(line),
      progress: () => ({ update: () => {}, end: () => {} }),
    },
  };
  await prepare.run(['folder'], options, context);
  return said;
}

test('prepare --jpeg and --gop make copies, say what they take, and do nothing the second time', async () => {
  await withFolder(async (folder) => {
    const source = path.join(folder, 'source');
    for (const name of ['left', 'right']) {
      await mkdir(path.join(source, name), { recursive: true });
      for (const i of [1, 2]) {
        const made = ['-f', 'lavfi', '-i', `testsrc2=s=100x${60 + 10 * i}:r=10:d=1`, '-c:v', 'mpeg4', '-q:v', '2'];
        await runDirectly(ffmpeg, [...made, path.join(source, name, `${i}.avi`)]);
      }
    }
    for (const [flags, extension] of [
      [{ jpeg: true }, 'mjpk'],
      [{ gop: '4', shortSide: '40' }, 'mp4'],
    ] as const) {
      const out = path.join(folder, `prepared-${extension}`);
      const { text, notes } = await run({ source, out, ...flags });
      assert.match(text, /4 copies {3}\d.* x the originals below .*compared frames reach/);
      assert.match(notes.join('\n'), /4 videos to be copied will take about .* x the originals \(by 4 of them\)/);
      const dataset = await readDataset(out);
      const [entry] = await readSplit(out, dataset, 'train');
      assert.equal(entry?.file, `left/1.avi.${extension}`);
      assert.equal(entry.frames, 10);
      assert.equal(entry.height, extension === 'mjpk' ? 70 : 40);
      const copy = path.join(dataset.root, entry.file);
      assert.equal((await stat(copy)).size, entry.bytes);
      const before = (await stat(copy)).mtimeMs;
      const again = await run({ source, out, ...flags });
      assert.equal(again.text, text);
      assert.equal((await stat(copy)).mtimeMs, before);
      assert.deepEqual(await readdir(path.join(dataset.root, 'left')), [`1.avi.${extension}`, `2.avi.${extension}`]);
    }
  });
});

test('options of copies that do not go together are refused', () => {
  assert.equal(copyKindOf({}), undefined);
  assert.deepEqual(copyKindOf({ jpeg: true }), { kind: 'jpeg', shortSide: 256, quality: 75 });
  assert.deepEqual(copyKindOf({ gop: '8', crf: '18' }), { kind: 'gop', shortSide: 256, gop: 8, crf: 18 });
  for (const [options, message] of [
    [{ jpeg: true, gop: '8' }, /--jpeg and --gop both/],
    [{ quality: '80' }, /--quality without --jpeg/],
    [{ jpeg: true, crf: '20' }, /--crf without --gop/],
    [{ shortSide: '128' }, /--short-side without --jpeg or --gop/],
    [{ jpeg: true, quality: '101' }, /--quality is 101/],
    [{ gop: '0' }, /--gop is 0/],
    [{ gop: '2.5' }, /--gop is 2.5/],
  ] as const) {
    assert.throws(() => copyKindOf(options), message);
  }
});
