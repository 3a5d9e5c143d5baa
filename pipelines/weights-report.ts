/** What the `weights` commands say of a checkpoint's mapping, for people and for programs. */
import { elements } from '../src/formats/stored-tensor.ts';
import type { MappedTensor, Mapping, WeightsSwin, WeightsVit } from '../src/model/checkpoint-names.ts';
import { listNames } from '../src/model/names/summary.ts';

/** What the weights are, and its word. */
export function backboneLine(of: WeightsVit | WeightsSwin): readonly [kind: 'vit' | 'swin', what: string] {
  return 'window' in of ? ['swin', swinLine(of)] : ['vit', vitLine(of)];
}

function swinLine({ width, depths, heads, patch, window, mlpRatio }: WeightsSwin): string {
  const stages = `depths ${depths.join(', ')}, heads ${heads.join(', ')}`;
  return `width ${width}, ${stages}, patch ${patch}, window ${window}, MLP × ${mlpRatio}`;
}

function vitLine(vit: WeightsVit): string {
  const { width, depth, heads, patch, tubelet, mlpRatio, bias, clsToken, positions, pool } = vit;
  return (
    `width ${width}, depth ${depth}, heads ${heads ?? 'unknown'}, patch ${patch}, tubelet ${tubelet}, MLP × ${mlpRatio}, ` +
    `bias ${bias}, ${clsToken ? 'class token, ' : ''}positions ${positions}, pool ${pool}`
  );
}

const numbersOf = (tensors: readonly MappedTensor[]): number =>
  tensors.reduce((total, { shape }) => total + elements(shape), 0);

const namesOf = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);

/**
 * @param out the file that was written, or null
 * @param dropped names of the source task's head, left out
 */
export function importText(from: string, out: string | null, mapping: Mapping, dropped: readonly string[]): string {
  const { layout, vit, tensors, unused, unexpected, missing, fresh, notes } = mapping;
  const tuned = tensors.filter(({ part }) => part === 'tuned');
  const lines: (readonly [string, string])[] = [
    ['layout', layout],
    backboneLine(vit),
    ['matched', `${tensors.length} tensors, ${numbersOf(tensors).toLocaleString('en')} numbers`],
  ];
  if (tuned.length > 0) lines.push(['tuned', `${listNames(namesOf(tuned))} (among the matched)`]);
  if (dropped.length > 0)
    lines.push(['dropped', `${listNames(dropped)} (the source task's head; --keep-head keeps it)`]);
  for (const why of new Set(unused.map((item) => item.why))) {
    const names = namesOf(unused.filter((item) => item.why === why));
    lines.push(['unused', `${names.length} (${why}): ${listNames(names, 3)}`]);
  }
  if (fresh.length > 0) lines.push(['fresh', `${listNames(namesOf(fresh))} (a new LayerNorm, starts at 1 and 0)`]);
  for (const note of notes) lines.push(['note', note]);
  lines.push(['missing', listNames(namesOf(missing))], ['unexpected', listNames(unexpected)]);
  return [`${from} → ${out ?? 'not written'}`, ...lines.map(([key, value]) => `${key.padEnd(11)} ${value}`)].join('\n');
}

/** The same in full. */
export function importJson(file: string, out: string | null, mapping: Mapping, dropped: readonly string[]): unknown {
  const { layout, vit, tensors, unused, fresh, notes, missing, unexpected } = mapping;
  const matched = tensors.map(({ name, part, from, shape }) => ({ name, part, from, shape }));
  const numbers = numbersOf(tensors);
  const [kind] = backboneLine(vit);
  return { file, out, layout, [kind]: vit, matched, numbers, dropped, unused, fresh, notes, missing, unexpected };
}
