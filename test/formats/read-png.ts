/** A PNG file as ffmpeg reads it, checksums and all. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RgbPicture } from '../../src/formats/png.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';

export function readPng(ffmpeg: Ffmpeg, bytes: Uint8Array): RgbPicture {
  const folder = mkdtempSync(path.join(tmpdir(), 'png-'));
  try {
    const file = path.join(folder, 'picture.png');
    writeFileSync(file, bytes);
    const options = ['-v', 'error', '-xerror', '-err_detect', 'crccheck+explode', '-f', 'png_pipe', '-i', file];
    const out = ['-pix_fmt', 'rgb24', '-f', 'rawvideo', 'pipe:1'];
    const data = execFileSync(ffmpeg.path, [...options, ...out], { maxBuffer: 2 ** 28 });
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return { data: new Uint8Array(data), width: view.getUint32(16), height: view.getUint32(20) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
