/**
 * IBM Plex Sans (OFL), as the package @fontsource/ibm-plex-sans carries it: Latin, Greek and Cyrillic. It was chosen for
 * digits of one width, which keep columns of numbers straight, and letters that differ at 12 pixels.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import opentype from 'opentype.js';
import type { OutlineCommand } from './coverage.ts';

export type Weight = 'regular' | 'semibold';

export interface Glyph {
  /** Pixels to the next one, at size 1. */
  readonly advance: number;
  /** Its outline at a size in pixels, the origin on the baseline at x, y. */
  outline(x: number, y: number, size: number): readonly OutlineCommand[];
}

const FILES = { regular: 400, semibold: 600 } as const;
/** The one that holds nearly everything first. */
const PARTS = ['latin', 'latin-ext', 'greek', 'cyrillic', 'cyrillic-ext', 'vietnamese'];

const require = createRequire(import.meta.url);
const loaded = new Map<string, opentype.Font>();

/** Each part is a file of its own, read when a character is in none of those before. */
function fontOf(weight: Weight, part: string): opentype.Font {
  const name = `${part}-${FILES[weight]}`;
  let font = loaded.get(name);
  if (font === undefined) {
    const bytes = readFileSync(require.resolve(`@fontsource/ibm-plex-sans/files/ibm-plex-sans-${name}-normal.woff`));
    font = opentype.parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    loaded.set(name, font);
  }
  return font;
}

/** Undefined for a character that the font does not have. */
export function glyphOf(character: string, weight: Weight): Glyph | undefined {
  for (const part of PARTS) {
    const font = fontOf(weight, part);
    if (font.charToGlyphIndex(character) <= 0) continue;
    const glyph = font.charToGlyph(character);
    return {
      advance: (glyph.advanceWidth ?? 0) / font.unitsPerEm,
      outline: (x, y, size) => glyph.getPath(x, y, size).commands,
    };
  }
  return undefined;
}
