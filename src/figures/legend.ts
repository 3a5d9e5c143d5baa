/** Which classes have a colour and a name, and the names as columns below the panels. */
import type { Color, Mark, Paint } from './figure.ts';
import { fitted, type Lettering, widthOf } from './measure.ts';
import { classColors } from './palette.ts';

export interface ClassPaints {
  /** [K]. */
  readonly paints: readonly Paint[];
  /** Those in the legend, in the order of their numbers. */
  readonly named: readonly number[];
}

/**
 * Up to `most` classes are named, each in a colour of its own; with more classes those that have the most videos, and the rest is
 * grey: of 51 or 174 colours none can be found in a legend, and a picture whose colours cannot be read says less than one with
 * twenty that can.
 *
 * @param labels of the videos: [n]
 * @param all each class has a colour, as in the paper; more than `most` have no names then
 */
export function paintClasses(labels: Int32Array, classes: number, most: number, all = false): ClassPaints {
  if (all && classes > most) return { paints: classColors(classes), named: [] };
  const videos = new Uint32Array(classes);
  for (const label of labels) if (label >= 0 && label < classes) videos[label] = (videos[label] as number) + 1;
  const named = Array.from(videos, (_, label) => label)
    .sort((a, b) => (videos[b] as number) - (videos[a] as number) || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
  const paints = new Array<Paint>(classes).fill('faint');
  const colors: readonly Color[] = classColors(named.length);
  for (const [i, label] of named.entries()) paints[label] = colors[i] as Color;
  return { paints, named };
}

export interface LegendEntry {
  readonly name: string;
  readonly paint: Paint;
}

const NAME: Lettering = { size: 9.5, weight: 'regular' };
const LINE = 15;
const DOT = 3.4;
const INDENT = 13;
const GAP = 18;
/** A longer name is shortened in its middle. */
const WIDEST = 335;

/** Columns that are read downwards. @returns its marks, and how high it is */
export function legendMarks(entries: readonly LegendEntry[], left: number, top: number, width: number) {
  const widest = Math.min(WIDEST, width - INDENT, Math.max(0, ...entries.map(({ name }) => widthOf(name, NAME))));
  const most = Math.max(1, Math.floor((width + GAP) / (INDENT + widest + GAP)));
  const rows = Math.ceil(entries.length / most);
  // Of the columns that those rows need, each as wide as it can be.
  const columns = Math.max(1, Math.ceil(entries.length / Math.max(1, rows)));
  const step = Math.min(INDENT + widest + 3 * GAP, (width + GAP) / columns);
  const marks = entries.flatMap(({ name, paint }, i): Mark[] => {
    const x = left + Math.floor(i / rows) * step;
    const y = top + (i % rows) * LINE;
    return [
      { kind: 'dots', at: [x + DOT, y + LINE / 2], radius: DOT, paint },
      {
        kind: 'text',
        text: fitted(name, step - GAP - INDENT, NAME),
        x: x + INDENT,
        y: y + LINE / 2 + 3.3,
        ...NAME,
        paint: 'ink',
      },
    ];
  });
  return { marks, height: rows * LINE };
}
