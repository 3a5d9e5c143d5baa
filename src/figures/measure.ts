/** How wide text is in a figure, and what of it fits. In fractions of a unit, the same for SVG and PNG at every scale. */
import { glyphOf } from '../drawing/fonts.ts';
import { elide, type TextStyle, textWidth, wrap } from '../drawing/text.ts';
import type { TextMark } from './figure.ts';

export type Lettering = Pick<TextMark, 'size' | 'weight'>;

/** Measured at this many times the size, for `drawing` has whole pixels. */
const FINE = 16;
/** Of a character that the font has not, in sizes: as wide as ideographs are. */
const UNKNOWN = 1;

const fine = ({ size, weight }: Lettering): TextStyle => ({ size: size * FINE, weight, color: [0, 0, 0] });

/** Whether the font has every character of it. */
export function isLettered(text: string, { weight }: Lettering): boolean {
  return [...text.normalize('NFC')].every((character) => glyphOf(character, weight) !== undefined);
}

export function widthOf(text: string, lettering: Lettering): number {
  if (isLettered(text, lettering)) return textWidth(text, fine(lettering)) / FINE;
  return [...text.normalize('NFC')].reduce(
    (sum, character) => sum + lettering.size * (glyphOf(character, lettering.weight)?.advance ?? UNKNOWN),
    0,
  );
}

export const fitted = (text: string, width: number, lettering: Lettering): string =>
  elide(text, width * FINE, fine(lettering));

export const linesOf = (text: string, width: number, lettering: Lettering, most?: number): string[] =>
  wrap(text, width * FINE, fine(lettering), most);
