/**
 * What a decoder host does with a job: ffmpeg decodes the videos, or a library in this process (library/). Either way the
 * distinct frames of every clip are written, clip by clip, visit by visit.
 */
import { darkroom, decodedVisit, develop, isDeveloped } from './augment/develop.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { complaintOf, openInput } from './input.ts';
import type { VisitDecoder } from './library/decode-visit.ts';
import { runFfmpeg } from './process.ts';
import { type Visit, visitsJob } from './visit.ts';

export interface JobMeans {
  readonly ffmpeg: Ffmpeg;
  /** Tried first, for a visit by itself. */
  readonly decoder?: VisitDecoder | undefined;
  /** The descriptor that clips are written to. */
  readonly fd: number;
  /** Writes to it; one after the other. */
  write(bytes: Uint8Array): Promise<void>;
  readonly signal: AbortSignal;
}

export interface JobOutcome {
  /** ffmpeg's exit, where it was not 0. */
  readonly failure?: string;
  /** The first of ffmpeg's complaints. */
  readonly complaint?: string;
}

export async function decodeJob(visits: readonly Visit[], means: JobMeans): Promise<JobOutcome> {
  return (await decodeInside(visits, means)) ? {} : decode(visits, means);
}

/** Whether the visit was decoded in this process. If not, nothing has been written, and ffmpeg says what is wrong with it. */
async function decodeInside(
  [visit, ...more]: readonly Visit[],
  { decoder, write, signal }: JobMeans,
): Promise<boolean> {
  if (decoder === undefined || visit === undefined || more.length > 0) return false;
  const { source, image } = await openInput(visit.file, visit.bytes);
  const outcome = image ? undefined : await decoder.decode(decodedVisit(visit), source, signal);
  if (outcome === undefined || !('clips' in outcome)) return false;
  const written = inTurn(write);
  if (isDeveloped(visit)) written.addAll(develop(visit, outcome.clips));
  else written.add(outcome.clips);
  await written.all();
  return true;
}

async function decode(visits: readonly Visit[], { ffmpeg, fd, write, signal }: JobMeans): Promise<JobOutcome> {
  const job = await visitsJob(ffmpeg, visits.map(decodedVisit));
  const { take } = darkroom(visits);
  const written = inTurn(write);
  // What needs no developing goes past this process.
  const output = visits.some(isDeveloped) ? (chunk: Uint8Array) => written.addAll(take(chunk)) : { fd };
  const { failure, stderr } = await runFfmpeg(ffmpeg, job, output, { signal });
  await written.all();
  const complaint = complaintOf(stderr, job.inputs[0].source);
  return { ...(failure !== undefined && { failure }), ...(complaint !== undefined && { complaint }) };
}

/** Writes one after the other while more is being made. */
function inTurn(write: (bytes: Uint8Array) => Promise<void>) {
  let last: Promise<void> = Promise.resolve();
  const add = (bytes: Uint8Array): void => {
    last = last.then(() => write(bytes));
    // A failure is met by `all`; until then it must not count as unhandled.
    last.catch(() => {});
  };
  return {
    add,
    addAll(pieces: readonly Uint8Array[]): void {
      for (const bytes of pieces) add(bytes);
    },
    all: (): Promise<void> => last,
  };
}
