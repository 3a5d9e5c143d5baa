/** Our decoders, as the trials of damage use them. */
import pLimit from 'p-limit';
import { decodeVisit } from '../../src/video/decode.ts';
import { createDecoders, type Decoders } from '../../src/video/decoders.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { type ClipRequest, type Visit, visitBytes } from '../../src/video/visit.ts';
import { SIZE, type Subject } from './damage-trials.ts';

export function openSubject(ffmpeg: Ffmpeg, concurrency: number): { subject: Subject; decoders: Decoders } {
  const decoders = createDecoders(ffmpeg, { concurrency });
  const limit = pLimit(concurrency);
  const subject: Subject = {
    probe: (file) => decoders.probe(file),
    async visit(file, { seeks }, asked) {
      const clips = asked.map((frames): ClipRequest => ({ frames, size: SIZE }));
      const visit: Visit = { file, seeks, clips: clips as [ClipRequest, ...ClipRequest[]] };
      const data = new Uint8Array(visitBytes(visit));
      const warning = await limit(() => decodeVisit(ffmpeg, visit, data));
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
  'old DivX',
] as const;
