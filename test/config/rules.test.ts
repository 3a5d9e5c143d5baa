import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecipe } from '../../src/config/index.ts';
import { fakeMethods, SHORTEST } from './fake-methods.ts';

/** The first line and the place of the error that the overrides make of the shortest recipe. */
function broken(...overrides: string[]): string[] {
  try {
    parseRecipe(SHORTEST, { file: 'r.yaml', overrides, methods: fakeMethods });
  } catch (thrown) {
    return (thrown as Error).message.split('\n').slice(0, 2);
  }
  return ['accepted'];
}

/** Another model than the file's begins anew. */
const SWIN_WEIGHTS = ['backbone.model=swin', 'backbone.weights=random'];
const SWIN = [...SWIN_WEIGHTS, 'backbone.size=base'];

const CASES: readonly [overrides: string[], ...message: string[]][] = [
  [['data.frames=7'], 'data.frames 7 is not a multiple of backbone.tubelet 2', '  at argument data.frames=7'],
  [['backbone.tubelet=3'], 'data.frames 8 is not a multiple of backbone.tubelet 3', '  at argument backbone.tubelet=3'],
  [['data.frames=1', 'backbone.tubelet=3'], 'accepted'],
  [
    ['data.trainSplit=trainval'],
    'data.trainSplit trainval holds the validation split, which would be measured',
    '  at argument data.trainSplit=trainval',
  ],
  [['data.trainSplit=trainval', 'data.validationSplit=test'], 'accepted'],
  [['backbone.patch=15'], 'data.size 224 is not a multiple of backbone.patch 15', '  at argument backbone.patch=15'],
  [
    ['data.cropScale=[1, 0.5]'],
    'data.cropScale [1, 0.5] begins with the greater share',
    '  at argument data.cropScale=[1, 0.5]',
  ],
  [
    ['data.crop=random', 'data.resize=200'],
    'data.resize 200 is less than data.size 224',
    '  at argument data.resize=200',
  ],
  [['data.resize=200'], 'accepted'],
  [['eval.resize=200'], 'eval.resize 200 is less than data.size 224', '  at argument eval.resize=200'],
  [['eval.resize=224', 'data.interpolation=bicubic', 'data.normalize=clip'], 'accepted'],
  [['eval.resize=squash', 'data.crop=squash'], 'accepted'],
  [
    ['backbone.size={width: 100, depth: 2, heads: 3}'],
    'backbone.size.width 100 is not a multiple of backbone.size.heads 3',
    '  at argument backbone.size={width: 100, depth: 2, heads: 3}',
  ],
  [
    ['backbone.size={width: 99, depth: 2, heads: 3}'],
    'backbone.size.width 99 is odd: sine-cosine positions come in pairs',
    '  at argument backbone.size={width: 99, depth: 2, heads: 3}',
  ],
  [['backbone.size={width: 99, depth: 2, heads: 3}', 'backbone.positions=learned'], 'accepted'],
  [['backbone.pool=cls'], 'backbone.pool cls needs backbone.clsToken true', '  at argument backbone.pool=cls'],
  [['backbone.pool=cls', 'backbone.clsToken=true'], 'accepted'],
  [['method.blocks=[0, 11]'], 'accepted'],
  [
    ['method.blocks=[0, 12]'],
    'method.blocks names block 12, but the backbone has blocks 0 to 11',
    '  at argument method.blocks=[0, 12]',
  ],
  [[...SWIN, 'data.frames=1'], 'accepted'],
  [[...SWIN], 'data.frames is 8, and a Swin Transformer takes images', '  at argument backbone.model=swin'],
  [
    [...SWIN, 'data.frames=1', 'data.size=256'],
    'data.size 256 does not fit: the grid of 64 × 64 tokens of stage 0 does not divide into windows of 7 × 7',
    '  at argument data.size=256',
  ],
  [[...SWIN, 'data.frames=1', 'data.size=256', 'backbone.window=8'], 'accepted'],
  [
    [...SWIN_WEIGHTS, 'data.frames=1', 'backbone.size={width: 8, depths: [1, 1], heads: [1]}'],
    'backbone.size.heads has 1 stages, backbone.size.depths 2',
    '  at argument backbone.size={width: 8, depths: [1, 1], heads: [1]}',
  ],
  [
    [...SWIN_WEIGHTS, 'data.frames=1', 'backbone.size={width: 8, depths: [1, 1], heads: [2, 3]}'],
    'the width 16 of stage 1 is not a multiple of its heads, 3',
    '  at argument backbone.size={width: 8, depths: [1, 1], heads: [2, 3]}',
  ],
  [
    [...SWIN, 'data.frames=1', 'method.blocks=[24]'],
    'method.blocks names block 24, but the backbone has blocks 0 to 23',
    '  at argument method.blocks=[24]',
  ],
  [['optim.lr=1', 'optim.blr=1'], 'optim.lr and optim.blr exclude each other', '  at argument optim.lr=1'],
  [['optim.name=adamw'], 'optim.blr or optim.lr is missing', '  at r.yaml:4:1'],
  [['optim.warmupEpochs=30'], 'accepted'],
  [
    ['optim.warmupEpochs=31'],
    'optim.warmupEpochs 31 is more than train.epochs 30',
    '  at argument optim.warmupEpochs=31',
  ],
  [
    ['train.batch=15', 'train.cutmix=1'],
    'train.batch 15 is odd: mixup and cutmix pair each clip with one from the other end of the batch',
    '  at argument train.batch=15',
  ],
  [['train.batch=15'], 'accepted'],
  [['train.batch=15', 'train.mixup=0.8', 'data.repeats=2'], 'accepted'],
  [
    ['train.batch=15', 'train.mixup=0.8', 'data.repeats=3'],
    'train.batch 15 × data.repeats 3 is odd: mixup and cutmix pair each clip with one from the other end of the batch',
    '  at argument train.batch=15',
  ],
  [['train.batch=1', 'data.repeats=2'], 'accepted'],
  [['data.randAugment=rand-m7-n4-mstd0.5-inc1'], 'accepted'],
  [['data.randAugment=false'], 'accepted'],
  [
    ['data.randAugment=rand-m7-n4-mst0.5-inc1'],
    "data.randAugment must be false or RandAugment's notation ('mst0.5' is not a part of it; did you mean mstd0.5?), not \"rand-m7-n4-mst0.5-inc1\"",
    '  at argument data.randAugment=rand-m7-n4-mst0.5-inc1',
  ],
  [['train.batch=1'], 'train.batch 1 leaves head.batchNorm without statistics', '  at argument train.batch=1'],
  [['train.batch=1', 'head.batchNorm=false'], 'accepted'],
  [['train.labelSmoothing=1'], 'train.labelSmoothing must be below 1, not 1', '  at argument train.labelSmoothing=1'],
  [
    ['backbone.dropPath=-0.1'],
    'backbone.dropPath must be at least 0, not -0.1',
    '  at argument backbone.dropPath=-0.1',
  ],
  [['optim.blr=0'], 'optim.blr must be above 0, not 0', '  at argument optim.blr=0'],
  [
    ['engine.name=tensorflow', 'engine.device=webgpu'],
    'engine.device webgpu is none of engine.name tensorflow',
    '  at argument engine.device=webgpu',
  ],
  [['engine.name=onnxruntime', 'engine.device=webgpu', 'engine.precision=fp16'], 'accepted'],
  [
    ['engine.name=onnxruntime', 'engine.device=webgpu', 'engine.precision=bf16'],
    'engine.precision bf16 is none of onnxruntime on webgpu',
    '  at argument engine.precision=bf16',
  ],
  [
    ['engine.device=cpu', 'engine.precision=tf32'],
    'engine.precision tf32 is none of cpu',
    '  at argument engine.precision=tf32',
  ],
  [['engine.precision=tf32'], 'accepted'],
  [['engine.precision=bf16'], 'accepted'],
  [['engine.name=cpu', 'engine.precision=fp16'], 'engine.precision fp16 is none of cpu'],
  [
    ['engine.name=onnxruntime', 'engine.xla=clusters'],
    'engine.xla clusters is for TensorFlow, and engine.name is onnxruntime',
    '  at argument engine.xla=clusters',
  ],
  [['engine.xla=step'], 'engine.xla step is for TensorFlow, and engine.name is auto'],
  [['engine.name=tensorflow', 'engine.xla=step'], 'accepted'],
  [['engine.name=onnxruntime', 'engine.xla=off'], 'accepted'],
  [
    ['engine.name=tensorflow-eager', 'train.recompute=true'],
    'train.recompute needs a compiled step, and engine.name tensorflow-eager runs operation by operation',
    '  at argument train.recompute=true',
  ],
  [['train.recompute=true'], 'accepted'],
  [['engine.threads=-1'], 'engine.threads must be at least 0, not -1', '  at argument engine.threads=-1'],
  [['train.epochs=0'], 'train.epochs must be at least 1, not 0', '  at argument train.epochs=0'],
];

