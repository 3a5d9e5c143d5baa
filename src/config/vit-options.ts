/** From a recipe to the options of the Vision Transformer. */
import { NORMALIZATIONS, SIZES, type VitOptions } from '../model/options.ts';
import type { Recipe } from './schema.ts';

type Shape = Pick<VitOptions, 'width' | 'depth' | 'heads' | 'mlpRatio'>;

/** The shape that `backbone.size` names or spells out. */
export function vitShape(size: Recipe['backbone']['size']): Shape {
  return typeof size === 'string' ? SIZES[size] : size;
}

/** The Vision Transformer that a recipe asks for. */
export function vitOptions({ data, backbone }: Pick<Recipe, 'data' | 'backbone'>): VitOptions {
  const { patch, tubelet, bias, positions, clsToken, pool, attention, dropPath } = backbone;
  return {
    frames: data.frames,
    size: data.size,
    ...vitShape(backbone.size),
    patch,
    tubelet,
    bias,
    positions,
    clsToken,
    pool,
    attention,
    dropPath,
    normalization: NORMALIZATIONS[data.normalize],
  };
}
