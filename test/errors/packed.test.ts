import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataError, environmentError, Interrupted, PetlVideoError } from '../../src/errors/index.ts';
import { packError, unpackError } from '../../src/errors/packed.ts';

/** As the channel between two processes hands it over. */
const sent = (thrown: unknown): Error => unpackError(structuredClone(packError(thrown)));

test('an error of ours keeps its kind, place and remedy on the way', () => {
  const whole = dataError('no frame decodes', { at: 'a.mp4', remedy: 'fetch it again' });
  const arrived = sent(whole) as PetlVideoError;
  assert.ok(arrived instanceof PetlVideoError);
  assert.equal(arrived.message, 'no frame decodes\n  at a.mp4\n  → fetch it again');
  assert.deepEqual(
    [arrived.kind, arrived.what, arrived.at, arrived.remedy],
    ['data', 'no frame decodes', 'a.mp4', 'fetch it again'],
  );
  const bare = sent(environmentError('ffmpeg is gone')) as PetlVideoError;
  assert.deepEqual([bare.exitCode, bare.message, bare.at, bare.remedy], [5, 'ffmpeg is gone', undefined, undefined]);
});

test('a stop stays a stop, and anything else a bug with its stack', () => {
  assert.ok(sent(new Interrupted('stopped')) instanceof Interrupted);
  const bug = new TypeError('x is not a function');
  const arrived = sent(bug);
  assert.ok(!(arrived instanceof PetlVideoError) && !(arrived instanceof Interrupted));
  assert.deepEqual([arrived.message, arrived.stack], [bug.message, bug.stack]);
  assert.equal(sent('a text').message, 'a text');
});
