/** A video to a packed file of JPEG strips: one decode by ffmpeg, coded by libjpeg-turbo as the frames come. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { dataError } from '../../errors/index.ts';
import { crc32 } from '../../formats/crc32.ts';
import { onDisk } from '../../formats/write-file.ts';
import type { Ffmpeg } from '../ffmpeg.ts';
import { ANY_VIDEO, complaintOf, everyFrame, openInput, SAME_SIZE } from '../input.ts';
import { FIRST_RESTART, splitJpeg } from '../packed/jpeg-scan.ts';
import { type JpegTurbo, loadJpegTurbo } from '../packed/jpeg-turbo.ts';
import { layStrips, planesBytes } from '../packed/lay-strips.ts';
import { frontBytes, LARGEST_STRIP, layoutOf, type PackedFacts, writeFront } from '../packed/layout.ts';
import { openPacked } from '../packed/packed-file.ts';
import { STRIP_COLUMNS } from '../pixels/plane-resizer.ts';
import { type RunOptions, runFfmpeg } from '../process.ts';
import { type Copied, type CopyTask, checkLikeness, comparedFrames, copySize, likenessOf, wrongCount } from './copy.ts';

/** Bytes of strips that are collected before they are written. */
const WRITE_AT = 1 << 20;

/**
 * The copy appears whole, read back and compared, or not at all.
 *
 * @throws data error where the original cannot be read, has not the frames it should have, or the copy differs too much;
 *   environment error where libjpeg-turbo is missing, ffmpeg cannot be started or the disk is full; the signal's reason.
 */
export async function packVideo(ffmpeg: Ffmpeg, task: CopyTask, options: RunOptions = {}): Promise<Copied> {
  const jpegTurbo = await loadJpegTurbo();
  const unfinished = path.join(path.dirname(task.copy), `.unfinished-${path.basename(task.copy)}`);
  const handle = await onDisk(unfinished, () => open(unfinished, 'w+'));
  try {
    let copied: Copied;
    try {
      copied = await packInto(ffmpeg, jpegTurbo, task, unfinished, handle, options);
    } finally {
      await handle.close();
    }
    // Not forced to the disk: a copy that a power failure tears is known by its size and its checksums, and made again.
    await onDisk(task.copy, () => rename(unfinished, task.copy));
    return copied;
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw thrown;
  }
}

async function packInto(
  ffmpeg: Ffmpeg,
  jpegTurbo: JpegTurbo,
  { file, copy, kind, facts }: CopyTask,
  unfinished: string,
  handle: FileHandle,
  options: RunOptions,
): Promise<Copied> {
  if (kind.kind !== 'jpeg') throw new RangeError(`not for ${kind.kind} copies`);
  const size = copySize(facts, kind.shortSide);
  const input = await openInput(file);
  const { size: originalBytes } = await sizeOf(file);
  const packed: PackedFacts = {
    ...size,
    frames: facts.frames,
    quality: kind.quality,
    original: { width: facts.width, height: facts.height, bytes: originalBytes, fps: facts.fps },
  };
  const coder = makeCoder(jpegTurbo, packed, copy);
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  let written: Promise<void> | undefined;
  let position = 0;
  const write = (): void => {
    const chunk = coder.take();
    position ||= coder.frontBytes();
    const at = position;
    position += chunk.length;
    written = (written ?? Promise.resolve()).then(() => writeAt(handle, chunk, at, copy));
    written.catch((error: unknown) => failed.abort(error));
  };
  const { failure, stderr } = await runFfmpeg(
    ffmpeg,
    {
      inputs: [input],
      filters: [
        SAME_SIZE,
        // The colours of a packed file; nothing is done to pictures that have the size and the colours already.
        `scale=${size.width}:${size.height}:flags=bicubic+accurate_rnd:out_color_matrix=bt601:out_range=tv`,
        'format=yuv420p',
      ],
      outputOptions: ['-map', `0:${ANY_VIDEO}`, ...everyFrame(ffmpeg)],
      format: 'rawvideo',
    },
    (chunk) => {
      try {
        coder.add(chunk);
        if (coder.waiting() > WRITE_AT) write();
      } catch (error) {
        failed.abort(error);
      }
    },
    { ...options, signal },
  );
  if (coder.frames() !== facts.frames) {
    throw wrongCount(coder.frames(), facts.frames, complaintOf(stderr, input.source) ?? failure, copy);
  }
  write();
  await written;
  await writeAt(handle, coder.front(), 0, copy);
  const likeness = compare(jpegTurbo, unfinished, coder.kept, copy);
  return { facts: { ...size, frames: facts.frames, fps: facts.fps, verdict: 'ok' }, bytes: position, likeness };
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number, copy: string): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const part = await onDisk(copy, () => handle.write(bytes, done, bytes.length - done, position + done));
    done += part.bytesWritten;
  }
}

