/** The whole sheet: where things stand, to the pixel, and that nothing leaves its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Item, type Layout, layOut } from '../../../src/data/contact-sheet/layout.ts';
import { paint, sheetPng } from '../../../src/data/contact-sheet/paint.ts';
import type { Card, Sheet } from '../../../src/data/contact-sheet/sheet.ts';
import { textWidth } from '../../../src/drawing/text.ts';
import type { Frames } from '../../../src/video/window.ts';
import { readPng } from '../../formats/read-png.ts';
import { ffmpeg } from '../../video/ffmpegs.ts';

const MARGIN = 24;

/** Every pixel of a frame is (number of the clip, frame, 200), so that each can be found again. */
function numbered(clip: number, frames: number, width: number, height = width): Frames {
  const data = new Uint8Array(frames * width * height * 3);
  for (let i = 0; i < data.length; i += 3) data.set([clip, Math.floor(i / (3 * width * height)), 200], i);
  return { data, frames, width, height };
}

const card = (clip: Frames, changed: Partial<Card> = {}): Card => ({
  title: 'wave',
  id: 'wave/1.mp4',
  facts: [
    ['crop', '16×16 at 0,0'],
    ['entry', '3'],
  ],
  warnings: [],
  strips: [{ clip, numbers: Array.from({ length: clip.frames }, (_, i) => 4 * i) }],
  ...changed,
});

const sheetOf = (frames: number, size: number, cards: readonly Card[]): Sheet => ({
  heading: 'made · train · epoch 0',
  notes: ['made up'],
  frames,
  size,
  cards,
});

const pictures = ({ items }: Layout) => items.flatMap((item) => (item.kind === 'picture' ? [item] : []));
const textOf = ({ items }: Layout, text: string): Extract<Item, { kind: 'text' }> => {
  const found = items.find((item) => item.kind === 'text' && item.text === text);
  assert.ok(found?.kind === 'text', `no text '${text}'`);
  return found;
};

/** Everything stands between the margins, and texts of a line do not touch each other. */
function assertTidy(layout: Layout): void {
  const right = layout.width - MARGIN;
  const texts = layout.items.flatMap((item) => (item.kind === 'text' ? [item] : []));
  for (const { text, x, baseline, style } of texts) {
    assert.ok(x >= MARGIN && x + textWidth(text, style) <= right, `'${text}' at ${x} of ${layout.width}`);
    assert.ok(baseline > MARGIN && baseline + 4 <= layout.height - MARGIN + 4, `'${text}'`);
    assert.ok(style.size >= 12);
  }
  for (const item of layout.items) {
    if (item.kind === 'text') continue;
    const { x, y, width, height } = item.at;
    assert.ok(x >= MARGIN && x + width <= right && y >= MARGIN && y + height <= layout.height - MARGIN);
  }
  for (const [i, a] of texts.entries()) {
    for (const b of texts.slice(i + 1)) {
      const apart = Math.abs(a.baseline - b.baseline) >= 12;
      const beside = a.x + textWidth(a.text, a.style) <= b.x || b.x + textWidth(b.text, b.style) <= a.x;
      assert.ok(apart || beside, `'${a.text}' lies over '${b.text}'`);
    }
  }
}

test('eight frames a row: 144 pixels each, 4 apart, one clip below the other', () => {
  const layout = layOut(sheetOf(8, 224, [card(numbered(1, 8, 224)), card(numbered(2, 8, 224))]));
  assert.equal(layout.width, 8 * 144 + 7 * 4 + 2 * MARGIN);
  const places = pictures(layout).map(({ at }) => [at.x, at.y, at.width, at.height]);
  // Heading and note 24 + 30 + 18, then 32 to the card, 22 for its title, 18 for its facts and 4.
  const first = 24 + 30 + 18 + 32 + 22 + 18 + 4;
  const second = first + 144 + 17 + 32 + 22 + 18 + 4;
  const row = (y: number): number[][] => Array.from({ length: 8 }, (_, i) => [MARGIN + i * 148, y, 144, 144]);
  assert.deepEqual(places, [...row(first), ...row(second)]);
  assert.equal(layout.height, second + 144 + 17 + MARGIN);
  const number = textOf(layout, '12');
  assert.deepEqual([number.x, number.baseline], [MARGIN + 3 * 148, first + 144 + 14]);
  assertTidy(layout);
});

test('the painted sheet has the frames where the layout says, white between them, and comes back from ffmpeg the same', async () => {
  const sheet = sheetOf(
    2,
    16,
    [1, 2, 3, 4].map((clip) => card(numbered(clip, 2, 16))),
  );
  const layout = layOut(sheet);
  const on = paint(layout);
  const pixel = (x: number, y: number): number[] => [
    ...on.data.subarray(3 * (y * on.width + x), 3 * (y * on.width + x) + 3),
  ];
  // 16 pixels become 160; three cards of two frames stand beside each other.
  assert.equal(layout.width, 3 * 324 + 2 * 24 + 2 * MARGIN);
  for (const [i, { at }] of pictures(layout).entries()) {
    const [clip, frame] = [1 + Math.floor(i / 2), i % 2];
    assert.deepEqual([at.width, at.height, at.x], [160, 160, MARGIN + ((clip - 1) % 3) * 348 + frame * 164]);
    for (const [x, y] of [
      [0, 0],
      [159, 0],
      [0, 159],
      [159, 159],
      [80, 80],
    ] as const) {
      assert.deepEqual(pixel(at.x + x, at.y + y), [clip, frame, 200]);
    }
    for (const [x, y] of [
      [-1, 80],
      [160, 80],
      [80, -1],
      [80, 160],
    ] as const) {
      assert.deepEqual(pixel(at.x + x, at.y + y), [255, 255, 255]);
    }
  }
  for (let y = 0; y < on.height; y++) {
    for (let x = 0; x < on.width; x++) {
      if (x >= MARGIN && x < on.width - MARGIN && y >= MARGIN && y < on.height - MARGIN) continue;
      assert.deepEqual(pixel(x, y), [255, 255, 255], `the margin at ${x},${y}`);
    }
  }
  const back = readPng(ffmpeg, await sheetPng(sheet));
  assert.deepEqual([back.width, back.height], [on.width, on.height]);
  assert.ok(Buffer.from(back.data).equals(on.data));
});

