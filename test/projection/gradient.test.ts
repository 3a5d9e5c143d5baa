/** The forces of Barnes and Hut against the gradient of KL(P ‖ Q) by plain loops over all pairs, in float64. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Affinities, conditionalAffinities, jointAffinities } from '../../src/projection/affinities.ts';
import { CONTROL_BYTES } from '../../src/projection/crew.ts';
import { computeForces } from '../../src/projection/descent-job.ts';
import { makeKernels } from '../../src/projection/kernels.ts';
import { neighboursOf } from '../../src/projection/neighbours.ts';
import { joinTeam } from '../../src/projection/team.ts';
import { makeDescentMemory } from '../../src/projection/tsne.ts';
import { clouds, pointsOf } from './reference.ts';

/** 4 (attraction − repulsion / Z), and Z. */
function gradientOf(affinities: Affinities, map: Float32Array, theta: number) {
  const { count } = affinities;
  const { memory, places } = makeDescentMemory(affinities, Float64Array.from(map));
  const team = joinTeam(new SharedArrayBuffer(CONTROL_BYTES), 0, 1, () => {});
  const z = computeForces(makeKernels(memory), memory.buffer, team, { count, theta, places });
  const attraction = new Float32Array(memory.buffer, places.attraction, 2 * count);
  const repulsion = new Float32Array(memory.buffer, places.repulsion, 2 * count);
  const gradient = Float64Array.from(attraction, (value, at) => 4 * (value - (repulsion[at] as number) / z));
  return { z, gradient };
}

function plainGradientOf({ count, starts, columns, weights }: Affinities, map: Float32Array) {
  const p = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let edge = starts[i] as number; edge < (starts[i + 1] as number); edge++) {
      const at = i * count + (columns[edge] as number);
      p[at] = (p[at] as number) + (weights[edge] as number);
    }
  }
  const off = (i: number, j: number, axis: number): number =>
    (map[2 * i + axis] as number) - (map[2 * j + axis] as number);
  const q = (i: number, j: number): number => 1 / (1 + off(i, j, 0) ** 2 + off(i, j, 1) ** 2);
  let z = 0;
  for (let i = 0; i < count; i++) for (let j = 0; j < count; j++) if (i !== j) z += q(i, j);
  const gradient = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      if (i === j) continue;
      const factor = 4 * ((p[i * count + j] as number) - q(i, j) / z) * q(i, j);
      gradient[2 * i] = (gradient[2 * i] as number) + factor * off(i, j, 0);
      gradient[2 * i + 1] = (gradient[2 * i + 1] as number) + factor * off(i, j, 1);
    }
  }
  return { z, gradient };
}

/** Length of the difference by length of the expected. */
function error(found: Float64Array, expected: Float64Array): number {
  const length = (values: Float64Array): number => Math.hypot(...values);
  return length(found.map((value, at) => value - (expected[at] as number))) / length(expected);
}

const COUNT = 301;
const neighbours = await neighboursOf(clouds(COUNT, 10, 6, 0.6), 30);
const affinities = jointAffinities(neighbours, conditionalAffinities(neighbours, 10));
const MAPS = {
  spread: pointsOf(COUNT, 2, (_i, _d, random) => 20 * random.normal()).data,
  'as it starts': pointsOf(COUNT, 2, (_i, _d, random) => 1e-4 * random.normal()).data,
  'in a line': pointsOf(COUNT, 2, (i, d) => (d === 0 ? i / 10 : 0)).data,
  'with points in one place': pointsOf(COUNT, 2, (i, d, random) => (i < 40 ? d : 5 * random.normal())).data,
};

for (const [name, map] of Object.entries(MAPS)) {
  test(`without an angle the gradient is that of all pairs: ${name}`, () => {
    const plain = plainGradientOf(affinities, map);
    const exact = gradientOf(affinities, map, 0);
    assert.ok(Math.abs(exact.z / plain.z - 1) < 1e-6, `Z ${exact.z} for ${plain.z}`);
    assert.ok(error(exact.gradient, plain.gradient) < 2e-6, `off by ${error(exact.gradient, plain.gradient)}`);
    const coarse = gradientOf(affinities, map, 0.5);
    assert.ok(Math.abs(coarse.z / plain.z - 1) < 1e-2, `Z ${coarse.z} for ${plain.z}`);
    assert.ok(error(coarse.gradient, plain.gradient) < 2e-2, `off by ${error(coarse.gradient, plain.gradient)}`);
  });
}
