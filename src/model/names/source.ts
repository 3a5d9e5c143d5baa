/** The names of one checkpoint: where its backbone stands among them, and which layout it has. */
import { weightsError } from '../../errors/index.ts';
import type { Layout } from './layouts.ts';

export interface SourceSpec {
  readonly shape: readonly number[];
}
export type SourceSpecs = ReadonlyMap<string, SourceSpec>;

export interface Source {
  /** The file, for errors. */
  readonly at: string | undefined;
  readonly specs: SourceSpecs;
  /** What wraps every name, as `module.` of data-parallel training. */
  readonly wrapper: string;
  /** What leads the backbone's names behind the wrapper: `encoder.`, `backbone.` or nothing. */
  readonly prefix: string;
  /** The file's name for a bare one. What stands behind the backbone (head, norms, prompts) may lack the prefix. */
  locate(bare: string): string | undefined;
  /** What `locate` would look for first. */
  fullName(bare: string): string;
  shapeOf(bare: string): readonly number[] | undefined;
  /** Numbers i for which there is a `blocks.{i}.*`, ascending. */
  readonly blocks: readonly number[];
}

const PATCH_WEIGHT = /^((?:module\.|model\.)*)(encoder\.|backbone\.|)patch_embed\.proj\.weight$/;
const BEHIND_BACKBONE = /^(head|fc_norm|norm|embeddings)\./;
const DEEPEST = 256;

/** @throws weights error when the names are not those of a ViT that we know */
export function sourceOf(specs: SourceSpecs, at?: string): Source {
  const found = [...specs.keys()].map((name) => PATCH_WEIGHT.exec(name)).find((match) => match !== null);
  if (found === undefined) throw notAVit(specs, at);
  const [, wrapper = '', prefix = ''] = found;
  const fullName = (bare: string): string => wrapper + prefix + bare;
  const locate = (bare: string): string | undefined => {
    if (specs.has(fullName(bare))) return fullName(bare);
    return BEHIND_BACKBONE.test(bare) && specs.has(wrapper + bare) ? wrapper + bare : undefined;
  };
  const block = /^blocks\.(\d+)\./;
  const blocks = new Set<number>();
  for (const name of specs.keys()) {
    const index = name.startsWith(fullName('')) ? block.exec(name.slice(fullName('').length))?.[1] : undefined;
    if (index !== undefined) blocks.add(Number(index));
  }
  if (blocks.size === 0) throw notAVit(specs, at);
  if (Math.max(...blocks) >= DEEPEST) throw weightsError(`the checkpoint names a block ${Math.max(...blocks)}`, { at });
  return {
    at,
    specs,
    wrapper,
    prefix,
    fullName,
    locate,
    shapeOf: (bare) => specs.get(locate(bare) ?? '')?.shape,
    blocks: [...blocks].sort((a, b) => a - b),
  };
}

/** @throws weights error when attention is cut up in no way that we know */
export function detectLayout(source: Source): Layout {
  const rank = source.shapeOf('patch_embed.proj.weight')?.length;
  const inAnyBlock = (name: string): boolean => source.blocks.some((i) => source.locate(`blocks.${i}.${name}`));
  if (inAnyBlock('attn.q_proj.weight')) return rank === 4 ? 'adaptformer-image' : 'adaptformer-video';
  if (!inAnyBlock('attn.qkv.weight')) throw notAVit(source.specs, source.at);
  if (rank === 4) return 'mae-image';
  const ours =
    source.locate('cls_token') !== undefined ||
    ['attn.qkv.bias', 'adaptmlp.down.weight', 'prompts'].some((name) => inAnyBlock(name));
  if (ours) return 'petl-video';
  return source.prefix === 'encoder.' ? 'videomae-pretrain' : 'videomae-finetune';
}

const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)encoder\.layer\.\d+\.(attention|layernorm_before)\./, 'a Hugging Face transformers model'],
  [/(^|\/)encoderblock\//, 'a ViT of big_vision whose blocks are stacked in one array (scan)'],
  [/relative_position_bias_table$/, 'a Swin Transformer'],
  [/(^|\.)layer1\.0\.conv1\.weight$/, 'a ResNet'],
  [/(^|\.)blocks\.\d+\.attn\.qkv\.weight$|(^|\.)patch_embed\./, 'a ViT of another kind'],
];

function notAVit(specs: SourceSpecs, at: string | undefined): Error {
  const names = [...specs.keys()];
  const family = FAMILIES.find(([pattern]) => names.some((name) => pattern.test(name)));
  const looks = family === undefined ? '' : `; it looks like ${family[1]}`;
  return weightsError(
    `these are not the weights of a Vision Transformer that can be imported${looks}; ` +
      `its ${names.length} names begin with ${names.slice(0, 3).join(', ')}`,
    {
      at,
      remedy:
        'use an original checkpoint of VideoMAE, AdaptFormer, MAE or timm (.pth with patch_embed.* and blocks.*.attn.*), a VideoMAE or ViT of Hugging Face transformers, a ViT-*.npz of Google, or our own',
    },
  );
}
