import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { recipeJsonSchema, recipeSchema } from '../../src/config/index.ts';
import { keysOf } from '../../src/config/keys.ts';
import { methods } from '../../src/petl/index.ts';

test('configs/recipe.schema.json is up to date', async () => {
  assert.equal(
    await readFile('configs/recipe.schema.json', 'utf8'),
    recipeJsonSchema(recipeSchema(methods)),
    'write it anew: petl-video config schema > configs/recipe.schema.json',
  );
});

test('every key is described', () => {
  const keys = keysOf(recipeSchema(methods));
  assert.deepEqual(
    keys.filter(({ description }) => description === undefined).map(({ path }) => path),
    [],
  );
  assert.ok(keys.length > 60);
});

test('an editor accepts a recipe that leaves keys to its basis, and no unknown key', () => {
  const schema = JSON.parse(recipeJsonSchema(recipeSchema(methods)));
  assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#');
  assert.equal(JSON.stringify(schema).includes('"required":['), false);
  assert.equal(JSON.stringify(schema).includes('"oneOf"'), false);
  assert.equal(schema.additionalProperties, false);
  assert.equal(schema.properties.data.additionalProperties, false);
  assert.equal(schema.properties.extends.pattern, '^_base[A-Za-z0-9._-]*\\.yaml$');
  assert.equal(schema.properties.data.properties.frames.default, 8);
});
