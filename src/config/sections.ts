/**
 * The sections of a recipe, but for `method` and `optim`: keys, what they mean, bounds and defaults. The defaults are
 * AdaptFormer's video protocol (Chen et al., NeurIPS 2022), so that a recipe for one's own videos stays short.
 */
import { z } from 'zod';
import { EXAMPLE, parseRandAugment } from '../data/augment/rand-augment.ts';
import { SPLIT_NAMES } from '../data/manifest.ts';
import { DEFAULT_ENGINE, DEVICES, ENGINES, PRECISIONS, XLA_PARTS } from '../engine/options.ts';
import { NORMALIZATIONS, SIZES } from '../model/options.ts';
import { SWIN_SIZES } from '../model/swin/options.ts';

export const count = z.int().min(1);
export const share = z.number().min(0).max(1);
export const rate = z.number().min(0).lt(1);

const split = z.enum(SPLIT_NAMES);
const randAugment = z.string().superRefine((text, context) => {
  const parsed = parseRandAugment(text);
  if ('wrong' in parsed)
    context.addIssue({ code: 'custom', message: `false or RandAugment's notation (${parsed.wrong})` });
});
const namesOf = <T extends object>(table: T): [keyof T & string] => Object.keys(table) as [keyof T & string];

export const data = z.strictObject({
  path: z.string().min(1).describe('Folder that `petl-video prepare` made, relative to the working directory'),
  fold: count
    .optional()
    .describe('Official fold: 1-3 for HMDB51 and UCF101, 10 × shots + seed for few-shot lists (161: 16 shots, seed 1)'),
  trainSplit: split
    .default('train')
    .describe('Split that is trained on; trainval, where a data set has it, is train and validation together'),
  validationSplit: split.default('validation').describe('Split that is measured during training and by `evaluate`'),
  frames: count.default(8).describe('Frames of a clip, T; 1 for images'),
  stride: count.default(4).describe('Frames of the video from one sampled frame to the next; segments ignore it'),
  size: count.default(224).describe('Side of the square crop in pixels'),
  sampling: z
    .enum(['adaptformer-dense', 'videomae-dense', 'segments'])
    .default('adaptformer-dense')
    .describe(
      'Where the frames of a clip lie: in a window of frames × stride, as AdaptFormer or as VideoMAE places it; or one in each of as many equal segments (VideoMAE on SSv2)',
    ),
  crop: z
    .enum(['multi-scale', 'random-resized', 'random-resized-once', 'center', 'squash', 'random'])
    .default('multi-scale')
    .describe(
      'Training crop: AdaptFormer video (multi-scale), VideoMAE (random-resized: 10 tries), AdaptFormer image (random-resized-once: one try), the center, the whole picture whatever its shape (squash: VTAB), or a window of the picture at short side data.resize (random: FGVC)',
    ),
  resize: count
    .default(256)
    .describe('Short side that the crop random resizes the picture to before it cuts data.size × data.size out of it'),
  interpolation: z
    .enum(['bilinear', 'bicubic'])
    .default('bilinear')
    .describe(
      "How pictures are resized, in training and at test; both average where they shrink. Images: Pillow's filters, to the byte; videos: ffmpeg's",
    ),
  cropScale: z
    .tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)])
    .default([0.08, 1])
    .describe('Least and greatest share of the picture that a random-resized crop takes'),
  flip: z
    .union([z.literal('auto'), z.literal(false)])
    .default('auto')
    .describe('Mirroring, with probability 0.5. auto: where the data set allows it; false: never'),
  randAugment: z
    .union([z.literal(false), randAugment])
    .default(false)
    .describe(
      `RandAugment, in timm's notation: ${EXAMPLE} (VideoMAE) draws 4 of 15 operations, each applied with probability 0.5 at a magnitude of 7 ± 0.5 of 10; false: off`,
    ),
  colorJitter: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe(
      "Brightness, contrast and saturation, in any order, each by a factor drawn from 1 ± this (timm's color_jitter, which RandAugment replaces there); 0: off",
    ),
  augmentOn: z
    .enum(['picture', 'crop'])
    .default('picture')
    .describe(
      'What randAugment and colorJitter work on: the whole picture before the crop (VideoMAE), or the mirrored crop at its final size (timm)',
    ),
  erasing: share
    .default(0)
    .describe(
      'Random erasing: probability that a rectangle of a clip, 2-33 % of it, is filled with noise in all frames',
    ),
  repeats: count
    .default(1)
    .describe(
      'Repeated augmentation: clips of each video in its batch, of the same frames, with crop, flip and the other augmentations drawn anew. They do not count in train.batch, epochs or the learning rate',
    ),
  normalize: z
    .enum(namesOf(NORMALIZATIONS))
    .default('imagenet')
    .describe(
      'Mean and deviation of the pixels that the backbone was trained with: ImageNet, half (both 0.5), clip (CLIP), or none (0 to 1)',
    ),
  retries: z
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe(
      'How often a video that cannot be decoded is tried again, after 0.5 s, 1 s, 2 s, …, before onError decides',
    ),
  onError: z
    .enum(['skip', 'fail'])
    .default('skip')
    .describe(
      'A video that cannot be decoded while training: let another video stand in, drawn at random, and report it (skip), or stop (fail)',
    ),
  maxSkipped: share
    .default(0.01)
    .describe(
      'Share of the videos of an epoch that others may stand in for before training stops; 0: none, above: at least one',
    ),
  decoders: z.int().min(0).default(0).describe('Videos decoded at the same time; 0: one for each processor core'),
  decoder: z
    .enum(['ffmpeg', 'node-av'])
    .default('ffmpeg')
    .describe(
      'What decodes: processes of ffmpeg; or node-av inside the decoders, once `npm install node-av@6` has been run',
    ),
});

