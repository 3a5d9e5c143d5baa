import { type BackboneOptions, blockShapes } from '../model/backbone.ts';
import type { ParameterSpec } from '../tensor/parameters.ts';
import type { Group } from './optimizer.ts';

/** What weight decay acts on: all but vectors, biases, class token and positions; or all (Convpass, FacT, RepAdapter). */
export type Decay = 'matrices' | 'all';

/**
 * Which parameters decay and how layer decay scales their rate. Weight decay spares vectors and biases and, as in VideoMAE,
 * class token and stored positions. With layer decay d and L blocks the factor is d^(L + 1 − id): id 0 for the embedding,
 * i + 1 for block i (its method's parameters too), L + 1 for what follows.
 */
export function groupOf(
  { name, shape }: ParameterSpec,
  backbone: BackboneOptions,
  layerDecay: number,
  decay: Decay = 'matrices',
): Group {
  const block = /^blocks\.(\d+)\./.exec(name)?.[1];
  const place = name === 'cls_token' || name === 'pos_embed';
  const embedding = place || name.startsWith('patch_embed.');
  const depth = blockShapes(backbone).length;
  const id = embedding ? 0 : block === undefined ? depth + 1 : Number(block) + 1;
  return {
    lrScale: layerDecay ** (depth + 1 - id),
    decays: decay === 'all' || (shape.length > 1 && !name.endsWith('bias') && !place),
  };
}
