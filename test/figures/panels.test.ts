import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dotStyle, shuffledOrder } from '../../src/figures/draw-order.ts';
import { extentOf } from '../../src/figures/extent.ts';
import type { BoxMark, DotsMark, Figure, TextMark } from '../../src/figures/figure.ts';
import { classColors } from '../../src/figures/palette.ts';
import { panelsFigure } from '../../src/figures/panels.ts';
import { rings } from './made-panels.ts';

const boxes = ({ marks }: Figure) => marks.filter((mark): mark is BoxMark => mark.kind === 'box');
const texts = ({ marks }: Figure) => marks.filter((mark): mark is TextMark => mark.kind === 'text');
const dots = ({ marks }: Figure) => marks.filter((mark): mark is DotsMark => mark.kind === 'dots');
const named = (count: number) => Array.from({ length: count }, (_, i) => `class-${i}`);

test('panels stand in a grid of equal squares, each with its name and its top-1', () => {
  const layouts = Object.fromEntries(
    [1, 2, 3, 4, 6].map((count) => {
      const figure = panelsFigure({ panels: rings(60, 3, count), classes: named(3) });
      const frames = boxes(figure);
      assert.equal(frames.length, count);
      assert.ok(frames.every(({ width, height }) => width === height && width === frames[0]?.width));
      for (const mark of texts(figure)) assert.ok(mark.x >= 12 && mark.x < figure.width && mark.y < figure.height);
      return [count, [figure.width, new Set(frames.map(({ x }) => x)).size, frames[0]?.width]];
    }),
  );
  assert.deepEqual(layouts, {
    1: [384, 1, 360],
    2: [680, 2, 320],
    3: [740, 3, 228],
    4: [744, 4, 168],
    6: [740, 3, 228],
  });
  const four = panelsFigure({ panels: rings(60, 3, 4), classes: named(3), heading: 'Heading', footnote: 'Foot' });
  const words = texts(four).map(({ text }) => text);
  assert.deepEqual(words.slice(0, 4), ['Heading', 'Method 0', 'top-1 20.00 %', '1 view']);
  assert.deepEqual(words.slice(-4), ['class-0', 'class-1', 'class-2', 'Foot']);
  assert.match(four.description, /^Method 0: top-1 20\.00 %, 1 view, 60 points\. .* Foot$/);
});

test('a panel holds every dot inside its frame, with one scale for both axes, y upwards', () => {
  const labels = Int32Array.from([0, 0, 1]);
  const panel = { title: 'a', subtitle: 'b', points: Float32Array.from([0, 0, 10, 0, 10, 4]), labels };
  const figure = panelsFigure({ panels: [panel], classes: named(2) });
  const { x, y, width } = boxes(figure)[0] as BoxMark;
  const inPanel = dots(figure).filter(({ ring }) => ring !== undefined);
  const at = inPanel.flatMap(({ at, paint }) =>
    Array.from({ length: at.length / 2 }, (_, i) => ({ x: at[2 * i] as number, y: at[2 * i + 1] as number, paint })),
  );
  assert.equal(at.length, 3);
  const second = at.find(({ paint }) => paint === classColors(2)[1]) as (typeof at)[0];
  const [left, right] = at.filter((dot) => dot !== second).sort((a, b) => a.x - b.x) as [typeof second, typeof second];
  assert.ok(Math.abs(right.x - left.x - 2.5 * (left.y - second.y)) < 1e-3);
  assert.ok(Math.abs(left.x - x - (x + width - right.x)) < 1e-3, 'the middle is in the middle');
  assert.ok(Math.abs((left.y + second.y) / 2 - (y + width / 2)) < 1e-3);
});

test('points that are nowhere, one point, and videos of no class', () => {
  const points = Float32Array.from([Number.NaN, 1, 2, 2, 2, 2]);
  const labels = Int32Array.from([0, -1, 0]);
  const figure = panelsFigure({ panels: [{ title: 'a', subtitle: 'b', points, labels }], classes: named(1) });
  const drawn = dots(figure).filter(({ ring }) => ring !== undefined);
  assert.deepEqual(
    drawn.map(({ at, paint }) => [at.length, paint === 'faint']),
    [
      [2, true],
      [2, false],
    ],
  );
  for (const { at } of drawn) assert.ok(Array.from(at).every(Number.isFinite));
  assert.deepEqual(extentOf(new Float32Array(0)), { x: -0.5, y: -0.5, side: 1 });
});

test('of many classes those with most videos are named and the rest is grey, or all have colours and no names', () => {
  const labels = Int32Array.from({ length: 400 }, (_, i) => Math.floor(Math.sqrt(i)));
  const points = Float32Array.from({ length: 800 }, (_, i) => Math.sin(i));
  const panels = [{ title: 'a', subtitle: 'b', points, labels }];
  const few = panelsFigure({ panels, classes: named(30), named: 4 });
  assert.deepEqual(
    texts(few).map(({ text }) => text),
    ['a', 'b', 'class-16', 'class-17', 'class-18', 'class-19', '26 other classes'],
  );
  assert.equal(new Set(dots(few).map(({ paint }) => String(paint))).size, 5);
  assert.equal(dots(few)[0]?.paint, 'faint', 'below the others');
  const all = panelsFigure({ panels, classes: named(30), colorAll: true });
  assert.equal(new Set(dots(all).map(({ paint }) => String(paint))).size, 20);
  assert.equal(texts(all).at(-1)?.text, '30 classes, a colour each.');
});

test('dots are drawn in an order that mixes the classes, and is the same each time', () => {
  const order = shuffledOrder(1000);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.deepEqual(order, shuffledOrder(1000));
  // The first half of the files falls as often into the first half of the order as into the second: ± 4 standard deviations.
  const early = order.subarray(0, 500).filter((i) => i < 500).length;
  assert.ok(Math.abs(early - 250) < 32, String(early));
  const styles = [91, 1530, 25_000].map((count) => dotStyle(count, 168));
  assert.deepEqual(
    styles.map(({ radius }) => Number(radius.toFixed(2))),
    [2.45, 1.21, 0.6],
  );
  assert.deepEqual(
    styles.map(({ ring }) => ring > 0),
    [true, true, false],
  );
});
