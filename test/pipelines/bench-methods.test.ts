/** All methods over one backbone by one command. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { refused, succeeds } from './cli.ts';
import { ffmpegHere, makeProject } from './project.ts';

const ffmpeg = await ffmpegHere();
const skip = ffmpeg === undefined && 'no ffmpeg here';
let folder = '';
before(async () => {
  if (ffmpeg !== undefined) folder = await makeProject(ffmpeg);
});
after(() => folder !== '' && rm(folder, { recursive: true }));

const WORDS = ['bench', 'methods', 'recipe.yaml', '--methods', 'linear,adaptformer', '--out', 'compared'];

test('a row for each method; again, without training', { skip }, async () => {
  const { stdout } = await succeeds([...WORDS, '--json', 'train.epochs=1'], { folder });
  const rows = JSON.parse(stdout);
  // 2 classes on features of 16, behind fc_norm; adapters of 4 in one block.
  assert.deepEqual(
    rows.map(({ method, result }: { method: string; result: { trained: number; trainedHead: number } }) => [
      method,
      result.trained,
      result.trainedHead,
    ]),
    [
      ['linear', 66, 66],
      ['adaptformer', 66 + 2 * 16 * 4 + 4 + 16, 66],
    ],
  );
  for (const { result } of rows) {
    assert.ok(result.seconds > 0 && result.peakMemoryBytes > 2 ** 24);
    assert.equal(result.score.split, 'validation');
  }
  const again = await succeeds([...WORDS, 'train.epochs=1'], { folder });
  assert.doesNotMatch(again.stderr, /^epoch /m);
  assert.match(again.stdout, /^linear +[\d.]+ +66 +0 +[\d.]+ +\d+$/m);
  assert.match(again.stdout, /^top-1: videos validation, 2 classes; .*; over 4 videos$/m);
});

test('a method that is none', { skip }, async () => {
  await refused(
    ['bench', 'methods', 'recipe.yaml', '--methods', 'linear,adaptfromer'],
    { folder },
    { code: 2, says: /^usage error: --methods adaptfromer: choose among/, remedy: 'did you mean adaptformer?' },
  );
});
