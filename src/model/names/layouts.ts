/**
 * The ways in which published checkpoints name and cut up the same Vision Transformer, and what each leaves out.
 *
 *   videomae-pretrain   VideoMAE before fine-tuning: `encoder.*`, with or without its decoder
 *   videomae-finetune   VideoMAE classifier: bare or `backbone.*`
 *   adaptformer-video   q, k, v apart, fc1 and fc2 in the block, tuned parameters beside them; bare or `encoder.*`
 *   adaptformer-image   the same for images: class token, learned positions, bias for k too
 *   mae-image           MAE and timm ViT: one qkv with bias, class token, learned positions
 *   petl-video          our own names
 */

export const LAYOUT_NAMES = [
  'videomae-pretrain',
  'videomae-finetune',
  'adaptformer-video',
  'adaptformer-image',
  'mae-image',
  'petl-video',
] as const;

export type Layout = (typeof LAYOUT_NAMES)[number];

export interface LayoutRules {
  /** `fused`: attn.qkv, mlp.fc1; `split`: attn.q_proj and so on, fc1. */
  readonly cut: 'fused' | 'split';
  /** Axes of patch_embed.proj.weight: images have no time. */
  readonly patchRank: 4 | 5;
  /** `either`: whatever the file has. */
  readonly bias: 'qv' | 'qkv' | 'either';
  readonly clsToken: boolean | 'either';
  /** `either`: learned where the file has `pos_embed`, else VideoMAE's fixed table. */
  readonly positions: 'learned' | 'either';
  /** The pooling where the file has no `fc_norm`. With `fc_norm` it is always the mean. */
  readonly poolWithoutFcNorm: 'mean' | 'cls' | 'cls if norm';
  /** What a person might miss and need not, by its name without wrapper. */
  readonly unused: readonly (readonly [name: RegExp, why: string])[];
}

const DECODER = 'belongs to the pre-training decoder';
const NORM = 'under mean pooling fc_norm stands in its place';
const BATCHES = 'only counts batches; the running statistics are complete without it';

export const LAYOUTS: Readonly<Record<Layout, LayoutRules>> = {
  'videomae-pretrain': {
    cut: 'fused',
    patchRank: 5,
    bias: 'qv',
    clsToken: false,
    positions: 'either',
    poolWithoutFcNorm: 'mean',
    unused: [
      [/^(mask_token$|decoder\.|encoder_to_decoder\.)/, DECODER],
      [/^encoder\.norm\./, NORM],
    ],
  },
  'videomae-finetune': {
    cut: 'fused',
    patchRank: 5,
    bias: 'qv',
    clsToken: false,
    positions: 'either',
    poolWithoutFcNorm: 'mean',
    unused: [],
  },
  'adaptformer-video': {
    cut: 'split',
    patchRank: 5,
    bias: 'qv',
    clsToken: false,
    positions: 'either',
    poolWithoutFcNorm: 'mean',
    unused: [
      [/^encoder\.norm\./, NORM],
      [/^head\.0\.num_batches_tracked$/, BATCHES],
    ],
  },
  'adaptformer-image': {
    cut: 'split',
    patchRank: 4,
    bias: 'qkv',
    clsToken: true,
    positions: 'learned',
    poolWithoutFcNorm: 'cls',
    unused: [[/^head\.0\.num_batches_tracked$/, BATCHES]],
  },
  'mae-image': {
    cut: 'fused',
    patchRank: 4,
    bias: 'qkv',
    clsToken: true,
    positions: 'learned',
    poolWithoutFcNorm: 'cls',
    unused: [
      [/^(mask_token$|decoder_)/, DECODER],
      [/^pre_logits\./, 'belongs to the classifier of the source task'],
    ],
  },
  'petl-video': {
    cut: 'fused',
    patchRank: 5,
    bias: 'either',
    clsToken: 'either',
    positions: 'either',
    poolWithoutFcNorm: 'cls if norm',
    unused: [],
  },
};
