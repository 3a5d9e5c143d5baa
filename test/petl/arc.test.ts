import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arc, arcAtt } from '../../src/petl/arc.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import { initialise } from '../../src/tensor/parameters.ts';
import { tinyImageVit } from '../model/tiny-vit.ts';

const vit = { ...tinyImageVit, width: 64, depth: 12 };
const largest = (tensor: HostTensor | undefined): number =>
  Math.max(...Array.from(tensor?.data ?? [Number.NaN], (value) => Math.abs(value)));

test('the adapter of attention starts as nothing, that of the MLP with factors drawn for each block', () => {
  const start = initialise(arc.attach(vit, {}).parameters, 0);
  const bound = Math.sqrt(6 / 51);
  const drawn = new Set<number>();
  for (let i = 0; i < 12; i++) {
    assert.equal(largest(start[`blocks.${i}.arc_att.scale`]), 0);
    const most = largest(start[`blocks.${i}.arc_mlp.scale`]);
    assert.ok(most > 0.9 * bound && most <= bound, `${most}`);
    drawn.add(most);
    assert.equal(largest(start[`blocks.${i}.arc_mlp.bias`]), 0);
  }
  assert.equal(drawn.size, 12);
});

test('all blocks share two projections, or one, or have their own', () => {
  const projections = (parameters: readonly { name: string }[]): string[] =>
    parameters.map(({ name }) => name).filter((name) => name.endsWith('projection'));
  assert.deepEqual(projections(arc.attach(vit, {}).parameters), ['arc.0.att.projection', 'arc.0.mlp.projection']);
  assert.deepEqual(projections(arcAtt.attach(vit, {}).parameters), ['arc.0.att.projection']);
  assert.equal(projections(arc.attach(vit, { share: 'none', blocks: [2, 5] }).parameters).length, 4);
});
