/** The table of papers: method, trained parameters, top-1, and what it has over the row that others are compared to. */
import type { ComparedRow, Comparison } from '../../results/index.ts';
import { html, type Markup, type Part } from '../markup.ts';
import { count, percent, plural, points } from './numbers.ts';

type Spread = NonNullable<ComparedRow['result']>['top1'];
type Difference = Extract<NonNullable<ComparedRow['difference']>, { readonly low: number }>;

/** @param colors of the rows, 1-8 */
export function comparisonMarkup({ rows, against }: Comparison, colors: readonly number[]): Markup {
  const protocols = new Set(rows.flatMap(({ result }) => (result === undefined ? [] : [protocolOf(result)])));
  const [shared] = protocols.size === 1 ? protocols : [];
  const ks = new Set(rows.flatMap(({ result }) => (result === undefined ? [] : [result.k])));
  const differences = rows.map(({ difference }) => (difference && 'low' in difference ? difference : undefined));
  const [interval] = differences.filter((difference) => difference !== undefined);
  const compares = rows.some(({ difference }) => difference !== undefined);
  const reach = Math.max(
    0.001,
    ...differences.flatMap((one) => (one === undefined ? [] : [one.low, one.high])).map(Math.abs),
  );
  const remarks = remarksOf(rows);
  return html`${shared !== undefined && html`<p class="protocol">${shared}</p>`}
<div class="scrolls" tabindex="0" role="region" aria-label="Comparison"><table class="wide compared">
<caption class="visually-hidden">Methods, their trained parameters and top-1</caption>
<thead><tr><th scope="col">Method</th><th scope="col" class="number">Trained</th><th scope="col" class="number">Of backbone</th><th scope="col" class="number">Top-1</th><th scope="col" class="number">Top-${[...ks].join('/') || 5}</th>${
    compares &&
    html`<th scope="col" class="number">Difference</th>${interval !== undefined && html`<th scope="col"><span class="visually-hidden">Interval, drawn</span></th>`}`
  }</tr></thead>
<tbody>${rows.map(
    (row, i) =>
      html`<tr><th scope="row"><i class="key series-${colors[i] ?? 1}" aria-hidden="true"></i>${row.name}<span class="below">${factsOf(row)}</span>${shared === undefined && row.result !== undefined && html`<span class="below">${protocolOf(row.result)}</span>`}</th><td class="number">${row.parameters === undefined ? '–' : count(row.parameters.withoutHead)}</td><td class="number">${row.parameters === undefined ? '–' : percent(row.parameters.share)}</td>${resultCells(row)}${
        compares && differenceCells(row, i === against, reach, interval !== undefined)
      }</tr>
`,
  )}</tbody></table></div>
<p class="quiet">Trained parameters are without the head; their share is of the backbone.${
    rows.some(({ seeds }) => seeds.length > 1) && ' Over several seeds: the mean, ± the deviation of the sample.'
  }${
    interval !== undefined &&
    ` Differences are in percentage points of top-1 to ${rows[against]?.name ?? 'the first'}, with the ${Math.round(100 * interval.confidence)}\u00a0% interval of a paired bootstrap over videos (${count(interval.resamples)} resamples); it does not tell how much other seeds would differ.`
  }</p>
${remarks.length > 0 && html`<ul class="remarks">${remarks.map((remark) => html`<li>${remark}</li>`)}</ul>`}`;
}

function protocolOf({ protocol, videos, noun }: NonNullable<ComparedRow['result']>): string {
  return `${protocol.text}; over ${plural(videos, noun)}`;
}

/** `adaptformer, ViT-B/16, 2 seeds: 0, 1` */
function factsOf({ name, method, backbone, seeds }: ComparedRow): string {
  const seed = seeds.length === 1 ? `seed ${seeds[0]}` : `${plural(seeds.length, 'seed')}: ${seeds.join(', ')}`;
  return [...(name === method ? [] : [method]), backbone, seed].join(', ');
}

function resultCells({ result, validation }: ComparedRow): Markup {
  if (result !== undefined) {
    return html`<td class="number">${spread(result.top1)}</td><td class="number">${spread(result.top5)}</td>`;
  }
  if (validation === undefined) return html`<td class="number">–</td><td class="number">–</td>`;
  return html`<td class="number">not evaluated<span class="below">in validation ${percent(validation.top1.mean)},</span><span class="below">single view, epoch ${validation.epoch}</span></td><td class="number">–</td>`;
}

function spread({ mean, deviation }: Spread): Part {
  return html`${percent(mean)}${deviation !== undefined && html`<span class="below">± ${(100 * deviation).toFixed(2)}</span>`}`;
}

function differenceCells({ difference }: ComparedRow, isAgainst: boolean, reach: number, drawn: boolean): Markup {
  const beside = drawn && html`<td></td>`;
  if (difference === undefined) return html`<td class="number">${isAgainst ? 'reference' : '–'}</td>${beside}`;
  if ('incomparable' in difference) {
    return html`<td class="number"><span class="below">${difference.incomparable}</span></td>${beside}`;
  }
  const { difference: value, low, high } = difference;
  return html`<td class="number">${points(value)}<span class="below">${points(low)} to ${points(high)}</span></td><td>${whisker(difference, reach)}</td>`;
}

function whisker({ difference, low, high }: Difference, reach: number): Markup {
  const place = (at: number): number => Number((50 + (48 * at) / reach).toFixed(2));
  return html`<span class="interval" style="--low:${place(low)}%;--high:${place(high)}%;--value:${place(difference)}%" aria-hidden="true"><i></i><b></b></span>`;
}

/** Of the rows and their differences, each once. */
function remarksOf(rows: readonly ComparedRow[]): string[] {
  const all = rows.flatMap(({ name, remarks, difference }) => [
    ...remarks,
    ...(difference !== undefined && 'remarks' in difference
      ? difference.remarks.map((remark) => `${name}: ${remark}`)
      : []),
  ]);
  return [...new Set(all)];
}
