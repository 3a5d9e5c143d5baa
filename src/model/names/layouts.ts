/**
 * The ways in which published checkpoints name and cut up the same Vision Transformer, and what each leaves out.
 *
 *   videomae-pretrain   VideoMAE before fine-tuning: `encoder.*`, with or without its decoder
 *   videomae-finetune   VideoMAE classifier: bare or `backbone.*`
 *   adaptformer-video   q, k, v apart, fc1 and fc2 in the block, tuned parameters beside them; bare or `encoder.*`
 *   adaptformer-image   the same for images: class token, learned positions, bias for k too
 *   mae-image           MAE and timm ViT: one qkv with bias, class token, learned positions
 *   hf-videomae         VideoMAE of Hugging Face transformers, told in our words by `hugging-face.ts`
 *   hf-vit              its ViT and ViT-MAE
 *   google-npz          Google's ViT in JAX, told in our words by `google.ts`
 *   arc-image           ARC's own ViT, told in our words by `petl-repositories.ts`
 *   convpass-image      timm's ViT with the bypasses of Convpass, by the same
 *   petl-video          our own names
 */

export const LAYOUT_NAMES = [
  'videomae-pretrain',
  'videomae-finetune',
  'adaptformer-video',
  'adaptformer-image',
  'mae-image',
  'hf-videomae',
  'hf-vit',
  'google-npz',
  'arc-image',
  'convpass-image',
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
  readonly poolWithoutFcNorm: 'mean' | 'cls' | 'cls if norm' | 'cls if norm and head';
  /** What a person might miss and need not, by its name without wrapper. */
  readonly unused: readonly (readonly [name: RegExp, why: string])[];
  /** In what the original program differs from the ViT here, where its files are alike. */
  readonly note?: string;
}

const DECODER = 'belongs to the pre-training decoder';
const NORM = 'under mean pooling fc_norm stands in its place';
const CLASSIFIER = 'belongs to the classifier of the source task';
const EPSILON =
  'the configuration of this program normalises with ε 1e-12 (and fc_norm with 1e-5); here it is 1e-6 everywhere, as in the ' +
  'original models that these files were converted from';
const BATCHES = 'only counts batches; the running statistics are complete without it';

/** A ViT for images as MAE and timm have it, and most others. */
const IMAGE = {
  patchRank: 4,
  bias: 'qkv',
  clsToken: true,
  positions: 'learned',
  poolWithoutFcNorm: 'cls',
} as const;

/** VideoMAE's ViT. */
const VIDEO = {
  patchRank: 5,
  bias: 'qv',
  clsToken: false,
  positions: 'either',
  poolWithoutFcNorm: 'mean',
} as const;

export const LAYOUTS: Readonly<Record<Layout, LayoutRules>> = {
  'videomae-pretrain': {
    cut: 'fused',
    ...VIDEO,
    unused: [
      [/^(mask_token$|decoder\.|encoder_to_decoder\.)/, DECODER],
      [/^encoder\.norm\./, NORM],
    ],
  },
  'videomae-finetune': {
    cut: 'fused',
    ...VIDEO,
    unused: [],
  },
  'adaptformer-video': {
    cut: 'split',
    ...VIDEO,
    unused: [
      [/^encoder\.norm\./, NORM],
      [/^head\.0\.num_batches_tracked$/, BATCHES],
    ],
  },
  'adaptformer-image': {
    cut: 'split',
    ...IMAGE,
    unused: [[/^head\.0\.num_batches_tracked$/, BATCHES]],
  },
  'mae-image': {
    cut: 'fused',
    ...IMAGE,
    unused: [
      [/^(mask_token$|decoder_)/, DECODER],
      [/^pre_logits\./, CLASSIFIER],
    ],
  },
  'hf-videomae': {
    cut: 'split',
    patchRank: 5,
    bias: 'qv',
    clsToken: false,
    positions: 'either',
    // Its classifier may read token 0 through `layernorm`; a pre-trained model's `layernorm` means nothing here.
    poolWithoutFcNorm: 'cls if norm and head',
    unused: [
      [/^(mask_token$|decoder\.|encoder_to_decoder\.)/, DECODER],
      [/^norm\./, NORM],
    ],
    note: EPSILON,
  },
  'hf-vit': {
    cut: 'split',
    ...IMAGE,
    unused: [
      [/^(embeddings\.mask_token$|decoder\.)/, DECODER],
      [/^pooler\./, 'is a layer behind the class token that no classifier of transformers reads'],
    ],
    note: EPSILON,
  },
  'google-npz': {
    cut: 'split',
    ...IMAGE,
    unused: [
      [/^pre_logits\./, CLASSIFIER],
      [/^opt\/state\//, 'belongs to the optimizer of its training'],
    ],
    note:
      'these were trained on pixels with mean and deviation 0.5 (data.normalize: half); ARC, Convpass and others over VTAB-1k ' +
      'feed them with the statistics of ImageNet all the same',
  },
  'arc-image': {
    cut: 'split',
    ...IMAGE,
    unused: [],
  },
  'convpass-image': {
    cut: 'fused',
    ...IMAGE,
    unused: [[/^pre_logits\./, CLASSIFIER]],
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
