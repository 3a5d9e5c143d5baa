/** What the scatter page carries, in few bytes: 25,000 videos under four methods take 1.5 MB without their pictures. */
import type { Color } from '../../drawing/canvas.ts';
import { shuffledOrder } from '../../figures/draw-order.ts';
import { extentOf } from '../../figures/extent.ts';
import { paintClasses } from '../../figures/legend.ts';
import { classColors, onDark } from '../../figures/palette.ts';
import type { Carried, CarriedClass } from '../client/scatter/carried.ts';
import type { ScatterOptions } from './options.ts';

/** Steps of a coordinate; the number after them is of a point that is nowhere. */
const STEPS = 65534;
const NOWHERE = 65535;

type Shown = Pick<ScatterOptions, 'panels' | 'ids' | 'labels' | 'classes' | 'thumbnails'> & {
  readonly noun: 'video' | 'image';
  readonly named: number;
  readonly colorAll: boolean;
};

export function carried({ panels, ids, labels, classes, thumbnails, noun, named, colorAll }: Shown): Carried {
  const order = shuffledOrder(ids.length);
  return {
    noun,
    panels: panels.map(({ title, points, predictions }) => ({
      title,
      points: base64(quantized(points, order)),
      ...(predictions === undefined
        ? {}
        : { predictions: base64(Int16Array.from(order, (i) => predictions[i] ?? -1)) }),
    })),
    ids: Array.from(order, (i) => ids[i] as string),
    labels: base64(Int16Array.from(order, (i) => labels[i] ?? -1)),
    classes: classesOf(classes, paintClasses(labels, classes.length, named, colorAll).named, colorAll),
    thumbnails: Object.fromEntries(
      Array.from(order, (i, at) => [at, thumbnails.get(i)] as const).filter(([, found]) => found !== undefined),
    ) as Carried['thumbnails'],
  };
}

/** Those with a name in the legend have the colours of the figure, the others the next ones, for when they are chosen. */
function classesOf(classes: readonly string[], named: readonly number[], colorAll: boolean): CarriedClass[] {
  const place = new Map(named.map((label, i) => [label, i]));
  let next = named.length;
  const colors = classColors(classes.length);
  return classes.map((name, label) => {
    const color = colors[place.get(label) ?? next++] as Color;
    return { name, colors: [hex(color), hex(onDark(color))], named: colorAll || place.has(label) };
  });
}

function quantized(points: Float32Array, order: Uint32Array): Uint16Array {
  const { x, y, side } = extentOf(points);
  const steps = new Uint16Array(2 * order.length);
  for (const [at, i] of order.entries()) {
    const right = ((points[2 * i] as number) - x) / side;
    const down = 1 - ((points[2 * i + 1] as number) - y) / side;
    const somewhere = Number.isFinite(right + down);
    steps[2 * at] = somewhere ? Math.round(right * STEPS) : NOWHERE;
    steps[2 * at + 1] = somewhere ? Math.round(down * STEPS) : NOWHERE;
  }
  return steps;
}

/** Little-endian, as every machine that this runs on is. */
const base64 = (values: Uint16Array | Int16Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

const hex = (color: Color): string => `#${color.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
