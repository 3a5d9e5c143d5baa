/** Reads tiny videos through the real loader for as long as is wanted, and watches the memory and descriptors of all its processes. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openLoaderThread } from '../../src/data/loader-thread.ts';
import type { Entry } from '../../src/data/manifest.ts';
import { drawMotion } from '../../src/data/motion.ts';
import { rng } from '../../src/tensor/random.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { probeVideo } from '../../src/video/probe.ts';
import { treeOf } from '../peers/cpu.ts';
import { runFed } from '../video/odd-videos.ts';

const VIDEOS = 16;
const SHAPE = { frames: 48, width: 32, height: 24 } as const;
const BATCH = 16;

export interface Sample {
  readonly visits: number;
  /** Of this process and the Node processes below it. */
  readonly processes: readonly { readonly pid: number; readonly rssMiB: number; readonly descriptors: number }[];
}

/** Sixteen VP9 videos like those of SSv2, but tiny. */
async function makeVideos(ffmpeg: Ffmpeg, folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let i = 0; i < VIDEOS; i++) {
    const { data } = drawMotion(i % 8, { ...SHAPE, speed: [1, 2], wavelength: [8, 16] }, rng(2, 'soak', i));
    const file = path.join(folder, `${i}.webm`);
    const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${SHAPE.width}x${SHAPE.height}`, '-r', '12'];
    const coding = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-threads', '1', '-g', '240'];
    await runFed(ffmpeg, [...raw, '-i', 'pipe:0', ...coding, file], data);
    entries.push({ id: String(i), file: `${i}.webm`, label: i, ...(await probeVideo(ffmpeg, file)) });
  }
  return entries;
}

function sampleNow(visits: number): Sample {
  const processes = treeOf(process.pid).flatMap((pid) => {
    try {
      // What Node started that is not Node comes and goes.
      if (!/node/.test(readFileSync(`/proc/${pid}/comm`, 'utf8')) && pid !== process.pid) return [];
      const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return [{ pid, rssMiB: Number(rss) / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length }];
    } catch {
      return [];
    }
  });
  return { visits, processes };
}

export interface SoakOptions {
  readonly ffmpeg: Ffmpeg;
  /** An empty folder. */
  readonly folder: string;
  readonly visits: number;
  readonly samples: number;
  onSample?(sample: Sample): void;
}

/** Trains on nothing: each batch is asked for, looked at and forgotten, two ahead. Throws where a clip is not as it must be. */
export async function soak({ ffmpeg, folder, visits, samples, onSample }: SoakOptions): Promise<Sample[]> {
  const entries = await makeVideos(ffmpeg, folder);
  const clip = { frames: 8, stride: 4, size: 24, sampling: 'segments', crop: 'random-resized' } as const;
  const loader = openLoaderThread({
    ffmpeg,
    concurrency: 2,
    source: {
      root: folder,
      splits: { train: entries },
      clip: { ...clip, cropScale: [0.5, 1], flip: false, repeats: 1 },
      seed: 1,
      onError: 'fail',
      retries: 0,
    },
  });
  const taken: Sample[] = [];
  const every = Math.ceil(visits / samples);
  try {
    const batches = Math.ceil(visits / BATCH);
    const ask = (batch: number) => loader.trainBatch('train', rng(1, 'soak-order', batch).permutation(BATCH), batch);
    const pending = [ask(0), ask(1)];
    for (let batch = 0; batch < batches; batch++) {
      const made = await (pending.shift() as (typeof pending)[number]);
      made.release();
      if (batch + 2 < batches) pending.push(ask(batch + 2));
      if (made.replaced.length > 0 || made.clips.length !== BATCH * 8 * 24 * 24 * 3)
        throw new Error('not the clips asked for');
      const done = (batch + 1) * BATCH;
      if (Math.floor(done / every) > Math.floor((done - BATCH) / every)) {
        const sample = sampleNow(done);
        taken.push(sample);
        onSample?.(sample);
      }
    }
  } finally {
    await loader.close();
  }
  return taken;
}

export interface Growth {
  readonly pid: number;
  readonly rssMiB: readonly [early: number, late: number];
  readonly descriptors: readonly [early: number, late: number];
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** Medians of the second and of the last fifth of the samples, for each process that was there throughout. */
export function growthOf(samples: readonly Sample[]): Growth[] {
  const fifth = Math.floor(samples.length / 5);
  const [early, late] = [samples.slice(fifth, 2 * fifth), samples.slice(-fifth)];
  const of = (part: readonly Sample[], pid: number) =>
    part.flatMap(({ processes }) => processes.filter((process) => process.pid === pid));
  const pids = late[0]?.processes.map(({ pid }) => pid) ?? [];
  return pids.map((pid) => {
    const [then, now] = [of(early, pid), of(late, pid)];
    return {
      pid,
      rssMiB: [median(then.map(({ rssMiB }) => rssMiB)), median(now.map(({ rssMiB }) => rssMiB))],
      descriptors: [
        median(then.map(({ descriptors }) => descriptors)),
        median(now.map(({ descriptors }) => descriptors)),
      ],
    };
  });
}

/** What has grown beyond the bounds, or was replaced on the way; empty where all is flat. */
export function leaks(
  samples: readonly Sample[],
  { rssMiB, descriptors }: { rssMiB: number; descriptors: number },
): string[] {
  return growthOf(samples).flatMap(({ pid, rssMiB: [before, after], descriptors: [few, many] }) => [
    // Not `>`: a process that was not there in the second fifth has NaN.
    ...(after - before <= rssMiB ? [] : [`process ${pid} grew from ${before} to ${after} MiB`]),
    ...(many - few <= descriptors ? [] : [`process ${pid} had ${few} descriptors, then ${many}`]),
  ]);
}
