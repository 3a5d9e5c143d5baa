/** Text on a canvas: its width, what of it fits, and drawing it. One line; no right-to-left and no joined scripts. */
import type { Canvas, Color, Mask } from './canvas.ts';
import { codeBox } from './code-box.ts';
import { coverageOf } from './coverage.ts';
import { glyphOf, type Weight } from './fonts.ts';

export interface TextStyle {
  /** Pixels. */
  readonly size: number;
  readonly weight: Weight;
  readonly color: Color;
}

type Letter = { readonly advance: number } & (
  | { readonly mask: (phase: number) => { readonly mask: Mask; readonly left: number; readonly top: number } }
  | { readonly box: Mask }
);

/** Places within a pixel that a letter may begin at. */
const PHASES = 4;
/** Above and below the baseline, in sizes: taller than any letter of the font. */
const [ASCENT, DESCENT] = [1.3, 0.5];

const letters = new Map<string, Letter>();

function letterOf(character: string, { size, weight }: TextStyle): Letter {
  const key = `${weight} ${size} ${character}`;
  let letter = letters.get(key);
  if (letter === undefined) {
    letter = makeLetter(character, size, weight);
    letters.set(key, letter);
  }
  return letter;
}

function makeLetter(character: string, size: number, weight: Weight): Letter {
  const glyph = /\p{Cc}/u.test(character) ? undefined : glyphOf(character, weight);
  if (glyph === undefined) {
    const box = codeBox(character);
    return { advance: box.width + 2, box };
  }
  const drawn = new Map<number, { mask: Mask; left: number; top: number }>();
  const [left, top] = [Math.ceil(size), Math.ceil(size * ASCENT)];
  return {
    advance: glyph.advance * size,
    mask(phase) {
      let found = drawn.get(phase);
      if (found === undefined) {
        const outline = glyph.outline(left + phase / PHASES, top, size);
        const width = left + Math.ceil(glyph.advance * size + size);
        const mask = coverageOf(outline, width, top + Math.ceil(size * DESCENT));
        found = { mask, left, top };
        drawn.set(phase, found);
      }
      return found;
    },
  };
}

/** Composed where it can be: the font has é, not e with an accent behind it. */
const charactersOf = (text: string): string[] => [...text.normalize('NFC')];

/** Pixels, rounded up. */
export function textWidth(text: string, style: TextStyle): number {
  const width = charactersOf(text).reduce((sum, character) => sum + letterOf(character, style).advance, 0);
  return width === 0 ? 0 : Math.ceil(width - 1e-6);
}

/** The text, or its beginning and its end around an ellipsis, as much as fits into `width` pixels. */
export function elide(text: string, width: number, style: TextStyle): string {
  if (textWidth(text, style) <= width) return text;
  const characters = charactersOf(text);
  const shortened = (kept: number): string =>
    `${characters.slice(0, Math.ceil(kept / 2)).join('')}…${kept < 2 ? '' : characters.slice(-Math.floor(kept / 2)).join('')}`;
  let [fits, tooMany] = [0, characters.length];
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1;
    if (textWidth(shortened(middle), style) <= width) fits = middle;
    else tooMany = middle;
  }
  return shortened(fits);
}

/** Words into lines of at most `width` pixels; a word that is longer is elided. At most `most` lines, the last one elided. */
export function wrap(text: string, width: number, style: TextStyle, most = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = [];
  const words = text.split(/\s+/).filter((word) => word !== '');
  for (const [i, word] of words.entries()) {
    const line = lines.at(-1);
    const longer = `${line} ${word}`;
    if (line !== undefined && textWidth(longer, style) <= width) lines[lines.length - 1] = longer;
    else if (lines.length < most) lines.push(elide(word, width, style));
    else {
      lines[lines.length - 1] = elide([line, ...words.slice(i)].join(' '), width, style);
      break;
    }
  }
  return lines;
}

/** @param x left end of the first letter @param baseline its bottom */
export function drawText(on: Canvas, text: string, x: number, baseline: number, style: TextStyle): void {
  let pen = x;
  for (const character of charactersOf(text)) {
    const letter = letterOf(character, style);
    if ('box' in letter) {
      pen = Math.ceil(pen);
      on.tint(letter.box, pen, baseline + 2 - letter.box.height, style.color);
    } else {
      const quarter = Math.round(pen * PHASES);
      const { mask, left, top } = letter.mask(((quarter % PHASES) + PHASES) % PHASES);
      on.tint(mask, Math.floor(quarter / PHASES) - left, baseline - top, style.color);
    }
    pen += letter.advance;
  }
}
