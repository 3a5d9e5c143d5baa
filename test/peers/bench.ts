/**
 * How fast training clips come, from us and from others: PyAV, OpenCV, decord and torchcodec (`peers.py`), at their best.
 *
 *   python3 -m venv VENV && VENV/bin/pip install -r test/peers/requirements.txt
 *   export LD_LIBRARY_PATH=…          for torchcodec: where libavcodec.so and its like are; without, it is left out
 *   npm run bench:peers -- --source SAMPLES --python VENV/bin/python [--rounds 5] [--cores 1] [--repeats 4]
 *     [--sets kinetics,ssv2,hmdb51] [--only pyav,opencv,…] [--clips 1,2] [--copies gop,jpeg] [--json FILE]
 *
 * SAMPLES holds kinetics400/*.mp4, ssv2/*.webm and hmdb51/*.avi. Work: clips of 16 frames at 224², a random window of half to
 * all of the picture; Kinetics 16 × 4, SSv2 one frame of each of 16 segments, HMDB51 16 × 2; one clip for each visit of a
 * video, or two (repeated augmentation), for which all but those called naive decode a video once.
 *
 * Every contender is a process pinned to the cores, or as many as cores, all alive throughout. After a round to warm up,
 * rounds are interleaved, each contender having the same visits, in an order that rotates. CPU is that of the process and all
 * below it. Peers leave their clips in their own memory; a training script would still have to move them.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Draw } from '../../src/data/draw.ts';
import type { Entry } from '../../src/data/manifest.ts';
import { ffmpeg } from '../video/ffmpegs.ts';
import { type Contender, openContender, type Round } from './contender.ts';
import { type CopyName, prepareCopies } from './copies.ts';
import { DATA_SETS, type DataSet, drawOf, drawVisits, entriesOf, SIZE, type Work } from './work.ts';

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '5' },
    cores: { type: 'string', default: '1' },
    repeats: { type: 'string', default: '4' },
    sets: { type: 'string', default: DATA_SETS.map(({ name }) => name).join() },
    clips: { type: 'string', default: '1,2' },
    copies: { type: 'string', default: '' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
});
if (values.source === undefined) throw new Error('--source names the folder of sample videos');
const source = values.source;
const [rounds, cores, repeats] = [Number(values.rounds), Number(values.cores), Number(values.repeats)];

const PEERS = ['pyav', 'pyav-skip', 'opencv', 'opencv-seek', 'decord', 'torchcodec-exact', 'torchcodec-approximate'];
const NAIVE = ['pyav-naive', 'opencv-naive'];
const COPIES = values.copies.split(',').filter((name) => name !== '') as CopyName[];
const OURS = ['ours-decoders', 'ours-node-av', 'ours-loader', ...COPIES.map((name) => `ours-${name}`)];

interface Result {
  readonly set: string;
  readonly clips: number;
  readonly contender: string;
  readonly clipsPerSecond: number;
  readonly cpuMsPerClip: number;
  /** Median over the rounds of clips/s and of CPU, against the best peer of the same round. */
  readonly speedToBest?: number;
  readonly cpuToBest?: number;
}

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};

async function open(name: string, work: string): Promise<Contender | undefined> {
  const ours = OURS.includes(name);
  const script = path.resolve('test', 'peers', 'peers.py');
  try {
    return await openContender({
      name,
      command: ours
        ? [process.execPath, path.resolve('dist', 'test', 'peers', 'ours.js'), name, work, String(cores)]
        : [values.python, script, 'work', name, work],
      workers: ours ? 1 : cores,
      ahead: ours ? 64 : 2,
      cores: cores === 1 ? '1' : `0-${cores - 1}`,
    });
  } catch {
    console.error(`${name} is left out: it did not start`);
    return undefined;
  }
}

