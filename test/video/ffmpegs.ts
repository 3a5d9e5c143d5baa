/** The ffmpegs that tests run on, videos made by them, and frames decoded without any of our code. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { readEnvironment } from '../../src/setup/environment.ts';
import { type Ffmpeg, findFfmpeg } from '../../src/video/ffmpeg.ts';
import type { Frames, Size } from '../../src/video/window.ts';

const run = promisify(execFile);

export const { ffmpegPath, cache, searchPath } = readEnvironment(process.env);

/** The one the program would take. */
export const ffmpeg = await findFfmpeg({ environmentPath: ffmpegPath, cache, searchPath });

/** That one, and the system's where it is another: versions differ in options and in threads. */
export const ffmpegs: readonly Ffmpeg[] = await findFfmpeg({ configured: 'ffmpeg', cache, searchPath }).then(
  (system) => (system.path === ffmpeg.path ? [ffmpeg] : [ffmpeg, system]),
  () => [ffmpeg],
);

/** Runs ffmpeg as it is; fluent-ffmpeg would not know its device formats. */
export async function runDirectly(from: Ffmpeg, args: readonly string[]): Promise<Buffer> {
  const options = { encoding: 'buffer', maxBuffer: 2 ** 30 } as const;
  return (await run(from.path, ['-v', 'error', '-nostdin', '-y', ...args], options)).stdout;
}

/**
 * All frames of a file at a size, by ffmpeg alone: every frame that comes out, no selection, default threads.
 * (What it makes up for damaged frames depends on the number of threads.)
 */
export async function decodeAll(
  from: Ffmpeg,
  file: string,
  size: Size,
  { filters = '', threads = 0 } = {},
): Promise<Frames> {
  const scale = `${filters}scale=${size.width}:${size.height}:flags=bilinear`;
  const sync = from.versionNumber[0] >= 6 ? ['-fps_mode', 'passthrough'] : ['-vsync', '0'];
  const out = ['-vf', scale, '-pix_fmt', 'rgb24', ...sync, '-f', 'rawvideo', 'pipe:1'];
  const data = await runDirectly(from, ['-threads', String(threads), '-i', file, '-map', '0:v:0', ...out]);
  return { data, frames: data.length / (size.width * size.height * 3), ...size };
}

export async function withFolder(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'petl-video-'));
  try {
    await check(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An executable that is taken for ffmpeg: a shell script, with the real one as `$FFMPEG`. */
export async function scriptedFfmpeg(folder: string, script: string): Promise<Ffmpeg> {
  const file = path.join(folder, 'scripted-ffmpeg');
  await writeFile(file, `#!/bin/sh\nFFMPEG='${ffmpeg.path}'\n${script}\n`);
  await chmod(file, 0o755);
  return { ...ffmpeg, path: file };
}
