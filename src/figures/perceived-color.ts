/**
 * Colours as they are seen: OKLab and OKLCH (Björn Ottosson, "A perceptual color space for image processing", 2020), and sRGB as
 * people see it who lack a cone (Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of color vision
 * deficiency", 2009, severity 1).
 */
import type { Color } from '../drawing/canvas.ts';

/** L 0-1, a, b about ±0.3. Distances are alike wherever they are measured. */
export type Lab = readonly [lightness: number, a: number, b: number];

type Triple = readonly [number, number, number];

const times = (rows: readonly [Triple, Triple, Triple], [x, y, z]: Triple): Triple => {
  const [r, s, t] = rows.map(([a, b, c]) => a * x + b * y + c * z);
  return [r as number, s as number, t as number];
};

const linear = (part: number): number => {
  const share = part / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};
const encoded = (share: number): number =>
  255 * (share <= 0.0031308 ? 12.92 * share : 1.055 * share ** (1 / 2.4) - 0.055);

const linearOf = ([red, green, blue]: Color): Triple => [linear(red), linear(green), linear(blue)];

const CONES = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
] as const;
const LAB = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
] as const;
const FROM_LAB = [
  [1, 0.3963377774, 0.2158037573],
  [1, -0.1055613458, -0.0638541728],
  [1, -0.0894841775, -1.291485548],
] as const;
const FROM_CONES = [
  [4.0767416621, -3.3077115913, 0.2309699292],
  [-1.2684380046, 2.6097574011, -0.3413193965],
  [-0.0041960863, -0.7034186147, 1.707614701],
] as const;

/** What is left for people without red cones, and without green ones: 2 % and 6 % of men have too little of them. */
const DEFICIENT = [
  [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
] as const;

const labOfLinear = (rgb: Triple): Lab => {
  const [l, m, s] = times(CONES, rgb);
  return times(LAB, [Math.cbrt(l), Math.cbrt(m), Math.cbrt(s)]);
};

export const labOf = (color: Color): Lab => labOfLinear(linearOf(color));

/** As seen with all cones, without red ones, without green ones. */
export function labsOf(color: Color): readonly Lab[] {
  const rgb = linearOf(color);
  return [labOfLinear(rgb), ...DEFICIENT.map((matrix) => labOfLinear(times(matrix, rgb)))];
}

/** Undefined for what sRGB cannot show. @param hue degrees */
export function colorOfLch(lightness: number, chroma: number, hue: number): Color | undefined {
  const angle = (hue * Math.PI) / 180;
  const [l, m, s] = times(FROM_LAB, [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)]);
  const parts = times(FROM_CONES, [l ** 3, m ** 3, s ** 3]);
  if (parts.some((part) => part < -1e-4 || part > 1 + 1e-4)) return undefined;
  const [red, green, blue] = parts.map((part) => Math.min(255, Math.max(0, Math.round(encoded(Math.max(0, part))))));
  return [red as number, green as number, blue as number];
}

export const distance = (one: Lab, other: Lab): number =>
  Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
