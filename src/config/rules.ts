/** What no single key can tell: rules between keys. A rule is silent while a section it reads is itself in error. */

import { conflictOf } from '../engine/options.ts';
import { swinDepth } from '../model/swin/options.ts';
import { swinShape, vitShape } from './backbone-options.ts';
import type { Rule, Sections, Violation } from './rule.ts';
import { SWIN_RULES } from './swin-rules.ts';

const tubeletsFill: Rule = ({ data, backbone }) =>
  data &&
  backbone?.model === 'vit' &&
  data.frames > 1 &&
  data.frames % backbone.tubelet !== 0 && {
    keys: ['data.frames', 'backbone.tubelet'],
    what: `data.frames ${data.frames} is not a multiple of backbone.tubelet ${backbone.tubelet}`,
    remedy: 'a clip is cut into whole tubelets; a single frame is an image and fills one by repetition',
  };

const patchesFill: Rule = ({ data, backbone }) =>
  data &&
  backbone?.model === 'vit' &&
  data.size % backbone.patch !== 0 && {
    keys: ['data.size', 'backbone.patch'],
    what: `data.size ${data.size} is not a multiple of backbone.patch ${backbone.patch}`,
  };

const resizeCovers: Rule = ({ data, eval: evaluation }) => {
  if (data === undefined || evaluation === undefined) return undefined;
  const { resize } = evaluation;
  if (data.crop === 'random' && data.resize < data.size) {
    return {
      keys: ['data.resize', 'data.size'],
      what: `data.resize ${data.resize} is less than data.size ${data.size}`,
    };
  }
  return (
    typeof resize === 'number' &&
    resize < data.size && {
      keys: ['eval.resize', 'data.size'],
      what: `eval.resize ${resize} is less than data.size ${data.size}`,
      remedy: 'leave it out for a short side of data.size, or say squash for the whole picture',
    }
  );
};

const headsDivide: Rule = ({ backbone }) => {
  if (backbone?.model !== 'vit') return undefined;
  const { width, heads } = vitShape(backbone.size);
  return (
    width % heads !== 0 && {
      keys: ['backbone.size.heads', 'backbone.size.width'],
      what: `backbone.size.width ${width} is not a multiple of backbone.size.heads ${heads}`,
    }
  );
};

const widthIsEven: Rule = ({ backbone }) =>
  backbone?.model === 'vit' &&
  backbone.positions === 'sincos' &&
  vitShape(backbone.size).width % 2 !== 0 && {
    keys: ['backbone.size.width'],
    what: `backbone.size.width ${vitShape(backbone.size).width} is odd: sine-cosine positions come in pairs`,
  };

const clsTokenIsThere: Rule = ({ backbone }) =>
  backbone?.model === 'vit' &&
  backbone.pool === 'cls' &&
  !backbone.clsToken && {
    keys: ['backbone.pool', 'backbone.clsToken'],
    what: 'backbone.pool cls needs backbone.clsToken true',
    remedy: 'VideoMAE backbones have no class token: use backbone.pool mean',
  };

const blocksExist: Rule = ({ method, backbone }) => {
  if (method === undefined || backbone === undefined || !Array.isArray(method.blocks)) return undefined;
  const depth = backbone.model === 'swin' ? swinDepth(swinShape(backbone.size)) : vitShape(backbone.size).depth;
  const beyond = method.blocks.findIndex((block) => block >= depth);
  return (
    beyond >= 0 && {
      keys: [`method.blocks.${beyond}`, 'method.blocks'],
      what: `method.blocks names block ${method.blocks[beyond]}, but the backbone has blocks 0 to ${depth - 1}`,
    }
  );
};

const validationIsUnseen: Rule = ({ data }) =>
  data?.trainSplit === 'trainval' &&
  data.validationSplit !== 'test' &&
  data.validationSplit !== 'trainval' && {
    keys: ['data.validationSplit', 'data.trainSplit'],
    what: `data.trainSplit trainval holds the ${data.validationSplit} split, which would be measured`,
    remedy: 'data.validationSplit test, once all choices are made; or data.trainSplit train while choosing',
  };

const cropScaleAscends: Rule = ({ data }) =>
  data &&
  data.cropScale[0] > data.cropScale[1] && {
    keys: ['data.cropScale'],
    what: `data.cropScale [${data.cropScale.join(', ')}] begins with the greater share`,
  };

const oneLearningRate: Rule = ({ optim }) => {
  if (optim === undefined || (optim.lr === undefined) !== (optim.blr === undefined)) return undefined;
  const remedy = 'lr = blr × batch × accumulate / 256; a change of optimizer needs a learning rate of its own';
  return optim.lr === undefined
    ? { keys: ['optim'], what: 'optim.blr or optim.lr is missing', remedy }
    : { keys: ['optim.lr'], what: 'optim.lr and optim.blr exclude each other', remedy };
};

const warmupEnds: Rule = ({ optim, train }) =>
  optim &&
  train &&
  optim.warmupEpochs > train.epochs && {
    keys: ['optim.warmupEpochs', 'train.epochs'],
    what: `optim.warmupEpochs ${optim.warmupEpochs} is more than train.epochs ${train.epochs}`,
  };

const mixingPairs: Rule = ({ data, train }) =>
  data &&
  train &&
  (train.mixup > 0 || train.cutmix > 0) &&
  (train.batch * data.repeats) % 2 !== 0 && {
    keys: ['train.batch', 'train.mixup', 'train.cutmix'],
    what: `train.batch ${train.batch}${data.repeats === 1 ? '' : ` × data.repeats ${data.repeats}`} is odd: mixup and cutmix pair each clip with one from the other end of the batch`,
  };

const batchHasStatistics: Rule = ({ data, head, train }) =>
  head?.batchNorm &&
  data?.repeats === 1 &&
  train?.batch === 1 && {
    keys: ['train.batch', 'head.batchNorm'],
    what: 'train.batch 1 leaves head.batchNorm without statistics',
    remedy: 'train.batch of at least 2 (better 16 and more), or head.batchNorm false',
  };

const engineCan: Rule = ({ engine, train }) => {
  if (engine === undefined || train === undefined) return undefined;
  const conflict = conflictOf({ ...engine, recompute: train.recompute });
  if (conflict === undefined) return undefined;
  const [first, ...others] = conflict.keys.map((key) => (key === 'recompute' ? 'train.recompute' : `engine.${key}`));
  return { ...conflict, keys: [first as string, ...others] };
};

const RULES: readonly Rule[] = [
  tubeletsFill,
  patchesFill,
  validationIsUnseen,
  cropScaleAscends,
  resizeCovers,
  headsDivide,
  widthIsEven,
  clsTokenIsThere,
  ...SWIN_RULES,
  blocksExist,
  oneLearningRate,
  warmupEnds,
  mixingPairs,
  batchHasStatistics,
  engineCan,
];

/** Every rule that the recipe breaks. */
export function violations(recipe: Sections): Violation[] {
  return RULES.flatMap((rule) => rule(recipe) || []);
}