test('images make a grid, frames first, so that pictures of a line stand in line', () => {
  const more = { warnings: ['damaged: a long complaint of the decoder that takes several lines'] };
  const cards = Array.from({ length: 8 }, (_, i) => card(numbered(i, 1, 32), i === 1 ? more : {}));
  const layout = layOut(sheetOf(1, 32, cards));
  assert.deepEqual(
    pictures(layout).map(({ at }) => [at.x, at.width]),
    Array.from({ length: 8 }, (_, i) => [MARGIN + (i % 6) * 184, 160]),
  );
  const rows = [...new Set(pictures(layout).map(({ at }) => at.y))];
  assert.equal(rows.length, 2);
  assertTidy(layout);
});

test('a long clip goes on below', () => {
  const layout = layOut(sheetOf(20, 224, [card(numbered(1, 20, 224))]));
  const places = pictures(layout).map(({ at }) => at);
  assert.equal(layout.width, 16 * 96 + 15 * 4 + 2 * MARGIN);
  assert.deepEqual([places[16]?.x, (places[16]?.y ?? 0) - (places[0]?.y ?? 0)], [MARGIN, 96 + 17 + 4]);
  assertTidy(layout);
});

test('a window is marked in the picture as it was made smaller, and what lies outside is paled', () => {
  const strip = { clip: numbered(0, 8, 288, 144), window: { x: 96, y: 32, width: 128, height: 112 } };
  const layout = layOut(sheetOf(8, 224, [card(numbered(1, 8, 224), { strips: [{ caption: 'whole', ...strip }] })]));
  const [picture] = pictures(layout);
  assert.deepEqual([picture?.at.width, picture?.at.height], [144, 72]);
  assert.deepEqual(picture?.marked, { x: 48, y: 16, width: 64, height: 56 });
  const on = paint(layout);
  const pixel = (x: number, y: number): number[] => {
    const at = 3 * (((picture?.at.y ?? 0) + y) * on.width + MARGIN + x);
    return [...on.data.subarray(at, at + 3)];
  };
  assert.deepEqual(pixel(60, 40), [0, 0, 200]);
  assert.deepEqual(pixel(48, 16), [232, 89, 12]);
  assert.deepEqual(pixel(111, 71), [232, 89, 12]);
  assert.deepEqual(pixel(47, 16), [153, 153, 233]);
  assertTidy(layout);
});

test('whatever the words, nothing leaves its card', async () => {
  const long =
    'фильмы/日本語の動画ファイル名-😀/Ελληνικά/very/long/path/that/never/ends/until/it/is/elided/in/the/middle/0001.mp4';
  const strange: Partial<Card>[] = [
    { title: 'Pretending to put something behind something, and then taking it away again, '.repeat(3), id: long },
    { title: 'a\nb\tc\u0000', id: long.repeat(4), warnings: [long, 'damaged: '.repeat(60)] },
    {
      facts: [
        ['RandAugment', 'rotate 12.5°, shear-x 0.12, posterize 4, solarize 128, '.repeat(4)],
        ['x'.repeat(300), 'y'.repeat(300)],
      ],
    },
    { strips: [], failure: 'asked for 8 frames (3-31), got 0: Invalid data found when processing input; '.repeat(9) },
    { title: '', id: '', facts: [] },
  ];
  for (const [frames, size] of [
    [1, 224],
    [1, 8],
    [2, 224],
    [4, 112],
    [8, 224],
    [16, 224],
    [32, 64],
    [5, 5],
  ] as const) {
    const layout = layOut(
      sheetOf(
        frames,
        size,
        strange.map((changed, i) => card(numbered(i, frames, size), changed)),
      ),
    );
    assertTidy(layout);
    paint(layout);
  }
  assertTidy(layOut({ ...sheetOf(8, 224, []), heading: long.repeat(5), notes: [long.repeat(3)] }));
});

test('a video that failed has its reason where its frames would be', () => {
  const failed = card(numbered(1, 8, 224), { strips: [], failure: 'the file is missing' });
  const wide = layOut(sheetOf(8, 224, [failed]));
  assert.equal(pictures(wide).length, 0);
  const { x, style } = textOf(wide, 'the file is missing');
  assert.deepEqual([x, style.color], [MARGIN + 10, [156, 22, 28]]);
  const box = wide.items.find((item) => item.kind === 'box' && item.edge !== undefined);
  assert.ok(box?.kind === 'box' && box.at.width === 1180 && box.at.height === 38);
});
