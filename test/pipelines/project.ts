/** A project as a person has it, only tiny: twelve videos of two classes, prepared, and a recipe that trains in a second. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { drawMotion } from '../../src/data/motion.ts';
import { readEnvironment } from '../../src/setup/environment.ts';
import { rng } from '../../src/tensor/random.ts';
import { encodeVideo } from '../../src/video/encode.ts';
import { type Ffmpeg, findFfmpeg } from '../../src/video/ffmpeg.ts';
import { succeeds } from './cli.ts';

export const RECIPE = `\
data: { path: data, frames: 2, stride: 2, size: 16, crop: center }
backbone: { size: { width: 16, depth: 1, heads: 2 }, patch: 8, tubelet: 2, weights: random }
method: { name: adaptformer, bottleneck: 4, scale: 1 }
optim: { name: adamw, lr: 0.01, weightDecay: 0, warmupEpochs: 0 }
train: { epochs: 2, batch: 4 }
eval: { segments: 1, crops: 1 }
engine: { name: cpu }
`;

/** Direction of motion of each class; they sort in label order. */
const CLASSES = { down: 2, up: 6 } as const;
const COUNTS = { train: 4, validation: 2 } as const;
const MOTION = { frames: 6, width: 32, height: 24, speed: [1, 2], wavelength: [16, 40] } as const;

/** The ffmpeg that this machine has, or undefined. */
export async function ffmpegHere(): Promise<Ffmpeg | undefined> {
  const { ffmpegPath, cache, searchPath } = readEnvironment(process.env);
  return findFfmpeg({ environmentPath: ffmpegPath, cache, searchPath }).catch(() => undefined);
}

/**
 * A temporary folder with `videos/{train,validation}/{down,up}/<n>.mp4`, the prepared `data/` and `recipe.yaml`.
 * Eight videos to train, four to validate, listed `down` before `up`.
 */
export async function makeProject(ffmpeg: Ffmpeg): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'petl-project-'));
  try {
    await drawVideos(ffmpeg, path.join(folder, 'videos'));
    await writeFile(path.join(folder, 'recipe.yaml'), RECIPE);
    await prepare(folder, 'videos', 'data');
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
}

async function drawVideos(ffmpeg: Ffmpeg, folder: string): Promise<void> {
  for (const [split, count] of Object.entries(COUNTS)) {
    for (const [name, direction] of Object.entries(CLASSES)) {
      const own = path.join(folder, split, name);
      await mkdir(own, { recursive: true });
      for (let i = 0; i < count; i++) {
        const frames = drawMotion(direction, MOTION, rng(0, `project/${split}`, direction, i));
        await encodeVideo(ffmpeg, frames, path.join(own, `${i}.mp4`), { fps: 10 });
      }
    }
  }
}

export async function prepare(folder: string, source: string, out: string): Promise<void> {
  await succeeds(['prepare', 'folder', '--source', source, '--out', out], { folder });
}
