import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { vtabMeans } from '../../src/eval/vtab.ts';
import { vtabRecipes } from './vtab1k-recipes.ts';
import { PUBLISHED } from './vtab1k-table.ts';

const FOLDER = path.join('configs', 'vtab1k');

test('the recipes of VTAB-1k are what their table says (npm run recipes writes them)', () => {
  const there = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  const wanted = vtabRecipes();
  assert.deepEqual(there.map((file) => file.split(path.sep).join('/')).sort(), [...wanted.keys()].sort());
  for (const [file, text] of wanted) {
    const place = path.join(FOLDER, file);
    assert.ok(existsSync(place));
    assert.equal(readFileSync(place, 'utf8'), text, place);
  }
});

/** Natural, Specialized, Structured, mean of the groups, mean of the tasks, as recomputed from the papers' rows elsewhere. */
const MEANS: Partial<Readonly<Record<keyof typeof PUBLISHED, readonly number[]>>> = {
  full: [75.9, 83.4, 47.6, 69.0, 65.6],
  vptShallow: [76.8, 79.7, 47.0, 67.8, 64.9],
  linear: [68.9, 77.1, 26.8, 57.6, 52.9],
  bitfit: [73.3, 78.2, 44.1, 65.2, 62.1],
  vptDeep: [78.5, 82.4, 55.0, 72.0, 69.4],
  adapter: [79.0, 84.1, 58.5, 73.9, 71.4],
  adaptformer: [80.6, 84.9, 58.8, 74.7, 72.3],
  lora: [79.5, 84.6, 59.8, 74.6, 72.3],
  factTk: [80.6, 85.3, 60.7, 75.6, 73.2],
  ssf: [81.6, 86.6, 59.0, 75.7, 73.1],
  repadapter: [81.6, 85.4, 61.2, 76.1, 73.8],
  convpassAttn: [81.2, 84.7, 61.5, 75.8, 73.7],
  convpass: [81.7, 85.3, 62.7, 76.6, 74.4],
  arc: [81.6, 85.8, 60.0, 75.8, 73.4],
  arcAugReg: [81.8, 87.0, 61.4, 76.7, 74.3],
  arcSwin: [79.0, 86.6, 59.9, 75.2, 72.6],
};

test('the rows of the table have the means that are printed with them', () => {
  for (const [name, expected] of Object.entries(MEANS)) {
    const row = PUBLISHED[name as keyof typeof PUBLISHED];
    const { groups, ofGroups, ofTasks } = vtabMeans(
      new Map(Object.entries(row).map(([task, value]) => [task, Number(value)])),
    );
    const found = [groups.Natural, groups.Specialized, groups.Structured, ofGroups, ofTasks] as number[];
    // Some were rounded from two decimals.
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - (expected[i] as number)) <= 0.06, `${name}: ${found} against ${expected}`);
    });
  }
});
