/**
 * Where the time of a visit goes, one visit at a time with nothing else running: by leaving out what comes last, stage after
 * stage, and taking differences. Only for what ffmpeg reads; wall time.
 */
import { runProgram } from '../setup/executables.ts';
import { decodeVisit } from './decode.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { ANY_VIDEO, everyFrame, openInput } from './input.ts';
import { type FfmpegJob, type RunOptions, runFfmpeg } from './process.ts';
import { seekBefore } from './seeks.ts';
import { selectFrames } from './select.ts';
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
  const decode = await decodeOnlyJob(ffmpeg, visit);
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

/** The frames of all clips of the visit, as they come out of the decoder, to nowhere. */
async function decodeOnlyJob(ffmpeg: Ffmpeg, { file, bytes, seeks, clips }: Visit): Promise<FfmpegJob> {
  const { source, options } = await openInput(file, bytes);
  const wanted = distinctFrames(clips.flatMap(({ frames }) => frames));
  const seek = seekBefore(seeks, wanted[0] as number);
  const from = seek?.[0] ?? 0;
  const last = (wanted.at(-1) as number) - from;
  return {
    inputs: [{ source, options: seek === undefined ? options : [...options, '-ss', seek[1].toFixed(6)] }],
    filters: {
      graph: `[0:${ANY_VIDEO}]trim=end_frame=${last + 1},${selectFrames(wanted.map((frame) => frame - from))}[out]`,
      output: 'out',
    },
    outputOptions: [...everyFrame(ffmpeg), '-frames:v', String(wanted.length)],
    format: 'null',
  };
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
