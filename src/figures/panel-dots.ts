/** The dots of one panel, as marks. */
import { dotStyle, shuffledOrder } from './draw-order.ts';
import { extentOf, type Square } from './extent.ts';
import type { DotsMark, Paint } from './figure.ts';

/** How far dots stay from the frame, in sides. */
const INSET = 0.035;
/** Rounds that the dots are drawn in: more mix the classes better and make a larger file. */
const [FEWEST_ROUNDS, MOST_ROUNDS] = [4, 24];
/** Dots of a colour in a round, where there are rounds to spare. */
const PER_MARK = 8;

/**
 * Grey ones first, the others in rounds: in each some dots of every class, a mark for each class. So no class lies on another as a
 * whole, and a file has a few hundred marks. Points that are not finite are left out.
 *
 * @param points [n, 2] @param labels [n]
 * @param frame in the figure
 * @param paints [K]
 */
export function panelDots(
  points: Float32Array,
  labels: Int32Array,
  frame: Square,
  paints: readonly Paint[],
): DotsMark[] {
  const count = points.length / 2;
  const style = dotStyle(count, frame.side);
  const place = placing(extentOf(points), frame, frame.side * INSET + style.radius);
  const paintOf = (i: number): Paint => paints[labels[i] as number] ?? 'faint';
  const marksOf = (round: Uint32Array): DotsMark[] => {
    const byPaint = new Map<Paint, number[]>();
    for (const i of round) {
      const at = byPaint.get(paintOf(i)) ?? [];
      if (at.length === 0) byPaint.set(paintOf(i), at);
      at.push(...place(points[2 * i] as number, points[2 * i + 1] as number));
    }
    return Array.from(byPaint, ([paint, at]) => ({ kind: 'dots', at, paint, ...style }));
  };

  const order = shuffledOrder(count).filter((i) =>
    Number.isFinite((points[2 * i] as number) + (points[2 * i + 1] as number)),
  );
  const colored = order.filter((i) => paintOf(i) !== 'faint');
  const wanted = Math.ceil(colored.length / (PER_MARK * Math.max(1, new Set(paints).size)));
  const perRound = Math.ceil(colored.length / Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, wanted)));
  const marks = marksOf(order.filter((i) => paintOf(i) === 'faint'));
  for (let i = 0; i < colored.length; i += perRound) marks.push(...marksOf(colored.subarray(i, i + perRound)));
  return marks;
}

/** From the points' square to the frame without its margin; the y of points grows upwards. */
function placing(from: Square, frame: Square, margin: number): (x: number, y: number) => [number, number] {
  const scale = (frame.side - 2 * margin) / from.side;
  return (x, y) => [frame.x + margin + scale * (x - from.x), frame.y + frame.side - margin - scale * (y - from.y)];
}
