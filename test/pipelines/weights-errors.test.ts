/** Weights that are cut, hostile, or of another model: exit code 6, with the tensors and their shapes, and no run begun. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { backboneOptions, parseRecipe } from '../../src/config/index.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { backboneParameters } from '../../src/model/vit.ts';
import { writeWeights } from '../../src/model/weights-file.ts';
import { vitOnly } from '../../src/petl/vit-only.ts';
import { float32, type HostTensor } from '../../src/tensor/host.ts';
import { initialise } from '../../src/tensor/parameters.ts';
import { call, pickleOf, stateDictOf } from '../formats/pickle-writer.ts';
import { zipOf } from '../formats/zip-writer.ts';
import { type Refusal, refused, succeeds } from './cli.ts';
import { ffmpegHere, makeProject, RECIPE } from './project.ts';

const ffmpeg = await ffmpegHere();
const skip = ffmpeg === undefined && 'no ffmpeg here';
let folder = '';
const inside = (...parts: string[]): string => path.join(folder, ...parts);

before(async () => {
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  await train('run');
  await train('narrow', 'method.bottleneck=2');
  await train('other-backbone', 'train.seed=1');
});
after(() => folder !== '' && rm(folder, { recursive: true }));

async function train(out: string, ...overrides: string[]): Promise<void> {
  await succeeds(['train', 'recipe.yaml', 'train.epochs=1', ...overrides, '--out', out], { folder });
}

/** A weights file of the recipe's backbone, changed. */
async function backboneFile(name: string, size: { width?: number; depth?: number; heads?: number }): Promise<void> {
  const vit = { ...vitOnly(backboneOptions(parseRecipe(RECIPE, { file: 'recipe.yaml' })), 'any'), ...size };
  const specs = backboneParameters(vit);
  const tensors = initialise(specs, 5);
  const { width, depth, heads, patch, tubelet, mlpRatio, bias, clsToken, positions, pool } = vit;
  await writeWeights(
    inside(name),
    new Map(specs.map((spec) => [spec.name, { shape: spec.shape, dtype: 'float32' as const }])),
    async (tensor) => tensors[tensor] as HostTensor,
    {
      layout: 'videomae-pretrain',
      vit: { width, depth, heads, patch, tubelet, mlpRatio, bias, clsToken, positions, pool },
      source: 'made-up.pth',
      sourceSha256: '0'.repeat(64),
      missing: [],
    },
  );
}

async function cut(from: string, to: string, share: number): Promise<void> {
  const whole = await readFile(inside(from));
  await writeFile(inside(to), whole.subarray(0, Math.floor(share * whole.length)));
}

