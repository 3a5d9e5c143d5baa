import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differingPaths, leavesOf, recipeMarkup } from '../../../src/pages/report/recipe.ts';
import { shellWord } from '../../../src/pages/report/repeat.ts';
import { madeResults } from './made-report.ts';

test('recipes differ in the leaves that are not the same in all', () => {
  const leaves = [madeResults(), madeResults({ seed: 1, method: 'linear' })].map(({ recipe }) => leavesOf(recipe));
  assert.equal(leaves[0]?.get('method.bottleneck'), '4');
  const paths = differingPaths(leaves);
  assert.ok(['name', 'method.name', 'method.bottleneck', 'train.seed'].every((path) => paths.includes(path)));
  assert.ok(!paths.includes('data.size'));
  assert.deepEqual(differingPaths([leavesOf({ a: { b: [1, 2] } }), leavesOf({ a: { b: [1, 2] } })]), []);
});

test('the lines of a value that others do not share are marked, those of a list too', () => {
  const recipeText = 'a:\n  b:\n    - 1\n    - <2>\n  c: x\nd: y\n';
  const { html } = recipeMarkup({ ...madeResults(), recipeText }, ['a.b', 'd']);
  assert.deepEqual(
    [...html.matchAll(/<mark>(.*?)<\/mark>/g)].map(([, line]) => line),
    ['  b:', '    - 1', '    - &lt;2&gt;', 'd: y'],
  );
  assert.equal(html.replace(/^.*?<pre[^>]*>|<[^>]+>/gs, '').trim(), recipeText.trim().replace('<2>', '&lt;2&gt;'));
});

test('a folder is one word of a shell', () => {
  assert.equal(shellWord('runs/a-b_c.1'), 'runs/a-b_c.1');
  assert.equal(shellWord(`it's $HOME`), `'it'\\''s $HOME'`);
});
