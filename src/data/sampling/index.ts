/** Where in a video the frames of a clip lie: one file for each family of papers. */
import { adaptformerDense } from './adaptformer-dense.ts';
import type { Sampler } from './sampler.ts';
import { segments } from './segments.ts';
import { videomaeDense } from './videomae-dense.ts';

export type SamplerName = 'adaptformer-dense' | 'videomae-dense' | 'segments';

export const samplers: Readonly<Record<SamplerName, Sampler>> = {
  'adaptformer-dense': adaptformerDense,
  'videomae-dense': videomaeDense,
  segments,
};