async function benchSet(set: DataSet, clips: number, folder: string): Promise<Result[]> {
  const entries = await entriesOf(ffmpeg, source, set);
  const draw = drawOf(source, set);
  const workOf = async (name: string, own: readonly Entry[], from: Draw): Promise<string> => {
    const perRound = Array.from({ length: rounds + 1 }, (_, round) =>
      drawVisits(from, own, { first: round * repeats * clips, epochs: repeats, clips }),
    );
    const given: Work = { size: SIZE, visits: perRound.flat(), entries: own, draw: from };
    const file = path.join(folder, `${set.name}-${clips}-${name}.json`);
    await writeFile(file, JSON.stringify(given));
    return file;
  };
  const originals = await workOf('originals', entries, draw);
  const works = new Map<string, string>();
  for (const copies of clips === 1 ? COPIES : []) {
    const prepared = await prepareCopies(copies, draw.root, entries, path.join(folder, `${set.name}-${copies}`));
    if (prepared === undefined) console.error(`ours-${copies} is left out: the copies were not made`);
    else works.set(`ours-${copies}`, await workOf(copies, prepared.entries, { ...draw, root: prepared.root }));
  }
  const ours = OURS.filter(
    (name) =>
      name === 'ours-decoders' ||
      name === 'ours-node-av' ||
      (clips === 1 && (name === 'ours-loader' || works.has(name))),
  );
  const names = [...ours, ...PEERS, ...(clips > 1 ? NAIVE : [])].filter(
    (name) => values.only === undefined || values.only.split(',').includes(name),
  );
  const contenders: Contender[] = [];
  const measured = new Map<string, Round[]>();
  try {
    for (const name of names) {
      const contender = await open(name, works.get(name) ?? originals);
      if (contender !== undefined) contenders.push(contender);
    }
    const size = entries.length * repeats;
    for (let round = 0; round <= rounds; round++) {
      const indices = Array.from({ length: size }, (_, i) => round * size + i);
      const order = contenders.map((_, i) => contenders[(i + round) % contenders.length] as Contender);
      for (const contender of order) {
        try {
          const result = await contender.run(indices);
          if (round > 0) measured.set(contender.name, [...(measured.get(contender.name) ?? []), result]);
        } catch {
          console.error(`${contender.name} is left out: it did not get through ${set.name}`);
          measured.delete(contender.name);
          contenders.splice(contenders.indexOf(contender), 1);
          await contender.close();
        }
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
  return resultsOf(set.name, clips, entries.length * repeats * clips, measured);
}

function resultsOf(
  set: string,
  clips: number,
  made: number,
  measured: ReadonlyMap<string, readonly Round[]>,
): Result[] {
  const peers = [...measured].filter(([name]) => !OURS.includes(name)).map(([, all]) => all);
  const best = (round: number, what: keyof Round): number =>
    Math.min(...peers.map((all) => all[round]?.[what] ?? Number.POSITIVE_INFINITY));
  return [...measured].map(([contender, all]): Result => {
    const result = {
      set,
      clips,
      contender,
      clipsPerSecond: median(all.map(({ wallMs }) => (1000 * made) / wallMs)),
      cpuMsPerClip: median(all.map(({ cpuMs }) => cpuMs / made)),
    };
    if (peers.length === 0) return result;
    return {
      ...result,
      speedToBest: median(all.map(({ wallMs }, i) => best(i, 'wallMs') / wallMs)),
      cpuToBest: median(all.map(({ cpuMs }, i) => best(i, 'cpuMs') / cpuMs)),
    };
  });
}

function table(results: readonly Result[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const digits = (value: number | undefined, places: number): string => value?.toFixed(places) ?? '';
  return [
    row(['set', 'clips/visit', 'contender', 'CPU ms/clip', 'clips/s', 'CPU, best peer ÷ it', 'speed, it ÷ best peer']),
    row(Array.from({ length: 7 }, () => '---')),
    ...results.map(({ set, clips, contender, cpuMsPerClip, clipsPerSecond, cpuToBest, speedToBest }) =>
      row([
        set,
        String(clips),
        contender,
        digits(cpuMsPerClip, 1),
        digits(clipsPerSecond, 1),
        digits(cpuToBest, 2),
        digits(speedToBest, 2),
      ]),
    ),
  ].join('\n');
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'petl-peers-'));
try {
  const results: Result[] = [];
  for (const set of DATA_SETS.filter(({ name }) => values.sets.split(',').includes(name))) {
    for (const clips of values.clips.split(',').map(Number)) {
      const measured = await benchSet(set, clips, folder);
      console.error(`\n${table(measured)}`);
      results.push(...measured);
    }
  }
  console.log(
    `${cores} ${cores === 1 ? 'core' : 'cores'}, ${rounds} rounds, ffmpeg ${ffmpeg.version}\n\n${table(results)}`,
  );
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ cores, rounds, results }, null, 1)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
