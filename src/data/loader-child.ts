/**
 * The far side of `loader-process.ts`: answers each request with clips, or with what went wrong. It ends with its parent,
 * however that ended, and takes its ffmpeg processes with it.
 */

import { packError } from '../errors/packed.ts';
import { createDecoders } from '../video/decoders.ts';
import { clipSource } from './clip-source.ts';
import type { Loader } from './loader.ts';
import type { Answer, Opening, Request } from './loader-process.ts';

let loader: Loader | undefined;

process.on('message', async (message: Opening | Request) => {
  if ('open' in message) {
    const { ffmpeg, concurrency, source } = message.open;
    loader = clipSource(createDecoders(ffmpeg, { concurrency }), source);
    return;
  }
  const answer = await answerTo(message);
  // The parent may be gone by now; 'disconnect' then ends this process.
  process.send?.(answer, undefined, undefined, () => {});
});

process.once('disconnect', () => loader?.close());

// Whoever stops a whole job (Slurm, systemd) signals every process of it. The parent needs its clips to end in good order.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

async function answerTo(request: Request): Promise<Answer> {
  const { id } = request;
  try {
    if (loader === undefined) throw new Error('the loader was not opened');
    switch (request.kind) {
      case 'trainBatch':
        return { id, result: await loader.trainBatch(request.split, request.entries, request.epoch) };
      case 'views':
        return { id, result: await loader.views(request.split, request.entry, request.views) };
    }
  } catch (thrown) {
    return { id, error: packError(thrown) };
  }
}
