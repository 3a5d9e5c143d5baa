/** The curves of training: one figure to a fact, all runs in each, over epochs. */
import { html, jsonData, type Markup, type Part } from '../markup.ts';
import { countingAxis } from './axis.ts';
import type { RunReport } from './data.ts';
import { count, percent, short } from './numbers.ts';
import { type Curve, type HorizontalAxis, type Plot, plotMarkup, type RunStyle, type ValueKind } from './plot.ts';
import { byEpoch, epochLength, isEmpty, type Series, seriesOf, smoothed } from './series.ts';

interface Figure {
  readonly kind: 'train' | 'validation';
  readonly fact: string;
  readonly title: string;
  readonly value: ValueKind;
  readonly fromZero: boolean;
  /** Jumps from line to line: a mean of neighbours is drawn over it. */
  readonly jumps: boolean;
  readonly note: string;
}

const FIGURES: readonly Figure[] = [
  { kind: 'train', fact: 'loss', title: 'Training loss', value: 'number', fromZero: false, jumps: true, note: '' },
  {
    ...{ kind: 'validation', fact: 'top1', title: 'Validation top-1', value: 'percent', fromZero: true, jumps: false },
    note: 'single view',
  },
  { kind: 'train', fact: 'lr', title: 'Learning rate', value: 'number', fromZero: true, jumps: false, note: '' },
  {
    ...{ kind: 'train', fact: 'gradientNorm', title: 'Gradient norm', value: 'number', fromZero: true, jumps: true },
    note: 'before clipping',
  },
  {
    ...{
      kind: 'train',
      fact: 'clipsPerSecond',
      title: 'Clips per second',
      value: 'rate',
      fromZero: true,
      jumps: false,
    },
    note: 'moving average',
  },
  {
    ...{ kind: 'train', fact: 'waiting', title: 'Waiting for data', value: 'percent', fromZero: true, jumps: false },
    note: 'share of the time',
  },
];

/** Points of a curve, for one run and for several. */
const MOST_ALONE = 500;
const MOST_BESIDE = 250;
/** Neighbours that the drawn mean is over: a thirtieth of the line, at least this. */
const LEAST_SMOOTHING = 3;
const MOST_EPOCH_ROWS = 100;
const FEW_POINTS = 60;

export function curvesMarkup(runs: readonly RunReport[], styles: readonly RunStyle[]): Markup {
  const lengths = runs.map(({ results }) => epochLength(results.metrics));
  const known = runs.every(({ results }, i) => results.metrics.length === 0 || lengths[i] !== undefined);
  const perEpoch = runs.map((_, i) => (known ? (lengths[i] ?? 1) : 1));
  const most = runs.length === 1 ? MOST_ALONE : MOST_BESIDE;
  const ends = runs.map(({ results }, i) => (results.metrics.at(-1)?.update ?? 0) / (perEpoch[i] as number));
  const x: HorizontalAxis = { ...countingAxis(Math.max(...ends)), unit: known ? 'epoch' : 'update' };
  const plots = FIGURES.flatMap((figure) => {
    const series = runs.map(({ results }, i) =>
      seriesOf(results.metrics, figure.kind, figure.fact, perEpoch[i] as number, most),
    );
    return series.every(isEmpty) ? [] : [plotOf(figure, series)];
  });
  const thinned = plots.some(({ curves }) => curves.some(({ band }) => band !== undefined));
  return html`${runs.length > 1 && legend(styles)}
<div class="plots" data-plots>${plots.map((plot) => plotMarkup(plot, x, styles, alternative(plot, styles, x.unit)))}</div>
<p class="quiet">${reading(runs, plots, thinned)}</p>
${epochTables(runs, styles)}
${jsonData('curves-data', {
  unit: x.unit,
  high: x.high,
  perEpoch,
  runs: styles,
  plots: plots.map(({ name, kind, curves }) => ({
    ...{ name, kind },
    curves: curves.map(({ run, x: xs, y }) => ({ run, x: xs.map(brief), y: y.map(brief) })),
  })),
})}`;
}

function plotOf(figure: Figure, series: readonly Series[]): Plot & { readonly smoothedOver: number } {
  let smoothedOver = 0;
  const curves = series.flatMap((one, run): Curve[] => {
    if (isEmpty(one)) return [];
    const { x, y, low, high } = one;
    const band = low === undefined || high === undefined ? {} : { band: { low, high } };
    // What stands for many lines is a mean already.
    if (!figure.jumps || low !== undefined || y.length < 2 * LEAST_SMOOTHING) return [{ run, x, y, ...band }];
    const width = Math.max(LEAST_SMOOTHING, 2 * Math.round(y.length / 60) + 1);
    smoothedOver = Math.max(smoothedOver, width);
    return [{ run, x, y: smoothed(y, width), behind: { x, y }, ...band }];
  });
  return {
    name: figure.fact,
    title: figure.title,
    note: figure.note,
    kind: figure.value,
    fromZero: figure.fromZero,
    dots: figure.kind === 'validation' && curves.every(({ y }) => y.length <= FEW_POINTS),
    curves,
    smoothedOver,
  };
}

