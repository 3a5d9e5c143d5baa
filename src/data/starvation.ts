/**
 * Whether a model starves: how long it waits for clips when its step takes so long and the loader delivers so fast. With
 * decoding ahead, a step and the loading of the next one run at the same time, and the slower of the two sets the pace.
 */

export interface Supply {
  /** What the loader delivers when nothing holds it up. */
  readonly clipsPerSecond: number;
  readonly decoders: number;
  /** Processor cores there are. */
  readonly cores: number;
  /** Processor milliseconds that a clip costs, all processes; absent where they were not measured. */
  readonly cpuMsPerClip?: number | undefined;
}

export interface Demand {
  /** Clips of a step. */
  readonly batch: number;
  readonly stepMs: number;
}

export interface Starvation {
  /** Share of the time that the model waits, 0 to 1. */
  readonly waiting: number;
  readonly starves: boolean;
  /** Clips per second that the step would take. */
  readonly neededClipsPerSecond: number;
  /** For that many, at what one delivers here. */
  readonly neededDecoders: number;
  /** For that many, at the processor time of a clip, should the step itself take none; absent where it was not measured. */
  readonly neededCores?: number;
}

/** Below it the wait is not worth a word, and is within what is measured. */
const NOTICED = 0.02;

export function starvation({ clipsPerSecond, decoders, cpuMsPerClip }: Supply, { batch, stepMs }: Demand): Starvation {
  const loadMs = (1000 * batch) / clipsPerSecond;
  const waiting = Math.max(0, 1 - stepMs / loadMs);
  const neededClipsPerSecond = (1000 * batch) / stepMs;
  return {
    waiting,
    starves: waiting > NOTICED,
    neededClipsPerSecond,
    neededDecoders: roundUp((neededClipsPerSecond * decoders) / clipsPerSecond),
    ...(cpuMsPerClip === undefined ? {} : { neededCores: roundUp((neededClipsPerSecond * cpuMsPerClip) / 1000) }),
  };
}

/** To the next whole number, but for what floating point adds. */
const roundUp = (value: number): number => Math.max(1, Math.ceil(value - 1e-9));

/** In words, with what to do. */
export function describeStarvation(supply: Supply, demand: Demand): string {
  const { waiting, starves, neededDecoders, neededCores } = starvation(supply, demand);
  const { decoders, cores } = supply;
  const step = `${demand.batch} clips every ${Number(demand.stepMs.toPrecision(4))} ms`;
  if (!starves) {
    const share = (1000 * demand.batch) / demand.stepMs / supply.clipsPerSecond;
    return `${step}: the model does not wait; it takes ${percent(share)} of what the loader delivers`;
  }
  const waits = `${step}: the model waits ${percent(waiting)} of the time`;
  const more = neededDecoders - decoders;
  // More decoders than cores only help where they wait for the disk.
  const enough = neededDecoders <= cores && (neededCores ?? 0) <= cores;
  if (enough) return `${waits}; needs ${count(more, 'more decoder')} (data.decoders=${neededDecoders})`;
  const missing = Math.max(1, (neededCores ?? neededDecoders) - cores);
  return `${waits}; needs ${count(more, 'more decoder')} and ${count(missing, 'more core')}, or a copy that decodes faster (prepare --gop)`;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
