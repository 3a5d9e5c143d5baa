/**
 * Colours of classes. The first seven are those of Okabe and Ito ("Color Universal Design", 2008) without yellow, which is lost on
 * white. Each one after them is, of what OKLCH offers between dark and pale, the one farthest from all before it, with all cones,
 * without red ones and without green ones; so the first K are well apart for any K, and classes with numbers next to each other
 * never look alike. To some 10 they can be told apart without a doubt, to some 20 side by side with a legend.
 */
import type { Color } from '../drawing/canvas.ts';
import { colorOfLch, distance, type Lab, labOf, labsOf } from './perceived-color.ts';

const FIRST: readonly Color[] = [
  [0, 114, 178],
  [224, 142, 0],
  [0, 158, 115],
  [204, 75, 20],
  [86, 180, 233],
  [204, 121, 167],
  [58, 64, 72],
];

/** Between what is black and what is lost on white. */
const LIGHTNESS = [0.36, 0.43, 0.5, 0.57, 0.64, 0.71, 0.78] as const;
const CHROMA = [0.03, 0.07, 0.11, 0.15, 0.19] as const;
const HUE_STEP = 10;
/** What a distance as seen without a cone counts for: people who see so are fewer, and all have shape and place to go by. */
const DEFICIENT = 1.6;

const found: Color[] = [];
let candidates: { readonly color: Color; readonly seen: readonly Lab[]; nearest: number }[] = [];

/** [K]: the colours of K classes on white. The same for a class whatever K. */
export function classColors(count: number): Color[] {
  if (found.length === 0) {
    candidates = offered();
    for (const color of FIRST) take(color);
  }
  while (found.length < count) {
    // When all are taken they come again: 700 are more than eyes tell apart.
    if (candidates.length === 0) candidates = offered();
    take(candidates.reduce((best, one) => (one.nearest > best.nearest ? one : best)).color);
  }
  return found.slice(0, count);
}

function take(color: Color): void {
  found.push(color);
  const seen = labsOf(color);
  candidates = candidates.filter((candidate) => candidate.color !== color);
  for (const candidate of candidates) {
    const apart = candidate.seen.map((lab, i) => (i === 0 ? 1 : DEFICIENT) * distance(lab, seen[i] as Lab));
    candidate.nearest = Math.min(candidate.nearest, ...apart);
  }
}

function offered(): typeof candidates {
  const colors: Color[] = [];
  for (const lightness of LIGHTNESS) {
    for (const chroma of CHROMA) {
      for (let hue = 0; hue < 360; hue += HUE_STEP) {
        const color = colorOfLch(lightness, chroma, hue);
        if (color !== undefined) colors.push(color);
      }
    }
  }
  return colors.map((color) => ({ color, seen: labsOf(color), nearest: Number.POSITIVE_INFINITY }));
}

/** The same colour for a dark ground: its hue, lighter, as strong as sRGB has it. */
export function onDark(color: Color): Color {
  const [lightness, a, b] = labOf(color);
  const hue = (Math.atan2(b, a) * 180) / Math.PI;
  const lighter = 0.58 + 0.32 * Math.min(1, Math.max(0, (lightness - 0.34) / 0.46));
  for (let chroma = Math.hypot(a, b); chroma > 0; chroma -= 0.01) {
    const shown = colorOfLch(lighter, chroma, hue);
    if (shown !== undefined) return shown;
  }
  const grey = colorOfLch(lighter, 0, 0);
  return grey ?? color;
}
