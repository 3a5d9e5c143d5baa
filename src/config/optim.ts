/** The `optim` section: an optimizer and its schedule (linear warm-up, then half a cosine). */
import { z } from 'zod';
import { rate } from './sections.ts';

/** Keys every optimizer has; a change of optimizer keeps these, and asks for a new learning rate. */
const schedule = {
  warmupEpochs: z.number().min(0).default(0).describe('Epochs in which the learning rate rises from warmupLr'),
  schedule: z
    .enum(['steps', 'epochs', 'epochs-late'])
    .default('steps')
    .describe(
      'Warm-up and half a cosine: anew for each step (steps); constant in each epoch, as timm has it (epochs); or that one epoch late, as the code of Convpass, FacT and RepAdapter has it (epochs-late)',
    ),
  decay: z
    .enum(['matrices', 'all'])
    .default('matrices')
    .describe('What weight decay acts on: all but vectors, biases, class token and positions (matrices), or all'),
  layerDecay: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('Factor of the learning rate from each block to the one below it; 1: off'),
  clipNorm: z.number().min(0).default(0).describe('Greatest norm of the whole gradient; 0: off'),
};
export const SHARED_BY_OPTIMIZERS: readonly string[] = Object.keys(schedule);

const learningRate = {
  blr: z
    .number()
    .gt(0)
    .optional()
    .describe('Base learning rate, for 256 clips a step: lr = blr × batch × accumulate / 256'),
  lr: z.number().gt(0).optional().describe('Learning rate, instead of blr'),
  warmupLr: z
    .number()
    .min(0)
    .default(0)
    .describe('Learning rate that the warm-up begins with, not scaled by the batch'),
  minLr: z.number().min(0).default(0).describe('Learning rate at the end of the cosine, not scaled by the batch'),
};

export const sgd = z.strictObject({
  name: z.literal('sgd').describe('SGD with momentum, not Nesterov'),
  ...learningRate,
  momentum: rate.default(0.9).describe('Share of the last update that is kept'),
  weightDecay: z.number().min(0).default(0).describe('L2 penalty, added to the gradient'),
  ...schedule,
});

export const adamw = z.strictObject({
  name: z.literal('adamw').describe('Adam with decoupled weight decay'),
  ...learningRate,
  betas: z.tuple([rate, rate]).default([0.9, 0.999]).describe('Decay of the running mean and of the running square'),
  eps: z.number().gt(0).default(1e-8).describe('Added to the root of the running square'),
  weightDecay: z.number().min(0).default(0.05).describe('Decoupled decay'),
  ...schedule,
});

export const optim = z.discriminatedUnion('name', [sgd, adamw]);
