/** Lines of metrics.jsonl as series over epochs, of as many points as a figure can show. */
import type { RunResults } from '../../results/index.ts';

type Lines = RunResults['metrics'];

export interface Series {
  /** Ascending. */
  readonly x: readonly number[];
  /** NaN where the fact is missing: the line has a gap. */
  readonly y: readonly number[];
  /** Least and greatest of the lines that a point stands for; absent where each stands for one. */
  readonly low?: readonly number[];
  readonly high?: readonly number[];
  /** Lines to a point, on average. */
  readonly linesPerPoint: number;
}

/** Updates of an epoch, from a validation's line; undefined before the first. */
export function epochLength(lines: Lines): number | undefined {
  const last = lines.findLast(({ kind, epoch }) => kind === 'validation' && epoch > 0);
  return last === undefined ? undefined : last.update / last.epoch;
}

/**
 * One fact over the updates, in epochs where `perEpoch` says how many make one.
 * @param most points; of more lines neighbours are put together: their mean, least and greatest
 */
export function seriesOf(
  lines: Lines,
  kind: 'train' | 'validation',
  fact: string,
  perEpoch: number,
  most: number,
): Series {
  const own = lines.filter((line) => line.kind === kind);
  const x = own.map(({ update }) => update / perEpoch);
  const y = own.map((line) => (typeof line[fact] === 'number' ? (line[fact] as number) : Number.NaN));
  return own.length <= most ? { x, y, linesPerPoint: 1 } : thinned(x, y, most);
}

export function isEmpty({ y }: Series): boolean {
  return y.every(Number.isNaN);
}

/** Buckets of equally many neighbours. A bucket with no number is a gap. */
function thinned(x: readonly number[], y: readonly number[], most: number): Series {
  const out = { x: [] as number[], y: [] as number[], low: [] as number[], high: [] as number[] };
  for (let k = 0; k < most; k++) {
    const from = Math.floor((k * x.length) / most);
    const to = Math.floor(((k + 1) * x.length) / most);
    const known = y.slice(from, to).filter((value) => !Number.isNaN(value));
    out.x.push(mean(x.slice(from, to)));
    out.y.push(mean(known));
    out.low.push(known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY));
    out.high.push(known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));
  }
  return { ...out, linesPerPoint: x.length / most };
}

/** The mean over `width` neighbours (odd), fewer at the ends; gaps stay gaps. */
export function smoothed(y: readonly number[], width: number): number[] {
  const reach = (width - 1) / 2;
  return y.map((own, i) => {
    if (Number.isNaN(own)) return own;
    // The same number on both sides, so that a slope is not bent at the ends.
    const span = Math.min(reach, i, y.length - 1 - i);
    return mean(y.slice(i - span, i + span + 1).filter((value) => !Number.isNaN(value)));
  });
}

/** NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export interface EpochRow {
  readonly epoch: number;
  /** NaN where there is none. Loss, gradient norm, speed and waiting: the mean of the epoch's lines; lr: the last. */
  readonly facts: Readonly<Record<string, number>>;
}

/** What was logged, by epoch. */
export function byEpoch(lines: Lines): EpochRow[] {
  const epochs = new Map<number, { train: Lines[number][]; validation?: Lines[number] }>();
  for (const line of lines) {
    const at = epochs.get(line.epoch) ?? { train: [] };
    epochs.set(line.epoch, at);
    if (line.kind === 'train') at.train.push(line);
    else at.validation = line;
  }
  return [...epochs].map(([epoch, { train, validation }]) => {
    const numbers = (fact: string): number[] =>
      train.map((line) => line[fact]).filter((value): value is number => typeof value === 'number');
    const own = (fact: string): number =>
      typeof validation?.[fact] === 'number' ? (validation[fact] as number) : Number.NaN;
    const trainLoss = own('trainLoss');
    return {
      epoch,
      facts: {
        loss: Number.isNaN(trainLoss) ? mean(numbers('loss')) : trainLoss,
        top1: own('top1'),
        top5: own('top5'),
        lr: numbers('lr').at(-1) ?? Number.NaN,
        gradientNorm: mean(numbers('gradientNorm')),
        clipsPerSecond: mean(numbers('clipsPerSecond')),
        waiting: mean(numbers('waiting')),
      },
    };
  });
}
