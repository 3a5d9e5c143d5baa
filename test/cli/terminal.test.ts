import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { terminal } from '../../src/cli/terminal.ts';

let now = 0;
beforeEach(() => {
  now = 5_000_000;
  mock.method(performance, 'now', () => now);
});
afterEach(() => mock.restoreAll());

interface Written {
  readonly stream: NodeJS.WriteStream;
  text: string;
}

function stream(facts: { isTTY?: boolean; columns?: number } = {}): Written {
  const written = { text: '' } as Written;
  const write = (text: string): boolean => {
    written.text += text;
    return true;
  };
  return Object.assign(written, { stream: { write, ...facts } as unknown as NodeJS.WriteStream });
}

function reporterOn(facts: { isTTY?: boolean; columns?: number; color?: boolean; quiet?: boolean }) {
  const [out, err] = [stream(), stream(facts)];
  const options = { json: false, quiet: facts.quiet ?? false, color: facts.color ?? false };
  return { out, err, ...terminal(options, out.stream, err.stream) };
}

/** What a terminal shows after `text`: carriage returns and cleared lines done, colours left out. */
function screenOf(text: string): string[] {
  const rows = [''];
  const plain = ['\u001b[0m', '\u001b[33m', '\u001b[90m'].reduce((rest, code) => rest.replaceAll(code, ''), text);
  for (const part of plain.replaceAll('\r\u001b[2K', '\r').split(/([\n\r])/)) {
    if (part === '\n') rows.push('');
    else if (part === '\r') rows[rows.length - 1] = '';
    else rows[rows.length - 1] += part;
  }
  return rows;
}

test('no terminal: no line before the interval is over, and each number once', () => {
  const { err, progress } = reporterOn({});
  const bar = progress('validate', 91);
  const at = (seconds: number, done: number): void => {
    now = 5_000_000 + 1000 * seconds;
    bar.update(done);
  };
  at(0, 0);
  at(9.9, 32);
  at(10, 40);
  at(19, 60);
  at(21, 80);
  at(22, 91);
  at(22, 91);
  bar.end();
  assert.equal(err.text, 'validate 40/91\nvalidate 80/91\nvalidate 91/91\n');
});

test('no terminal: what is over before the first interval says nothing', () => {
  const { err, progress } = reporterOn({});
  const bar = progress('validate', 2);
  bar.update(1);
  bar.update(2);
  bar.end();
  assert.equal(err.text, '');
});

test('no terminal: a long run has a line a minute', () => {
  const { err, progress } = reporterOn({});
  const bar = progress('train', 100_000);
  for (let second = 0; second < 3 * 3600; second++) {
    now = 5_000_000 + 1000 * second;
    bar.update(second, 'x');
  }
  const lines = err.text.trimEnd().split('\n');
  assert.equal(lines[0], 'train 10/100000 x');
  // 20 in the first 200 s, then each after a twentieth of what has passed, up to a minute from 20 minutes on.
  assert.ok(lines.length > 180 && lines.length < 230, `${lines.length} lines`);
});

test('a terminal: one line that is drawn over, at most ten times a second, and the last always', () => {
  const { err, progress } = reporterOn({ isTTY: true, columns: 60 });
  const bar = progress('train', 4);
  bar.update(1, 'one');
  now += 99;
  bar.update(2, 'never seen');
  now += 1;
  bar.update(3, 'three');
  bar.update(4, 'four');
  assert.deepEqual(screenOf(err.text), ['train ━━━━━━━━━━━━━━━━━━━━━━━━ 4/4 four']);
  assert.doesNotMatch(err.text, /never seen/);
  assert.match(err.text, /━{18}┄{6} 3\/4 three/);
  bar.end();
  assert.deepEqual(screenOf(err.text), ['']);
});

test('a terminal: notes stand above the bar, and the result below no remains of it', () => {
  const { err, out, progress, note, warn, result } = reporterOn({ isTTY: true, columns: 60 });
  const bar = progress('read', 2);
  bar.update(1);
  note('a note');
  warn('careful');
  assert.deepEqual(screenOf(err.text), ['a note', 'warning careful', 'read ━━━━━━━━━━━━┄┄┄┄┄┄┄┄┄┄┄┄ 1/2']);
  bar.end();
  result('done', {});
  assert.equal(screenOf(err.text).at(-1), '');
  assert.equal(out.text, 'done\n');
});

test('a terminal: the line never reaches the last column, coloured or not', () => {
  const detail = 'epoch 30  loss 1.6747  12.0 clips/s  data wait 2 %  4 min left  lr 5.03e-7';
  for (const color of [true, false]) {
    for (let columns = 20; columns < 160; columns++) {
      const { err, progress } = reporterOn({ isTTY: true, columns, color });
      progress('train', 10_500).update(1_050, detail);
      const [shown = ''] = screenOf(err.text);
      const whole = `train  1050/10500 ${detail}`;
      assert.ok(shown.length <= columns - 1, `${columns}: ${shown}`);
      const cells = /[━┄]+/.exec(shown)?.[0] ?? '';
      if (cells === '') assert.equal(shown, whole.slice(0, columns - 1));
      else assert.equal(shown.replace(`${cells} `, ''), whole);
      assert.ok(cells === '' || (cells.length >= 8 && cells.length <= 24), `${columns}: ${cells.length} cells`);
    }
  }
});

test('a terminal: a bar that made room for a long detail does not jump back', () => {
  const { err, progress } = reporterOn({ isTTY: true, columns: 40 });
  const bar = progress('train', 3);
  const cells = ['', 'a detail of 18 cha', 'short'].map((detail, i) => {
    now += 1000;
    bar.update(i + 1, detail);
    return /[━┄]+/.exec(screenOf(err.text)[0] ?? '')?.[0]?.length;
  });
  assert.deepEqual(cells, [24, 10, 10]);
});

test('quiet: no notes and no progress, but warnings and the result', () => {
  const { err, out, progress, note, warn, result } = reporterOn({ isTTY: true, quiet: true });
  progress('read', 1).update(1);
  note('unseen');
  warn('seen');
  result('done', {});
  assert.equal(err.text, 'warning seen\n');
  assert.equal(out.text, 'done\n');
});