/** What every backbone has. */
const everyBackbone = {
  dropPath: rate.default(0).describe('Drop path rate of the last block, rising linearly from 0 at the first'),
  weights: z
    .string()
    .min(1)
    .describe(
      'File that `petl-video weights import` wrote, relative to the working directory; or random: drawn from train.seed',
    ),
};

const vit = z.strictObject({
  model: z.literal('vit').default('vit').describe('Vision Transformer, for video and images'),
  size: z
    .union([
      z.enum(namesOf(SIZES)),
      z.strictObject({
        width: count.describe('D, numbers of a token'),
        depth: count.describe('Blocks'),
        heads: count.describe('Attention heads of a block'),
        mlpRatio: z.number().gt(0).default(4).describe('Hidden width of the MLP, in multiples of the width'),
      }),
    ])
    .describe(
      'Width/depth/heads: tiny 192/12/3, small 384/12/6, base 768/12/12, large 1024/24/16, huge 1280/32/16; or these spelled out',
    ),
  patch: count.default(16).describe('Side of a patch in pixels'),
  tubelet: count.default(2).describe('Frames of a tubelet'),
  bias: z
    .enum(['qv', 'qkv'])
    .default('qv')
    .describe('Bias of the attention input: query and value (VideoMAE), or key as well (MAE, timm)'),
  positions: z
    .enum(['sincos', 'learned'])
    .default('sincos')
    .describe('Positions: the fixed sine-cosine table of VideoMAE, or the table in the weights'),
  clsToken: z.boolean().default(false).describe('Whether a class token comes first (MAE, timm)'),
  pool: z
    .enum(['mean', 'cls'])
    .default('mean')
    .describe('Features: mean of the patch tokens, then fc_norm; or norm, then the class token'),
  attention: z
    .enum(['joint', 'per-frame'])
    .default('joint')
    .describe(
      'What a token attends to: all of the clip (VideoMAE), or its own frame alone, as image backbones take video (AIM, ST-Adapter); then each frame has a class token and positions of its own',
    ),
  ...everyBackbone,
});

const perStage = z.array(count).min(1);
const swin = z.strictObject({
  model: z.literal('swin').describe('Swin Transformer, for images'),
  size: z
    .union([
      z.enum(namesOf(SWIN_SIZES)),
      z.strictObject({
        width: count.describe('D of the first stage, numbers of a token; each further stage doubles it'),
        depths: perStage.describe('Blocks of each stage'),
        heads: perStage.describe('Attention heads of the blocks of each stage'),
        mlpRatio: z.number().gt(0).default(4).describe('Hidden width of the MLP, in multiples of the width'),
      }),
    ])
    .describe(
      'Width and blocks of the stages: tiny 96, 2/2/6/2; small 96, 2/2/18/2; base 128, 2/2/18/2; large 192, 2/2/18/2; or these spelled out',
    ),
  patch: count.default(4).describe('Side of a patch in pixels'),
  window: count.default(7).describe('Side of a window in tokens, as the weights have it: 7 for 224 pixels, 12 for 384'),
  ...everyBackbone,
});

