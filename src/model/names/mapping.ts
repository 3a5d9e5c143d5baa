/** What becomes of a checkpoint's tensors: the result of `mapCheckpoint`. */
import type { HostTensor } from '../../tensor/host.ts';
import type { WeightsVit } from './derive.ts';
import { LAYOUT_NAMES as VIT_LAYOUT_NAMES, type Layout as VitLayout } from './layouts.ts';
import { SWIN_LAYOUT_NAMES, type SwinLayout, type WeightsSwin } from './swin-source.ts';
import type { Part } from './wanted.ts';

export const LAYOUT_NAMES = [...VIT_LAYOUT_NAMES, ...SWIN_LAYOUT_NAMES] as const;
export type Layout = VitLayout | SwinLayout;

export interface MappedTensor {
  readonly name: string;
  readonly part: Part;
  readonly shape: readonly number[];
  /** The checkpoint's names of its parts, in the order that `build` wants them. */
  readonly from: readonly string[];
  /** Our tensor, float32, from the parts. */
  build(parts: readonly HostTensor[]): HostTensor;
}

export interface Mapping {
  readonly layout: Layout;
  readonly vit: WeightsVit | WeightsSwin;
  readonly tensors: readonly MappedTensor[];
  /** Of the checkpoint: left out by design. */
  readonly unused: readonly { readonly name: string; readonly why: string }[];
  /** Of the checkpoint: nothing here knows what it is for. */
  readonly unexpected: readonly string[];
  /** Of ours: needed, but the checkpoint lacks these of its parts. */
  readonly missing: readonly { readonly name: string; readonly part: Part; readonly lacks: readonly string[] }[];
  /** Of ours: absent by design, starting at fixed values. */
  readonly fresh: readonly { readonly name: string; readonly why: string }[];
  /** What to know of the layout beside its names. */
  readonly notes: readonly string[];
}

export interface MapOptions {
  readonly layout?: Layout | 'auto';
  /** Attention heads, where the width does not tell them. */
  readonly heads?: number;
  /** The file, for errors. */
  readonly at?: string;
}
