/** Runs side by side: what is trained, how well each does, and the difference to one of them. */
import path from 'node:path';
import { type MeanDeviation, meanDeviation } from '../eval/mean-deviation.ts';
import { nounOf } from '../eval/protocol.ts';
import type { MetricsLine } from '../train/metrics.ts';
import { type Difference, differenceBetween } from './difference.ts';
import type { EvaluationFile } from './evaluation.ts';
import { groupSeeds } from './group-seeds.ts';
import { backboneName, commonName, methodNames, runNames, weightsName } from './names.ts';
import { isEvaluated, type RunResults } from './read-run.ts';
import type { TrainedParameters } from './trained-parameters.ts';

/** One run, or several that differ in their seed alone. */
export interface ComparedRow {
  /** What tells it from the other rows. */
  readonly name: string;
  readonly folders: readonly string[];
  readonly seeds: readonly number[];
  /** With the options that tell it from others of the method. */
  readonly method: string;
  readonly backbone: string;
  /** Of the backbone: a file's name, or `random`. */
  readonly weights: string;
  readonly parameters?: TrainedParameters;
  /** Absent where a run of the row was not evaluated. */
  readonly result?: MeasuredRow;
  /** Over the views of training, one a video: not to be set beside a result. Absent before the first validation. */
  readonly validation?: { readonly top1: MeanDeviation; readonly epoch: number };
  /** To the row that others are compared to; absent there and where either was not evaluated. */
  readonly difference?: Difference;
  readonly remarks: readonly string[];
}

export interface MeasuredRow {
  readonly top1: MeanDeviation;
  readonly top5: MeanDeviation;
  readonly k: number;
  /** Videos that are counted; the same for each seed but where their data sets differ. */
  readonly videos: number;
  readonly noun: 'video' | 'image';
  readonly protocol: EvaluationFile['protocol'];
}

export interface Comparison {
  /** Of the row that the others are compared to. */
  readonly against: number;
  readonly rows: readonly ComparedRow[];
}

export interface CompareOptions {
  /** Whether runs that differ in their seed alone stay rows of their own. */
  readonly each?: boolean;
  /** Folder of a run whose row the others are compared to; the first row where it is absent. */
  readonly against?: string;
  readonly resamples?: number;
}

/** @param runs at least one. @throws RangeError where `against` is none of them */
export function compareRuns(runs: readonly RunResults[], options: CompareOptions = {}): Comparison {
  const groups = options.each ? runs.map((run) => [run]) : groupSeeds(runs);
  const against = options.against === undefined ? 0 : groupOf(groups, options.against);
  const names = runNames(runs.map(({ folder }) => folder));
  const methods = methodNames(runs);
  const baseline = groups[against] as RunResults[];
  return {
    against,
    rows: groups.map((group, i) => {
      const [first] = group as [RunResults];
      const indices = group.map((run) => runs.indexOf(run));
      const { parameters } = first;
      const result = measuredRow(group);
      const validation = validationOf(group);
      const difference =
        i === against || !group.every(isEvaluated) || !baseline.every(isEvaluated)
          ? undefined
          : differenceBetween(group, baseline, options.resamples === undefined ? {} : { resamples: options.resamples });
      return {
        name: commonName(indices.map((index) => names[index] as string)),
        folders: group.map(({ folder }) => folder),
        seeds: group.map(({ recipe }) => recipe.train.seed),
        method: methods[indices[0] as number] as string,
        backbone: backboneName(first.recipe),
        weights: weightsName(first.recipe),
        ...(parameters === undefined ? {} : { parameters }),
        ...(result === undefined ? {} : { result }),
        ...(validation === undefined ? {} : { validation }),
        ...(difference === undefined ? {} : { difference }),
        remarks: group.flatMap(remarksOf),
      };
    }),
  };
}

function groupOf(groups: readonly (readonly RunResults[])[], folder: string): number {
  const wanted = path.resolve(folder);
  const index = groups.findIndex((group) => group.some((run) => path.resolve(run.folder) === wanted));
  if (index === -1) throw new RangeError(`${folder} is not among the runs`);
  return index;
}

function measuredRow(group: readonly RunResults[]): MeasuredRow | undefined {
  if (!group.every(isEvaluated)) return undefined;
  const evaluations = group.map(({ evaluation }) => evaluation);
  const [first] = evaluations as [EvaluationFile];
  return {
    top1: meanDeviation(evaluations.map(({ top1 }) => top1)),
    top5: meanDeviation(evaluations.map(({ top5 }) => top5)),
    k: first.k,
    videos: first.counted,
    noun: nounOf(first.protocol),
    protocol: first.protocol,
  };
}

function validationOf(group: readonly RunResults[]): ComparedRow['validation'] {
  const last = group.map(({ metrics }) => metrics.findLast(({ kind }) => kind === 'validation'));
  const lines = last.filter((line): line is MetricsLine & { top1: number } => typeof line?.top1 === 'number');
  if (lines.length < group.length) return undefined;
  return { top1: meanDeviation(lines.map(({ top1 }) => top1)), epoch: Math.min(...lines.map(({ epoch }) => epoch)) };
}

/** What a reader of the row must know. */
function remarksOf({ name, evaluation, metadata, recipe }: RunResults): string[] {
  if (metadata === undefined) return [`${name} has not finished an epoch`];
  const epoch = Number(metadata.training.epoch);
  const { epochs } = recipe.train;
  const under = epoch < epochs ? [`${name} is trained to epoch ${epoch} of ${epochs}`] : [];
  if (evaluation === undefined) return [...under, `${name} is not evaluated: petl-video evaluate`];
  const measured = /^last weights, epoch (\d+)$/.exec(evaluation.protocol.weights)?.[1];
  const since = measured !== undefined && Number(measured) < epoch;
  return [...under, ...(since ? [`${name} was evaluated at epoch ${measured}, and trained to ${epoch} since`] : [])];
}
