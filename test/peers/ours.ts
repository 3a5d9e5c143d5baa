/**
 * Our decoders as a worker of `bench.ts`: visits by index on standard input, an answer for each.
 *
 *   node dist/test/peers/ours.js CONTENDER WORK.json CORES
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { openLoaderThread } from '../../src/data/loader-thread.ts';
import type { Entry } from '../../src/data/manifest.ts';
import { openDecoders } from '../../src/video/decoders.ts';
import type { DecoderName } from '../../src/video/library/load.ts';
import { type ClipRequest, type Visit, visitBytes } from '../../src/video/visit.ts';
import { ffmpeg } from '../video/ffmpegs.ts';
import { FRAMES, type Work, type WorkVisit } from './work.ts';

const [contender = '', file = '', cores = '1'] = process.argv.slice(2);
const { visits, size, entries, draw } = JSON.parse(await readFile(file, 'utf8')) as Work;
const concurrency = Number(cores);

interface Ours {
  /** Resolves when all clips of the visit are there. */
  make(visit: WorkVisit): Promise<void>;
  close(): Promise<void>;
}

/** The decoders alone, one memory for each visit under way. */
function decoders(decoder: DecoderName): Ours {
  const opened = openDecoders(ffmpeg, { concurrency, decoder });
  const spare: Uint8Array[] = [];
  return {
    async make({ file: video, clips, entry }) {
      const { bytes, seeks, disposable } = entries[entry] as Entry;
      const asked = clips.map(({ frames, crop: [x, y, width, height], flip }): ClipRequest => {
        return { frames, crop: { x, y, width, height }, size: { width: size, height: size }, flip };
      });
      const visit: Visit = {
        file: video,
        bytes,
        seeks,
        disposable,
        steady: true,
        clips: asked as [ClipRequest, ...ClipRequest[]],
      };
      const into = spare.pop() ?? new Uint8Array(visitBytes(visit));
      await opened.visit(visit, into);
      spare.push(into);
    },
    close: () => opened.close(),
  };
}

/** The loader of training in its thread, asked for batches of one epoch: all videos once. */
function loader(): Ours {
  const source = { ...draw, splits: { train: entries }, onError: 'fail' as const, retries: 0 };
  const opened = openLoaderThread({ ffmpeg, concurrency, source });
  const batches = new Map<number, { entries: number[]; done: (() => void)[] }>();
  return {
    make({ entry, epoch, clips }) {
      if (clips.length > 1) throw new Error('the loader makes one clip of a video here');
      return new Promise((resolve, reject) => {
        const batch = batches.get(epoch) ?? { entries: [], done: [] };
        batches.set(epoch, batch);
        batch.entries.push(entry);
        batch.done.push(resolve);
        if (batch.entries.length < entries.length) return;
        batches.delete(epoch);
        opened.trainBatch('train', Uint32Array.from(batch.entries), epoch).then(({ clips: made, release }) => {
          if (made.length !== entries.length * FRAMES * size * size * 3) throw new Error('a batch of another length');
          release();
          for (const done of batch.done) done();
        }, reject);
      });
    },
    close: () => opened.close(),
  };
}

const ours =
  contender === 'ours-decoders' ? decoders('ffmpeg') : contender === 'ours-node-av' ? decoders('node-av') : loader();
console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const index = Number(line);
  // Not awaited: what runs at once is bounded by the decoders.
  ours.make(visits[index] as WorkVisit).then(
    () => console.log(JSON.stringify({ done: index })),
    (thrown) => {
      console.error(thrown);
      process.exit(1);
    },
  );
}
await ours.close();
