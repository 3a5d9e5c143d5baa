import { type BackboneOptions, blockShapes } from '../model/backbone.ts';
import type { ParameterSpec } from '../tensor/parameters.ts';
import type { Group } from './optimizer.ts';

/** What weight decay acts on: all but vectors, biases, class token and positions; or all (Convpass, FacT, RepAdapter). */
export type Decay = 'matrices' | 'all';

/**
 * Which parameters decay and how layer decay scales their rate. Weight decay spares vectors and biases and, as in VideoMAE and
 * Swin, class token and stored positions, absolute or relative. With layer decay d and L blocks the factor is d^(L + 1 − id):
 * id 0 for the embedding, i + 1 for block i (its method's parameters too) and for the merging of patches behind it, L + 1 for
 * what follows.
 */
export function groupOf(
  { name, shape }: ParameterSpec,
  backbone: BackboneOptions,
  layerDecay: number,
  decay: Decay = 'matrices',
): Group {
  const shapes = blockShapes(backbone);
  const [, kind, number] = /^(blocks|merges)\.(\d+)\./.exec(name) ?? [];
  const place = name === 'cls_token' || name === 'pos_embed' || name.endsWith('.relative_position_bias_table');
  const behind = shapes.length + 1;
  const idOf = (): number => {
    if (name === 'cls_token' || name === 'pos_embed' || name.startsWith('patch_embed.')) return 0;
    if (kind === undefined) return behind;
    return 1 + (kind === 'blocks' ? Number(number) : shapes.findLastIndex(({ stage }) => stage === Number(number)));
  };
  return {
    lrScale: layerDecay ** (behind - idOf()),
    decays: decay === 'all' || (shape.length > 1 && !name.endsWith('bias') && !place),
  };
}
