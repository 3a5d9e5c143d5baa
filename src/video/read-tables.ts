/** A whole video as tables of its pictures and its packets, with a checksum of each. */
import type { Ffmpeg } from './ffmpeg.ts';
import { type FrameTable, readFrameTable } from './frame-table.ts';
import { ANY_VIDEO, complaintOf, everyFrame, frameTimes, type Input } from './input.ts';
import { type RunOptions, runFfmpeg } from './process.ts';

/**
 * Decodes all frames and writes a line for each, and one for each packet where `packets`.
 * @param decoding more options before `-i`
 */
export async function readTables(
  ffmpeg: Ffmpeg,
  input: Input,
  packets: boolean,
  options: RunOptions,
  decoding: readonly string[] = [],
): Promise<{ pictures: FrameTable; packets: FrameTable; complaint: string | undefined }> {
  const text = new TextDecoder();
  let table = '';
  const { failure, stderr } = await runFfmpeg(
    ffmpeg,
    {
      inputs: [{ ...input, options: [...input.options, ...decoding] }],
      filters: [],
      outputOptions: [
        ...['-map', `0:${ANY_VIDEO}`, ...(packets ? ['-map', `0:${ANY_VIDEO}`, '-c:v:1', 'copy'] : [])],
        ...['-c:v:0', 'rawvideo'],
        ...(input.image ? ['-frames:v', '1'] : []),
        ...everyFrame(ffmpeg),
        ...frameTimes(ffmpeg),
      ],
      format: 'framecrc',
    },
    (chunk) => {
      table += text.decode(chunk, { stream: true });
    },
    options,
  );
  const complaint = complaintOf(stderr, input.source) ?? failure;
  return { pictures: readFrameTable(table, 0), packets: readFrameTable(table, 1), complaint };
}
