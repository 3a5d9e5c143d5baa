/** How each class fares, in one table for all runs. `client/report/tables.ts` lets it be sorted and filtered. */
import { type ClassResult, perClass, type RunResults } from '../../results/index.ts';
import { html, type Markup } from '../markup.ts';
import { shareCell } from './bar.ts';
import { count, percent } from './numbers.ts';
import type { RunStyle } from './plot.ts';

/** Classes above which the table scrolls in its own box, and has a field to find a name. */
const MANY = 30;

export interface MeasuredRun {
  /** Index in the report. */
  readonly run: number;
  readonly results: RunResults;
  readonly perClass: readonly ClassResult[];
}

/** Runs that were evaluated, with their classes counted. */
export function measuredRuns(runs: readonly RunResults[]): MeasuredRun[] {
  return runs.flatMap((results, run) =>
    results.predictions === undefined
      ? []
      : [{ run, results, perClass: perClass(results.predictions, results.classes) }],
  );
}

/** @param measured at least one, all of the same classes */
export function classesMarkup(measured: readonly MeasuredRun[], styles: readonly RunStyle[]): Markup {
  const [first] = measured as [MeasuredRun];
  const { classes } = first.results;
  const many = classes.length > MANY;
  const table = measured.length === 1 ? aloneTable(first) : besideTable(measured, styles);
  return html`${
    many &&
    html`<p class="filter"><label>Find a class <input type="search" data-filter="classes-table" autocomplete="off" spellcheck="false" disabled></label> <output data-filtered>${count(classes.length)} classes</output></p>
`
  }<div class="scrolls${many && ' tall'}" tabindex="0" role="region" aria-label="Classes">${table}</div>
`;
}

function aloneTable({ results, perClass: rows }: MeasuredRun): Markup {
  const k = Math.min(5, results.classes.length);
  const failures = rows.some(({ notDecoded }) => notDecoded > 0);
  const head: readonly (readonly [string, 'text' | 'number'])[] = [
    ['Class', 'text'],
    ['Videos', 'number'],
    ['Top-1', 'number'],
    [`Top-${k}`, 'number'],
    ...(failures ? ([['Not decoded', 'number']] as const) : []),
    ['Most often taken for', 'text'],
    ['Times', 'number'],
  ];
  return html`<table class="wide" id="classes-table" data-sorts>
<caption class="visually-hidden">Classes of ${results.name}, with their top-1, top-${k} and the class that their videos are most often taken for</caption>
<thead><tr>${head.map(([title, kind]) => html`<th scope="col"${kind === 'number' && html` class="number"`} data-sort="${kind}">${title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row">${row.class}</th><td class="number" data-value="${row.videos}">${count(row.videos)}</td>${cellOf(row.top1, 1)}${cellOf(row.top5)}${
        failures && html`<td class="number" data-value="${row.notDecoded}">${count(row.notDecoded)}</td>`
      }<td>${row.confusedWith?.class ?? '–'}</td><td class="number" data-value="${row.confusedWith?.count ?? 0}">${row.confusedWith === undefined ? '–' : count(row.confusedWith.count)}</td></tr>
`,
  )}</tbody></table>`;
}

function besideTable(measured: readonly MeasuredRun[], styles: readonly RunStyle[]): Markup {
  const [first] = measured as [MeasuredRun];
  const title = (name: string, kind: 'text' | 'number'): Markup =>
    html`<th scope="col"${kind === 'number' && html` class="number"`} data-sort="${kind}">${name}</th>`;
  return html`<table class="wide" id="classes-table" data-sorts>
<caption>Top-1 of each class</caption>
<thead><tr>${title('Class', 'text')}${title('Videos', 'number')}${measured.map(({ run }) => title(styles[run]?.name ?? '', 'number'))}</tr></thead>
<tbody>${first.perClass.map(
    (row, label) =>
      html`<tr><th scope="row">${row.class}</th><td class="number" data-value="${row.videos}">${count(row.videos)}</td>${measured.map(({ run, perClass: rows }) => cellOf(rows[label]?.top1, styles[run]?.color))}</tr>
`,
  )}</tbody></table>`;
}

/** A class without videos has no share, and comes last in order. @param color of the bar; no bar without */
function cellOf(share: number | undefined, color?: number): Markup {
  if (share === undefined) return html`<td class="number" data-value="-1">–</td>`;
  if (color === undefined) return html`<td class="number" data-value="${share}">${percent(share)}</td>`;
  return shareCell(share, color);
}
