/** The options of the ViT that a checkpoint holds, read off the names and shapes. */
import { weightsError } from '../../errors/index.ts';
import { SIZES, type VitOptions } from '../options.ts';
import { LAYOUTS, type Layout, type LayoutRules } from './layouts.ts';
import type { Source } from './source.ts';

/** What a weights file fixes of a ViT; frames, image size and normalisation are the user's. */
export interface WeightsVit
  extends Pick<
    VitOptions,
    'width' | 'depth' | 'patch' | 'tubelet' | 'mlpRatio' | 'bias' | 'clsToken' | 'positions' | 'pool'
  > {
  /** Null where the width is none of the published sizes: no shape tells the number of heads. */
  readonly heads: number | null;
}

/**
 * @param heads overrides the published number for the width
 * @throws weights error when the shapes are those of no ViT, or `heads` does not divide the width
 */
export function deriveVit(source: Source, layout: Layout, heads?: number): WeightsVit {
  const rules = LAYOUTS[layout];
  const patchShape = source.shapeOf('patch_embed.proj.weight') ?? [];
  const rank = patchShape.length;
  if (rank !== rules.patchRank) {
    throw weightsError(`patch_embed.proj.weight has shape [${patchShape}]; ${layout} needs ${rules.patchRank} axes`, {
      at: source.at,
    });
  }
  const [width, channels] = patchShape as [number, number];
  const [rows, columns] = patchShape.slice(-2) as [number, number];
  if (channels !== 3 || rows !== columns) {
    throw weightsError(`patch_embed.proj.weight has shape [${patchShape}]; 3 channels and square patches are needed`, {
      at: source.at,
    });
  }
  const fc1 = source.blocks
    .map((i) => source.shapeOf(`blocks.${i}.${rules.cut === 'fused' ? 'mlp.' : ''}fc1.weight`))
    .find((shape) => shape !== undefined);
  const hasQkvBias = source.blocks.some((i) => source.locate(`blocks.${i}.attn.qkv.bias`));
  const has = (name: string): boolean => source.locate(name) !== undefined;
  return {
    width,
    depth: (source.blocks.at(-1) ?? 0) + 1,
    heads: headsOf(width, heads, source.at),
    patch: rows,
    tubelet: rank === 5 ? (patchShape[2] as number) : 1,
    mlpRatio: (fc1?.[0] ?? 4 * width) / width,
    bias: rules.bias === 'either' ? (hasQkvBias ? 'qkv' : 'qv') : rules.bias,
    clsToken: rules.clsToken === 'either' ? has('cls_token') : rules.clsToken,
    positions: rules.positions === 'learned' || has('pos_embed') ? 'learned' : 'sincos',
    pool: poolOf(rules.poolWithoutFcNorm, has),
  };
}

function poolOf(rule: LayoutRules['poolWithoutFcNorm'], has: (name: string) => boolean): 'mean' | 'cls' {
  const some = (name: string): boolean => has(`${name}.weight`) || has(`${name}.bias`);
  if (some('fc_norm')) return 'mean';
  if (rule === 'mean' || rule === 'cls') return rule;
  return some('norm') && (rule === 'cls if norm' || some('head')) ? 'cls' : 'mean';
}

function headsOf(width: number, given: number | undefined, at: string | undefined): number | null {
  if (given === undefined) return Object.values(SIZES).find((size) => size.width === width)?.heads ?? null;
  if (!(Number.isInteger(given) && given > 0 && width % given === 0)) {
    throw weightsError(`${given} heads do not divide the width ${width}`, {
      at,
      remedy: 'give the number it was trained with',
    });
  }
  return given;
}
