/** The thread's side of `loader-thread.ts`: answers each request with clips, or with what went wrong. */
import { parentPort, workerData } from 'node:worker_threads';
import { createDecoders } from '../video/decoders.ts';
import { clipSource } from './clip-source.ts';
import type { Answer, Request, ThreadOptions } from './loader-thread.ts';
import { packError } from './packed-error.ts';

const { ffmpeg, concurrency, source } = workerData as ThreadOptions;
const decoders = createDecoders(ffmpeg, { concurrency });
const loader = clipSource(decoders, source);
const port = parentPort;
if (port === null) throw new Error('loader-worker is a worker thread');

port.on('message', async (request: Request) => {
  const answer = await answerTo(request);
  const clips =
    'result' in answer && answer.result !== undefined && 'clips' in answer.result ? [answer.result.clips.buffer] : [];
  port.postMessage(answer, clips as ArrayBuffer[]);
  if (request.kind === 'close') port.close();
});

async function answerTo(request: Request): Promise<Answer> {
  const { id } = request;
  try {
    switch (request.kind) {
      case 'trainBatch':
        return { id, result: await loader.trainBatch(request.split, request.entries, request.epoch) };
      case 'views':
        return { id, result: await loader.views(request.split, request.entry, request.views) };
      case 'close':
        await loader.close();
        return { id, result: undefined };
    }
  } catch (thrown) {
    return { id, error: packError(thrown) };
  }
}