export const backbone = z.discriminatedUnion('model', [vit, swin]);

export const head = z.strictObject({
  batchNorm: z
    .boolean()
    .default(true)
    .describe(
      'BatchNorm without affine before the classifier (AdaptFormer), over the clips of a batch (train.batch × data.repeats), whatever train.accumulate',
    ),
  initStd: z.number().min(0).default(2e-5).describe('Deviation of the classifier at the start: 2e-5 video, 0.01 image'),
  dropout: rate.default(0).describe('Dropout before the classifier'),
});

export const train = z.strictObject({
  epochs: count.describe('Passes over the training split'),
  batch: count.describe('Videos whose clips go through the model at once: one clip each, or data.repeats'),
  accumulate: count.default(1).describe('Batches whose gradients make one step'),
  seed: z.int().min(0).default(0).describe('Seed of everything random'),
  labelSmoothing: rate.default(0).describe('Share of the target that is spread over all classes'),
  mixup: z.number().min(0).default(0).describe('α of mixup; 0: off'),
  cutmix: z.number().min(0).default(0).describe('α of cutmix; 0: off'),
  mixProbability: share.default(1).describe('Probability that a batch is mixed at all'),
  mixSwitch: share.default(0.5).describe('Probability of cutmix where both mixup and cutmix are on'),
  validateEvery: count.default(1).describe('Epochs from one validation to the next'),
  checkpointMinutes: z.number().gt(0).default(10).describe('Minutes from one checkpoint to the next'),
  logEverySteps: count.default(10).describe('Steps from one line of metrics to the next'),
  dropLast: z.boolean().default(true).describe('Whether an epoch leaves out its last, incomplete batch'),
  recompute: z
    .boolean()
    .default(DEFAULT_ENGINE.recompute)
    .describe('Whether blocks are computed again in the backward pass in place of being kept: less memory, more time'),
});

export const evaluation = z.strictObject({
  segments: count.default(4).describe('Temporal positions of a video at test'),
  crops: count.default(3).describe('Spatial windows of each segment, along the long side'),
  resize: z
    .union([z.literal('squash'), count])
    .optional()
    .describe(
      'Short side that a picture is resized to before data.size × data.size are cut out of its middle (256 and 248 for 224 are usual), as torchvision does it; squash: the whole picture whatever its shape; absent: data.size',
    ),
  fuse: z
    .enum(['logits', 'softmax'])
    .default('softmax')
    .describe('What is averaged over the views of a video: logits (AdaptFormer) or probabilities (VideoMAE)'),
  batch: count.default(16).describe('Views that go through the model at once'),
});

export const engine = z.strictObject({
  name: z
    .enum(['auto', ...ENGINES])
    .default(DEFAULT_ENGINE.name)
    .describe(
      'What computes: auto takes the best there is; tensorflow and onnxruntime run compiled steps; tensorflow-eager (operation by operation) and cpu (plain JavaScript) are slow references',
    ),
  device: z
    .enum(['auto', ...DEVICES])
    .default(DEFAULT_ENGINE.device)
    .describe('Where it computes: auto takes the best that the engine has; webgpu is for onnxruntime'),
  precision: z
    .enum(PRECISIONS)
    .default(DEFAULT_ENGINE.precision)
    .describe(
      'What matrix products compute in; normalisation, softmax, loss and trained parameters stay float32. tf32: float32 with rounded factors, CUDA alone; fp16 scales the loss',
    ),
  xla: z
    .enum(['auto', ...XLA_PARTS])
    .default(DEFAULT_ENGINE.xla)
    .describe(
      'What XLA compiles under tensorflow: nothing, chains of small operations (clusters), or the whole step; auto: what measured best on the device',
    ),
  threads: z.int().min(0).default(DEFAULT_ENGINE.threads).describe('Processor threads; 0: one for each core'),
});

export const run = z.strictObject({
  folder: z.string().min(1).optional().describe('Folder of the run; runs/<name> when absent'),
});