describe('as backbone', { skip, concurrency: 2 }, () => {
  async function backboneRefused(file: string, expected: Omit<Refusal, 'code'>): Promise<void> {
    const out = `over-${file}`;
    const words = ['train', 'recipe.yaml', `backbone.weights=${file}`, '--out', out, '--json'];
    await refused(words, { folder }, { code: 6, ...expected });
    assert.ok(!existsSync(inside(out)));
  }

  test('the right ones are taken', async () => {
    await backboneFile('right.safetensors', {});
    await train('right-run', 'backbone.weights=right.safetensors');
  });

  test('another width: names and both shapes', async () => {
    await backboneFile('wide.safetensors', { width: 24 });
    await backboneRefused('wide.safetensors', {
      says: /^weights error: the weights are of another architecture: 15 tensors have other shapes$/,
      at: /^wide\.safetensors: patch_embed\.proj\.weight is \[24,3,2,8,8\], not \[16,3,2,8,8\], .* and 9 more$/,
      remedy: 'make backbone.size, patch and tubelet of the recipe fit',
    });
  });

  test('more blocks, fewer blocks: the names', async () => {
    await backboneFile('deep.safetensors', { depth: 2 });
    await backboneRefused('deep.safetensors', {
      says: /^weights error: the weights hold 13 tensors that this model has no place for$/,
      at: /^deep\.safetensors: blocks\.1\./,
      remedy: 'petl-video weights inspect',
    });
    const words = ['train', 'recipe.yaml', 'backbone.weights=right.safetensors', '--out', 'over-shallow'];
    await backboneFile('right.safetensors', {});
    await refused(
      [...words, 'backbone.size={ width: 16, depth: 2, heads: 2 }'],
      { folder },
      {
        code: 6,
        says: /^weights error: the weights lack 13 tensors of the backbone$/,
        at: /^right\.safetensors: blocks\.1\./,
        remedy: 'make backbone.size',
      },
    );
  });

  test('another number of heads, which no shape tells', async () => {
    await backboneFile('heads.safetensors', { heads: 4 });
    await backboneRefused('heads.safetensors', {
      says: /^weights error: the weights are of a ViT with 4 attention heads, not 2$/,
      at: /^heads\.safetensors$/,
      remedy: 'set backbone.size so that it has 4 heads',
    });
  });

  test('a truncated file, in its tensors and in its header', async () => {
    await backboneFile('whole.safetensors', {});
    for (const [share, what] of [
      [0.9, /^weights error: the file is truncated: \d+ bytes expected, \d+ found$/],
      [0.01, /^weights error: the file is truncated: \d+ bytes of header expected, \d+ found$/],
    ] as const) {
      await cut('whole.safetensors', 'cut.safetensors', share);
      await backboneRefused('cut.safetensors', {
        says: what,
        at: /^cut\.safetensors$/,
        remedy: 'fetch or copy the file again',
      });
    }
  });

  test('a checkpoint that was not imported, a folder, nothing', async () => {
    await writeFile(inside('raw.pth'), zipOf([{ name: 'archive/data.pkl', data: pickleOf(stateDictOf({})) }]));
    await backboneRefused('raw.pth', {
      says: 'weights error: this is not a safetensors file',
      at: /^raw\.pth$/,
      remedy: 'petl-video weights import',
    });
    await backboneRefused('videos', { says: 'weights error: this is a folder, not a file', at: /^videos$/ });
    await backboneRefused('none.safetensors', {
      says: 'weights error: the file does not exist',
      at: /^none\.safetensors$/,
      remedy: 'check the path',
    });
  });
});

describe('as tuned weights', { skip, concurrency: 2 }, () => {
  /** A copy of the run with other tuned weights; evaluation and prediction refuse it alike. */
  async function tunedRefused(
    copy: string,
    make: (file: string) => Promise<void>,
    expected: Omit<Refusal, 'code'>,
  ): Promise<void> {
    await cp(inside('run'), inside(copy), { recursive: true });
    await make(path.join(copy, 'tuned.safetensors'));
    await refused(['evaluate', copy, '--json'], { folder }, { code: 6, ...expected });
    await refused(['predict', copy, 'videos/train/up/0.mp4', '--json'], { folder }, { code: 6, ...expected });
    assert.ok(!existsSync(inside(copy, 'predictions.jsonl')));
  }
  const from = (run: string) => (file: string) => copyFile(inside(run, 'tuned.safetensors'), inside(file));

  test('of another backbone', () =>
    tunedRefused('stranger', from('other-backbone'), {
      says: /^weights error: the tuned weights were trained over another backbone$/,
      at: /^stranger\/tuned\.safetensors, backbone random$/,
      remedy: /^put the original weights file back; its fingerprint was [0-9a-f]{16}…$/,
    }));

  test('of another recipe: the tensor and both shapes', () =>
    tunedRefused('slim', from('narrow'), {
      says: /^weights error: tuned weight blocks\.0\.adaptmlp\.down\.weight has shape \[2,16\], not \[4,16\]$/,
      at: /^slim\/tuned\.safetensors$/,
      remedy: 'the file belongs to another recipe',
    }));

  test('truncated', () =>
    tunedRefused('clipped', (file) => cut('run/tuned.safetensors', file, 0.95), {
      says: /^weights error: the file is truncated: \d+ bytes expected, \d+ found$/,
      at: /^clipped\/tuned\.safetensors$/,
      remedy: 'fetch or copy the file again',
    }));

  test('another safetensors file', () =>
    tunedRefused('foreign', (file) => writeSafetensors(inside(file), { w: float32([1], Float32Array.of(1)) }), {
      says: /^weights error: this file holds no tuned weights of petl-video$/,
      at: /^foreign\/tuned\.safetensors$/,
      remedy: 'give the tuned.safetensors of a run',
    }));

  test('none yet', () =>
    tunedRefused('young', (file) => rm(inside(file)), {
      says: /^weights error: no tuned weights yet: the run has not finished an epoch$/,
      at: /^young\/tuned\.safetensors$/,
      remedy: 'train at least one epoch: petl-video train --resume young',
    }));
});

