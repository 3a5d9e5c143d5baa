/**
 * The far side of `host.ts`: one job at a time (decode-job.ts), whose bytes go into the descriptor that the parent reads.
 * After each job its trailer follows there, so that the parent knows that nothing more will come. It ends with its parent,
 * however that ended, and takes its ffmpeg with it.
 */
import { write } from 'node:fs';
import { promisify } from 'node:util';
import pLimit from 'p-limit';
import { Interrupted } from '../errors/index.ts';
import { packError } from '../errors/packed.ts';
import { decodeJob } from './decode-job.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { CLIPS_FD, type HostAnswer, type HostJob, type HostRequest } from './host.ts';
import { openVisitDecoder, type VisitDecoder } from './library/decode-visit.ts';
import { loadLibrary } from './library/load.ts';

// Whoever stops a whole job (Slurm, systemd) signals every process of it. The parent needs its clips to end in good order.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const limit = pLimit({ concurrency: 1, rejectOnClear: true });
let stopping = new AbortController();
let heard: (() => void) | undefined;
let ffmpeg: Ffmpeg | undefined;
let inside: Promise<VisitDecoder> | undefined;

const answer = (message: HostAnswer): void => {
  // The parent may be gone by now; 'disconnect' then ends this process.
  process.send?.(message, undefined, undefined, () => {});
};

process.on('message', (request: HostRequest) => {
  if ('open' in request) open(request);
  else if ('stop' in request) stopping.abort(new Interrupted('the decoder was told to stop'));
  else if ('heard' in request) heard?.();
  else {
    // Made before the job's turn comes: a stop may follow on its heels.
    stopping = new AbortController();
    const { signal } = stopping;
    limit(() => serve(request, signal)).catch(() => {});
  }
});

process.once('disconnect', () => {
  limit.clearQueue();
  stopping.abort(new Interrupted('the parent is gone'));
  heard?.();
});

function open(request: Extract<HostRequest, { open: Ffmpeg }>): void {
  ffmpeg = request.open;
  if (request.decoder === 'ffmpeg') return;
  inside = loadLibrary().then(openVisitDecoder);
  // The first job says so.
  inside.catch(() => {});
}

async function serve(job: HostJob, signal: AbortSignal): Promise<void> {
  let result: HostAnswer;
  try {
    if (ffmpeg === undefined) throw new Error('the decoder host was not opened');
    const decoder = job.byFfmpeg ? undefined : await inside;
    const means = { ffmpeg, decoder, fd: CLIPS_FD, write: writeAll, signal };
    result = { done: job.id, ...(await decodeJob(job.visits, means)) };
  } catch (thrown) {
    result = { done: job.id, error: packError(thrown) };
  }
  await new Promise<void>((resolve) => {
    heard = resolve;
    if (process.connected) answer(result);
    else resolve();
  });
  await writeAll(Buffer.from(job.trailer, 'hex'));
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await promisify(write)(CLIPS_FD, bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}
