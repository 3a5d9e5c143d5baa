/** Data sets as their sites give them out, prepared with one command: killed, resumed, repeated, in shards. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { refused, start, succeeds, unfinished } from './cli.ts';
import { hmdb51, kinetics400, ssv2, tinyVideo, ucf101, writeFiles } from './downloads.ts';
import { ffmpegHere } from './project.ts';

const ffmpeg = await ffmpegHere();
const skip = ffmpeg === undefined && 'no ffmpeg here';
let folder = '';
let video: Buffer;
const inside = (...parts: string[]): string => path.join(folder, ...parts);
const prepare = (name: string, ...more: string[]) => [
  'prepare',
  name,
  '--source',
  `${name}-files`,
  '--out',
  name,
  ...more,
];

before(async () => {
  if (ffmpeg === undefined) return;
  folder = await mkdtemp(path.join(tmpdir(), 'petl-archives-'));
  video = await tinyVideo(ffmpeg as Ffmpeg, folder);
});
after(() => folder !== '' && rm(folder, { recursive: true }));

/** All files below a folder: path → time of last change, in nanoseconds. */
async function timesOf(below: string): Promise<Map<string, bigint>> {
  const times = new Map<string, bigint>();
  for (const name of (await readdir(below, { recursive: true }).catch(() => [])).sort()) {
    // What is not whole yet may be gone by now.
    const found = await stat(path.join(below, name), { bigint: true }).catch(() => undefined);
    if (found?.isFile()) times.set(name, found.mtimeNs);
  }
  return times;
}

/** What a training run would read, and the reports: file → content. */
async function published(name: string): Promise<Record<string, string>> {
  const names = (await readdir(inside(name))).filter((file) =>
    /^(dataset|report)\.json$|^(?!.*(unpack|probe)).*\.jsonl$/.test(file),
  );
  return Object.fromEntries(
    await Promise.all(names.sort().map(async (file) => [file, await readFile(inside(name, file), 'utf8')])),
  );
}

