/**
 * Finds the key frames that a video can be decoded from, and proves each: the first pictures after the seek must have the
 * checksums that they had when the whole video was decoded. So a container that seeks elsewhere than asked, a "key frame"
 * of an intra-refresh stream, or time stamps that mean nothing cost speed, never a wrong frame.
 */
import type { Ffmpeg } from './ffmpeg.ts';
import type { FrameTable } from './frame-table.ts';
import { readFrameTable } from './frame-table.ts';
import { ANY_VIDEO, everyFrame, type Input } from './input.ts';
import { type RunOptions, runFfmpeg } from './process.ts';
import type { Seek } from './seeks.ts';

/** Key frames nearer than this to the one before are passed over: decoding so few frames costs less than a seek. */
const LEAST_GAP = 16;
/** Pictures compared after each seek. */
const COMPARED = 3;
/** Seeks tried by one process: each is an input with a decoder of its own. */
const TOGETHER = 16;

/**
 * @param pictures every decoded frame in display order
 * @param packets every packet of the same stream, with the same time base
 * @returns ascending; empty where a time stamp is missing or they do not ascend
 */
export async function findSeeks(
  ffmpeg: Ffmpeg,
  input: Input,
  pictures: FrameTable,
  packets: FrameTable,
  options: RunOptions,
): Promise<Seek[]> {
  const candidates = candidateSeeks(pictures, packets);
  const proven: Seek[] = [];
  for (let at = 0; at < candidates.length; at += TOGETHER) {
    const tried = candidates.slice(at, at + TOGETHER);
    let sums = await checksumsAfter(ffmpeg, input, tried, options);
    // A word of complaint does not say which seek it is about. Those with one would make a sound video look damaged.
    if (sums === undefined) {
      sums = [];
      for (const seek of tried) sums.push(...((await checksumsAfter(ffmpeg, input, [seek], options)) ?? [[]]));
    }
    for (const [i, seek] of tried.entries()) {
      const expected = pictures.rows.slice(seek[0], seek[0] + COMPARED).map(({ checksum }) => checksum);
      const found = sums[i] as readonly string[];
      if (expected.every((checksum, j) => checksum === found[j])) proven.push(seek);
    }
  }
  return proven;
}

export function candidateSeeks(pictures: FrameTable, packets: FrameTable): Seek[] {
  const times = pictures.rows.map(({ pts }) => pts);
  const usable =
    packets.unit === pictures.unit &&
    packets.rows.every(({ pts }) => pts !== undefined) &&
    times.every((pts, i) => pts !== undefined && (i === 0 || pts > (times[i - 1] as number)));
  if (!usable) return [];
  const keys = new Set(packets.rows.flatMap(({ pts, key }) => (key ? [pts] : [])));
  const seeks: Seek[] = [];
  let last = 0;
  for (let frame = 1; frame < times.length; frame++) {
    if (!keys.has(times[frame]) || frame - last < LEAST_GAP) continue;
    const [before, own] = [times[frame - 1] as number, times[frame] as number];
    seeks.push([frame, Number(((own - (own - before) / 4) * pictures.unit).toFixed(6))]);
    last = frame;
  }
  return seeks;
}

/**
 * The checksums of the first pictures after each seek, by one process with an input for each; undefined where ffmpeg
 * complained about any.
 */
async function checksumsAfter(
  ffmpeg: Ffmpeg,
  { source, options: inputOptions }: Input,
  seeks: readonly Seek[],
  options: RunOptions,
): Promise<string[][] | undefined> {
  const text = new TextDecoder();
  let table = '';
  const [first, ...rest] = seeks.map(([, seconds]) => ({
    source,
    options: [...inputOptions, '-ss', seconds.toFixed(6)],
  }));
  if (first === undefined) return [];
  const { failure, stderr } = await runFfmpeg(
    ffmpeg,
    {
      inputs: [first, ...rest],
      filters: [],
      outputOptions: [
        ...seeks.flatMap((_, i) => ['-map', `${i}:${ANY_VIDEO}`]),
        ...['-c:v', 'rawvideo', '-frames:v', String(COMPARED)],
        ...everyFrame(ffmpeg),
      ],
      format: 'framecrc',
    },
    (chunk) => {
      table += text.decode(chunk, { stream: true });
    },
    options,
  );
  if (failure !== undefined || stderr !== '') return undefined;
  return seeks.map((_, i) => readFrameTable(table, i).rows.map(({ checksum }) => checksum));
}
