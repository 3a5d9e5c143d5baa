/**
 * Dots, mixed into pixels by hand: without a graphics card, 25,000 of them take a canvas ten times as long with `drawImage` or
 * `arc`.
 */

export interface Dots {
  /** [n, 2]: pixels of the canvas; what is not finite is not drawn. */
  readonly at: Float32Array;
  /** [n]: index of `colors`. */
  readonly paints: Uint16Array;
  /** `#rrggbb`; the first is below all others. */
  readonly colors: readonly string[];
  readonly ground: string;
  readonly radius: number;
  /** Of the ground's colour around each dot. */
  readonly ring: number;
  /** 0-1. */
  readonly opacity: number;
}

type Rgb = readonly [red: number, green: number, blue: number];

/** Places within a pixel, along each axis, that a dot may have its centre at. */
const PHASES = 4;

/** A square of `side` pixels, its ground included. */
export function dotsPicture(dots: Dots, side: number): ImageData {
  const picture = new ImageData(side, side);
  const ground = rgbOf(dots.ground);
  const words = new Uint32Array(picture.data.buffer);
  // Little-endian: alpha is the highest byte.
  words.fill(((255 << 24) | (ground[2] << 16) | (ground[1] << 8) | ground[0]) >>> 0);
  const colors = dots.colors.map(rgbOf);
  const reach = Math.ceil(dots.radius + dots.ring) + 1;
  const inner = discs(dots.radius, reach, dots.opacity);
  const outer = dots.ring > 0 ? discs(dots.radius + dots.ring, reach, 1) : undefined;
  for (const below of [true, false]) {
    for (let i = 0; i < dots.paints.length; i++) {
      const paint = dots.paints[i] as number;
      if ((paint === 0) !== below) continue;
      const x = Math.round((dots.at[2 * i] as number) * PHASES);
      const y = Math.round((dots.at[2 * i + 1] as number) * PHASES);
      const [left, top] = [Math.floor(x / PHASES) - reach, Math.floor(y / PHASES) - reach];
      if (!(left > -2 * reach && top > -2 * reach && left < side && top < side)) continue;
      const phase = (y - (top + reach) * PHASES) * PHASES + x - (left + reach) * PHASES;
      if (outer !== undefined) mix(picture, outer[phase] as Float32Array, reach, left, top, ground);
      mix(picture, inner[phase] as Float32Array, reach, left, top, colors[paint] as Rgb);
    }
  }
  return picture;
}

/** [PHASES², (2 reach + 1)²]: how much of each pixel a dot covers, whose centre is in the one in the middle. */
function discs(radius: number, reach: number, opacity: number): Float32Array[] {
  const side = 2 * reach + 1;
  return Array.from({ length: PHASES * PHASES }, (_, phase) => {
    const [x, y] = [(phase % PHASES) / PHASES - 0.5, Math.floor(phase / PHASES) / PHASES - 0.5];
    return Float32Array.from({ length: side * side }, (_, i) => {
      const distance = Math.hypot((i % side) - reach - x, Math.floor(i / side) - reach - y);
      return opacity * Math.min(1, 4 * radius * radius, Math.max(0, radius + 0.5 - distance));
    });
  });
}

function mix(
  { data, width }: ImageData,
  mask: Float32Array,
  reach: number,
  left: number,
  top: number,
  color: Rgb,
): void {
  const side = 2 * reach + 1;
  for (let row = Math.max(0, -top); row < side && top + row < width; row++) {
    for (let column = Math.max(0, -left); column < side && left + column < width; column++) {
      const share = mask[row * side + column] as number;
      if (share === 0) continue;
      const at = 4 * ((top + row) * width + left + column);
      data[at] = (data[at] as number) + share * (color[0] - (data[at] as number));
      data[at + 1] = (data[at + 1] as number) + share * (color[1] - (data[at + 1] as number));
      data[at + 2] = (data[at + 2] as number) + share * (color[2] - (data[at + 2] as number));
    }
  }
}

const rgbOf = (color: string): Rgb => {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
};