test('every official layout: one command, and the same command again changes nothing', { skip }, async (t) => {
  const layouts = {
    hmdb51: hmdb51(video),
    ucf101: ucf101(video),
    ssv2: await ssv2(video),
    kinetics400: await kinetics400(video),
  };
  const counts: Record<string, number[][]> = {
    hmdb51: [1, 2, 3].flatMap(() => [
      [4, 4, 0],
      [6, 4, 2],
    ]),
    ucf101: [
      [4, 4, 0],
      [4, 4, 0],
    ],
    ssv2: [
      [4, 4, 0],
      [5, 4, 1],
    ],
    kinetics400: [
      [3, 3, 0],
      [3, 2, 1],
    ],
  };
  for (const [name, files] of Object.entries(layouts)) {
    await t.test(name, async () => {
      await writeFiles(inside(`${name}-files`), files);
      const downloads = await timesOf(inside(`${name}-files`));
      if (name === 'hmdb51') {
        const { stdout: dry } = await succeeds(prepare(name, '--dry-run'), { folder });
        for (const file of Object.keys(files).filter((one) => !/^more\//.test(one)))
          assert.match(dry, new RegExp(`^${file}.* packed$`, 'm'));
      }
      const { stdout } = await succeeds(prepare(name, '--json'), { folder });
      const report = JSON.parse(stdout);
      const found = report.splits.map((split: Record<string, number>) => [split.listed, split.usable, split.missing]);
      assert.deepEqual(found, counts[name]);
      assert.ok(report.splits.every(({ official }: { official: number }) => official > 1000));
      assert.equal(report.root, inside(name, 'videos'));
      const problems = (await readFile(inside(name, 'problems.jsonl'), 'utf8'))
        .split('\n')
        .filter((line) => line !== '');
      assert.equal(
        problems.length,
        (counts[name] as number[][]).reduce((sum, [, , missing]) => sum + (missing as number), 0),
      );

      const times = await timesOf(inside(name));
      const again = await succeeds(prepare(name), { folder });
      assert.match(again.stderr, /: 0 files read, \d known from before$/m);
      assert.doesNotMatch(again.stderr, /^unpacked/m);
      assert.deepEqual(await timesOf(inside(name)), times);
      assert.deepEqual(await timesOf(inside(`${name}-files`)), downloads, 'the downloads stay as they are');
      assert.deepEqual(await unfinished(folder), []);
    });
  }
  if (layouts.kinetics400 !== undefined) {
    const train = await readFile(inside('kinetics400', 'train.jsonl'), 'utf8');
    assert.match(train, /"file":"replacement_for_corrupted_k400\/ccccccccccc_000001_000011\.mp4".*"verdict":"ok"/);
  }
});

test('killed at any moment: no half file, nothing that is finished is done again, the same in the end', {
  skip,
}, async () => {
  const cases = [
    { name: 'hmdb51', files: hmdb51(video, 30), at: [0, 7, 45] },
    { name: 'ssv2', files: await ssv2(video, 60, 'parts'), at: [0, 30] },
  ];
  for (const { name, files, at } of cases) {
    await rm(inside(name), { recursive: true, force: true });
    await rm(inside(`${name}-files`), { recursive: true, force: true });
    await writeFiles(inside(`${name}-files`), files);
    await succeeds(prepare(name), { folder });
    const wanted = await published(name);
    await rm(inside(name), { recursive: true });

    let finished = new Map<string, bigint>();
    for (const count of at) {
      const running = start(prepare(name), { folder });
      while (running.child.exitCode === null && (await videosOf(name)).size <= count) await sleep(1);
      running.child.kill('SIGKILL');
      await running.ended;
      const now = await videosOf(name);
      for (const file of now.keys()) assert.ok((await readFile(inside(name, 'videos', file))).equals(video), file);
      for (const [file, time] of finished) assert.equal(now.get(file), time, `${file} was written again`);
      finished = now;
      // Decoders that were at work end by themselves.
      for (let i = 0; (await running.others()).size > 0; i++) {
        assert.ok(i < 500, 'a decoder is still there');
        await sleep(10);
      }
    }
    const { stderr } = await succeeds(prepare(name), { folder });
    const now = await videosOf(name);
    for (const [file, time] of finished) assert.equal(now.get(file), time, `${file} was written again`);
    assert.deepEqual(await published(name), wanted, stderr);
    assert.deepEqual(await unfinished(folder), []);
  }
});

async function videosOf(name: string): Promise<Map<string, bigint>> {
  const all = await timesOf(inside(name, 'videos'));
  return new Map([...all].filter(([file]) => !file.startsWith('.')));
}

test('archives beside what was unpacked from them by hand', { skip }, async () => {
  const below = 'mixed';
  const words = ['prepare', 'ucf101', '--source', below, '--out', 'mixed-out'];
  const { 'UCF101.rar': rar, ...lists } = ucf101(video);
  const loose = (clip: string) => ({ [`UCF-101/${clip}.avi`]: video });
  const clips = ['ApplyEyeMakeup', 'YoYo'].flatMap((name) => [1, 2, 3, 4].map((g) => `${name}/v_${name}_g0${g}_c01`));
  await writeFiles(inside(below), { ...lists, 'UCF101.rar': rar as Uint8Array, ...loose(clips[0] as string) });
  const { stdout, stderr } = await succeeds([...words, '--json'], { folder });
  const report = JSON.parse(stdout);
  assert.equal(report.root, folder, 'the deepest folder that holds both');
  assert.deepEqual([report.videos, report.splits[0].usable, report.splits[1].usable], [8, 4, 4]);
  assert.match(stderr, /^unpacked 10 files, .* into mixed-out\/videos; the downloads stay as they are$/m);
  const train = await readFile(inside('mixed-out', 'fold1-train.jsonl'), 'utf8');
  assert.match(train, /"file":"mixed\/UCF-101\/ApplyEyeMakeup\/v_ApplyEyeMakeup_g01_c01\.avi"/);
  assert.match(train, /"file":"mixed-out\/videos\/UCF-101\/YoYo\/v_YoYo_g01_c01\.avi"/);

  // All of it, lists too: nothing has to be unpacked.
  await writeFiles(inside(below), Object.assign({}, ...clips.map(loose)));
  await writeFiles(inside(below), { 'classInd.txt': Buffer.from('1 ApplyEyeMakeup\n2 YoYo\n') });
  await writeFiles(inside(below), {
    'trainlist01.txt': Buffer.from(clips.map((clip, i) => `${clip}.avi ${i < 4 ? 1 : 2}\n`).join('')),
  });
  const complete = await succeeds([...words.slice(0, -1), 'complete-out', '--json'], { folder });
  assert.doesNotMatch(complete.stderr, /unpacked/);
  assert.equal(JSON.parse(complete.stdout).root, inside(below));
});

test('Ctrl-C stops in good order', { skip }, async () => {
  await writeFiles(inside('ucf101-files'), ucf101(video));
  await rm(inside('ucf101'), { recursive: true, force: true });
  const running = start(prepare('ucf101', '--jobs', '1'), { folder });
  while (running.child.exitCode === null && (await videosOf('ucf101')).size === 0) await sleep(1);
  running.child.kill('SIGINT');
  const { code, stderr, stdout, leftover } = await running.ended;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /^interrupted: stopped .*the same command goes on from there$/m);
  assert.deepEqual([stdout, leftover, await unfinished(folder)], ['', [], []]);
  await succeeds(prepare('ucf101'), { folder });
});

test('in shards, from archives that go round and from one stream: merged, the same as of one machine', {
  skip,
}, async (t) => {
  const cases = [
    { name: 'kinetics400', files: await kinetics400(video), count: 2 },
    { name: 'ssv2', files: await ssv2(video, 12), count: 3 },
  ];
  for (const { name, files, count } of cases) {
    await t.test(name, async () => {
      await rm(inside(name), { recursive: true, force: true });
      await rm(inside(`${name}-files`), { recursive: true, force: true });
      await writeFiles(inside(`${name}-files`), files);
      await succeeds(prepare(name), { folder });
      const wanted = await published(name);
      await rm(inside(name), { recursive: true });

      const shards = Array.from({ length: count }, (_, i) => `${i + 1}/${count}`);
      await refused(
        prepare(name, '--merge'),
        { folder },
        { code: 4, says: /^data error: no shard was prepared here$/, remedy: '--shard 1/n to n/n' },
      );
      // The last one alone, then the others at once.
      await succeeds(prepare(name, '--shard', shards.at(-1) as string), { folder });
      await refused(
        prepare(name, '--merge'),
        { folder },
        { code: 4, says: `not finished: ${shards.slice(0, -1).join(', ')}`, remedy: `run --shard 1/${count}` },
      );
      const ran = await Promise.all(
        shards.slice(0, -1).map((shard) => succeeds(prepare(name, '--shard', shard), { folder })),
      );
      assert.match(ran[0]?.stdout ?? '', new RegExp(`^shard 1 of ${count}: [1-9]\\d* files read`));

      const read = await Promise.all(
        shards.map(async (shard) => filesIn(inside(name, `probe-${shard.replace('/', '-of-')}.jsonl`))),
      );
      const all = read.flat();
      assert.equal(new Set(all).size, all.length, 'no file twice');
      assert.ok(read.every((own) => own.length > 0));
      const { stderr } = await succeeds(prepare(name, '--merge'), { folder });
      assert.match(stderr, /: 0 files read, [1-9]\d* known from before$/m);
      assert.deepEqual(await published(name), wanted);

      const times = await timesOf(inside(name));
      const whole = await succeeds(prepare(name), { folder });
      assert.doesNotMatch(whole.stderr, /^unpacked/m, 'a run without shards knows what they did');
      assert.deepEqual(await timesOf(inside(name)), times);
    });
  }

  await t.test('what does not fit together is refused', async () => {
    const state = inside('ssv2', 'shard-2-of-3.json');
    const text = await readFile(state, 'utf8');
    await writeFile(state, text.replace(/"listing": "\w+"/, '"listing": "00"'));
    await refused(
      prepare('ssv2', '--merge'),
      { folder },
      { code: 4, says: /shard 2 of 3 is of another listing/, remedy: '--shard 2/3' },
    );
    await writeFile(state, text);
    await writeFile(inside('ssv2', 'probe-1-of-4.jsonl'), '');
    await refused(
      prepare('ssv2', '--merge'),
      { folder },
      { code: 4, says: /of different counts here: of 3 and of 4$/ },
    );
    await rm(inside('ssv2', 'probe-1-of-4.jsonl'));
    const own = inside('ssv2', 'probe-2-of-3.jsonl');
    const lines = (await readFile(own, 'utf8')).trimEnd().split('\n');
    await writeFile(
      own,
      lines
        .slice(1)
        .map((line) => `${line}\n`)
        .join(''),
    );
    await rm(inside('ssv2', 'probe.jsonl'));
    await refused(
      prepare('ssv2', '--merge'),
      { folder },
      { code: 4, says: /no shard has read this file/, remedy: '--shard 2/3' },
    );
  });
});

async function filesIn(journal: string): Promise<string[]> {
  const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line).file);
}
