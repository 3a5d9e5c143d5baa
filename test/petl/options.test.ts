import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { methodOf, methods } from '../../src/petl/index.ts';
import { tinyVit } from '../model/tiny-vit.ts';

const thrown = (run: () => unknown): PetlVideoError => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof PetlVideoError, String(error));
    return error;
  }
  throw assert.fail('nothing was thrown');
};

test('a block that the backbone lacks is an error with the blocks it has', () => {
  for (const name of ['adaptformer', 'vpt-deep']) {
    const error = thrown(() => methodOf(name).attach(tinyVit, { blocks: [0, 2] }));
    assert.equal(error.kind, 'config');
    assert.equal(
      error.message,
      'method.blocks names block 2, but the backbone has blocks 0 to 1\n  → choose from 0 to 1, or "all"',
    );
  }
});

test('a name that is no method is an error with the nearest and all names', () => {
  const error = thrown(() => methodOf('adaptfomer'));
  assert.equal(error.kind, 'config');
  assert.equal(
    error.message,
    `'adaptfomer' is no method; did you mean 'adaptformer'?\n  → choose from ${methods.map(({ name }) => name).join(', ')}`,
  );
});

test('unknown, wrong and empty options are refused', () => {
  for (const options of [
    { bottlneck: 8 },
    { bottleneck: 0 },
    { bottleneck: 1.5 },
    { scale: 'learnt' },
    { dropout: 1 },
    { blocks: [] },
    { blocks: [-1] },
    { position: 'both' },
  ]) {
    assert.throws(
      () => methodOf('adaptformer').attach(tinyVit, options),
      { name: 'ZodError' },
      JSON.stringify(options),
    );
  }
  assert.throws(() => methodOf('linear').attach(tinyVit, { bottleneck: 8 }), { name: 'ZodError' });
});

test('every option has a description and a default', () => {
  for (const { name, options, summary } of methods) {
    assert.match(summary, /\S/);
    assert.deepEqual(options.safeParse({}).error, undefined, name);
    for (const [key, schema] of Object.entries(options.shape)) {
      assert.match((schema as { description?: string }).description ?? '', /\S/, `${name}.${key}`);
    }
  }
});
