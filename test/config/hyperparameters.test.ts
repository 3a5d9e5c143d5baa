import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hyperparameters } from '../../src/config/index.ts';
import { madeRecipe } from '../results/made-run.ts';

test('what decides a run is flat, and names no place', () => {
  const { backbone, ...recipe } = madeRecipe({ method: 'adaptformer', seed: 3 });
  const flat = hyperparameters({ ...recipe, backbone: { ...backbone, weights: '/home/somebody/vit-b.safetensors' } });
  assert.equal(flat.method, 'adaptformer');
  assert.equal(flat['method.bottleneck'], 64);
  assert.equal(flat['train.seed'], 3);
  assert.equal(flat['backbone.size.width'], 16);
  assert.equal(flat['backbone.weights'], 'vit-b');
  assert.equal(flat['data.path'], undefined);
  assert.doesNotMatch(JSON.stringify(flat), /somebody/);
  assert.ok(Object.values(flat).every((value) => ['string', 'number', 'boolean'].includes(typeof value)));
});