function legend(styles: readonly RunStyle[]): Markup {
  return html`<fieldset class="legend"><legend class="visually-hidden">Runs shown in the curves</legend>${styles.map(
    ({ name, color, dash }, run) =>
      html`<label><input type="checkbox" checked data-shows="${run}"><svg class="swatch series-${color}" width="28" height="8" aria-hidden="true"><path class="line dash-${dash}" d="M0 4h28"/></svg>${name}</label>`,
  )}</fieldset>
`;
}

/** How to read the figures: what is a mean, and of how much. */
function reading(
  runs: readonly RunReport[],
  plots: readonly (Plot & { readonly smoothedOver: number })[],
  thinned: boolean,
): Part {
  const widest = Math.max(0, ...plots.map(({ smoothedOver }) => smoothedOver));
  const every = [...new Set(runs.map(({ results }) => results.recipe.train.logEverySteps))];
  const lines = Math.max(...runs.map(({ results }) => results.metrics.filter(({ kind }) => kind === 'train').length));
  const most = runs.length === 1 ? MOST_ALONE : MOST_BESIDE;
  return [
    lines > 0 && `A line was logged every ${every.join(' or ')} updates.`,
    thinned &&
      ` Of ${count(lines)} lines about ${count(Math.round(lines / most))} neighbours make a point: their mean, with a band from the least to the greatest.`,
    widest > 0 &&
      ` Thick lines of loss and gradient norm are means over ${runs.length > 1 ? 'up to ' : ''}${widest} neighbouring points; thin ones are as logged.`,
  ];
}

/** Each curve in words. */
function alternative({ title, note, kind, curves }: Plot, styles: readonly RunStyle[], unit: string): string {
  const value = (y: number): string => (kind === 'percent' ? percent(y) : short(y));
  const parts = curves.map(({ run, x, y }) => {
    const known = y.flatMap((own, i) => (Number.isNaN(own) ? [] : [{ x: x[i] as number, y: own }]));
    const [first, last] = [known[0], known.at(-1)];
    if (first === undefined || last === undefined) return '';
    const least = known.reduce((a, b) => (b.y < a.y ? b : a));
    const most = known.reduce((a, b) => (b.y > a.y ? b : a));
    const when = (at: number): string => `${unit} ${short(at, 3)}`;
    const name = styles.length === 1 ? '' : `${styles[run]?.name}: `;
    return `${name}${value(first.y)} at ${when(first.x)}, ${value(last.y)} at ${when(last.x)}, least ${value(least.y)} at ${when(least.x)}, greatest ${value(most.y)} at ${when(most.x)}`;
  });
  return `${title}${note === '' ? '' : `, ${note}`}. ${parts.join('. ')}.`;
}

const COLUMNS: readonly (readonly [fact: string, title: string, text: (value: number) => string])[] = [
  ['loss', 'Training loss', (value) => value.toFixed(4)],
  ['top1', 'Top-1', (value) => percent(value)],
  ['top5', 'Top-k', (value) => percent(value)],
  ['lr', 'lr', (value) => short(value)],
  ['gradientNorm', 'Gradient norm', (value) => value.toFixed(3)],
  ['clipsPerSecond', 'Clips/s', (value) => value.toFixed(1)],
  ['waiting', 'Waiting', (value) => percent(value, 1)],
];

function epochTables(runs: readonly RunReport[], styles: readonly RunStyle[]): Markup {
  const tables = runs.map(({ results }, run) => {
    const all = byEpoch(results.metrics);
    const step = Math.ceil(all.length / MOST_EPOCH_ROWS);
    const rows = all.filter((_, i) => (all.length - 1 - i) % step === 0);
    const columns = COLUMNS.filter(([fact]) => rows.some(({ facts }) => !Number.isNaN(facts[fact] as number)));
    const every = step === 1 ? '' : `, every ${step} epochs`;
    const name = runs.length === 1 ? '' : `${styles[run]?.name}: `;
    return html`<div class="scrolls" tabindex="0" role="region" aria-label="${`${styles[run]?.name}, values by epoch`}"><table>
<caption>${name}validation in a single view; lr as logged last in the epoch, others the mean of the epoch${every}</caption>
<thead><tr><th scope="col" class="number">Epoch</th>${columns.map(([fact, title]) => html`<th scope="col" class="number">${fact === 'top5' ? `Top-${Math.min(5, results.classes.length || 5)}` : title}</th>`)}</tr></thead>
<tbody>${rows.map(
      ({ epoch, facts }) =>
        html`<tr><th scope="row" class="number">${epoch}</th>${columns.map(([fact, , text]) => {
          const value = facts[fact] as number;
          return html`<td class="number">${Number.isNaN(value) ? '–' : text(value)}</td>`;
        })}</tr>
`,
    )}</tbody></table></div>
`;
  });
  return html`<details><summary>Values by epoch</summary>${tables}</details>
`;
}

/** As many figures as a reading shows. JSON has no NaN. */
function brief(value: number): number | null {
  return Number.isNaN(value) ? null : Number(value.toPrecision(5));
}
