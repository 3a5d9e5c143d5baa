/**
 * What all test views of a video cost: one process for the video, as we do, against one for each view.
 *
 *   npm run bench:views -- --source SAMPLES [--rounds 5] [--json FILE]
 *
 * SAMPLES as for `bench.ts`. Kinetics 5 segments × 3 crops, SSv2 2 × 3, 16 frames at 224². CPU is that of this process and of
 * all it started; rounds alternate. Pin it to one core (`taskset -c 1`) for quiet numbers.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Entry } from '../../src/data/manifest.ts';
import { samplers } from '../../src/data/sampling/index.ts';
import { cropWindows } from '../../src/data/views.ts';
import { decodeAtShortSide, decodeFrames } from '../../src/video/decode.ts';
import { cropClip, shortSideSize } from '../../src/video/window.ts';
import { ffmpeg } from '../video/ffmpegs.ts';
import { cpuMsOf } from './cpu.ts';
import { DATA_SETS, type DataSet, entriesOf, FRAMES, SIZE } from './work.ts';

const { values } = parseArgs({
  options: { source: { type: 'string' }, rounds: { type: 'string', default: '5' }, json: { type: 'string' } },
});
if (values.source === undefined) throw new Error('--source names the folder of sample videos');
const source = values.source;

const PROTOCOLS = { kinetics: { segments: 5, crops: 3 }, ssv2: { segments: 2, crops: 3 } } as const;

type Video = Entry;
type Decode = (set: DataSet, video: Video, segments: number, crops: 1 | 3) => Promise<number>;

const segmentsOf = (set: DataSet, video: Video, segments: number): number[][] =>
  samplers[set.sampling].test(video.frames, { frames: FRAMES, stride: set.stride }, segments);

/** The union of all frames at the short side, and the crops cut from it. Returns the number of clips. */
const together: Decode = async (set, video, segments, crops) => {
  const perSegment = segmentsOf(set, video, segments);
  const union = [...new Set(perSegment.flat())].sort((a, b) => a - b);
  const position = new Map(union.map((frame, i) => [frame, i]));
  const decoded = await decodeAtShortSide(ffmpeg, { file: video.file, frames: union, source: video, shortSide: SIZE });
  const clips = perSegment.flatMap((frames) =>
    cropWindows(decoded, SIZE, crops).map((window) =>
      cropClip(
        decoded,
        window,
        frames.map((frame) => position.get(frame) as number),
      ),
    ),
  );
  return clips.length;
};

/** A process for each view, which cuts its crop out of the picture and resizes that. */
const apart: Decode = async (set, video, segments, crops) => {
  const scaled = shortSideSize(video, SIZE);
  const scale = video.width / scaled.width;
  let clips = 0;
  for (const frames of segmentsOf(set, video, segments)) {
    for (const { x, y, width, height } of cropWindows(scaled, SIZE, crops)) {
      const [left, top, w, h] = [x, y, width, height].map((value) => Math.floor(value * scale));
      const crop = { x: left as number, y: top as number, width: w as number, height: h as number };
      await decodeFrames(ffmpeg, { file: video.file, frames, crop, size: { width: SIZE, height: SIZE } });
      clips++;
    }
  }
  return clips;
};

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const results: object[] = [];
console.log('| set | views | CPU ms/video, a process for each view | one for the video | ratio |');
console.log('| --- | --- | --- | --- | --- |');
for (const set of DATA_SETS) {
  if (!(set.name in PROTOCOLS)) continue;
  const { segments, crops } = PROTOCOLS[set.name as keyof typeof PROTOCOLS];
  const videos = (await entriesOf(ffmpeg, source, set)).map((entry) => ({
    ...entry,
    file: path.resolve(source, set.folder, entry.file),
  }));
  const measure = async (decode: Decode): Promise<number> => {
    const before = cpuMsOf(process.pid);
    for (const video of videos) {
      if ((await decode(set, video, segments, crops)) !== segments * crops) throw new Error('not all views came');
    }
    return (cpuMsOf(process.pid) - before) / videos.length;
  };
  const rounds: { apart: number; together: number }[] = [];
  await measure(together);
  for (let round = 0; round < Number(values.rounds); round++) {
    rounds.push({ apart: await measure(apart), together: await measure(together) });
  }
  const ratio = median(rounds.map((round) => round.apart / round.together));
  const [each, one] = [median(rounds.map(({ apart: a }) => a)), median(rounds.map(({ together: t }) => t))];
  console.log(`| ${set.name} | ${segments} × ${crops} | ${each.toFixed()} | ${one.toFixed()} | ${ratio.toFixed(1)} |`);
  results.push({ set: set.name, segments, crops, apart: each, together: one, ratio, rounds });
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 1)}\n`);
