import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvText, parseCsv } from '../../src/formats/csv.ts';

const fieldsOf = (text: string, separator?: string) => parseCsv(text, 'f.csv', separator).map((row) => row.fields);

test('reads quotes, doubled quotes, CR LF, a byte order mark and a last line without its end', () => {
  assert.deepEqual(fieldsOf('\uFEFFlabel,id\r\n"air drumming",a\r\n"say ""hi"", twice",b\r\nx,'), [
    ['label', 'id'],
    ['air drumming', 'a'],
    ['say "hi", twice', 'b'],
    ['x', ''],
  ]);
  assert.deepEqual(fieldsOf('a\tb c\n', '\t'), [['a', 'b c']]);
  assert.deepEqual(fieldsOf(''), []);
});

test('keeps line numbers across blank lines and fields of several lines', () => {
  const rows = parseCsv('a,b\n\n"one\ntwo",c\n   \nd,e\n', 'f.csv');
  assert.deepEqual(
    rows.map((row) => row.line),
    [1, 3, 6],
  );
  assert.deepEqual(rows[1]?.fields, ['one\ntwo', 'c']);
});

test('names file and line of a broken quote', () => {
  assert.throws(() => parseCsv('a,b\n"c,d\n', 'f.csv'), { kind: 'data', message: /never ends[\s\S]*f\.csv:2/ });
  assert.throws(() => parseCsv('a\n"b"c,d\n', 'f.csv'), { kind: 'data', message: /closing quote[\s\S]*f\.csv:2/ });
});

test('what is written is read back: separators, quotes, line ends and spaces at the ends', () => {
  const texts = ['a', 'b,c', 'say "hi"', 'two\nlines', ' spaced ', 'größe', ''];
  assert.equal(csvText([['a', 'b,c', 'say "hi"']]), 'a,"b,c","say ""hi"""\n');
  assert.deepEqual(fieldsOf(csvText([texts, ['x', 1 / 3, -2, undefined, Number.NaN]])), [
    texts,
    ['x', '0.3333333333333333', '-2', '', ''],
  ]);
});

test('a text that a spreadsheet would compute gets an apostrophe, a number does not', () => {
  const row = ['=1+1', '+1', '-1', '@sum', '\tx', 'a=b', -1];
  assert.deepEqual(fieldsOf(csvText([row])), [["'=1+1", "'+1", "'-1", "'@sum", "'\tx", 'a=b', '-1']]);
});
