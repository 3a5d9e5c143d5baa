/** From a recipe to the options of its backbone. */
import type { BackboneOptions } from '../model/backbone.ts';
import { NORMALIZATIONS, SIZES, type VitOptions } from '../model/options.ts';
import { SWIN_SIZES, type SwinOptions } from '../model/swin/options.ts';
import type { Recipe } from './schema.ts';

type Backbone = Recipe['backbone'];
export type VitSection = Extract<Backbone, { readonly model: 'vit' }>;
export type SwinSection = Extract<Backbone, { readonly model: 'swin' }>;

/** The shape that `backbone.size` of a ViT names or spells out. */
export function vitShape(size: VitSection['size']): Pick<VitOptions, 'width' | 'depth' | 'heads' | 'mlpRatio'> {
  return typeof size === 'string' ? SIZES[size] : size;
}

/** The same of a Swin. */
export function swinShape(size: SwinSection['size']): Pick<SwinOptions, 'width' | 'depths' | 'heads' | 'mlpRatio'> {
  return typeof size === 'string' ? SWIN_SIZES[size] : size;
}

/** The backbone that a recipe asks for; its rules hold. */
export function backboneOptions({ data, backbone }: Pick<Recipe, 'data' | 'backbone'>): BackboneOptions {
  const normalization = NORMALIZATIONS[data.normalize];
  if (backbone.model === 'swin') {
    const { patch, window, dropPath } = backbone;
    return { frames: 1, size: data.size, ...swinShape(backbone.size), patch, window, dropPath, normalization };
  }
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
    normalization,
  };
}
