/** The truth that frames are held against: all that ffmpeg alone decodes of a file, on one thread and without selecting. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import type { Frames, Size, Window } from '../../src/video/window.ts';

export interface FullDecode extends Frames {
  readonly stderr: string;
  /** How ffmpeg ended: 0, another code, or a signal. */
  readonly end: number | string;
}

/** Every frame of the first video stream that is no cover picture, cut and scaled to a size: uint8 [all, H, W, 3]. */
export async function fullDecode(by: Ffmpeg, file: string, size: Size, crop?: Window): Promise<FullDecode> {
  const [major, minor] = by.versionNumber;
  const sync = major > 5 || (major === 5 && minor > 0) ? ['-fps_mode', 'passthrough'] : ['-vsync', '0'];
  const cut = crop === undefined ? '' : `crop=${crop.width}:${crop.height}:${crop.x}:${crop.y}:exact=1,`;
  const args = [
    ...['-v', 'error', '-nostdin', '-threads', '1', '-filter_threads', '1', '-i', `file:${path.resolve(file)}`],
    ...['-map', '0:V:0', '-an', '-sn', '-dn', '-vf', `${cut}scale=${size.width}:${size.height}:flags=bilinear`],
    ...[...sync, '-pix_fmt', 'rgb24', '-f', 'rawvideo', 'pipe:1'],
  ];
  const child = spawn(by.path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (text: Buffer) => {
    if (stderr.length < 4096) stderr += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const data = Buffer.concat(chunks);
  const frames = Math.floor(data.length / (size.width * size.height * 3));
  return { data, frames, ...size, stderr, end: code ?? signal ?? 'unknown' };
}

/** The chosen frames of a decode, one after the other. */
export function framesOf({ data, width, height }: Frames, chosen: readonly number[]): Buffer {
  const bytes = width * height * 3;
  return Buffer.concat(chosen.map((frame) => data.subarray(frame * bytes, (frame + 1) * bytes)));
}