describe('as checkpoint to go on from', { skip, concurrency: 2 }, () => {
  async function resumeRefused(
    copy: string,
    make: (file: string) => Promise<void>,
    expected: Omit<Refusal, 'code'>,
  ): Promise<void> {
    await cp(inside('run'), inside(copy), { recursive: true });
    await make(path.join(copy, 'checkpoint', 'state.safetensors'));
    await refused(['train', '--resume', copy, '--json'], { folder }, { code: 6, ...expected });
  }
  const from = (run: string) => (file: string) =>
    copyFile(inside(run, 'checkpoint', 'state.safetensors'), inside(file));

  test('of another backbone', () =>
    resumeRefused('resumed-stranger', from('other-backbone'), {
      says: /^weights error: the backbone is not the one that the run was started with$/,
      at: /^resumed-stranger$/,
      remedy: 'put the original weights file back',
    }));

  test('of another recipe: the tensor and both shapes', () =>
    resumeRefused('resumed-slim', from('narrow'), {
      says: /^weights error: checkpoint tensor blocks\.0\.adaptmlp\.down\.weight has shape \[2,16\], not \[4,16\]$/,
      at: /^resumed-slim\/checkpoint\/state\.safetensors$/,
      remedy: 'the file belongs to another recipe',
    }));

  test('truncated', () =>
    resumeRefused('resumed-clipped', (file) => cut('run/checkpoint/state.safetensors', file, 0.95), {
      says: /^weights error: the file is truncated: \d+ bytes expected, \d+ found$/,
      at: /^resumed-clipped\/checkpoint\/state\.safetensors$/,
    }));

  test('none', () =>
    resumeRefused('resumed-bare', (file) => rm(inside(file)), {
      says: /^weights error: this run has no checkpoint to go on from$/,
      at: /^resumed-bare\/checkpoint\/state\.safetensors$/,
      remedy: 'train it anew',
    }));
});

test('a pickle that would run a program runs nothing', { skip }, async () => {
  const owned = inside('owned');
  const value = new Map<string, unknown>([
    ['model', stateDictOf({})],
    ['args', call('os.system', [`touch ${owned}`])],
  ]);
  await writeFile(inside('hostile.pth'), zipOf([{ name: 'archive/data.pkl', data: pickleOf(value) }]));
  const expected = {
    code: 6,
    says: /^weights error: .*asks for os\.system to be called.*nothing was executed/,
    at: /^hostile\.pth$/,
  };
  await refused(['weights', 'inspect', 'hostile.pth', '--json'], { folder }, expected);
  await refused(['weights', 'import', 'hostile.pth', '--out', 'hostile.safetensors'], { folder }, expected);
  assert.deepEqual([existsSync(owned), existsSync(inside('hostile.safetensors'))], [false, false]);
});

test('a checkpoint of another architecture is not imported', { skip }, async () => {
  const names = ['conv1.weight', 'layer1.0.conv1.weight', 'layer1.0.bn1.weight', 'fc.weight'];
  const tensors = Object.fromEntries(names.map((name) => [name, float32([2, 2], new Float32Array(4))]));
  await writeSafetensors(inside('resnet.safetensors'), tensors);
  await refused(
    ['weights', 'import', 'resnet.safetensors', '--out', 'never.safetensors'],
    { folder },
    { code: 6, says: /^weights error: .*looks like a ResNet/, at: /^resnet\.safetensors$/ },
  );
  assert.ok(!existsSync(inside('never.safetensors')));
});
