/**
 * The checkpoints of two repositories that put their method into a ViT for images:
 *
 *   arc-image       DavidYanAnDe/ARC: `transformer.layer.{i}.attention.query.weight`, `att_adapter.adapter_rescale`, …
 *   convpass-image  JieShibo/PETL-ViT: timm's names, with `blocks.{i}.adapter_attn.adapter_conv.weight`, …
 */
import type { Dialect, Word } from './dialect.ts';

/** The dialect, where the names are of one of the two. */
export function repositoryDialect(names: readonly string[]): Dialect | undefined {
  if (names.some((name) => /(^|\.)transformer\.layer\.\d+\.attention\.query\.weight$/.test(name))) return ARC;
  if (names.some((name) => /^blocks\.\d+\.adapter_(attn|mlp)\.adapter_conv\.weight$/.test(name))) return CONVPASS;
  return undefined;
}

const layer = (ours: string, theirs: string): Word => [`blocks.#.${ours}`, `transformer.layer.#.${theirs}`];

const ARC: Dialect = {
  layout: 'arc-image',
  prefix: '',
  words: [
    ['cls_token', 'embedding.cls'],
    ['pos_embed', 'embedding.position_embedding'],
    ['patch_embed.proj.*', 'embedding.projective.*'],
    layer('norm1.*', 'att_layer_norm.*'),
    layer('norm2.*', 'fnn_layer_norm.*'),
    layer('attn.q_proj.*', 'attention.query.*'),
    layer('attn.k_proj.*', 'attention.key.*'),
    layer('attn.v_proj.*', 'attention.value.*'),
    layer('attn.proj.*', 'attention.projective.*'),
    layer('fc1.*', 'mlp.fc1.*'),
    layer('fc2.*', 'mlp.fc2.*'),
    ['norm.*', 'transformer.layer_norm.*'],
    ['head.*', 'head_mlp.head.*'],
    ...['att', 'mlp'].flatMap((place): Word[] => [
      [`arc.0.${place}.projection`, `transformer.${place}_down_projection`],
      layer(`arc_${place}.scale`, `${place}_adapter.adapter_rescale`),
      layer(`arc_${place}.bias`, `${place}_adapter.adapter_bias`),
    ]),
  ],
};

const CONVPASS: Dialect = {
  layout: 'convpass-image',
  prefix: '',
  words: ['attn', 'mlp'].flatMap((place) =>
    ['down', 'conv', 'up'].map(
      (part): Word => [`blocks.#.convpass_${place}.${part}.*`, `blocks.#.adapter_${place}.adapter_${part}.*`],
    ),
  ),
};
