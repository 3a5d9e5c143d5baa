/** The work that every contender is given: visits of videos, drawn as training draws them. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { drawCrop } from '../../src/data/crop.ts';
import { type SamplerName, samplers } from '../../src/data/sampling/index.ts';
import { rng } from '../../src/tensor/random.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { probeVideo, type VideoFacts } from '../../src/video/probe.ts';
import type { Seek } from '../../src/video/seeks.ts';

export const SIZE = 224;
export const FRAMES = 16;

export interface DataSet {
  readonly name: 'kinetics' | 'ssv2' | 'hmdb51';
  /** Folder below the source and the files' extension. */
  readonly folder: string;
  readonly extension: string;
  readonly sampling: SamplerName;
  readonly stride: number;
  readonly flip: boolean;
}

export const DATA_SETS: readonly DataSet[] = [
  { name: 'kinetics', folder: 'kinetics400', extension: '.mp4', sampling: 'videomae-dense', stride: 4, flip: true },
  { name: 'ssv2', folder: 'ssv2', extension: '.webm', sampling: 'segments', stride: 1, flip: false },
  { name: 'hmdb51', folder: 'hmdb51', extension: '.avi', sampling: 'videomae-dense', stride: 2, flip: true },
];

export interface Video extends VideoFacts {
  readonly file: string;
}

export interface WorkClip {
  readonly frames: readonly number[];
  /** x, y, width, height. */
  readonly crop: readonly [number, number, number, number];
  readonly flip: boolean;
}

export interface WorkVisit {
  readonly file: string;
  /** What preparing found out, for us alone; peers have their own index. */
  readonly seeks?: readonly Seek[] | undefined;
  readonly clips: readonly WorkClip[];
}

/** The videos of a data set below the source folder, in natural order of their names. */
export async function videosOf(ffmpeg: Ffmpeg, source: string, set: DataSet): Promise<Video[]> {
  const folder = path.resolve(source, set.folder);
  const names = (await readdir(folder)).filter((name) => name.endsWith(set.extension)).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      return { ...(await probeVideo(ffmpeg, file)), file };
    }),
  );
}

/** One visit of every video, `repeats` times over, each with its own frames and crops; `round` seeds the draws. */
export function drawVisits(
  set: DataSet,
  videos: readonly Video[],
  options: { readonly round: number; readonly repeats: number; readonly clips: number },
): WorkVisit[] {
  return Array.from({ length: options.repeats }, (_, repeat) =>
    videos.map(({ file, seeks, frames, width, height }, index): WorkVisit => {
      const clips = Array.from({ length: options.clips }, (_, clip): WorkClip => {
        const random = rng(17, 'peers', options.round, (repeat * videos.length + index) * 8 + clip);
        const chosen = samplers[set.sampling].train(frames, { frames: FRAMES, stride: set.stride }, random);
        const window = drawCrop('random-resized', { width, height }, SIZE, random, [0.5, 1]);
        const flip = set.flip && random.uniform() < 0.5;
        return { frames: chosen, crop: [window.x, window.y, window.width, window.height], flip };
      });
      return { file, seeks, clips };
    }),
  ).flat();
}
