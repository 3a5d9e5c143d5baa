/**
 * A confusion matrix as a figure: a row for each right class, a column for each predicted one. A cell is the darker the more
 * of its row it holds. Columns carry the numbers of the classes, which stand beside the names of the rows.
 */
import type { Color, Figure, Mark, TextMark } from './figure.ts';
import { fitted, type Lettering, linesOf, widthOf } from './measure.ts';

export interface ConfusionOptions {
  /** `top-1 61.54 %`. */
  readonly title: string;
  /** How it was measured. */
  readonly note: string;
  /** Label → class name. */
  readonly classes: readonly string[];
  /** [K, K + 1]: rows the right class, columns the predicted one, the last column what could not be decoded. */
  readonly counts: Int32Array;
}

/** Sides of a cell for up to so many classes. */
const CELLS: readonly (readonly [classes: number, side: number])[] = [
  [10, 44],
  [16, 34],
  [30, 26],
  [60, 18],
  [120, 8],
  [200, 5],
  [400, 2],
];
/** From this side on rows have names and columns numbers; from the next on cells have counts. */
const [NAMED, COUNTED] = [18, 26];
const MARGIN = 24;
const MOST_NAME = 200;
/** Between the matrix and the column of what could not be decoded. */
const GAP = 8;
const LEAST_WIDTH = 420;
const LEGEND = { width: 160, height: 10 } as const;

const TITLE: Lettering = { size: 17, weight: 'semibold' };
const SMALL: Lettering = { size: 11.5, weight: 'regular' };

/** One hue, from hardly anything of a row to all of it; what is empty stays as the ground. */
const SCALE: readonly Color[] = [
  [229, 238, 247],
  [147, 186, 221],
  [62, 124, 181],
  [20, 62, 108],
];
/** From this share on white is read more easily on it than black. */
const DARK = 0.65;
const EMPTY: Color = [247, 248, 249];
const GREYS: readonly Color[] = [
  [233, 233, 233],
  [110, 110, 110],
];

