/** ViTs that are close to ours and compute something else: named, so that nobody takes them for a damaged file. */
import { weightsError } from '../../errors/index.ts';
import type { Layout } from './layouts.ts';
import type { Source } from './source.ts';

/** By a name in words of ours, or of the file where we have none. */
const BEYOND: readonly (readonly [name: RegExp, what: string])[] = [
  [/^(dist_token|embeddings\.distillation_token)/, 'a distilled DeiT: it has a second special token'],
  [/^(reg_token|register_tokens|embeddings\.register_tokens)/, 'a ViT with register tokens'],
  [/^(blocks\.\d+\.ls[12]\.|encoder\.layer\.\d+\.layer_scale[12]\.)/, 'a ViT with LayerScale behind its branches'],
  [/^blocks\.\d+\.attn\.[qk]_norm\./, 'a ViT that normalises queries and keys'],
  [/^norm_pre\./, 'a ViT of CLIP: it has a LayerNorm before the first block'],
  [/^(attn_pool\.|MAPHead_0\/)/, 'a ViT that pools by attention'],
];

/** @throws weights error when the ViT has parts that ours does not compute */
export function refuseBeyond(source: Source, layout: Layout): void {
  if (layout === 'petl-video') return;
  for (const name of source.specs.keys()) {
    const bare = name.slice(source.wrapper.length);
    const beyond = BEYOND.find(([pattern]) => pattern.test(bare));
    if (beyond !== undefined) throw refusal(source, beyond[1], name);
  }
  const tokens = source.shapeOf('pos_embed')?.[1];
  if (source.locate('cls_token') === undefined || tokens === undefined) return;
  if (isSquare(tokens) && !isSquare(tokens - 1)) {
    throw refusal(source, 'a ViT whose class token has no position (no_embed_class)', `pos_embed of ${tokens} rows`);
  }
}

function isSquare(n: number): boolean {
  return Number.isInteger(Math.sqrt(n));
}

function refusal(source: Source, what: string, because: string): Error {
  return weightsError(`this is ${what} (${because}), which the ViT here does not compute`, {
    at: source.at,
    remedy: 'use a plain ViT: of MAE, of timm as vit_*_patch16_224.augreg_in21k, or ViT-*.npz of Google',
  });
}
