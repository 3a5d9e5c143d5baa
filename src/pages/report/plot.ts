/**
 * One figure of curves. The lines are an SVG that stretches to whatever room there is; all text is HTML at its edges, so that
 * it keeps its size on every screen. `client/report/curves.ts` adds the crosshair.
 */
import { html, type Markup, raw } from '../markup.ts';
import { type Axis, axisOf, placeOn, tickText } from './axis.ts';

/** How a value is written: `client/report/curves.ts` knows the same words. */
export type ValueKind = 'number' | 'percent' | 'rate';

export interface Curve {
  /** Index of the run. */
  readonly run: number;
  readonly x: readonly number[];
  /** NaN where there is a gap. */
  readonly y: readonly number[];
  /** Drawn thin behind it. */
  readonly behind?: { readonly x: readonly number[]; readonly y: readonly number[] };
  readonly band?: { readonly low: readonly number[]; readonly high: readonly number[] };
}

export interface Plot {
  readonly name: string;
  readonly title: string;
  /** What a point is. */
  readonly note: string;
  readonly kind: ValueKind;
  readonly fromZero: boolean;
  /** Few points, each of which counts. */
  readonly dots: boolean;
  readonly curves: readonly Curve[];
}

/** Style of a run's curves. */
export interface RunStyle {
  readonly name: string;
  /** 1-8. */
  readonly color: number;
  /** 0 is solid. */
  readonly dash: number;
}

export interface HorizontalAxis extends Axis {
  /** `epoch`, `update` */
  readonly unit: string;
}

/** Of the SVG, either way. */
const SIDE = 1000;

export function plotMarkup(plot: Plot, x: HorizontalAxis, styles: readonly RunStyle[], alternative: string): Markup {
  const y = verticalAxis(plot);
  const grid = y.ticks.map((tick) => html`<path class="grid" d="M0 ${at(y, tick)}h${SIDE}"/>`);
  const marks = x.ticks.map((tick) => html`<path class="grid faint" d="M${across(x, tick)} 0v${SIDE}"/>`);
  const curves = plot.curves.map((curve) => curveMarkup(curve, plot, x, y, styles[curve.run] as RunStyle));
  return html`<figure class="plot" data-plot="${plot.name}" data-kind="${plot.kind}">
<figcaption><span class="title">${plot.title}</span> <span class="note">${plot.note}</span></figcaption>
<div class="reading" data-reading></div>
<div class="frame">
<div class="y" aria-hidden="true">${y.ticks.map((tick) => html`<span style="bottom:${share(placeOn(y, tick))}">${tickLabel(y, tick, plot.kind)}</span>`)}</div>
<div class="area" role="img" aria-label="${alternative}" data-area data-low="${y.low}" data-high="${y.high}"><svg viewBox="0 0 ${SIDE} ${SIDE}" preserveAspectRatio="none" aria-hidden="true">${grid}${marks}${curves}</svg><i class="cross" data-cross hidden></i></div>
<div class="unit" aria-hidden="true">${x.unit}</div>
<div class="x" aria-hidden="true">${x.ticks.map((tick) => html`<span style="left:${share(placeOn(x, tick))}">${tickText(x, tick)}</span>`)}</div>
</div>
</figure>
`;
}

function curveMarkup(curve: Curve, { dots }: Plot, x: Axis, y: Axis, { color, dash }: RunStyle): Markup {
  const { band, behind } = curve;
  const line = pathOf(curve.x, curve.y, x, y);
  const lone = dots ? curve.y : alone(curve.y);
  return html`<g class="curve series-${color}" data-run="${curve.run}">${
    band && html`<path class="band" d="${raw(bandPath(curve.x, band, x, y))}"/>`
  }${behind && html`<path class="behind" d="${raw(pathOf(behind.x, behind.y, x, y))}"/>`}<path class="line dash-${dash}" d="${raw(line)}"/>${
    lone.some((value) => !Number.isNaN(value)) && html`<path class="dots" d="${raw(dotPath(curve.x, lone, x, y))}"/>`
  }</g>`;
}

function verticalAxis({ curves, fromZero }: Plot): Axis {
  const values = curves
    .flatMap(({ y, behind, band }) => [y, behind?.y ?? [], band?.low ?? [], band?.high ?? []])
    .flat();
  const known = values.filter((value) => Number.isFinite(value));
  const least = known.reduce((a, b) => Math.min(a, b), fromZero ? 0 : Number.POSITIVE_INFINITY);
  const largest = known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return axisOf(least, largest);
}

function tickLabel(axis: Axis, tick: number, kind: ValueKind): string {
  if (kind !== 'percent') return tickText(axis, tick);
  const scaled = { ...axis, ticks: axis.ticks.map((value) => Number((100 * value).toPrecision(12))) };
  return `${tickText(scaled, 100 * tick)}\u00a0%`;
}

const share = (value: number): string => `${Number((100 * value).toFixed(2))}%`;
const across = (axis: Axis, value: number): string => (SIDE * placeOn(axis, value)).toFixed(1).replace(/\.0$/, '');
const at = (axis: Axis, value: number): string => (SIDE * (1 - placeOn(axis, value))).toFixed(1).replace(/\.0$/, '');

function pathOf(xs: readonly number[], ys: readonly number[], x: Axis, y: Axis): string {
  let path = '';
  let pen = 'M';
  ys.forEach((value, i) => {
    if (!Number.isFinite(value)) {
      pen = 'M';
      return;
    }
    path += `${pen}${across(x, xs[i] as number)} ${at(y, value)}`;
    pen = 'L';
  });
  return path;
}

/** Points with no neighbour, which no line goes through; all others NaN. */
function alone(y: readonly number[]): number[] {
  const none = (value: number | undefined): boolean => value === undefined || Number.isNaN(value);
  return y.map((value, i) => (none(y[i - 1]) && none(y[i + 1]) ? value : Number.NaN));
}

/** Lines of no length with round ends: circles, however the SVG is stretched. */
function dotPath(xs: readonly number[], ys: readonly number[], x: Axis, y: Axis): string {
  return ys
    .map((value, i) => (Number.isFinite(value) ? `M${across(x, xs[i] as number)} ${at(y, value)}h0` : ''))
    .join('');
}

/** One closed part between gaps each. */
function bandPath(
  xs: readonly number[],
  { low, high }: { readonly low: readonly number[]; readonly high: readonly number[] },
  x: Axis,
  y: Axis,
): string {
  let path = '';
  for (let from = 0; from < xs.length; from++) {
    if (!Number.isFinite(low[from])) continue;
    let to = from;
    while (Number.isFinite(low[to + 1])) to++;
    const corner = (i: number, bound: readonly number[]): string =>
      `${across(x, xs[i] as number)} ${at(y, bound[i] as number)}`;
    const range = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    path += `M${[...range.map((i) => corner(i, high)), ...range.reverse().map((i) => corner(i, low))].join('L')}Z`;
    from = to;
  }
  return path;
}
