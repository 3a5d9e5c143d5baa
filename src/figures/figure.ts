/**
 * A figure: a list of marks on a ground, drawn in their order, the later ones on top. Lengths are units of 1/96 inch (pixels of
 * CSS) and may be fractions, y grows downwards. `svgOf` and `pngOf` draw it.
 */
import type { Color } from '../drawing/canvas.ts';
import type { Weight } from '../drawing/fonts.ts';

export type { Color, Weight };

/** What the parts of a figure that stand for no class are drawn in, by what they mean. */
export const TOKENS = {
  ground: [255, 255, 255],
  ink: [26, 29, 33],
  quiet: [89, 98, 109],
  line: [196, 202, 209],
  /** Of dots that are there but have no name in the legend. */
  faint: [190, 196, 203],
} as const satisfies Readonly<Record<string, Color>>;

export type Paint = keyof typeof TOKENS | Color;

export const colorOf = (paint: Paint): Color => (typeof paint === 'string' ? TOKENS[paint] : paint);

export interface TextMark {
  readonly kind: 'text';
  readonly text: string;
  /** Where it begins, has its middle or ends, by `anchor`; y is its baseline. */
  readonly x: number;
  readonly y: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size: number;
  readonly weight: Weight;
  readonly paint: Paint;
}

/** Many dots of one colour: each overlaps the ones before it. */
export interface DotsMark {
  readonly kind: 'dots';
  /** [n, 2]: x, y of the centres. */
  readonly at: ArrayLike<number>;
  readonly radius: number;
  readonly paint: Paint;
  /** 0-1, default 1. */
  readonly opacity?: number;
  /** Width of a ring in the ground's colour around each, which keeps neighbours apart; default 0. */
  readonly ring?: number;
}

/** A line through points; its ends and corners are round. */
export interface LineMark {
  readonly kind: 'line';
  /** [n, 2]. */
  readonly through: ArrayLike<number>;
  readonly width: number;
  readonly paint: Paint;
}

export interface BoxMark {
  readonly kind: 'box';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fill?: Paint;
  /** Drawn along the inside of the edge. */
  readonly edge?: { readonly width: number; readonly paint: Paint };
}

export type Mark = TextMark | DotsMark | LineMark | BoxMark;

export interface Figure {
  readonly width: number;
  readonly height: number;
  /** What it shows, in a few words and in a few sentences, for who cannot see it. */
  readonly title: string;
  readonly description: string;
  readonly marks: readonly Mark[];
}
