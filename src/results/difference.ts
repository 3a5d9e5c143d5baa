/** One result against another, over the videos that both were measured on. */
import type { Protocol } from '../eval/protocol.ts';
import { type BootstrapOptions, mcnemar, type PairedDifference, pairedBootstrap } from './bootstrap.ts';
import { isRight } from './predictions.ts';
import type { EvaluatedRun } from './read-run.ts';

export type Difference = ComparableDifference | { readonly incomparable: string };

export interface ComparableDifference extends PairedDifference {
  /** Of McNemar's exact test; for one run against one run. */
  readonly pValue?: number;
  /** What is to be said beside it: other views, other frames, videos of one alone. */
  readonly remarks: readonly string[];
}

/**
 * Top-1 of `runs` less that of `against`, each the mean over runs that differ in their seed alone.
 * @param runs at least one
 */
export function differenceBetween(
  runs: readonly EvaluatedRun[],
  against: readonly EvaluatedRun[],
  options: BootstrapOptions = {},
): Difference {
  const [one, other] = [runs[0], against[0]] as [EvaluatedRun, EvaluatedRun];
  const stranger = otherData(one, other);
  if (stranger !== undefined) return { incomparable: stranger };
  const [own, others] = [correctness(runs), correctness(against)];
  const common = [...own].flatMap(([id, mine]) => {
    const theirs = others.get(id);
    return theirs === undefined ? [] : [{ id, mine, theirs }];
  });
  if (common.length === 0) return { incomparable: 'no video in common' };
  const relabelled = common.find(({ mine, theirs }) => mine.label !== theirs.label);
  if (relabelled !== undefined) return { incomparable: `${relabelled.id} has another label` };
  const differences = Float64Array.from(common, ({ mine, theirs }) => mine.right - theirs.right);
  const remarks = protocolDifferences(one.evaluation.protocol, other.evaluation.protocol);
  if (common.length < Math.max(own.size, others.size)) {
    const videos = common.length === 1 ? '1 video' : `${common.length} videos`;
    remarks.unshift(`over the ${videos} in common, of ${own.size} and ${others.size}`);
  }
  const alone = (sign: number): number => differences.filter((value) => value === sign).length;
  const single = runs.length === 1 && against.length === 1;
  return {
    ...pairedBootstrap(differences, options),
    ...(single ? { pValue: mcnemar(alone(1), alone(-1)) } : {}),
    remarks,
  };
}

/** Why two results are not of the same task. */
function otherData(one: EvaluatedRun, other: EvaluatedRun): string | undefined {
  const [a, b] = [one.evaluation.protocol, other.evaluation.protocol];
  if (a.dataset !== b.dataset) return `another data set (${a.dataset}, not ${b.dataset})`;
  if (a.split !== b.split) return `another split (${a.split}, not ${b.split})`;
  if (a.fold !== b.fold) return `another fold (${a.fold ?? 'none'}, not ${b.fold ?? 'none'})`;
  if (one.classes.join('\n') !== other.classes.join('\n')) return 'other classes';
  return undefined;
}

/** Video → how often it was right, in [0, 1], over the runs that all have it. */
function correctness(runs: readonly EvaluatedRun[]): Map<string, { label: number; right: number }> {
  const sums = new Map<string, { label: number; right: number; runs: number }>();
  for (const { predictions } of runs) {
    for (const line of predictions) {
      const sum = sums.get(line.id) ?? { label: line.label, right: 0, runs: 0 };
      sums.set(line.id, { label: sum.label, right: sum.right + (isRight(line) ? 1 : 0), runs: sum.runs + 1 });
    }
  }
  const whole = [...sums].filter(([, sum]) => sum.runs === runs.length);
  return new Map(whole.map(([id, { label, right }]) => [id, { label, right: right / runs.length }]));
}

/** What may differ, and is then a part of the difference. */
function protocolDifferences(own: Protocol, other: Protocol): string[] {
  const facts: [string, (protocol: Protocol) => unknown][] = [
    ['frames', ({ frames }) => frames],
    ['stride', ({ stride }) => stride],
    ['sampling', ({ sampling }) => sampling],
    ['size', ({ size }) => size],
    ['resize', ({ resize }) => resize ?? 'to the size'],
    ['interpolation', ({ interpolation }) => interpolation ?? 'bilinear'],
    ['views', ({ views }) => `${views.segments} × ${views.crops}`],
    ['fusion', ({ fusion }) => fusion],
    ['weights', ({ weights }) => weights.split(' ')[0]],
  ];
  return facts.flatMap(([name, of]) =>
    String(of(own)) === String(of(other)) ? [] : [`${name} ${of(own)} against ${of(other)}`],
  );
}
