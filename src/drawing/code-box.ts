/**
 * What stands for a character that the font does not have: a box with its code in hexadecimal, two lines of two or three
 * digits. So that an id in Chinese is seen to be one, and two of them can be told apart.
 */
import type { Mask } from './canvas.ts';

/** 3 × 5 pixels a digit, a row after the other. */
const DIGITS = [
  '111101101101111',
  '010110010010111',
  '111001111100111',
  '111001111001111',
  '101101111001001',
  '111100111001111',
  '111100111101111',
  '111001001001001',
  '111101111101111',
  '111101111001111',
  '111101111101101',
  '110101110101110',
  '111100100100111',
  '110101101101110',
  '111100111100111',
  '111100111100100',
] as const;

const [WIDE, HIGH, GAP] = [3, 5, 1];
const BORDER = 2;

/** Drawn pixel by pixel, at one size: smaller could not be read. Its last row stands 2 pixels below the baseline. */
export function codeBox(character: string): Mask {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  const perLine = code.length > 4 ? 3 : 2;
  const digits = code.padStart(2 * perLine, '0');
  const width = perLine * (WIDE + GAP) - GAP + 2 * BORDER;
  const height = 2 * (HIGH + GAP) - GAP + 2 * BORDER;
  const coverage = new Uint8Array(width * height);
  for (let x = 0; x < width; x++) coverage[x] = coverage[(height - 1) * width + x] = 150;
  for (let y = 0; y < height; y++) coverage[y * width] = coverage[y * width + width - 1] = 150;
  for (let i = 0; i < digits.length; i++) {
    const bits = DIGITS[Number.parseInt(digits[i] as string, 16)] as string;
    const left = BORDER + (i % perLine) * (WIDE + GAP);
    const top = BORDER + Math.floor(i / perLine) * (HIGH + GAP);
    for (let bit = 0; bit < bits.length; bit++) {
      if (bits[bit] === '1') coverage[(top + Math.floor(bit / WIDE)) * width + left + (bit % WIDE)] = 255;
    }
  }
  return { coverage, width, height };
}
