/** What `petl-video bench data` has found, as data and in words. */
import os from 'node:os';
import type { Recipe } from '../src/config/index.ts';
import type { ClipStages } from '../src/data/measure-clip.ts';
import type { Delivered } from '../src/data/measure-loader.ts';
import { describeStarvation, type Starvation, type Supply, starvation } from '../src/data/starvation.ts';

export function factsOf({ firstMs, clips, seconds, failed, cpuSeconds, peakBytes }: Delivered) {
  return {
    clipsPerSecond: clips / seconds,
    clips,
    seconds,
    /** Until the first batch, or the first video, is there: processes start, and nothing is decoded ahead yet. */
    firstMs,
    failed,
    cpuMsPerClip: cpuSeconds === undefined ? null : (1000 * cpuSeconds) / clips,
    peakMemoryBytes: peakBytes ?? null,
  };
}

/** Pixels delivered, and about what was read for them: whole files, though decoding stops at the last frame wanted. */
export function bytesOf({ data: { frames, size } }: Recipe, { clips, seconds }: Delivered, fileBytes: number | null) {
  return {
    pixelBytesPerSecond: (clips * frames * size * size * 3) / seconds,
    fileBytesPerClip: fileBytes,
    fileBytesPerSecond: fileBytes === null ? null : (clips * fileBytes) / seconds,
  };
}

interface Judged extends Starvation {
  readonly stepMs: number;
  readonly text: string;
}

export function starvationOf(recipe: Recipe, free: Delivered, stepMs: number): Judged {
  const supply: Supply = {
    clipsPerSecond: free.clips / free.seconds,
    decoders: recipe.data.decoders || os.availableParallelism(),
    cores: os.availableParallelism(),
    cpuMsPerClip: free.cpuSeconds === undefined ? undefined : (1000 * free.cpuSeconds) / free.clips,
  };
  const demand = { batch: recipe.train.batch * recipe.data.repeats, stepMs };
  return {
    stepMs,
    ...starvation(supply, demand),
    text: describeStarvation(supply, demand),
  };
}

export interface Result {
  readonly batch: number;
  readonly decoders: number;
  readonly cores: number;
  readonly training: ReturnType<typeof factsOf> & ReturnType<typeof bytesOf>;
  readonly starvation: Judged | null;
  readonly views:
    | (ReturnType<typeof factsOf> & {
        readonly segments: number;
        readonly crops: number;
        readonly videosPerSecond: number;
      })
    | null;
}

export function textOf(
  { batch, decoders, cores, training, starvation: judged, views }: Result,
  apart: ClipStages | undefined,
): string {
  const lines = [
    `speed     ${three(training.clipsPerSecond)} clips/s, ${decoders} decoders on ${cores} cores; the first batch of ${batch} after ${three(training.firstMs / 1000)} s`,
    `bytes     ${mib(training.pixelBytesPerSecond)}/s of pixels${training.fileBytesPerSecond === null ? '' : `, out of ${mib(training.fileBytesPerSecond)}/s of files`}`,
    ...costLines(training),
  ];
  if (apart !== undefined) {
    const { processStart, openAndDecode, cropAndResize, transfer, throughLoader } = apart.ms;
    const stages = Object.entries({
      'process start': processStart,
      'open and decode': openAndDecode,
      'crop and resize': cropAndResize,
      transfer,
    }).flatMap(([name, took]) => (took === undefined ? [] : [`${name} ${ms(took)}`]));
    const inside = stages.length === 0 ? '' : `; ffmpeg by itself: ${stages.join(', ')}`;
    lines.push(
      `alone     a clip takes ${ms(throughLoader)} ms through the loader${inside} (median of ${apart.videos} ${stages.length === 0 ? 'images' : 'videos'})`,
    );
  }
  if (judged !== null) {
    lines.push(`starving  ${judged.text}`);
  }
  if (views !== null) {
    lines.push(
      `views     ${views.segments} × ${views.crops}: ${three(views.videosPerSecond)} videos/s, ${three(views.clipsPerSecond)} views/s`,
      ...costLines(views),
    );
  }
  return lines.join('\n');
}

function costLines({ cpuMsPerClip, peakMemoryBytes, failed }: ReturnType<typeof factsOf>): string[] {
  const costs = [
    ...(cpuMsPerClip === null ? [] : [`${three(cpuMsPerClip)} ms of processor time a clip`]),
    ...(peakMemoryBytes === null ? [] : [`${mib(peakMemoryBytes)} of memory at most, all processes`]),
    ...(failed === 0 ? [] : [`${failed} could not be decoded`]),
  ];
  return costs.length === 0 ? [] : [`cost      ${costs.join('; ')}`];
}

const mib = (bytes: number): string => `${three(bytes / 2 ** 20)} MiB`;
const three = (value: number): string => `${Number(value.toPrecision(3))}`;
const ms = (value: number): string => value.toFixed(value < 9.95 ? 1 : 0);