async function sizeOf(file: string): Promise<{ size: number }> {
  const handle = await open(file, 'r');
  try {
    return await handle.stat();
  } finally {
    await handle.close();
  }
}

interface Coder {
  /** Bytes of frames in yuv420p, in pieces of any length. */
  add(chunk: Uint8Array): void;
  /** Whole frames so far. */
  frames(): number;
  /** Bytes that `take` would give: coded strips, in order. */
  waiting(): number;
  take(): Buffer;
  /** Known from the first frame on. */
  frontBytes(): number;
  /** To be asked for behind the last frame. */
  front(): Buffer;
  /** Strips of the frames that will be compared. */
  readonly kept: ReadonlyMap<number, Uint8Array>;
}

function makeCoder(jpegTurbo: JpegTurbo, packed: PackedFacts, copy: string): Coder {
  const layout = layoutOf(packed);
  const stripBytes = STRIP_COLUMNS * layout.stride;
  const planes = new Uint8Array(planesBytes(packed));
  const strips = new Uint8Array(layout.strips * stripBytes);
  const sizes = new Uint16Array(packed.frames * layout.strips);
  const checksums = new Uint32Array(sizes.length);
  const compared = new Set(comparedFrames(packed.frames));
  const kept = new Map<number, Uint8Array>();
  let head: Uint8Array | undefined;
  let filled = 0;
  let frames = 0;
  let coded: Uint8Array[] = [];
  let waiting = 0;

  function headSoFar(): Uint8Array {
    if (head === undefined) throw new Error('no frame was coded yet');
    return head;
  }

  function codeStrip(strip: number): void {
    const pixels = strips.subarray(strip * stripBytes, (strip + 1) * stripBytes);
    const jpeg = splitJpeg(jpegTurbo.encode(pixels, layout.stride, STRIP_COLUMNS, packed.quality));
    head ??= jpeg.head.slice();
    if (Buffer.compare(head, jpeg.head) !== 0) throw new Error('libjpeg-turbo gave strips of a frame different heads');
    if (jpeg.scan.length > LARGEST_STRIP) {
      throw dataError(`a strip of a frame takes ${jpeg.scan.length} bytes`, { at: copy, remedy: 'lower --quality' });
    }
    const scan = new Uint8Array(jpeg.scan.length + 2);
    scan.set(jpeg.scan);
    scan.set([0xff, FIRST_RESTART + (strip % 8)], jpeg.scan.length);
    const at = frames * layout.strips + strip;
    sizes[at] = jpeg.scan.length;
    checksums[at] = crc32(jpeg.scan);
    coded.push(scan);
    waiting += scan.length;
  }

  function codeFrame(): void {
    if (frames < packed.frames) {
      layStrips(planes, packed, layout, strips);
      for (let strip = 0; strip < layout.strips; strip++) codeStrip(strip);
      if (compared.has(frames)) kept.set(frames, strips.slice());
    }
    frames++;
  }

  return {
    kept,
    add(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + planes.length - filled);
        planes.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < planes.length) continue;
        filled = 0;
        codeFrame();
      }
    },
    frames: () => frames,
    waiting: () => waiting,
    take() {
      const all = Buffer.concat(coded);
      coded = [];
      waiting = 0;
      return all;
    },
    frontBytes: () => frontBytes(packed, headSoFar()),
    front: () => writeFront({ facts: packed, head: headSoFar(), sizes, checksums }),
  };
}

/** Reads the file as training will and returns the dB of the frame that is worst. */
function compare(jpegTurbo: JpegTurbo, file: string, kept: ReadonlyMap<number, Uint8Array>, copy: string): number {
  const packed = openPacked(file);
  try {
    const { strips, stride } = packed.layout;
    const decoded = Buffer.alloc(strips * STRIP_COLUMNS * stride);
    let worst = 99;
    for (const [frame, wanted] of kept) {
      packed.decode(jpegTurbo, [{ frame, strips: { first: 0, count: strips } }], decoded);
      const likeness = likenessOf(decoded, wanted);
      checkLikeness(likeness, frame, copy);
      worst = Math.min(worst, likeness);
    }
    return worst;
  } finally {
    packed.close();
  }
}
