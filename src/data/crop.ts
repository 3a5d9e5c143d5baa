/**
 * Training crops: which window of the picture becomes the S × S clip. One draw serves all frames of a clip.
 * Pixels of the video as displayed.
 */
import type { Random } from '../tensor/random.ts';
import type { Size, Window } from '../video/window.ts';

/**
 * - `multi-scale`: AdaptFormer on video (TSN). Sides of 1, 0.875, 0.75 or 0.66 of the short side, at one of 13 places.
 * - `random-resized`: VideoMAE. A share of the area with a random shape; ten tries to fit, then the centre.
 * - `random-resized-once`: AdaptFormer on images. The same with one draw, cut to the picture where it does not fit.
 * - `center`: the largest square in the middle.
 * - `squash`: the whole picture, whatever its shape (VTAB in the repositories of Convpass, FacT, RepAdapter, ARC).
 */
export type WindowName = 'multi-scale' | 'random-resized' | 'random-resized-once' | 'center' | 'squash';

/** `random`: of the picture with its short side at `resize`, `size` × `size` anywhere (VPT and ARC on FGVC: 256, 224). */
export type CropName = WindowName | 'random';

/** Where a random window of `size` × `size` lies in a picture of that size or a larger one: as torchvision, top first. */
export function drawPlace(of: Size, size: number, random: Random): { readonly x: number; readonly y: number } {
  const { x, y } = place(of, { width: size, height: size }, random);
  return { x, y };
}

/**
 * A window with integer sides, inside the picture, to be resized to `size` × `size`.
 * @param scale share of the area that the random-resized crops take, drawn uniformly; the papers have 0.08-1
 */
export function drawCrop(
  name: WindowName,
  source: Size,
  size: number,
  random: Random,
  scale: readonly [number, number] = [0.08, 1],
): Window {
  switch (name) {
    case 'multi-scale':
      return multiScale(source, size, random);
    case 'random-resized':
      return randomResized(source, random, scale);
    case 'random-resized-once':
      return randomResizedOnce(source, random, scale);
    case 'center':
      return centered(source, Math.min(source.width, source.height), Math.min(source.width, source.height));
    case 'squash':
      return { x: 0, y: 0, width: source.width, height: source.height };
  }
}

const SCALES = [1, 0.875, 0.75, 0.66];
/** Corners, centre, middles of the edges, centres of the quarters; in quarters of the room there is. */
const PLACES: readonly (readonly [x: number, y: number])[] = [
  ...([
    [0, 0],
    [4, 0],
    [0, 4],
    [4, 4],
    [2, 2],
  ] as const),
  ...([
    [0, 2],
    [4, 2],
    [2, 4],
    [2, 0],
  ] as const),
  ...([
    [1, 1],
    [3, 1],
    [1, 3],
    [3, 3],
  ] as const),
];

/** A side within 2 pixels of the target becomes the target, which saves the resizing. */
function multiScale({ width, height }: Size, size: number, random: Random): Window {
  const short = Math.min(width, height);
  const sides = SCALES.map((scale) => {
    const side = Math.max(Math.floor(short * scale), 1);
    return Math.abs(side - size) <= 2 ? size : side;
  });
  // 10 pairs: the two scales are the same or neighbours.
  const pairs = sides.flatMap((w, i) => sides.filter((_, j) => Math.abs(i - j) <= 1).map((h) => [w, h] as const));
  const [w, h] = pairs[random.integer(pairs.length)] as readonly [number, number];
  const [column, row] = PLACES[random.integer(PLACES.length)] as readonly [number, number];
  // A short side 1 or 2 pixels under the target has become larger than the picture.
  const inside = { width: Math.min(w, width), height: Math.min(h, height) };
  return {
    ...inside,
    x: column * Math.floor((width - inside.width) / 4),
    y: row * Math.floor((height - inside.height) / 4),
  };
}

/** Shapes (width / height) that a random-resized crop may have, drawn uniformly in their logarithm. */
const RATIO = [3 / 4, 4 / 3] as const;

function drawSides({ width, height }: Size, random: Random, [least, most]: readonly [number, number]): Size {
  const area = width * height * (least + (most - least) * random.uniform());
  const ratio = RATIO[0] * (RATIO[1] / RATIO[0]) ** random.uniform();
  return { width: Math.round(Math.sqrt(area * ratio)), height: Math.round(Math.sqrt(area / ratio)) };
}

function place({ width, height }: Size, sides: Size, random: Random): Window {
  const y = random.integer(height - sides.height + 1);
  return { ...sides, y, x: random.integer(width - sides.width + 1) };
}

function randomResized(source: Size, random: Random, scale: readonly [number, number]): Window {
  for (let attempt = 0; attempt < 10; attempt++) {
    const sides = drawSides(source, random, scale);
    const fits = sides.width <= source.width && sides.height <= source.height;
    if (fits && sides.width > 0 && sides.height > 0) return place(source, sides, random);
  }
  // The largest window in the middle whose shape is allowed.
  const { width, height } = source;
  return centered(
    source,
    Math.min(width, Math.max(Math.round(height * RATIO[1]), 1)),
    Math.min(height, Math.max(Math.round(width / RATIO[0]), 1)),
  );
}

function randomResizedOnce(source: Size, random: Random, scale: readonly [number, number]): Window {
  const drawn = drawSides(source, random, scale);
  const sides = {
    width: Math.min(Math.max(drawn.width, 1), source.width),
    height: Math.min(Math.max(drawn.height, 1), source.height),
  };
  return place(source, sides, random);
}

function centered(source: Size, width: number, height: number): Window {
  return { width, height, x: Math.floor((source.width - width) / 2), y: Math.floor((source.height - height) / 2) };
}
