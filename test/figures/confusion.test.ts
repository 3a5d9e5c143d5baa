import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confusionFigure, confusionScale } from '../../src/figures/confusion.ts';
import type { BoxMark, TextMark } from '../../src/figures/figure.ts';
import { painted } from '../../src/figures/png.ts';

/** Most of class k is taken for k + 1; one video is right and one could not be decoded. */
function shifted(K: number, videos: number): Int32Array {
  const counts = new Int32Array(K * (K + 1));
  for (let k = 0; k < K; k++) {
    counts[k * (K + 1) + k] = 1;
    counts[k * (K + 1) + ((k + 1) % K)] = videos - 2;
    counts[k * (K + 1) + K] = 1;
  }
  return counts;
}

const figureOf = (K: number, videos: number) => {
  const classes = Array.from({ length: K }, (_, k) => `class ${k}`);
  const figure = confusionFigure({ title: 'top-1 10.00 %', note: 'a note', classes, counts: shifted(K, videos) });
  const texts = figure.marks.filter((mark): mark is TextMark => mark.kind === 'text');
  const boxes = figure.marks.filter((mark): mark is BoxMark => mark.kind === 'box');
  return { figure, texts, boxes, said: texts.map(({ text }) => text) };
};

test('few classes have names, numbers, counts and the share that is right', () => {
  const { said, texts, figure } = figureOf(3, 10);
  for (const text of ['Confusion, top-1 10.00 %', 'a note', 'class 0', 'class 2', '10.0 %', '8', '–']) {
    assert.ok(said.includes(text), text);
  }
  assert.equal(said.filter((text) => text === '8').length, 3);
  // A count in a dark cell is written in white.
  assert.equal(texts.find(({ text }) => text === '8')?.paint, 'ground');
  for (const { x, y, text } of texts) {
    assert.ok(x >= 0 && x <= figure.width && y >= 0 && y <= figure.height, `${text} lies outside`);
  }
});

test('a cell is the darker the more of its row it holds, and stands in its row and column', () => {
  const { figure, boxes } = figureOf(3, 10);
  const { data, width } = painted(figure, 1);
  // The cells of a matrix of 3 × 4 come first, row by row; the legend behind them.
  const cells = boxes.slice(0, 12);
  const lightness = cells.map(({ x, y }) => {
    const at = 3 * ((Math.round(y) + 2) * width + Math.round(x) + 2);
    return (data[at] as number) + (data[at + 1] as number) + (data[at + 2] as number);
  });
  const [right, wrong, none] = lightness as [number, number, number];
  assert.ok(wrong < right && right < none, `${lightness}`);
  assert.deepEqual([lightness[4], lightness[5], lightness[6]], [none, right, wrong]);
  const [first, second, third, , below] = cells as [BoxMark, BoxMark, BoxMark, BoxMark, BoxMark];
  assert.ok(first.x < second.x && second.x < third.x && below.x === first.x && below.y > first.y);
});

test('hundreds of classes fit a screen, have no names, and empty cells are not drawn', () => {
  const { figure, boxes, said } = figureOf(400, 10);
  assert.ok(figure.width < 1000 && figure.height < 1100, `${figure.width} × ${figure.height}`);
  assert.ok(!said.includes('class 0') && said.includes('380'));
  assert.ok(boxes.length < 3 * 400 + 100);
  assert.equal(confusionScale(400), 1);
});

test('a class without videos and a single class are drawn too', () => {
  const counts = new Int32Array([0, 0, 0, 0, 2, 0]);
  const { marks } = confusionFigure({ title: 't', note: 'n', classes: ['a', 'b'], counts });
  const said = marks.flatMap((mark) => (mark.kind === 'text' ? [mark.text] : []));
  assert.ok(said.includes('100.0 %') && !said.some((text) => text.includes('NaN')) && !said.includes('–'));
  assert.ok(confusionFigure({ title: 't', note: 'n', classes: ['a'], counts: Int32Array.of(1, 0) }).marks.length > 0);
});
