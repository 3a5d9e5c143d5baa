import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsText } from '../../src/eval/counts.ts';

test('says over how many of how many, and what became of the others', () => {
  const sound = { listed: 1530, counted: 1530, missing: 0, unreadable: 0, undecoded: 0, damaged: 0 };
  assert.equal(countsText(sound), '1530 videos');
  assert.equal(countsText({ ...sound, listed: 1, counted: 1 }), '1 video');
  assert.equal(countsText({ ...sound, damaged: 2 }), '1530 videos: 2 damaged');
  assert.equal(
    countsText({ listed: 100, counted: 90, missing: 10, unreadable: 3, undecoded: 1, damaged: 4 }),
    '90 of 100 listed videos: 10 missing, not counted; 3 unreadable, counted as wrong; 1 could not be decoded, counted as wrong; 4 damaged',
  );
});
