/**
 * Google's Vision Transformers in JAX (`ViT-B_16.npz` and the like of vision_transformer and big_vision). Dense kernels are
 * [in, out], q, k and v have an axis for the heads, and the patch kernel is [row, column, in, out].
 */
import type { Dialect, Word } from './dialect.ts';

/** How flax numbers the modules of a block: all of them in one row (2020 to 2022), or each kind by itself (big_vision). */
interface Numbering {
  readonly attention: number;
  readonly secondNorm: number;
  readonly mlp: number;
}
const ONE_ROW: Numbering = { attention: 1, secondNorm: 2, mlp: 3 };
const BY_KIND: Numbering = { attention: 0, secondNorm: 1, mlp: 0 };

/** The dialect, where the names are of it. */
export function googleDialect(names: readonly string[]): Dialect | undefined {
  const kernel = names.map((name) => /^(.*\/)?embedding\/kernel$/.exec(name)).find((match) => match !== null);
  if (kernel === undefined || !names.some((name) => /\bencoderblock_\d+\//.test(name))) return undefined;
  const byKind = names.some((name) => name.includes('/MultiHeadDotProductAttention_0/'));
  return {
    layout: 'google-npz',
    prefix: kernel[1] ?? '',
    headsAt: 'blocks.0.attn.q_proj.weight',
    words: [
      ['cls_token', 'cls'],
      ['pos_embed', names.some((name) => name.includes('posembed_input/')) ? POSITIONS : 'pos_embedding'],
      ['patch_embed.proj.weight', 'embedding/kernel', 'image kernel'],
      ['patch_embed.proj.bias', 'embedding/bias'],
      ...blockWords(byKind ? BY_KIND : ONE_ROW),
      ...normWords('norm', 'Transformer/encoder_norm'),
      ...denseWords('pre_logits.fc', 'pre_logits'),
      ...denseWords('head', 'head'),
    ],
  };
}

const POSITIONS = 'Transformer/posembed_input/pos_embedding';

function blockWords({ attention, secondNorm, mlp }: Numbering): Word[] {
  const block = 'Transformer/encoderblock_#';
  const attn = `${block}/MultiHeadDotProductAttention_${attention}`;
  return [
    ...normWords('blocks.#.norm1', `${block}/LayerNorm_0`),
    ...normWords('blocks.#.norm2', `${block}/LayerNorm_${secondNorm}`),
    ...(['query', 'key', 'value'] as const).flatMap((name): Word[] => [
      [`blocks.#.attn.${name[0]}_proj.weight`, `${attn}/${name}/kernel`, 'dense'],
      [`blocks.#.attn.${name[0]}_proj.bias`, `${attn}/${name}/bias`, 'flat'],
    ]),
    ['blocks.#.attn.proj.weight', `${attn}/out/kernel`, 'joined dense'],
    ['blocks.#.attn.proj.bias', `${attn}/out/bias`],
    ...denseWords('blocks.#.fc1', `${block}/MlpBlock_${mlp}/Dense_0`),
    ...denseWords('blocks.#.fc2', `${block}/MlpBlock_${mlp}/Dense_1`),
  ];
}

function normWords(ours: string, theirs: string): Word[] {
  return [
    [`${ours}.weight`, `${theirs}/scale`],
    [`${ours}.bias`, `${theirs}/bias`],
  ];
}

function denseWords(ours: string, theirs: string): Word[] {
  return [
    [`${ours}.weight`, `${theirs}/kernel`, 'dense'],
    [`${ours}.bias`, `${theirs}/bias`],
  ];
}
