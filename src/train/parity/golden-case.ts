/**
 * A golden case: a folder with `case.json`, `checkpoint.pth` and `expected.safetensors`, made with the original PyTorch code.
 * `case.json` says what the case is; what it leaves open is told by the checkpoint.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { dataError, messageOf } from '../../errors/index.ts';
import type { VitOptions } from '../../model/options.ts';
import type { OptimizerOptions } from '../optimizer.ts';

const momentum = z.number().default(0);
const weightDecay = z.number().default(0);
const optimizerSchema = z.discriminatedUnion('name', [
  z.object({ name: z.literal('sgd'), lr: z.number(), momentum, weight_decay: weightDecay }),
  z.object({
    name: z.literal('adamw'),
    lr: z.number(),
    betas: z.tuple([z.number(), z.number()]).default([0.9, 0.999]),
    eps: z.number().default(1e-8),
    weight_decay: weightDecay,
  }),
]);

const layerNorm = z.enum(['none', 'in', 'out']).optional();

const caseSchema = z.object({
  kind: z.enum(['video', 'image']),
  frames: z.int().min(1).optional(),
  image_size: z.int().min(1),
  patch_size: z.int().min(1),
  tubelet_size: z.int().min(1).default(2),
  embed_dim: z.int().min(1),
  depth: z.int().min(1),
  num_heads: z.int().min(1),
  mlp_ratio: z.number().positive().default(4),
  num_classes: z.int().min(1),
  layer_norm_eps: z.literal(1e-6).default(1e-6),
  head_batchnorm: z.boolean().default(true),
  pool: z.enum(['cls', 'mean', 'global']).optional(),
  method: z.string(),
  bottleneck: z.int().min(1).optional(),
  scale: z.union([z.number(), z.literal('learnable_scalar'), z.literal('learned')]).optional(),
  option: z.enum(['parallel', 'sequential']).optional(),
  layernorm_option: layerNorm,
  adapter_layernorm_option: layerNorm,
  layer_norm: layerNorm,
  dropout: z.literal(0).optional(),
  dropout_off: z.boolean().optional(),
  xavier_init: z.boolean().optional(),
  prompts: z.int().min(1).optional(),
  optimizer: optimizerSchema,
  steps: z.int().min(1),
  trainable_parameters: z.int().optional(),
  total_parameters: z.int().optional(),
});

export interface GoldenCase {
  readonly name: string;
  readonly folder: string;
  readonly vit: VitOptions;
  readonly classes: number;
  readonly batchNorm: boolean;
  readonly method: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  readonly lr: number;
  readonly optimizer: OptimizerOptions;
  readonly steps: number;
  /**
   * Dropout that the original's code has fixed and that the case may not have switched off: 0.1 in the adapters of AdaptFormer's
   * image model, in ARC and in Convpass. Undefined where there is none, or where the case says what it is.
   */
  readonly hiddenDropout: number | undefined;
  /** As the original counted; absent where the case does not say. */
  readonly trainedParameters: number | undefined;
  /** Keys of case.json that nothing here reads. They may matter: then the numbers differ. */
  readonly ignored: readonly string[];
}

/** Golden inputs are normalised already: with this the model's own normalisation leaves them as they are. */
const AS_THEY_ARE = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] } as const;

/** @throws PetlVideoError (data) when the folder is no golden case, or of a method that is not implemented */
export async function readGoldenCase(folder: string): Promise<GoldenCase> {
  const file = path.join(folder, 'case.json');
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw dataError(`no golden case: ${messageOf(error)}`, { at: file, cause: error });
  }
  const parsed = caseSchema.safeParse(content);
  if (!parsed.success) throw dataError(`case.json is not understood:\n${z.prettifyError(parsed.error)}`, { at: file });
  const c = parsed.data;
  const video = c.kind === 'video';
  const pool = (c.pool ?? (video ? 'mean' : 'cls')) === 'cls' ? 'cls' : 'mean';
  return {
    name: path.basename(path.resolve(folder)),
    folder,
    vit: {
      frames: video ? (c.frames ?? c.tubelet_size) : 1,
      size: c.image_size,
      patch: c.patch_size,
      tubelet: video ? c.tubelet_size : 1,
      width: c.embed_dim,
      depth: c.depth,
      heads: c.num_heads,
      mlpRatio: c.mlp_ratio,
      bias: video ? 'qv' : 'qkv',
      positions: video ? 'sincos' : 'learned',
      clsToken: !video,
      pool,
      attention: 'joint',
      dropPath: 0,
      normalization: AS_THEY_ARE,
    },
    classes: c.num_classes,
    batchNorm: c.head_batchnorm,
    method: methodOfCase(c, file),
    lr: c.optimizer.lr,
    optimizer:
      c.optimizer.name === 'sgd'
        ? { name: 'sgd', momentum: c.optimizer.momentum, weightDecay: c.optimizer.weight_decay }
        : {
            name: 'adamw',
            betas: c.optimizer.betas,
            epsilon: c.optimizer.eps,
            weightDecay: c.optimizer.weight_decay,
          },
    steps: c.steps,
    hiddenDropout: hasHiddenDropout(c, video) ? 0.1 : undefined,
    trainedParameters: c.trainable_parameters,
    ignored: Object.keys(content as object).filter((key) => !(key in caseSchema.shape)),
  };
}

function hasHiddenDropout({ method, dropout, dropout_off }: z.output<typeof caseSchema>, video: boolean): boolean {
  const said = dropout !== undefined || dropout_off === true;
  return !said && ((!video && method.startsWith('adaptformer')) || /^(arc|convpass)/.test(method));
}

function methodOfCase(c: z.output<typeof caseSchema>, file: string): GoldenCase['method'] {
  const word = c.method.replaceAll('_', '-').split(' ')[0] as string;
  const bottleneck = c.bottleneck === undefined ? {} : { bottleneck: c.bottleneck };
  switch (word) {
    case 'adaptformer':
      return {
        name: word,
        options: {
          ...bottleneck,
          ...(c.scale === undefined ? {} : { scale: typeof c.scale === 'number' ? c.scale : 'learned' }),
          ...(c.option === undefined ? {} : { position: c.option }),
          layerNorm: c.layernorm_option ?? c.adapter_layernorm_option ?? c.layer_norm ?? 'none',
        },
      };
    case 'vpt-deep':
    case 'vpt':
      return { name: 'vpt-deep', options: c.prompts === undefined ? {} : { prompts: c.prompts } };
    case 'linear':
    case 'full':
      return { name: word, options: {} };
    case 'arc':
    case 'arc-att':
      return { name: word, options: { ...bottleneck, dropout: 0 } };
    case 'convpass':
    case 'convpass-attn':
      return {
        name: word,
        options: { ...bottleneck, ...(typeof c.scale === 'number' ? { scale: c.scale } : {}), dropout: 0 },
      };
    default:
      throw dataError(`method '${c.method}' is not implemented`, { at: file });
  }
}
