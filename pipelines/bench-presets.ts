/** Models whose speed is compared across programs and machines: AdaptFormer-64 over frozen ViTs, AdamW, no augmentation. */
import { parseRecipe, type Recipe } from '../src/config/index.ts';

interface Preset {
  readonly size: string;
  readonly frames: number;
  readonly side: number;
  readonly batch: number;
}

const PRESETS: Readonly<Record<string, Preset>> = {
  'vit-s-8x112': { size: 'small', frames: 8, side: 112, batch: 8 },
  'vit-b-16x224': { size: 'base', frames: 16, side: 224, batch: 2 },
};

export const PRESET_NAMES: readonly string[] = Object.keys(PRESETS);

/** The recipe of a preset, or undefined for a name that is none. */
export function presetRecipe(name: string, overrides: readonly string[]): Recipe | undefined {
  const preset = PRESETS[name];
  if (preset === undefined) return undefined;
  const { size, frames, side, batch } = preset;
  const text = `\
name: ${name}
data: { path: none, frames: ${frames}, size: ${side} }
backbone: { size: ${size}, weights: random }
method: { name: adaptformer, bottleneck: 64 }
optim: { name: adamw, lr: 1.0e-3 }
train: { epochs: 1, batch: ${batch} }
`;
  return parseRecipe(text, { file: `preset ${name}`, overrides });
}
