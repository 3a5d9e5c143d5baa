/**
 * What all test views of a video cost: one process for the video, as we do, against one for each view.
 *
 *   npm run bench:views -- --source SAMPLES [--rounds 5] [--json FILE]
 *
 * SAMPLES as for `bench.ts`. Kinetics 5 segments × 3 crops, SSv2 2 × 3, 16 frames at 224². CPU is that of this process and of
 * all it started; rounds alternate. Pin it to one core (`taskset -c 1`) for quiet numbers.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { clipMemory } from '../../src/data/clip-memory.ts';
import { testVisit } from '../../src/data/draw.ts';
import type { Entry } from '../../src/data/manifest.ts';
import { openDecoders } from '../../src/video/decoders.ts';
import { frameBytes, visitBytes } from '../../src/video/visit.ts';
import { shortSideSize, type Window } from '../../src/video/window.ts';
import { ffmpeg } from '../video/ffmpegs.ts';
import { cpuMsOf } from './cpu.ts';
import { DATA_SETS, type DataSet, drawOf, entriesOf, FRAMES, SIZE } from './work.ts';

const { values } = parseArgs({
  options: { source: { type: 'string' }, rounds: { type: 'string', default: '5' }, json: { type: 'string' } },
});
if (values.source === undefined) throw new Error('--source names the folder of sample videos');
const source = values.source;

const PROTOCOLS = { kinetics: { segments: 5, crops: 3 }, ssv2: { segments: 2, crops: 3 } } as const;

type Video = Entry;
type Decode = (set: DataSet, video: Video, segments: number, crops: 1 | 3) => Promise<number>;

const SQUARE = { width: SIZE, height: SIZE };
const memory = clipMemory();

/** Both ways decode by the same hosts, one process at a time. */
const decoders = openDecoders(ffmpeg, { concurrency: 1, together: 1 });

/** The loader's way: the union of all frames at the short side, and the views cut from it. Returns the number of clips. */
const together: Decode = async (set, video, segments, crops) => {
  const { visit, views, cut } = testVisit(drawOf(source, set), video, { segments, crops });
  const decoded = memory.take(visitBytes(visit));
  const clips = memory.take(views.length * FRAMES * frameBytes(SQUARE));
  await decoders.visit(visit, decoded);
  cut?.(decoded, clips);
  memory.give(decoded);
  memory.give(clips);
  return views.length;
};

/** A process for each view, which cuts its crop out of the picture and resizes that. */
const apart: Decode = async (set, video, segments, crops) => {
  const { visit, views } = testVisit(drawOf(source, set), video, { segments, crops });
  const scale = video.width / shortSideSize(video, SIZE).width;
  for (const { frames, crop } of views) {
    const [x, y, width, height] = [crop.x, crop.y, crop.width, crop.height].map((value) => Math.floor(value * scale));
    const window = { x, y, width, height } as Window;
    const clip = memory.take(FRAMES * frameBytes(SQUARE));
    await decoders.visit({ ...visit, clips: [{ frames, crop: window, size: SQUARE }] }, clip);
    memory.give(clip);
  }
  return views.length;
};

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const results: object[] = [];
console.log('| set | views | CPU ms/video, a process for each view | one for the video | ratio |');
console.log('| --- | --- | --- | --- | --- |');
for (const set of DATA_SETS) {
  if (!(set.name in PROTOCOLS)) continue;
  const { segments, crops } = PROTOCOLS[set.name as keyof typeof PROTOCOLS];
  const videos = await entriesOf(ffmpeg, source, set);
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
await decoders.close();
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 1)}\n`);
