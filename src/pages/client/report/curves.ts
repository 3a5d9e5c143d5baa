/**
 * A crosshair for the curves: one place on the horizontal axis for all figures, set by pointer or arrow keys, with the value of
 * each run beside the figure's title; and which runs are shown.
 */
import { readData } from '../read-data.ts';

interface Data {
  readonly unit: string;
  readonly high: number;
  /** Updates to one of `unit`. */
  readonly perEpoch: readonly number[];
  readonly runs: readonly { readonly name: string; readonly color: number; readonly dash: number }[];
  readonly plots: readonly {
    readonly name: string;
    readonly kind: 'number' | 'percent' | 'rate';
    readonly curves: readonly { readonly run: number; readonly x: number[]; readonly y: (number | null)[] }[];
  }[];
}

export function enrichCurves(): void {
  const place = document.querySelector<HTMLElement>('[data-plots]');
  if (place === null) return;
  const data = readData<Data>('curves-data');
  const figures = [...place.querySelectorAll<HTMLElement>('[data-plot]')].flatMap((figure) => {
    const plot = data.plots.find(({ name }) => name === figure.dataset.plot);
    const area = figure.querySelector<HTMLElement>('[data-area]');
    const cross = figure.querySelector<HTMLElement>('[data-cross]');
    const reading = figure.querySelector<HTMLElement>('[data-reading]');
    if (plot === undefined || area === null || cross === null || reading === null) return [];
    return [{ plot, area, cross, reading, words: area.getAttribute('aria-label') ?? '' }];
  });
  const hidden = new Set<number>();
  let at: number | undefined;

  const show = (): void => {
    for (const { plot, area, cross, reading } of figures) {
      const values = plot.curves
        .filter(({ run }) => !hidden.has(run))
        .map((curve) => ({ run: curve.run, ...nearest(curve, at ?? data.high) }));
      reading.replaceChildren(...values.map((value) => readingOf(data, plot.kind, value)));
      if (at !== undefined && data.runs.length > 1) reading.append(placeOf(data, at));
      cross.hidden = at === undefined;
      const first = values[0];
      // On a point of the figure's own where there is one run, so that the line goes through it.
      const x = values.length === 1 && first !== undefined ? first.x : at;
      if (x !== undefined) cross.style.left = `${(100 * x) / data.high}%`;
      area.setAttribute('aria-valuenow', String(at ?? data.high));
      area.setAttribute('aria-valuetext', spoken(data, plot.kind, at ?? data.high, values));
    }
  };

  for (const { plot, area, words } of figures) {
    area.setAttribute('role', 'slider');
    area.setAttribute('aria-label', words);
    area.setAttribute('aria-valuemin', '0');
    area.setAttribute('aria-valuemax', String(data.high));
    area.tabIndex = 0;
    const follow = (event: PointerEvent): void => {
      const box = area.getBoundingClientRect();
      at = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * data.high;
      show();
    };
    area.addEventListener('pointermove', follow);
    area.addEventListener('pointerdown', follow);
    area.addEventListener('pointerleave', () => {
      at = undefined;
      show();
    });
    area.addEventListener('blur', () => {
      at = undefined;
      show();
    });
    area.addEventListener('keydown', (event) => {
      const stops = stopsOf(plot.curves.filter(({ run }) => !hidden.has(run)));
      const next = nextStop(event.key, stops, at ?? data.high);
      if (next === undefined) return;
      event.preventDefault();
      at = next;
      show();
    });
  }
  for (const box of document.querySelectorAll<HTMLInputElement>('input[data-shows]')) {
    const apply = (): void => {
      const run = Number(box.dataset.shows);
      if (box.checked) hidden.delete(run);
      else hidden.add(run);
      for (const curve of place.querySelectorAll<SVGGElement>(`[data-run="${run}"]`)) {
        curve.style.display = box.checked ? '' : 'none';
      }
    };
    apply();
    box.addEventListener('change', () => {
      apply();
      show();
    });
  }
  show();
}

interface Value {
  readonly run: number;
  readonly x: number;
  readonly y: number | null;
}

/** The point of a curve that is nearest, of those that are no gap. */
function nearest({ x, y }: { readonly x: number[]; readonly y: (number | null)[] }, at: number): Omit<Value, 'run'> {
  let best = -1;
  for (let i = 0; i < x.length; i++) {
    if (y[i] === null) continue;
    if (best < 0 || Math.abs((x[i] as number) - at) <= Math.abs((x[best] as number) - at)) best = i;
  }
  return best < 0 ? { x: at, y: null } : { x: x[best] as number, y: y[best] as number };
}

function readingOf(data: Data, kind: Data['plots'][number]['kind'], { run, x, y }: Value): HTMLElement {
  const element = document.createElement('span');
  const style = data.runs[run];
  if (data.runs.length > 1) {
    element.className = `series-${style?.color ?? 1}`;
    element.title = style?.name ?? '';
    element.insertAdjacentHTML(
      'afterbegin',
      `<svg class="swatch" width="18" height="8" aria-hidden="true"><path class="line dash-${Number(style?.dash ?? 0)}" d="M0 4h18"/></svg>`,
    );
  }
  const value = document.createElement('b');
  value.textContent = valueText(kind, y);
  element.append(value);
  if (data.runs.length === 1) {
    const where = document.createElement('span');
    where.textContent = ` at ${data.unit} ${placeText(x)}`;
    element.append(where);
  }
  return element;
}

function placeOf({ unit }: Data, at: number): HTMLElement {
  const element = document.createElement('span');
  element.className = 'quiet';
  element.textContent = `at ${unit} ${placeText(at)}`;
  return element;
}

function spoken(data: Data, kind: Data['plots'][number]['kind'], at: number, values: readonly Value[]): string {
  const parts = values.map(({ run, y }) => {
    const name = data.runs.length > 1 ? `${data.runs[run]?.name} ` : '';
    return `${name}${valueText(kind, y)}`;
  });
  return `${data.unit} ${placeText(at)}: ${parts.join(', ')}`;
}

function valueText(kind: Data['plots'][number]['kind'], y: number | null): string {
  if (y === null) return '–';
  if (kind === 'percent') return `${(100 * y).toFixed(2)}\u00a0%`;
  if (kind === 'rate') return y.toFixed(1);
  const size = Math.abs(y);
  if (size === 0) return '0';
  if (size < 1e-3) return y.toExponential(2).replace('-', '−');
  return size < 0.1 ? y.toFixed(5) : y.toFixed(3);
}

function placeText(x: number): string {
  return String(Number(x.toFixed(2)));
}

/** Where points of any of the curves lie. */
function stopsOf(curves: readonly { readonly x: number[] }[]): number[] {
  return [...new Set(curves.flatMap(({ x }) => x))].sort((a, b) => a - b);
}

/** Points that a page key passes over. */
const FAR = 10;

function nextStop(key: string, stops: readonly number[], at: number): number | undefined {
  const near = 1e-9;
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return stops.find((stop) => stop > at + near) ?? stops.at(-1);
    case 'ArrowLeft':
    case 'ArrowDown':
      return stops.filter((stop) => stop < at - near).at(-1) ?? stops[0];
    case 'PageUp':
      return stops.filter((stop) => stop > at + near)[FAR - 1] ?? stops.at(-1);
    case 'PageDown':
      return stops.filter((stop) => stop < at - near).at(-FAR) ?? stops[0];
    case 'Home':
      return stops[0];
    case 'End':
      return stops.at(-1);
    default:
      return undefined;
  }
}
