import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { readJsonLines, writeJsonLines } from '../../src/formats/jsonl.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'jsonl-'));
});
after(() => rm(folder, { recursive: true }));

const asIs = (value: unknown): unknown => value;

test('writes and reads back, with nothing but one value per line', async () => {
  const file = path.join(folder, 'a.jsonl');
  const values = [{ id: 'a b', text: 'x\ny\u2028' }, [1, 2.5, null], 'grün'];
  await writeJsonLines(file, values);
  assert.equal(await readFile(file, 'utf8'), '{"id":"a b","text":"x\\ny\u2028"}\n[1,2.5,null]\n"grün"\n');
  assert.deepEqual(await readJsonLines(file, asIs), values);
  await writeJsonLines(file, []);
  assert.deepEqual(await readJsonLines(file, asIs), []);
});

test('accepts what editors leave: byte order mark, blank lines, carriage returns, no final newline', async () => {
  const file = path.join(folder, 'b.jsonl');
  await writeFile(file, '\uFEFF1\r\n\r\n  \n2');
  assert.deepEqual(await readJsonLines(file, asIs), [1, 2]);
});

test('a bad line is named by file and line', async () => {
  const file = path.join(folder, 'c.jsonl');
  await writeFile(file, '1\n\n{"a":\n');
  const refusedAt = (at: string, what: RegExp) => (error: unknown) => {
    assert.ok(error instanceof PetlVideoError);
    assert.equal(error.kind, 'data');
    assert.equal(error.at, at);
    assert.match(error.message, what);
    return true;
  };
  await assert.rejects(readJsonLines(file, asIs), refusedAt(`${file}:3`, /^this line is not JSON/));
  await writeFile(file, '1\n2\n');
  const onlyOne = (value: unknown): unknown => {
    if (value !== 1) throw new Error('expected 1');
    return value;
  };
  await assert.rejects(readJsonLines(file, onlyOne), refusedAt(`${file}:2`, /^expected 1/));
  const absent = path.join(folder, 'absent.jsonl');
  await assert.rejects(readJsonLines(absent, asIs), refusedAt(absent, /does not exist/));
});
