/**
 * Our decoders as a worker of `bench.ts`: visits by index on standard input, an answer for each.
 *
 *   node dist/test/peers/ours.js CONTENDER WORK.json CORES
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import pLimit from 'p-limit';
import { decodeVisit } from '../../src/video/decode.ts';
import { createDecoders } from '../../src/video/decoders.ts';
import { type ClipRequest, type Visit, visitBytes } from '../../src/video/visit.ts';
import { ffmpeg } from '../video/ffmpegs.ts';
import type { WorkClip, WorkVisit } from './work.ts';

const [contender = '', work = '', cores = '1'] = process.argv.slice(2);
const { visits, size } = JSON.parse(await readFile(work, 'utf8')) as { visits: WorkVisit[]; size: number };
const decoders = createDecoders(ffmpeg, { concurrency: Number(cores) });

async function clipOf(file: string, { frames, crop, flip }: WorkClip): Promise<Uint8Array> {
  const [x, y, width, height] = crop;
  const asked = { file, frames, crop: { x, y, width, height }, size: { width: size, height: size }, flip };
  return (await decoders.decode(asked)).data;
}

const limit = pLimit(Number(cores));

async function visitOf({ file, seeks, clips }: WorkVisit): Promise<Uint8Array[]> {
  const asked = clips.map(({ frames, crop: [x, y, width, height], flip }): ClipRequest => {
    return { frames, crop: { x, y, width, height }, size: { width: size, height: size }, flip };
  });
  const visit: Visit = { file, seeks, clips: asked as [ClipRequest, ...ClipRequest[]] };
  const into = new Uint8Array(visitBytes(visit));
  await limit(() => decodeVisit(ffmpeg, visit, into));
  return clips.map((_, i) => into.subarray((i * into.length) / clips.length, ((i + 1) * into.length) / clips.length));
}

const makers: Readonly<Record<string, (visit: WorkVisit) => Promise<Uint8Array[]>>> = {
  /** One process for each clip. */
  'ours-per-clip': ({ file, clips }) => Promise.all(clips.map((clip) => clipOf(file, clip))),
  /** One process for each visit, started by this one. */
  'ours-visit': visitOf,
};

const make = makers[contender];
if (make === undefined) throw new Error(`no contender ${contender}`);
console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const index = Number(line);
  // Not awaited: the decoders bound what runs at once.
  make(visits[index] as WorkVisit).then(
    (clips) => {
      if (clips.some((clip) => clip.length !== 16 * size * size * 3)) throw new Error('a clip of another length');
      console.log(JSON.stringify({ done: index }));
    },
    (thrown) => {
      console.error(thrown);
      process.exit(1);
    },
  );
}
await decoders.close();
