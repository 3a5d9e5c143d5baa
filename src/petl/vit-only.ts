import { configError } from '../errors/index.ts';
import { type BackboneOptions, isSwin } from '../model/backbone.ts';
import type { VitOptions } from '../model/options.ts';

/** The backbone of a method that is defined on a plain ViT alone. @throws PetlVideoError (config) for a Swin */
export function vitOnly(backbone: BackboneOptions, method: string): VitOptions {
  if (!isSwin(backbone)) return backbone;
  throw configError(`method '${method}' is defined on a plain ViT, not on a Swin Transformer`, {
    remedy: 'use a ViT (backbone.model), or one of adaptformer, arc, convpass, adapter, bitfit, linear, full',
  });
}
