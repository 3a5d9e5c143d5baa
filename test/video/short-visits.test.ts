/** A visit that falls short must not leave a trace in the clips of the next ones from the same host. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDecoders } from '../../src/video/decoders.ts';
import { type Visit, visitBytes } from '../../src/video/visit.ts';
import { ffmpeg, withFolder } from './ffmpegs.ts';
import { framesOf, fullDecode } from './full-decode.ts';
import { ODD_VIDEOS, type OddVideo } from './odd-videos.ts';

const SIZE = { width: 48, height: 36 };

test('what shares a process with a visit that falls short, or follows it, is right from its first byte', () =>
  withFolder(async (folder) => {
    const file = await (ODD_VIDEOS['AVI with motion JPEG'] as OddVideo).make(ffmpeg, folder);
    const truth = await fullDecode(ffmpeg, file, SIZE);
    const decoders = openDecoders(ffmpeg, { concurrency: 2, together: 4 });
    const visit = (...frames: number[]): Visit => ({ file, clips: [{ frames, size: SIZE }] });
    // Of a file that has changed no frame comes, of one that ends too early fewer than asked for.
    const faulty: readonly Visit[] = [{ ...visit(3, 4), bytes: 1 }, visit(3, truth.frames + 1)];
    try {
      for (let round = 0; round < 24; round++) {
        const sound = [0, 1, 2, 3, 4].map((i) => visit((round + i) % 30, ((round + i) % 30) + 2 + i));
        const asked = [...sound.slice(0, 2), faulty[round % 2] as Visit, ...sound.slice(2)];
        const memories = asked.map((one) => new Uint8Array(visitBytes(one)));
        const ends = await Promise.allSettled(asked.map((one, i) => decoders.visit(one, memories[i] as Uint8Array)));
        for (const [i, one] of asked.entries()) {
          assert.equal(ends[i]?.status, i === 2 ? 'rejected' : 'fulfilled');
          const [{ frames }] = one.clips;
          if (i !== 2)
            assert.ok(framesOf(truth, frames).equals(memories[i] as Uint8Array), `round ${round}, visit ${i}`);
        }
      }
    } finally {
      await decoders.close();
    }
  }));
