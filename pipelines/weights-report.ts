/** What the `weights` commands say of a checkpoint's mapping, for people and for programs. */
import { elements } from '../src/formats/stored-tensor.ts';
import type { MappedTensor, Mapping, WeightsVit } from '../src/model/checkpoint-names.ts';
import { listNames } from '../src/model/names/summary.ts';

export function vitLine(vit: WeightsVit): string {
  const { width, depth, heads, patch, tubelet, mlpRatio, bias, clsToken, positions, pool } = vit;
  return (
    `width ${width}, depth ${depth}, heads ${heads ?? 'unknown'}, patch ${patch}, tubelet ${tubelet}, MLP × ${mlpRatio}, ` +
    `bias ${bias}, ${clsToken ? 'class token, ' : ''}positions ${positions}, pool ${pool}`
  );
}

const numbersOf = (tensors: readonly MappedTensor[]): number =>
  tensors.reduce((total, { shape }) => total + elements(shape), 0);

export function importText(
  from: string,
  out: string | undefined,
  mapping: Mapping,
  kept: readonly MappedTensor[],
  dropped: readonly MappedTensor[],
): string {
  const { layout, vit, unused, unexpected, missing, fresh } = mapping;
  const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);
  const tuned = kept.filter(({ part }) => part === 'tuned');
  const reasons = [...new Set(unused.map(({ why }) => why))];
  const lines: [string, string][] = [
    ['layout', layout],
    ['vit', vitLine(vit)],
    ['matched', `${kept.length} tensors, ${numbersOf(kept).toLocaleString('en')} numbers`],
    ...(tuned.length > 0 ? [['tuned', `${listNames(names(tuned))} (among the matched)`] as [string, string]] : []),
    [
      'dropped',
      dropped.length > 0 ? `${listNames(names(dropped))} (the source task's head; --keep-head keeps it)` : 'none',
    ],
    ...(reasons.length === 0 ? [['unused', 'none'] as [string, string]] : []),
    ...reasons.map((why): [string, string] => [
      'unused',
      `${listNames(names(unused.filter((item) => item.why === why)))} (${why})`,
    ]),
    ...(fresh.length > 0
      ? [
          ['fresh', `${listNames(names(fresh))} (a new LayerNorm behind the pooling, starts at 1 and 0)`] as [
            string,
            string,
          ],
        ]
      : []),
    ['missing', listNames(names(missing))],
    ['unexpected', listNames(unexpected)],
  ];
  return [`${from} → ${out ?? 'not written'}`, ...lines.map(([key, value]) => `${key.padEnd(11)} ${value}`)].join('\n');
}

export function importJson(
  file: string,
  out: string | null,
  mapping: Mapping,
  kept: readonly MappedTensor[],
  dropped: readonly MappedTensor[],
): unknown {
  const { layout, vit, unused, unexpected, missing, fresh } = mapping;
  const matched = kept.map(({ name, part, from, shape }) => ({ name, part, from, shape }));
  return {
    file,
    out,
    layout,
    vit,
    matched,
    numbers: numbersOf(kept),
    dropped: dropped.map(({ name }) => name),
    unused,
    fresh,
    missing,
    unexpected,
  };
}
