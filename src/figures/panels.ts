/**
 * The figure of AdaptFormer (Chen et al. 2022): the features of one split under several methods, one panel each, the top-1 above
 * it, coloured by class. Axes have no numbers, for t-SNE's have no unit; each panel is scaled to its own extent.
 */

import type { Figure, Mark, Paint } from './figure.ts';
import { legendMarks, paintClasses } from './legend.ts';
import { fitted, type Lettering, linesOf } from './measure.ts';
import { panelDots } from './panel-dots.ts';

export interface Panel {
  /** The method. */
  readonly title: string;
  /** `top-1 59.02 %`. */
  readonly subtitle: string;
  /** The protocol of that top-1: `16×4, 2 segments × 3 crops`. */
  readonly note?: string;
  /** [n, 2]: x to the right, y upwards. */
  readonly points: Float32Array;
  /** [n]: class of each point; below 0 where it has none. */
  readonly labels: Int32Array;
}

export interface PanelsOptions {
  /** One at least. */
  readonly panels: readonly Panel[];
  /** [K]: their names. */
  readonly classes: readonly string[];
  readonly heading?: string;
  /** What the picture was made of and how: split, number of videos, perplexity, seed. */
  readonly footnote?: string;
  /** Classes with a colour and a name at most: those with the most videos. The others' dots are grey. Default 20. */
  readonly named?: number;
  /** Whether every class has a colour, as in the paper. More than `named` of them have no legend then. Default false. */
  readonly colorAll?: boolean;
}

/** Classes that a legend can hold and colours can tell. */
export const MOST_NAMED = 20;

/** By the number of columns: side of a panel. Four fill the width of a page: 720 units are 7.5 inch. */
const SIDES = [0, 360, 320, 228, 168] as const;
const GAP = 16;
const MARGIN = 12;

const HEADING: Lettering = { size: 13, weight: 'semibold' };
const TITLE: Lettering = { size: 11, weight: 'semibold' };
const SUBTITLE: Lettering = { size: 10, weight: 'regular' };
const SMALL: Lettering = { size: 8.5, weight: 'regular' };
const LEADING = 1.35;

const columnsOf = (panels: number): number => (panels <= 4 ? panels : panels <= 6 ? 3 : 4);

export function panelsFigure({
  panels,
  classes,
  heading,
  footnote,
  named = MOST_NAMED,
  colorAll = false,
}: PanelsOptions): Figure {
  const columns = columnsOf(panels.length);
  const side = SIDES[columns] as number;
  const inner = columns * side + (columns - 1) * GAP;
  const paints = paintClasses((panels[0] as Panel).labels, classes.length, named, colorAll);
  const marks: Mark[] = [];
  let y = MARGIN;
  const write = (text: string, lettering: Lettering, paint: Paint, x = MARGIN): void => {
    y += lettering.size * LEADING;
    marks.push({ kind: 'text', text, x, y: y - lettering.size * 0.35, ...lettering, paint });
  };

  if (heading !== undefined) {
    for (const line of linesOf(heading, inner, HEADING)) write(line, HEADING, 'ink');
    y += 8;
  }
  const noteLines = panels.map(({ note }) => (note === undefined ? [] : linesOf(note, side, SMALL, 2)));
  for (let row = 0; row * columns < panels.length; row++) {
    const inRow = panels.slice(row * columns, (row + 1) * columns);
    const top = y;
    let below = y;
    for (const [i, panel] of inRow.entries()) {
      y = top;
      const x = MARGIN + i * (side + GAP);
      write(fitted(panel.title, side, TITLE), TITLE, 'ink', x);
      write(fitted(panel.subtitle, side, SUBTITLE), SUBTITLE, 'ink', x);
      for (const line of noteLines[row * columns + i] ?? []) write(line, SMALL, 'quiet', x);
      below = Math.max(below, y);
    }
    y = below + 5;
    for (const [i, panel] of inRow.entries()) {
      const x = MARGIN + i * (side + GAP);
      marks.push(...panelDots(panel.points, panel.labels, { x, y, side }, paints.paints));
      marks.push({ kind: 'box', x, y, width: side, height: side, edge: { width: 0.75, paint: 'line' } });
    }
    y += side + 14;
  }

  const rest = colorAll ? 0 : classes.length - paints.named.length;
  const legend = legendMarks(
    [
      ...paints.named.map((label) => ({ name: classes[label] as string, paint: paints.paints[label] as Paint })),
      ...(rest > 0 ? [{ name: `${rest} other classes`, paint: 'faint' as const }] : []),
    ],
    MARGIN,
    y,
    inner,
  );
  marks.push(...legend.marks);
  y += legend.height;
  const unnamed = colorAll && paints.named.length === 0 ? [`${classes.length} classes, a colour each.`] : [];
  const words = [...unnamed, ...(footnote === undefined ? [] : [footnote])].join(' ');
  if (legend.height > 0) y += 6;
  for (const line of linesOf(words, inner, SMALL)) write(line, SMALL, 'quiet');
  return {
    width: inner + 2 * MARGIN,
    height: Math.ceil(y + MARGIN),
    title: heading ?? panels.map(({ title }) => title).join(', '),
    description: describe(panels, footnote),
    marks,
  };
}

function describe(panels: readonly Panel[], footnote: string | undefined): string {
  const each = panels.map(({ title, subtitle, note, points }) =>
    [`${title}: ${subtitle}`, note, `${points.length / 2} points`].filter((part) => part !== undefined).join(', '),
  );
  return `${each.join('. ')}. Coloured by class.${footnote === undefined ? '' : ` ${footnote}`}`;
}
