import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  countParameters,
  initialise,
  normal,
  ones,
  type ParameterSpec,
  uniform,
  zeros,
} from '../../src/tensor/parameters.ts';

const specs: ParameterSpec[] = [
  { name: 'a', shape: [50, 40], init: normal(0.02) },
  { name: 'b', shape: [1000], init: uniform(0.5) },
  { name: 'c', shape: [], init: ones },
  { name: 'd', shape: [3], init: zeros },
];

test('parameters start as their spec says', () => {
  const { a, b, c, d } = initialise(specs, 1);
  const std = Math.sqrt(Float32Array.from(a?.data ?? []).reduce((sum, v) => sum + v * v, 0) / 2000);
  assert.ok(Math.abs(std - 0.02) < 0.001, `${std}`);
  const largest = Math.max(...Float32Array.from(b?.data ?? [], Math.abs));
  assert.ok(largest <= 0.5 && largest > 0.49, `${largest}`);
  assert.deepEqual([...(c?.data ?? [])], [1]);
  assert.deepEqual([...(d?.data ?? [])], [0, 0, 0]);
  assert.deepEqual(a?.shape, [50, 40]);
  assert.equal(countParameters(specs), 3004);
});

test('a parameter starts the same whatever stands beside it, and differs by seed and by name', () => {
  const alone = initialise([specs[0] as ParameterSpec], 1).a?.data;
  assert.deepEqual(initialise([...specs].reverse(), 1).a?.data, alone);
  assert.notDeepEqual(initialise(specs, 2).a?.data, alone);
  assert.notDeepEqual(initialise([{ ...(specs[0] as ParameterSpec), name: 'e' }], 1).e?.data, alone);
});