export function confusionFigure({ title, note, classes, counts }: ConfusionOptions): Figure {
  const K = classes.length;
  const side = CELLS.find(([most]) => K <= most)?.[1] ?? 1;
  const named = side >= NAMED;
  const countOf = (truth: number, predicted: number): number => counts[truth * (K + 1) + predicted] as number;
  const videos = classes.map((_, truth) =>
    counts.subarray(truth * (K + 1), (truth + 1) * (K + 1)).reduce((sum, count) => sum + count, 0),
  );
  const failures = classes.some((_, truth) => countOf(truth, K) > 0);
  const marks: Mark[] = [];

  const numberWidth = widthOf(String(K - 1), SMALL) + 8;
  const nameWidth = Math.min(MOST_NAME, Math.max(...classes.map((name) => widthOf(name, SMALL))));
  const left = MARGIN + numberWidth + (named ? nameWidth + 6 : 0);
  const right = left + K * side;
  const recall = right + (failures ? GAP + side : 0) + 10;
  const recallWidth = named ? widthOf('100.0 %', SMALL) : 0;
  const width = Math.ceil(Math.max(LEAST_WIDTH, recall + recallWidth + MARGIN));

  let y = MARGIN + TITLE.size;
  const text = (mark: Omit<TextMark, 'kind' | 'paint'> & Partial<Pick<TextMark, 'paint'>>): void => {
    marks.push({ kind: 'text', paint: 'ink', ...mark });
  };
  text({ ...TITLE, text: `Confusion, ${title}`, x: MARGIN, y });
  for (const line of linesOf(note, width - 2 * MARGIN, SMALL, 3)) {
    y += 17;
    text({ ...SMALL, text: line, x: MARGIN, y, paint: 'quiet' });
  }
  y += 17;
  text({ ...SMALL, text: 'Rows: right class. Columns: predicted class.', x: MARGIN, y, paint: 'quiet' });
  const top = Math.round(y + 32);

  const every = named ? 1 : stepFor(side);
  for (let k = 0; k < K; k += every) {
    const middle = (k + 0.5) * side;
    const label = String(k);
    const fits = named ? widthOf(label, SMALL) <= side : true;
    if (fits) text({ ...SMALL, text: label, x: left + middle, y: top - 6, anchor: 'middle', paint: 'quiet' });
    text({ ...SMALL, text: label, x: left - 6, y: top + middle + 4, anchor: 'end', paint: 'quiet' });
  }
  if (failures && side >= NAMED) {
    const x = right + GAP + side / 2;
    text({ ...SMALL, text: '–', x, y: top - 6, anchor: 'middle', paint: 'quiet' });
  }
  for (let truth = 0; truth < K; truth++) {
    const own = videos[truth] as number;
    const row = top + truth * side;
    const cell = (x: number, count: number, scale: readonly Color[]): void => {
      const fill = count === 0 ? EMPTY : shade(scale, count / own);
      const gap = side >= 8 ? 1 : 0;
      marks.push({ kind: 'box', x, y: row, width: side - gap, height: side - gap, fill });
      const digits = String(count);
      if (count > 0 && side >= COUNTED && widthOf(digits, SMALL) <= side - 4) {
        const paint = count / own > DARK ? 'ground' : 'ink';
        const at = { x: x + (side - gap) / 2, y: row + side / 2 + 4, anchor: 'middle' } as const;
        text({ ...SMALL, ...at, text: digits, paint });
      }
    };
    for (let predicted = 0; predicted < K; predicted++) {
      const count = countOf(truth, predicted);
      // Of many classes what is empty stays the ground: it is nearly all.
      if (count > 0 || side >= 8) cell(left + predicted * side, count, SCALE);
    }
    if (failures) cell(right + GAP, countOf(truth, K), GREYS);
    if (!named) continue;
    const name = fitted(classes[truth] as string, nameWidth, SMALL);
    text({ ...SMALL, text: name, x: MARGIN, y: row + side / 2 + 4 });
    if (own === 0) continue;
    const share = `${((100 * countOf(truth, truth)) / own).toFixed(1)} %`;
    text({ ...SMALL, text: share, x: recall + recallWidth, y: row + side / 2 + 4, anchor: 'end', paint: 'quiet' });
  }
  const bottom = top + K * side;
  if (side < 8) {
    const edge = { width: 1, paint: 'line' } as const;
    marks.push({ kind: 'box', x: left - 1, y: top - 1, width: K * side + 2, height: K * side + 2, edge });
  }
  const legend = bottom + 26;
  marks.push(...legendMarks(MARGIN, legend));
  if (failures) {
    text({
      ...SMALL,
      text: 'Apart, in grey: could not be decoded.',
      x: MARGIN,
      y: legend + 34,
      paint: 'quiet',
    });
  }
  return {
    width,
    height: legend + (failures ? 48 : 32),
    title: `Confusion matrix, ${title}`,
    description: `${note}. Rows are the right class, columns the predicted one, over ${K} classes.`,
    marks,
  };
}

/** Numbers of classes along an axis that leave room between them. */
function stepFor(side: number): number {
  return [5, 10, 20, 50, 100].find((step) => step * side >= 34) ?? 200;
}

/** The colour of a share in (0, 1], linear between the colours of the scale. */
function shade(scale: readonly Color[], share: number): Color {
  const at = Math.min(1, share) * (scale.length - 1);
  const below = Math.min(scale.length - 2, Math.floor(at));
  const [from, to] = [scale[below] as Color, scale[below + 1] as Color];
  const mixed = from.map((part, channel) => Math.round(part + (at - below) * ((to[channel] as number) - part)));
  return mixed as unknown as Color;
}

function legendMarks(x: number, y: number): Mark[] {
  const steps = 80;
  const zero = 'share of the right class:  0 %';
  const left = x + Math.ceil(widthOf(zero, SMALL)) + 8;
  const quiet = { kind: 'text', ...SMALL, paint: 'quiet' } as const;
  return [
    { ...quiet, text: zero, x, y: y + LEGEND.height },
    ...Array.from({ length: steps }, (_, i): Mark => {
      const [from, to] = [i, i + 1].map((at) => Math.round((at * LEGEND.width) / steps)) as [number, number];
      const fill = shade(SCALE, (i + 0.5) / steps);
      return { kind: 'box', x: left + from, y: y + 1, width: to - from, height: LEGEND.height, fill };
    }),
    { ...quiet, text: '100 %', x: left + LEGEND.width + 8, y: y + LEGEND.height },
  ];
}

/** Pixels per unit: a small matrix fits a screen twice as fine. */
export function confusionScale(classes: number): number {
  return classes <= 30 ? 2 : 1;
}
