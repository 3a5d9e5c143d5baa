import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanDeviation } from '../../src/eval/mean-deviation.ts';
import { VTAB_GROUPS, VTAB_TASKS, vtabMeans } from '../../src/eval/vtab.ts';

const row = (text: string): Map<string, number> =>
  new Map(text.split(' ').map((value, i) => [VTAB_TASKS[i] as string, Number(value)]));

/** Per-task rows as they are printed, with one decimal (ViT-B/16, ImageNet-21k). */
const ARC = row('72.2 90.1 72.7 99.0 91.0 91.9 54.4 84.9 95.7 86.7 75.8 80.7 67.1 48.7 81.6 79.2 51.0 31.4 39.9');
const CONVPASS = row('72.3 91.2 72.2 99.2 90.9 91.3 54.9 84.2 96.1 85.3 75.6 82.3 67.9 51.3 80.0 85.9 53.1 36.4 44.4');

function assertMeans(top1: ReadonlyMap<string, number>, expected: readonly number[], tolerance: number): void {
  const { groups, ofGroups, ofTasks, missing } = vtabMeans(top1);
  const found = [groups.Natural, groups.Specialized, groups.Structured, ofGroups, ofTasks];
  found.forEach((value, i) => {
    assert.ok(Math.abs((value as number) - (expected[i] as number)) <= tolerance, `${found} against ${expected}`);
  });
  assert.deepEqual(missing, []);
}

test('19 tasks in groups of 7, 4 and 8', () => {
  assert.deepEqual(
    Object.values(VTAB_GROUPS).map((tasks) => tasks.length),
    [7, 4, 8],
  );
  assert.equal(new Set(VTAB_TASKS).size, 19);
});

test('the means of the ARC row', () => assertMeans(ARC, [81.61, 85.78, 59.95, 75.78, 73.37], 0.0051));

// Its means were taken of two decimals, which are not printed.
test('the means of the Convpass row', () => assertMeans(CONVPASS, [81.69, 85.31, 62.68, 76.56, 74.44], 0.03));

test('no mean over a set that is not complete', () => {
  const { groups, missing, ...means } = vtabMeans(new Map([...CONVPASS].filter(([task]) => task !== 'eurosat')));
  assert.deepEqual(Object.keys(groups), ['Natural', 'Structured']);
  assert.deepEqual(missing, ['eurosat']);
  assert.deepEqual(means, {});
  assert.deepEqual(vtabMeans(new Map()).missing, VTAB_TASKS);
});

test('mean and sample deviation; a single value has none', () => {
  assert.deepEqual(meanDeviation([2, 4, 4, 4, 5, 5, 7, 9]), { mean: 5, deviation: Math.sqrt(32 / 7) });
  assert.deepEqual(meanDeviation([0.5]), { mean: 0.5 });
});
