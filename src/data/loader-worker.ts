/** The far side of `loader-thread.ts`: answers each request with clips in shared memory, or with what went wrong. */
import { parentPort, workerData } from 'node:worker_threads';
import { packError } from '../errors/packed.ts';
import { openDecoders } from '../video/decoders.ts';
import { isPacked } from '../video/packed/unpack-visit.ts';
import { clipSource } from './clip-source.ts';
import type { EntryViews, TrainBatch } from './loader.ts';
import type { Answer, LoaderThreadOptions, Message, Request } from './loader-thread.ts';
import { isImage, isUsable } from './manifest.ts';

const { ffmpeg, concurrency, decoder, source } = workerData as LoaderThreadOptions;
// Copies that are packed and images need no hosts.
const lazy = Object.values(source.splits).every((entries) =>
  entries.every((entry) => !isUsable(entry) || isPacked(entry) || isImage(entry)),
);
const loader = clipSource(openDecoders(ffmpeg, { concurrency, decoder, lazy }), source);
/** By request: what is with the other side. */
const lent = new Map<number, () => void>();

parentPort?.on('message', async (message: Message) => {
  if ('release' in message) {
    lent.get(message.release)?.();
    lent.delete(message.release);
  } else if ('close' in message) {
    await loader.close();
    parentPort?.close();
  } else {
    parentPort?.postMessage(await answerTo(message));
  }
});

async function answerTo(request: Request): Promise<Answer> {
  const { id } = request;
  try {
    const made = await make(request);
    if (!('clips' in made)) return { id, result: made };
    const { release, ...result } = made;
    lent.set(id, release);
    return { id, result };
  } catch (thrown) {
    return { id, error: packError(thrown) };
  }
}

function make(request: Request): Promise<TrainBatch | EntryViews> {
  switch (request.kind) {
    case 'trainBatch':
      return loader.trainBatch(request.split, request.entries, request.epoch);
    case 'views':
      return loader.views(request.split, request.entry, request.views);
    case 'viewsOf':
      return loader.viewsOf(request.entry, request.views);
  }
}
