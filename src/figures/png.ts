/** A figure as a PNG, painted at a whole number of pixels per unit. */
import { type Canvas, canvas, type Mask } from '../drawing/canvas.ts';
import { coverageOf, type OutlineCommand } from '../drawing/coverage.ts';
import { drawText } from '../drawing/text.ts';
import { encodePng, type RgbPicture } from '../formats/png.ts';
import {
  type BoxMark,
  colorOf,
  type DotsMark,
  type Figure,
  type LineMark,
  type Mark,
  type TextMark,
} from './figure.ts';
import { widthOf } from './measure.ts';

/** Pixels per unit: 384 per inch, what printers ask of a picture with lines. */
export const PRINT_SCALE = 4;

/** @param scale a whole number of at least 1 */
export function pngOf(figure: Figure, scale = PRINT_SCALE): Promise<Uint8Array> {
  return encodePng(painted(figure, scale));
}

export function painted({ width, height, marks }: Figure, scale: number): RgbPicture {
  const on = canvas(Math.round(width * scale), Math.round(height * scale), colorOf('ground'));
  const masks: Discs = new Map();
  for (const mark of marks) paint(on, mark, scale, masks);
  return { data: on.data, width: on.width, height: on.height };
}

function paint(on: Canvas, mark: Mark, scale: number, masks: Discs): void {
  switch (mark.kind) {
    case 'text':
      paintText(on, mark, scale);
      break;
    case 'dots':
      paintDots(on, mark, scale, masks);
      break;
    case 'line':
      paintLine(on, mark, scale);
      break;
    case 'box':
      paintBox(on, mark, scale);
  }
}

function paintText(on: Canvas, mark: TextMark, scale: number): void {
  const { text, anchor = 'start', size, weight } = mark;
  const left = mark.x - { start: 0, middle: 0.5, end: 1 }[anchor] * widthOf(text, mark);
  const style = { size: size * scale, weight, color: colorOf(mark.paint) };
  drawText(on, text, left * scale, Math.round(mark.y * scale), style);
}

/** Places within a pixel that a dot may have its centre at, along each axis. */
const PHASES = 4;

/** Masks of dots by radius, opacity and where in a pixel their centre lies: a figure of 100,000 dots needs 16 or 32. */
type Discs = Map<string, Mask>;

/** @param x, y places within a pixel, below PHASES */
function disc(masks: Discs, radius: number, opacity: number, x: number, y: number): Mask {
  const key = `${radius} ${opacity} ${x} ${y}`;
  let mask = masks.get(key);
  if (mask === undefined) {
    const reach = reachOf(radius);
    const full = coverageOf(circle(reach + x / PHASES, reach + y / PHASES, radius), 2 * reach + 1, 2 * reach + 1);
    mask = { ...full, coverage: full.coverage.map((covered) => Math.round(covered * opacity)) };
    masks.set(key, mask);
  }
  return mask;
}

const reachOf = (radius: number): number => Math.ceil(radius) + 1;

function paintDots(on: Canvas, mark: DotsMark, scale: number, masks: Discs): void {
  const { at, radius, opacity = 1, ring = 0 } = mark;
  const color = colorOf(mark.paint);
  const [inner, outer] = [radius * scale, (radius + ring) * scale];
  const [reach, outerReach] = [reachOf(inner), reachOf(outer)];
  for (let i = 0; i + 1 < at.length; i += 2) {
    const x = Math.round((at[i] as number) * scale * PHASES);
    const y = Math.round((at[i + 1] as number) * scale * PHASES);
    const [column, row] = [Math.floor(x / PHASES), Math.floor(y / PHASES)];
    const [right, down] = [x - column * PHASES, y - row * PHASES];
    if (ring > 0) {
      on.tint(disc(masks, outer, 1, right, down), column - outerReach, row - outerReach, colorOf('ground'));
    }
    on.tint(disc(masks, inner, opacity, right, down), column - reach, row - reach, color);
  }
}

/** Four Bézier curves, 0.03 % off at most. */
function circle(x: number, y: number, r: number): OutlineCommand[] {
  const k = 0.5522847498 * r;
  return [
    { type: 'M', x: x + r, y },
    { type: 'C', x1: x + r, y1: y + k, x2: x + k, y2: y + r, x, y: y + r },
    { type: 'C', x1: x - k, y1: y + r, x2: x - r, y2: y + k, x: x - r, y },
    { type: 'C', x1: x - r, y1: y - k, x2: x - k, y2: y - r, x, y: y - r },
    { type: 'C', x1: x + k, y1: y - r, x2: x + r, y2: y - k, x: x + r, y },
    { type: 'Z' },
  ];
}

/** Each piece as a rectangle and each point as a disc, all turning the same way: where they overlap, coverage stops at 1. */
function paintLine(on: Canvas, { through, width, paint }: LineMark, scale: number): void {
  const half = (width * scale) / 2;
  const points = Array.from({ length: through.length / 2 }, (_, i) => ({
    x: (through[2 * i] as number) * scale,
    y: (through[2 * i + 1] as number) * scale,
  }));
  const margin = Math.ceil(half) + 1;
  const left = Math.floor(Math.min(...points.map(({ x }) => x))) - margin;
  const top = Math.floor(Math.min(...points.map(({ y }) => y))) - margin;
  const outline: OutlineCommand[] = [];
  for (const [i, point] of points.entries()) {
    const [x, y] = [point.x - left, point.y - top];
    outline.push(...circle(x, y, half));
    const next = points[i + 1];
    if (next === undefined) continue;
    const [dx, dy] = [next.x - point.x, next.y - point.y];
    const length = Math.hypot(dx, dy);
    if (length === 0) continue;
    const [sx, sy] = [(-dy / length) * half, (dx / length) * half];
    outline.push(
      { type: 'M', x: x - sx, y: y - sy },
      { type: 'L', x: x + dx - sx, y: y + dy - sy },
      { type: 'L', x: x + dx + sx, y: y + dy + sy },
      { type: 'L', x: x + sx, y: y + sy },
      { type: 'Z' },
    );
  }
  const right = Math.ceil(Math.max(...points.map(({ x }) => x))) + margin;
  const bottom = Math.ceil(Math.max(...points.map(({ y }) => y))) + margin;
  on.tint(coverageOf(outline, right - left, bottom - top), left, top, colorOf(paint));
}

/** On whole pixels: an edge is at least one wide. */
function paintBox(on: Canvas, { x, y, width, height, fill, edge }: BoxMark, scale: number): void {
  const [left, top] = [Math.round(x * scale), Math.round(y * scale)];
  const window = {
    x: left,
    y: top,
    width: Math.round((x + width) * scale) - left,
    height: Math.round((y + height) * scale) - top,
  };
  if (fill !== undefined) on.fill(window, colorOf(fill));
  if (edge !== undefined) on.outline(window, Math.max(1, Math.round(edge.width * scale)), colorOf(edge.paint));
}
