import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canvas } from '../../src/drawing/canvas.ts';
import { codeBox } from '../../src/drawing/code-box.ts';
import { drawText, elide, type TextStyle, textWidth, wrap } from '../../src/drawing/text.ts';

const STYLE: TextStyle = { size: 12, weight: 'regular', color: [0, 0, 0] };
const STRANGE = ['日本語の動画', '😀😀', 'a\u0000b\n\tc', '\ud83d alone', 'é\u0301\u0301', 'עברית', '\u200b\ufeff', ''];

/** Columns and rows that are not white. */
function inked(draw: (on: ReturnType<typeof canvas>) => void): { columns: number[]; rows: number[] } {
  const on = canvas(400, 60, [255, 255, 255]);
  draw(on);
  const seen = { columns: new Set<number>(), rows: new Set<number>() };
  for (let i = 0; i < on.data.length; i += 3) {
    if (on.data[i] === 255) continue;
    seen.columns.add((i / 3) % 400);
    seen.rows.add(Math.floor(i / 3 / 400));
  }
  const sorted = (set: Set<number>): number[] => [...set].sort((a, b) => a - b);
  return { columns: sorted(seen.columns), rows: sorted(seen.rows) };
}

test('text stands on its baseline, as tall as the font says, and ends where its width says', () => {
  const { columns, rows } = inked((on) => drawText(on, 'HHHHHHHHHH', 20, 40, STYLE));
  // Capitals of IBM Plex Sans are 698 of 1000 units high.
  assert.deepEqual([rows[0], rows.at(-1)], [31, 39]);
  const end = 20 + textWidth('HHHHHHHHHH', STYLE);
  assert.ok((columns[0] as number) >= 20 && (columns.at(-1) as number) < end && (columns.at(-1) as number) > end - 4);
  // Digits are 600 of 1000 units wide, all of them.
  assert.equal(textWidth('0123456789', STYLE), 72);
  assert.equal(textWidth('1111111111', STYLE), 72);
  assert.equal(textWidth('', STYLE), 0);
});

test('what does not fit is left out in the middle', () => {
  const long = 'videos/of/a/very/long/name/that/goes/on/0001.mp4';
  for (const width of [60, 100, 150, 200, 250]) {
    const shown = elide(long, width, STYLE);
    assert.ok(textWidth(shown, STYLE) <= width, `${width}: ${shown}`);
    const [head = '', tail = ''] = shown.split('…');
    assert.ok(long.startsWith(head) && long.endsWith(tail) && Math.abs(head.length - tail.length) <= 1, shown);
    assert.ok(textWidth(shown, STYLE) > width - 16, `${width}: ${shown} could be longer`);
  }
  assert.equal(elide(long, 400, STYLE), long);
  assert.equal(elide(long, 13, STYLE), '…');
  assert.equal(
    elide('é'.repeat(9), 54, { ...STYLE })
      .normalize('NFC')
      .at(-1),
    'é',
  );
});

test('text of any script is drawn, and fits where it is told to', () => {
  for (const text of STRANGE) {
    for (const width of [20, 50, 120])
      assert.ok(textWidth(elide(text, width, STYLE), STYLE) <= width, JSON.stringify(text));
    const { columns } = inked((on) => drawText(on, text, 10, 40, STYLE));
    assert.ok(columns.length === 0 || (columns.at(-1) as number) <= 10 + textWidth(text, STYLE), JSON.stringify(text));
  }
  // Greek and Cyrillic are letters, Chinese and control characters are boxes with their code.
  const boxes = (text: string): number => inked((on) => drawText(on, text, 10, 40, STYLE)).rows.length;
  assert.ok(boxes('Ж') < 15 && boxes('Ω') < 15);
  assert.equal(boxes('中'), 15);
  assert.equal(boxes('\u0007'), 15);
});

test('the box of an unknown character has its code in it', () => {
  const { coverage, width, height } = codeBox('中');
  const picture = Array.from({ length: height }, (_, y) =>
    Array.from(coverage.subarray(y * width, (y + 1) * width), (share) =>
      share === 255 ? '#' : share > 0 ? '+' : ' ',
    ).join(''),
  );
  assert.deepEqual(picture, [
    '+++++++++++',
    '+         +',
    '+ # # ### +',
    '+ # # #   +',
    '+ ### ### +',
    '+   # #   +',
    '+   # ### +',
    '+         +',
    '+ ### ##  +',
    '+   # # # +',
    '+ ### # # +',
    '+ #   # # +',
    '+ ### ##  +',
    '+         +',
    '+++++++++++',
  ]);
  assert.equal(codeBox('😀').width, 15);
});

test('lines break between words, and the last one says that there is more', () => {
  const text = 'one two three four five six seven eight nine ten';
  const lines = wrap(text, 80, STYLE);
  assert.equal(lines.join(' '), text);
  assert.ok(lines.length > 2 && lines.every((line) => textWidth(line, STYLE) <= 80));
  const two = wrap(text, 80, STYLE, 2);
  assert.deepEqual([two.length, two[0]], [2, lines[0]]);
  assert.match(two[1] as string, /….*ten$/);
  assert.match(wrap('Donaudampfschifffahrtsgesellschaft', 80, STYLE)[0] as string, /^Do.*….*ft$/);
  assert.deepEqual(wrap('', 80, STYLE), []);
});
