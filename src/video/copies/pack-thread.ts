/** The far side of `pack-threads.ts`: packs one video after the other. */
import { parentPort } from 'node:worker_threads';
import { Interrupted } from '../../errors/index.ts';
import { packError } from '../../errors/packed.ts';
import type { Ffmpeg } from '../ffmpeg.ts';
import type { CopyTask } from './copy.ts';
import { packVideo } from './pack.ts';
import type { PackAnswer } from './pack-threads.ts';

let stop = new AbortController();

parentPort?.on('message', async (message: { ffmpeg: Ffmpeg; task: CopyTask } | 'stop') => {
  if (message === 'stop') {
    stop.abort(new Interrupted('the copy was stopped'));
    return;
  }
  stop = new AbortController();
  const answer = await packVideo(message.ffmpeg, message.task, { signal: stop.signal }).then(
    (copied): PackAnswer => ({ copied }),
    (thrown: unknown): PackAnswer => ({ error: packError(thrown) }),
  );
  parentPort?.postMessage(answer);
});
