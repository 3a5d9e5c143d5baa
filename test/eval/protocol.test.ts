import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Evaluation } from '../../src/eval/evaluate.ts';
import { type Protocol, protocolText, resultText } from '../../src/eval/protocol.ts';

const protocol: Protocol = {
  dataset: 'hmdb51',
  split: 'test',
  fold: 1,
  classes: 51,
  frames: 8,
  stride: 4,
  sampling: 'adaptformer-dense',
  size: 224,
  views: { segments: 4, crops: 3 },
  fusion: 'logits',
  weights: 'last weights, epoch 90',
};

test('a protocol says all that a top-1 depends on', () => {
  assert.equal(
    protocolText(protocol),
    'hmdb51 test, fold 1, 51 classes; 8 frames × stride 4 at 224 px, adaptformer-dense; 4 segments × 3 crops, mean of logits; last weights, epoch 90',
  );
  assert.equal(
    protocolText({
      ...protocol,
      dataset: 'ssv2',
      split: 'validation',
      fold: undefined,
      views: { segments: 2, crops: 1 },
      fusion: 'softmax',
    }),
    'ssv2 validation, 51 classes; 8 frames × stride 4 at 224 px, adaptformer-dense; 2 segments × 1 crop, mean of softmax; last weights, epoch 90',
  );
  assert.equal(
    protocolText({ ...protocol, views: { segments: 1, crops: 1 } }),
    'hmdb51 test, fold 1, 51 classes; 8 frames × stride 4 at 224 px, adaptformer-dense; single view; last weights, epoch 90',
  );
  assert.equal(
    protocolText({
      ...protocol,
      dataset: 'cifar100',
      fold: undefined,
      classes: 100,
      frames: 1,
      views: { segments: 1, crops: 1 },
    }),
    'cifar100 test, 100 classes; images at 224 px; single view; last weights, epoch 90',
  );
  const images: Protocol = { ...protocol, fold: undefined, frames: 1, views: { segments: 1, crops: 1 } };
  const said = (more: Partial<Protocol>): string | undefined => protocolText({ ...images, ...more }).split('; ')[1];
  assert.equal(said({ resize: 256, interpolation: 'bicubic' }), 'images at 224 px (of short side 256, bicubic)');
  assert.equal(said({ resize: 'squash' }), 'images at 224 px (squashed)');
  assert.equal(said({ interpolation: 'bilinear' }), 'images at 224 px');
});

const evaluation: Evaluation = {
  top1: 0.55686,
  top5: 0.8,
  k: 5,
  viewTop1: 0.5,
  listed: 1530,
  counted: 1530,
  missing: 0,
  unreadable: 0,
  undecoded: 0,
  damaged: 0,
  failed: [],
  predictions: [],
};

test('a result is never without its protocol', () => {
  assert.equal(
    resultText(evaluation, protocol),
    `top-1 55.69 %   top-5 80.00 %   (${protocolText(protocol)})\nover 1530 videos\nsingle views 50.00 %`,
  );
  assert.match(
    resultText({ ...evaluation, k: 3, listed: 1, counted: 1 }, protocol),
    /top-3 80\.00 %.*\nover 1 video\n/,
  );
});

test('missing videos are counted, undecodable ones listed', () => {
  const failed = Array.from({ length: 12 }, (_, i) => ({ id: `v${i}`, reason: 'no frame' }));
  assert.deepEqual(
    resultText(
      { ...evaluation, listed: 100, counted: 90, missing: 10, unreadable: 11, undecoded: 1, damaged: 3, failed },
      protocol,
    )
      .split('\n')
      .slice(1),
    [
      'over 90 of 100 listed videos: 10 missing, not counted; 11 unreadable, counted as wrong; 1 could not be decoded, counted as wrong; 3 damaged',
      'single views 50.00 %',
      '10 of 100 listed videos are missing (10.00 %) and not counted',
      '12 videos could not be decoded and count as wrong:',
      ...Array.from({ length: 10 }, (_, i) => `  v${i}: no frame`),
      '  … and 2 more, in predictions.jsonl',
    ],
  );
  assert.match(
    resultText({ ...evaluation, failed: failed.slice(0, 1) }, protocol),
    /\n1 video could not be decoded and counts as wrong:\n/,
  );
});
