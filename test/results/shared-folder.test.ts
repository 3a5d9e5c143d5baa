import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { sharedFolder } from '../../src/results/shared-folder.ts';

test('what several runs share is the deepest folder that holds them; one run is its own', () => {
  const common = (...folders: string[]): string => sharedFolder(folders).replaceAll(path.sep, '/');
  assert.equal(common('runs/a'), 'runs/a');
  assert.equal(common('runs/a', 'runs/ab'), 'runs');
  assert.equal(common('runs/x/a', 'runs/x/b', 'runs/c'), 'runs');
  assert.equal(common('a', 'b'), '.');
  assert.equal(common('runs/a', 'runs/a/again'), 'runs');
  assert.equal(path.resolve(common('/a/x', '/b/x')), path.parse(process.cwd()).root);
});
