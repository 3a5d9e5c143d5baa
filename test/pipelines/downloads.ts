/** The official data sets as their sites give them out, a few tiny videos in each: archives, parts, archives of archives. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { drawMotion } from '../../src/data/motion.ts';
import { rng } from '../../src/tensor/random.ts';
import { encodeVideo } from '../../src/video/encode.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { rarOf } from '../formats/archive/rar-writer.ts';
import { tarOf } from '../formats/archive/tar-writer.ts';
import { zipOf } from '../formats/zip-writer.ts';

export type Files = Readonly<Record<string, Uint8Array>>;

/** One video of six frames; its bytes stand in every archive. */
export async function tinyVideo(ffmpeg: Ffmpeg, folder: string): Promise<Buffer> {
  const { readFile } = await import('node:fs/promises');
  const file = path.join(folder, 'tiny.mp4');
  const motion = { frames: 6, width: 32, height: 24, speed: [1, 2], wavelength: [16, 40] } as const;
  await encodeVideo(ffmpeg, drawMotion(2, motion, rng(0, 'downloads', 0, 0)), file, { fps: 10 });
  return await readFile(file);
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.join(folder, path.dirname(name)), { recursive: true });
    await writeFile(path.join(folder, name), bytes);
  }
}

const text = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\r\n`).join(''));

/** `per` clips of each of two classes and fold 1; one more is listed than there is. */
export function hmdb51(video: Uint8Array, per = 4): Files {
  const classes = ['kick', 'kick_ball'];
  const clip = (name: string, i: number) => `#${i}_[a]&(b);!_${name}_f_nm_np1_ba_bad_${i}.avi`;
  const numbers = Array.from({ length: per }, (_, i) => i);
  const inner = classes.map((name) => ({
    name: `${name}.rar`,
    data: rarOf(numbers.map((i) => ({ name: `${name}/${clip(name, i)}`, data: video }))),
  }));
  const lists = classes.flatMap((name) =>
    [1, 2, 3].map((fold) => ({
      name: `testTrainMulti_7030_splits/${name}_test_split${fold}.txt`,
      data: text([...numbers, per].map((i) => `${clip(name, i)} ${i < per / 2 ? 1 : 2} `)),
    })),
  );
  return { 'hmdb51_org.rar': rarOf(inner), 'test_train_splits.rar': rarOf(lists) };
}

export function ucf101(video: Uint8Array): Files {
  const classes = ['ApplyEyeMakeup', 'YoYo'];
  const clips = classes.flatMap((name) => [1, 2, 3, 4].map((g) => `${name}/v_${name}_g0${g}_c01.avi`));
  const train = clips.filter((clip) => /_g0[12]_/.test(clip));
  const labelled = train.map((clip) => `${clip} ${clip.startsWith('YoYo') ? 2 : 1}`);
  const lists = {
    'classInd.txt': text(['1 ApplyEyeMakeup', '2 YoYo']),
    'trainlist01.txt': text(labelled),
    'testlist01.txt': text(clips.filter((clip) => !train.includes(clip))),
  };
  const zip = Object.entries(lists).map(([name, data]) => ({ name: `ucfTrainTestlist/${name}`, data, deflate: true }));
  return {
    'UCF101.rar': rarOf(clips.map((clip) => ({ name: `UCF-101/${clip}`, data: video }))),
    'UCF101TrainTestSplits-RecognitionTask.zip': zipOf([
      { name: '__MACOSX/._ucfTrainTestlist', data: Buffer.from('x') },
      ...zip,
    ]),
  };
}

/** As Qualcomm gives it out: two zips with the parts of one gzip stream, ten in each, and the zip of the labels. */
export async function ssv2(video: Uint8Array, count = 8, form: 'zips' | 'parts' = 'zips'): Promise<Files> {
  const ids = Array.from({ length: count }, (_, i) => `${74225 + 13 * i}`);
  const tar = gzipSync(
    await tarOf([
      { name: '20bn-something-something-v2/', type: 'directory' },
      ...ids.map((id) => ({ name: `20bn-something-something-v2/${id}.webm`, data: video })),
    ]),
    { level: 1 },
  );
  const size = Math.ceil(tar.length / 20);
  const parts = Array.from({ length: 20 }, (_, i) => ({
    name: `20bn-something-something-v2-${String(i).padStart(2, '0')}`,
    data: tar.subarray(i * size, (i + 1) * size),
  }));
  const items = (own: readonly string[]) =>
    Buffer.from(
      JSON.stringify(own.map((id, i) => ({ id, template: i % 2 ? 'Holding [something]' : 'Dropping [something]' }))),
    );
  const labels = zipOf([
    {
      name: 'labels/labels.json',
      data: Buffer.from('{"Dropping something":"0","Holding something":"1"}'),
      deflate: true,
    },
    { name: 'labels/train.json', data: items(ids.slice(0, count / 2)), deflate: true },
    { name: 'labels/validation.json', data: items([...ids.slice(count / 2), '999999']), deflate: true },
  ]);
  const packed =
    form === 'parts'
      ? Object.fromEntries(parts.map(({ name, data }) => [name, data]))
      : {
          '20bn-something-something-v2-00.zip': zipOf(parts.slice(0, 10)),
          'more/20bn-something-something-v2-10.zip': zipOf(parts.slice(10).map((part) => ({ ...part, deflate: true }))),
        };
  return { ...packed, '20bn-something-something-download-package-labels.zip': labels };
}

/** Flat tars by split, one a plain tar under a .gz name; a replacement that stands in for a damaged clip; the lists' tar. */
export async function kinetics400(video: Uint8Array): Promise<Files> {
  const ids = ['-aaaaaaaaaa', 'bbbbbbbbbbb', 'ccccccccccc', 'ddddddddddd', 'eeeeeeeeeee', 'fffffffffff'] as const;
  const clip = (id: string) => `${id}_000001_000011.mp4`;
  const file = (id: string, data: Uint8Array = video) => ({ name: `./${clip(id)}`, data });
  const row = (id: string, label: string, split: string) => `"${label}",${id},1,11,${split}`;
  const header = 'label,youtube_id,time_start,time_end,split';
  const train = [
    row(ids[0], 'abseiling', 'train'),
    row(ids[1], 'air drumming', 'train'),
    row(ids[2], 'abseiling', 'train'),
  ];
  const validation = [
    row(ids[3], 'abseiling', 'validate'),
    row(ids[4], 'air drumming', 'validate'),
    row(ids[5], 'abseiling', 'validate'),
  ];
  const lists = await tarOf([
    { name: 'kinetics400/train.csv', data: text([header, ...train]) },
    { name: 'kinetics400/validate.csv', data: text([header, ...validation]) },
    { name: 'kinetics400/train.json', data: Buffer.from('{}') },
  ]);
  return {
    'train/part_0.tar.gz': gzipSync(await tarOf([file(ids[0]), file(ids[1])])),
    'train/part_120.tar.gz': await tarOf([file(ids[2], video.subarray(0, 300))]),
    'val/part_0.tar.gz': gzipSync(await tarOf([file(ids[3]), file(ids[4])])),
    'replacement_for_corrupted_k400.tgz': gzipSync(
      await tarOf([{ name: `replacement_for_corrupted_k400/${clip(ids[2])}`, data: video }]),
    ),
    'kinetics400.tar.gz': gzipSync(lists),
  };
}
