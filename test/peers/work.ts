/** The work that every contender is given: visits of videos, drawn as the loader draws them for training. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Draw, trainVisit } from '../../src/data/draw.ts';
import type { Entry } from '../../src/data/manifest.ts';
import type { SamplerName } from '../../src/data/sampling/index.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { probeVideo } from '../../src/video/probe.ts';

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

export interface WorkClip {
  readonly frames: readonly number[];
  /** x, y, width, height. */
  readonly crop: readonly [number, number, number, number];
  readonly flip: boolean;
}

export interface WorkVisit {
  readonly file: string;
  readonly clips: readonly WorkClip[];
  /** For us: the entry, and the epoch whose draw the first clip is. */
  readonly entry: number;
  readonly epoch: number;
}

export interface Work {
  readonly size: number;
  readonly visits: readonly WorkVisit[];
  /** For us: what preparing found out. Peers make their own index. */
  readonly entries: readonly Entry[];
  readonly draw: Draw;
}

export function drawOf(source: string, { folder, sampling, stride, flip }: DataSet): Draw {
  const clip = { frames: FRAMES, stride, size: SIZE, sampling, crop: 'random-resized', cropScale: [0.5, 1] } as const;
  return { root: path.resolve(source, folder), seed: 17, clip: { ...clip, flip, repeats: 1 } };
}

/** The videos of a data set below the source folder, as a manifest has them, in the order of their names. */
export async function entriesOf(ffmpeg: Ffmpeg, source: string, set: DataSet): Promise<Entry[]> {
  const folder = path.resolve(source, set.folder);
  const names = (await readdir(folder)).filter((name) => name.endsWith(set.extension)).sort();
  const entries: Entry[] = [];
  for (const [label, name] of names.entries()) {
    const file = path.join(folder, name);
    entries.push({ id: name, file: name, label, bytes: (await stat(file)).size, ...(await probeVideo(ffmpeg, file)) });
  }
  return entries;
}

/** One visit of every video in each of `epochs` epochs from `first` on; every clip of a visit is the draw of an epoch of its own. */
export function drawVisits(
  draw: Draw,
  entries: readonly Entry[],
  { first, epochs, clips }: { readonly first: number; readonly epochs: number; readonly clips: number },
): WorkVisit[] {
  return Array.from({ length: epochs }, (_, i) => first + i * clips).flatMap((epoch) =>
    entries.map((entry, index): WorkVisit => {
      const visits = Array.from({ length: clips }, (_, clip) => trainVisit(draw, entry, index, epoch + clip));
      const drawn = visits.map(({ clips: [{ frames, crop, flip = false }] }): WorkClip => {
        const { x, y, width, height } = crop ?? { x: 0, y: 0, width: entry.width, height: entry.height };
        return { frames, crop: [x, y, width, height], flip };
      });
      return { file: path.resolve(draw.root, entry.file), clips: drawn, entry: index, epoch };
    }),
  );
}
