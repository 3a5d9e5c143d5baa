/** The table of a folder of recipes: each one's top-1 with its protocol, and VTAB's two means where they are due. */
import path from 'node:path';
import type { Recipe } from '../src/config/index.ts';
import { countsText } from '../src/eval/counts.ts';
import type { MeanDeviation } from '../src/eval/mean-deviation.ts';
import { nounOf } from '../src/eval/protocol.ts';
import { VTAB_TASKS, type VtabMeans, vtabMeans } from '../src/eval/vtab.ts';
import type { SweepResult } from './sweep.ts';
import { meanText } from './sweep-text.ts';
import { formatTable } from './table.ts';
import type { Score } from './task.ts';

export interface Row {
  readonly file: string;
  readonly recipe: Recipe;
  readonly run: string;
  /** Absent where it failed. */
  readonly top1?: MeanDeviation;
  /** Of the first seed: what was measured, and how. */
  readonly score?: Score;
  readonly trained?: number;
  readonly seconds?: number;
  readonly sweep?: SweepResult;
  readonly failure?: string;
}

/** The VTAB-1k task of a recipe by its data: `data/vtab1k/dtd` is dtd. */
export function vtabTaskOf({ data }: Pick<Recipe, 'data'>): string | undefined {
  if (!/vtab/i.test(data.path)) return undefined;
  const last = path.basename(data.path);
  return VTAB_TASKS.find((task) => last === task || last === `vtab1k-${task}`);
}

interface VtabSet {
  /** The folder of the recipes: one method, as a rule. */
  readonly folder: string;
  readonly means: VtabMeans;
}

/** One set for each folder that has VTAB tasks. @throws never: two recipes of one task leave the later's number */
function vtabSets(rows: readonly Row[]): VtabSet[] {
  const folders = [...new Set(rows.filter(({ recipe }) => vtabTaskOf(recipe)).map(({ file }) => path.dirname(file)))];
  return folders.map((folder) => {
    const own = rows.filter(({ file }) => path.dirname(file) === folder);
    const top1 = own.flatMap(({ recipe, top1 }): [string, number][] => {
      const task = vtabTaskOf(recipe);
      return task === undefined || top1 === undefined ? [] : [[task, top1.mean]];
    });
    return { folder, means: vtabMeans(new Map(top1)) };
  });
}

export function rowsText(place: string, rows: readonly Row[]): string {
  const swept = rows.some(({ sweep }) => sweep?.selection);
  const failed = rows.some(({ failure }) => failure !== undefined);
  const inOrder = rows.toSorted((a, b) => orderOf(a) - orderOf(b));
  const table = formatTable(
    [
      'recipe',
      'top-1',
      ...(swept ? ['chosen by validation'] : []),
      'measured on',
      'trained parameters',
      ...(failed ? ['why'] : []),
    ],
    inOrder.map(({ recipe, top1, score, trained, sweep, failure }) => [
      recipe.name,
      top1 === undefined ? 'failed' : meanText(top1),
      ...(swept ? [sweep?.chosen ?? ''] : []),
      score === undefined
        ? ''
        : `${score.protocol.dataset} ${score.split}, ${countsText(score, nounOf(score.protocol))}`,
      trained === undefined ? '' : trained.toLocaleString('en-US'),
      ...(failed ? [failure ?? ''] : []),
    ]),
  );
  const sets = vtabSets(rows);
  return [
    table,
    ...protocolLines(rows),
    ...(swept ? ['', 'validation top-1 of every setting:', ...inOrder.flatMap(triedLine)] : []),
    ...(sets.length === 0 ? [] : ['', ...sets.flatMap((set) => setLines(set, sets.length > 1))]),
    `${rows.filter(({ top1 }) => top1 !== undefined).length} of ${rows.length} recipes of ${place}`,
  ].join('\n');
}

/** `svhn: scale=1 71.50, scale=10 74.00 (chosen), scale=100 diverged`: what the choice was made from. */
function triedLine({ recipe, sweep }: Row): string[] {
  if (sweep === undefined) return [];
  const settings = sweep.tried.map(({ setting, validation }) => {
    const top1 = validation === null ? 'diverged' : (100 * validation.top1).toFixed(2);
    return `${setting} ${top1}${setting === sweep.chosen ? ' (chosen)' : ''}`;
  });
  return [`  ${recipe.name}: ${settings.join(', ')}`];
}

/** Tables have VTAB's tasks in the order of its papers; all others stay as they are. */
function orderOf({ recipe }: Row): number {
  return VTAB_TASKS.indexOf(vtabTaskOf(recipe) ?? '');
}

/** What the rows have in common is said once. */
function protocolLines(rows: readonly Row[]): string[] {
  const protocols = new Map<string, string[]>();
  for (const { recipe, score } of rows) {
    if (score === undefined) continue;
    // The data set, its split and classes, which stand in front, are of one row each.
    const shared = score.protocol.text.split('; ').slice(1).join('; ');
    protocols.set(shared, [...(protocols.get(shared) ?? []), recipe.name]);
  }
  const seeds = rows.find(({ top1 }) => top1?.deviation !== undefined)?.sweep?.final?.seeds.map(({ seed }) => seed);
  return [
    ...[...protocols].map(([text, names]) =>
      protocols.size === 1 ? `protocol: ${text}` : `protocol of ${names.join(', ')}: ${text}`,
    ),
    ...(seeds === undefined ? [] : [`mean and sample deviation of the seeds ${seeds.join(', ')}`]),
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

function setLines({ folder, means }: VtabSet, several: boolean): string[] {
  const name = several ? `VTAB-1k, ${folder}` : 'VTAB-1k';
  const { groups, ofGroups, ofTasks, missing } = means;
  const parts = Object.entries(groups).map(([group, value]) => `${group} ${percent(value)}`);
  if (ofGroups === undefined || ofTasks === undefined) {
    const known = parts.length === 0 ? '' : ` (complete: ${parts.join(', ')})`;
    return [
      `${name}: no means, ${missing.length} of ${VTAB_TASKS.length} tasks are missing: ${missing.join(', ')}${known}`,
    ];
  }
  return [
    `${name}: ${parts.join(', ')}`,
    `  mean of the 3 groups ${percent(ofGroups)}   mean of the 19 tasks ${percent(ofTasks)}`,
  ];
}

export function rowsJson(place: string, rows: readonly Row[]): object {
  return {
    folder: place,
    recipes: rows.map(({ recipe, ...facts }) => ({ recipe: recipe.name, task: vtabTaskOf(recipe) ?? null, ...facts })),
    vtab: vtabSets(rows).map(({ folder, means }) => ({ folder, ...means })),
  };
}
