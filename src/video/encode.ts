/** RGB frames to a small video file: for videos that this project makes itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { environmentError } from '../errors/index.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import type { Frames } from './window.ts';

const STDERR_LIMIT = 4096;

/**
 * Encodes frames as MPEG-4 (part 2), which every ffmpeg has built in; the format follows the file's extension.
 * The file appears whole or not at all.
 * @throws environment error with ffmpeg's words; the signal's reason on abort
 */
export async function encodeVideo(
  ffmpeg: Ffmpeg,
  { data, width, height }: Frames,
  file: string,
  options: { readonly fps: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const unfinished = path.join(path.dirname(file), `.unfinished-${path.basename(file)}`);
  const raw = [
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-s',
    `${width}x${height}`,
    '-r',
    String(options.fps),
    '-i',
    'pipe:0',
  ];
  const codec = ['-c:v', 'mpeg4', '-q:v', '3', '-pix_fmt', 'yuv420p', '-threads', '1'];
  const child = spawn(ffmpeg.path, ['-v', 'error', '-y', ...raw, ...codec, unfinished], {
    stdio: ['pipe', 'ignore', 'pipe'],
    signal: options.signal,
    killSignal: 'SIGKILL',
  });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr = (stderr + text).slice(0, STDERR_LIMIT);
  });
  // A process that ends early closes the pipe; its exit code and words say more than EPIPE does.
  child.stdin.on('error', () => {});
  child.stdin.end(data);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw environmentError(`ffmpeg could not encode: ${stderr.trim()}`, { at: file });
    await rename(unfinished, file);
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw thrown;
  }
}
