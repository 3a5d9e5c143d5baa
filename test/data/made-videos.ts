/** Four videos made on the spot, of different sizes, and two files that are none. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ClipSourceOptions } from '../../src/data/clip-source.ts';
import type { EntryViews, TrainBatch } from '../../src/data/loader.ts';
import type { Entry } from '../../src/data/manifest.ts';
import { ffmpeg, runDirectly } from '../video/ffmpegs.ts';

const FRAMES = 20;
/** Sizes by name. */
const VIDEOS = { wide: [160, 120], tall: [90, 160], odd: [107, 61], square: [64, 64] } as const;

export const LABELS = { wide: 3, tall: 1, odd: 0, square: 2, broken: 4, missing: 5 } as const;
export type Name = keyof typeof LABELS;

/** Makes `<name>.mkv` in the folder, but for `missing`. */
export async function makeVideos(folder: string): Promise<void> {
  await writeFile(path.join(folder, 'broken.mkv'), 'no video');
  for (const [name, [width, height]] of Object.entries(VIDEOS)) {
    const source = `testsrc2=s=${width}x${height}:r=20:d=${FRAMES / 20}`;
    const coding = ['-c:v', 'ffv1', '-pix_fmt', 'yuv444p'];
    await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', source, ...coding, path.join(folder, `${name}.mkv`)]);
  }
}

/** As a manifest has them; the two that are none too, as if they had been whole when they were prepared. */
export function entriesOf(...names: readonly Name[]): Entry[] {
  return names.map((name) => {
    const [width, height] = VIDEOS[name as keyof typeof VIDEOS] ?? [160, 120];
    const facts = { frames: FRAMES, width, height, fps: 20, verdict: 'ok' } as const;
    return { id: name, file: `${name}.mkv`, label: LABELS[name], ...facts };
  });
}

/** What was delivered, copied out of shared memory, which compares as unequal to any other. */
export function contentOf(delivered: TrainBatch | EntryViews) {
  if (!('clips' in delivered)) return delivered;
  const { release: _, ...content } = delivered;
  return { ...content, clips: Uint8Array.from(delivered.clips) };
}

export function sourceOptions(
  root: string,
  names: readonly Name[],
  clip: Partial<ClipSourceOptions['clip']> = {},
  onError: ClipSourceOptions['onError'] = 'skip',
): ClipSourceOptions {
  const shape = { frames: 4, stride: 2, size: 32, sampling: 'adaptformer-dense', cropScale: [0.08, 1] } as const;
  return {
    root,
    splits: { train: entriesOf(...names) },
    clip: { ...shape, crop: 'random-resized', flip: true, repeats: 1, ...clip },
    seed: 5,
    retries: 0,
    onError,
  };
}