for (const [overrides, ...message] of CASES) {
  test(`${overrides.join(' ')}: ${message[0]}`, () => {
    assert.deepEqual(broken(...overrides).slice(0, message.length), message);
  });
}

test('what an engine cannot do is told with what it can, and with who can', () => {
  const remedyOf = (...overrides: string[]): string | undefined => {
    try {
      parseRecipe(SHORTEST, { file: 'r.yaml', overrides, methods: fakeMethods });
    } catch (thrown) {
      return (thrown as Error).message.split('\n').find((line) => line.trimStart().startsWith('→'));
    }
    return undefined;
  };
  assert.equal(
    remedyOf('engine.name=tensorflow', 'engine.device=webgpu'),
    '  → tensorflow computes on cuda, cpu; on webgpu: onnxruntime',
  );
  assert.equal(
    remedyOf('engine.name=onnxruntime', 'engine.device=cpu', 'engine.precision=bf16'),
    '  → there: fp32, fp16; bf16: tensorflow on cuda, tensorflow on cpu',
  );
});

test('a rule points at the list item that breaks it, and rules are told beside other problems', () => {
  const text = SHORTEST.replace('{ name: bottle }', '\n  name: bottle\n  blocks:\n    - 3\n    - 12').replace(
    'data/x',
    'data/x, framez: 3',
  );
  assert.throws(() => parseRecipe(text, { file: 'r.yaml', methods: fakeMethods }), {
    message: `2 problems in the recipe
  r.yaml:1:23: data.framez is not a key; did you mean data.frames?
    → data.frames: Frames of a clip, T; 1 for images
  r.yaml:7:7: method.blocks names block 12, but the backbone has blocks 0 to 11`,
  });
});
