/**
 * Where the time of a visit goes, one visit at a time with nothing else running: by leaving out what comes last, stage after
 * stage, and taking differences. Only for what ffmpeg reads; wall time.
 */
import { runProgram } from '../setup/executables.ts';
import { decodeVisit } from './decode.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { type FfmpegJob, type RunOptions, runFfmpeg } from './process.ts';
import { distinctFrames, type Visit, visitBytes, visitsJob } from './visit.ts';

/** Milliseconds of a visit. The differences of short stages can be below 0: that is how exact they are. */
export interface StageMs {
  /** `ffmpeg -version`: to start, to link, to end. */
  readonly processStart: number;
  /** To open the file and decode up to the last frame wanted, less the start. */
  readonly openAndDecode: number;
  /** To crop, resize and convert to RGB. */
  readonly cropAndResize: number;
  /** To write the pixels to a pipe and to read them here, into the memory of the clip. */
  readonly transfer: number;
}

/** Runs of each, of which the fastest counts: whatever else the machine does only adds. */
const RUNS = 5;

/** @throws as `decodeVisit` */
export async function measureStages(ffmpeg: Ffmpeg, visit: Visit, options: RunOptions = {}): Promise<StageMs> {
  const memory = new Uint8Array(visitBytes(visit));
  const job = await visitsJob(ffmpeg, [visit]);
  // Of one clip: several have each their own copy of the frames.
  const [first] = visit.clips;
  const frames = distinctFrames(visit.clips.flatMap((clip) => clip.frames));
  const decode = decodeOnly(await visitsJob(ffmpeg, [{ ...visit, clips: [{ ...first, frames }] }]));
  const nothing = (): void => {};
  const [started = 0, decoded = 0, filtered = 0, whole = 0] = await fastestOf([
    () => runProgram(ffmpeg.path, ['-version'], { signal: options.signal }),
    () => runFfmpeg(ffmpeg, decode, nothing, options),
    () => runFfmpeg(ffmpeg, { ...job, format: 'null' }, nothing, options),
    () => decodeVisit(ffmpeg, visit, memory, options),
  ]);
  return {
    processStart: started,
    openAndDecode: decoded - started,
    cropAndResize: filtered - decoded,
    transfer: whole - filtered,
  };
}

/** How the graph of a visit begins: what is decoded, and which frames of it go on. */
const DECODED = /^\[0:[^\]]+\]trim=[^,]+,select='[^']+'/;

/** The run of the visit with nothing behind the decoder: its frames go nowhere, as they are. */
function decodeOnly(job: FfmpegJob): FfmpegJob {
  const [decoded] = ('graph' in job.filters && DECODED.exec(job.filters.graph)) || [];
  if (decoded === undefined) throw new Error('the graph of a visit begins in another way than it did');
  return { ...job, filters: { graph: `${decoded}[out]`, output: 'out' }, format: 'null' };
}

/** Milliseconds of each. In turns, so that a busy moment of the machine does not fall on one of them alone. */
async function fastestOf(works: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  const least = works.map(() => Number.POSITIVE_INFINITY);
  for (let run = 0; run < RUNS; run++) {
    for (const [i, work] of works.entries()) {
      const start = performance.now();
      await work();
      least[i] = Math.min(least[i] as number, performance.now() - start);
    }
  }
  return least;
}
