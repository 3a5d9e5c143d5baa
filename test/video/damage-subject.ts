/** Our decoders, as the trials of damage use them. */
import { stat } from 'node:fs/promises';
import pLimit from 'p-limit';
import { type Decoders, openDecoders } from '../../src/video/decoders.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { probeVideo } from '../../src/video/probe.ts';
import { type ClipRequest, type Visit, visitBytes } from '../../src/video/visit.ts';
import { SIZE, type Subject } from './damage-trials.ts';

export function openSubject(ffmpeg: Ffmpeg, concurrency: number): { subject: Subject; decoders: Decoders } {
  // One of three visits asked for at once waits: those that wait share a process.
  const decoders = openDecoders(ffmpeg, { concurrency, together: 4 });
  const limit = pLimit(concurrency);
  const subject: Subject = {
    probe: (file) => limit(async () => ({ ...(await probeVideo(ffmpeg, file)), bytes: (await stat(file)).size })),
    async visit(file, { bytes, seeks, disposable, verdict, changesSize = false }, asked) {
      const clips = asked.clips.map((frames): ClipRequest => ({ frames, crop: asked.crop, size: SIZE }));
      const known = { file, bytes, seeks, disposable, steady: !changesSize, alone: verdict === 'damaged' };
      const visit: Visit = { ...known, clips: clips as [ClipRequest, ...ClipRequest[]] };
      const data = new Uint8Array(visitBytes(visit));
      const { warning } = await decoders.visit(visit, data);
      return { data, warning };
    },
  };
  return { subject, decoders };
}

/** Odd videos that damage starts from: one for each way to keep and to code videos. */
export const MADE = [
  'open groups of pictures, h264',
  'uneven times in Matroska',
  'fragmented mp4',
  'an edit list over B-frames',
  'AVI without times, B-frames',
  'AVI with h264',
  'AVI with motion JPEG',
  'odd sides',
  'VP8 with hidden pictures',
  'AV1',
  'AV1 in a file of its own',
  'open groups of pictures, hevc',
  'turned by 90°',
  'ten bits, VP9',
  'intra refresh',
  'program stream',
  'Windows Media',
  'Flash with h264',
  'Theora',
  'h263 in 3gp',
  'h264 without a container',
  'GIF',
  'ProRes',
  'NUT',
  'several slices',
  'full range',
  'old DivX',
] as const;
