import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseVideos, confidenceOf, idsOf, rightScore } from '../../../src/pages/report/choose-videos.ts';
import type { DecodedPrediction } from '../../../src/results/index.ts';

/** Scores by label; the right class is 0. */
function line(id: string, scores: readonly number[], score?: number): DecodedPrediction {
  const top = scores
    .map((own, label) => ({ class: `c${label}`, label, score: own }))
    .sort((a, b) => b.score - a.score)
    .slice(0, 2);
  const rank = scores.filter((own, label) => label !== 0 && own >= (scores[0] as number)).length;
  return { id, file: id, label: 0, class: 'c0', rank, top, ...(score === undefined ? {} : { score }) };
}

const LINES = [
  line('sure', [0.9, 0.05, 0.05]),
  line('hardly', [0.4, 0.35, 0.25]),
  line('nearly', [0.45, 0.5, 0.05]),
  line('wrong', [0.05, 0.9, 0.05], 0.05),
  line('unsaid', [0.1, 0.5, 0.4]),
  { id: 'broken', file: 'broken', label: 0, class: 'c0', failure: 'no frame' },
];

test('the surest of the right and of the wrong, and those that nearly were right', () => {
  const { worst, nearly, best } = chooseVideos(LINES, 'softmax', 1);
  assert.deepEqual(
    [worst, nearly, best].map((lines) => lines.map(({ id }) => id)),
    [['wrong'], ['nearly'], ['sure']],
  );
  const all = chooseVideos(LINES, 'softmax', 9);
  assert.deepEqual(
    all.worst.map(({ id }) => id),
    ['wrong', 'nearly', 'unsaid'],
  );
  assert.deepEqual(all.nearly, [], 'what is shown as wrong already');
  assert.deepEqual(
    all.best.map(({ id }) => id),
    ['sure', 'hardly'],
  );
  assert.deepEqual(idsOf(all), ['wrong', 'nearly', 'unsaid', 'sure', 'hardly']);
});

test('of logits the lead before the second class counts', () => {
  const far = line('far', [1, 5, 0]);
  const high = line('high', [19, 20, 0]);
  assert.deepEqual([confidenceOf(far, 'logits'), confidenceOf(high, 'logits')], [4, 1]);
  assert.deepEqual(chooseVideos([high, far], 'logits', 1).worst[0]?.id, 'far');
});

test('a score that the file does not say is found among the best, or unknown', () => {
  assert.equal(rightScore(line('a', [0.4, 0.6, 0])), 0.4);
  assert.equal(rightScore(line('a', [0.1, 0.5, 0.4])), undefined);
  assert.equal(rightScore(line('a', [0.1, 0.5, 0.4], 0.1)), 0.1);
});
