/** VideoMAE, ViT and ViT-MAE of Hugging Face transformers: `encoder.layer.{i}.attention.attention.query.weight`. */
import type { Dialect, Word } from './dialect.ts';

const PATCH = 'embeddings.patch_embeddings.projection.weight';

/** The dialect, where the names are of it; the axes of the patch kernel tell video from images. */
export function huggingFaceDialect(
  names: readonly string[],
  shapeOf: (name: string) => readonly number[] | undefined,
): Dialect | undefined {
  const patch = names.find((name) => name.endsWith(PATCH));
  if (patch === undefined || !names.some((name) => /encoder\.layer\.\d+\./.test(name))) return undefined;
  return {
    layout: shapeOf(patch)?.length === 5 ? 'hf-videomae' : 'hf-vit',
    prefix: patch.slice(0, -PATCH.length),
    outside: /^(classifier|fc_norm|decoder|mask_token|encoder_to_decoder)\b/,
    words: WORDS,
  };
}

const layer = (ours: string, theirs: string): Word => [`blocks.#.${ours}`, `encoder.layer.#.${theirs}`];

const WORDS: readonly Word[] = [
  ['cls_token', 'embeddings.cls_token'],
  ['pos_embed', 'embeddings.position_embeddings'],
  ['patch_embed.proj.*', 'embeddings.patch_embeddings.projection.*'],
  layer('norm1.*', 'layernorm_before.*'),
  layer('norm2.*', 'layernorm_after.*'),
  layer('attn.q_proj.*', 'attention.attention.query.*'),
  layer('attn.k_proj.*', 'attention.attention.key.*'),
  layer('attn.v_proj.*', 'attention.attention.value.*'),
  layer('attn.q_bias', 'attention.attention.q_bias'),
  layer('attn.v_bias', 'attention.attention.v_bias'),
  layer('attn.proj.*', 'attention.output.dense.*'),
  layer('fc1.*', 'intermediate.dense.*'),
  layer('fc2.*', 'output.dense.*'),
  ['norm.*', 'layernorm.*'],
  ['head.*', 'classifier.*'],
];
